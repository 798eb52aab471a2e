"""Build all configured networks without their weights, check them, and list their layers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

import pandas as pd

from alignment_importance.networks.checking import DESCRIBED, check
from alignment_importance.networks.spec import Spec
from alignment_importance.system import tables
from alignment_importance.system.problems import Problems


def prepare_networks(
    models: Mapping[str, Mapping[str, Any]], layers: Mapping[str, Path], networks: Path, checks: Path
) -> None:
    """Write the layers of every network, and say which route its ablation takes.

    Args:
        layers: layer, operation, shape, role; by network.
        networks: model, and what `checking.Checked.described` gives.

    Raises:
        ProblemsError: lists what is wrong with any of them.
    """
    problems = Problems()
    checked = {name: check(Spec(**entry), f"models.{name}", problems) for name, entry in models.items()}
    problems.log_warnings()
    problems.raise_errors()
    known = {name: one for name, one in checked.items() if one is not None}
    for name, one in known.items():
        tables.write_table(one.layers, layers[name])
    rows = [{"model": name, **one.described()} for name, one in known.items()]
    tables.write_table(pd.DataFrame(rows, columns=["model", *DESCRIBED]), networks)
    tables.write_table(problems.table(), checks)


if __name__ == "__main__":
    run(prepare_networks, globals()["snakemake"])
