"""Build all configured networks without their weights, check them, and list their layers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import networks
from alignment_importance.system import tables
from alignment_importance.system.problems import Problems
from job import run


def prepare_networks(models: Mapping[str, Mapping[str, Any]], layers: Mapping[str, Path]) -> None:
    """Write the layers of every network, and say which route its ablation takes.

    Args:
        models: the networks' entries in the configuration.
        layers: layer, operation, shape, role; by network.

    Raises:
        ProblemsError: lists what is wrong with any of them.
    """
    problems = Problems()
    found = {}
    for name, entry in models.items():
        with problems.collect(f"models.{name}"):
            spec = networks.Spec(**entry)
            network = networks.inspect(spec)
            networks.cut(network, spec.map_layer, spec.readout_layer)
            found[name] = networks.list_layers(network, spec.map_layer, spec.readout_layer)
    problems.raise_errors()
    for name, table in found.items():
        tables.write_table(table, layers[name])


if __name__ == "__main__":
    run(prepare_networks, globals()["snakemake"])
