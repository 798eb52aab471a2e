"""Run a network on the images of a set and record its feature maps and readout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import networks
from alignment_importance.networks import extraction
from alignment_importance.system import compute as compute_module
from alignment_importance.system.tables import read_table


def extract_activations(
    images: Path, model: Mapping[str, Any], compute: Mapping[str, Any], gpu: int, threads: int, activations: Path
) -> None:
    """Write the activations of the images in the table `images` by a network, the keywords of `networks.Spec`."""
    machine = compute_module.prepare(gpus=gpu, threads=threads, **compute)
    spec = networks.Spec(**model)
    network = networks.build(spec)
    cut = networks.cut(network, spec.map_layer, spec.readout_layer)
    table = read_table(images, ["image", "file", "width", "height", "sha256"])
    extraction.extract(table, network, cut, network.resize, machine, activations)
    machine.report_gpu_memory()


if __name__ == "__main__":
    from job import run

    run(extract_activations, globals()["snakemake"])
