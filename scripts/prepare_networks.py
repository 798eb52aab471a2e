"""Build all configured networks without their weights, check them, and list their layers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

import pandas as pd

from alignment_importance.networks.checking import check
from alignment_importance.networks.cutting import list_layers
from alignment_importance.networks.spec import Spec
from alignment_importance.system import tables
from alignment_importance.system.problems import Problems

_COLUMNS = ["model", "map_layer", "feature_maps", "y", "x", "readout_layer", "units", "route"]


def prepare_networks(
    models: Mapping[str, Mapping[str, Any]], layers: Mapping[str, Path], networks: Path, checks: Path
) -> None:
    """Write the layers of every network, and say which route its ablation takes.

    Args:
        layers: layer, operation, shape, role; by network.
        networks: map layer, readout layer, numbers of maps, places and units, and route of ablation of every model.

    Raises:
        ProblemsError: lists everything that is wrong with the networks.
    """
    problems = Problems()
    specs = {name: Spec(**entry) for name, entry in models.items()}
    checked = {name: check(spec, f"models.{name}", problems) for name, spec in specs.items()}
    problems.conclude(checks)
    rows = []
    for name, built in checked.items():
        assert built is not None  # otherwise there are errors
        (network, cut), spec = built, specs[name]
        tables.write_table(list_layers(network, spec.map_layer, spec.readout_layer), layers[name])
        rows.append((name, cut.map_layer, *cut.map_shape, cut.readout_layer, cut.n_units, cut.head.route))
    tables.write_table(pd.DataFrame(rows, columns=_COLUMNS), networks)


if __name__ == "__main__":
    run(prepare_networks, globals()["snakemake"])
