"""Measure time and memory of one kind of work of the engine, and of other ways to do it."""

from collections.abc import Callable
from pathlib import Path

from job import run

import pandas as pd

from alignment_importance.system.compute import Compute
from alignment_importance.system.tables import write_table
from benchmarks import experiments, runs, speed

#: The kinds of work, by name.
CASES: dict[str, Callable[[Compute], pd.DataFrame]] = {
    "vgg16": speed.vgg16,
    "transformer": speed.transformer,
    "pooled": speed.pooled,
    "growth": speed.growth,
    "all_folds": speed.all_folds,
    "cross_validation": experiments.cross_validation,
    "permutations": experiments.permutations,
    "runs": runs.runs,
}


def measure_speed(work: str, compute: Compute, table: Path) -> None:
    """Write the table of `CASES[work]`."""
    write_table(CASES[work](compute), table)


if __name__ == "__main__":
    run(measure_speed, globals()["snakemake"])
