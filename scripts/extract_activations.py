"""Run a network on the images of a set and record the feature maps of one or more layers, and the readout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance import networks
from alignment_importance.networks import extraction
from alignment_importance.system.compute import Compute
from alignment_importance.system.tables import read_table


def extract_activations(
    images: Path,
    models: Mapping[str, Mapping[str, Any]],
    compute: Compute,
    activations: Mapping[str, Path],
) -> None:
    """Write the activations of the listed images for each of `models`, which differ in nothing but their map layer."""
    specs = {name: networks.Spec(**model) for name, model in models.items()}
    first, *_ = specs.values()
    network = networks.build(first)
    cuts = [networks.cut(network, spec.map_layer, spec.readout_layer) for spec in specs.values()]
    table = read_table(images)
    extraction.extract(table, network, cuts, compute, [activations[name] for name in specs])


if __name__ == "__main__":
    run(extract_activations, globals()["snakemake"])
