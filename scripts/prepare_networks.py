"""Build all configured networks without their weights, check them, and list their layers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance.inputs.judgments import named_pairs
from alignment_importance.networks.checking import check
from alignment_importance.networks.spec import Spec
from alignment_importance.system import netcdf, tables
from alignment_importance.system.problems import Problems
from job import run


def prepare_networks(
    models: Mapping[str, Mapping[str, Any]],
    all_pairs: Mapping[str, Path],
    memory_gb: float,
    layers: Mapping[str, Path],
    checks: Path,
) -> None:
    """Write the layers of every network, and say which route its ablation takes.

    Args:
        models: the networks' entries in the configuration.
        all_pairs: judgments of the comparisons all of whose pairs are explained, which must fit in memory.
        memory_gb: gigabytes that there may be.
        layers: layer, operation, shape, role; by network.
        checks: what was found, without errors.

    Raises:
        ProblemsError: lists what is wrong with any of them.
    """
    problems = Problems()
    found = {name: check(Spec(**entry), f"models.{name}", problems) for name, entry in models.items()}
    networks = {name: one for name, one in found.items() if one is not None}
    shapes = {name: (one.cut.map_shape, one.cut.head.route) for name, one in networks.items()}
    for comparison, file in all_pairs.items():
        named_pairs.check_memory_of_all(comparison, netcdf.read_netcdf(file), shapes, memory_gb, problems)
    problems.log_warnings()
    problems.raise_errors()
    for name, one in networks.items():
        tables.write_table(one.layers, layers[name])
    tables.write_table(problems.table(), checks)


if __name__ == "__main__":
    run(prepare_networks, globals()["snakemake"])
