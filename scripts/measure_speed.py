"""Measure time and memory of one kind of work of the engine, and of other ways to do it."""

from pathlib import Path

from job import run

from alignment_importance.system.compute import Compute
from alignment_importance.system.tables import write_table
from benchmarks.cases import CASES


def measure_speed(work: str, compute: Compute, table: Path) -> None:
    """Write the table of `CASES[work]`."""
    write_table(CASES[work](compute), table)


if __name__ == "__main__":
    run(measure_speed, globals()["snakemake"])
