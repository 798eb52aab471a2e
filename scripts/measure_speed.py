"""Measure time and memory of one kind of work of the engine, and of other ways to do it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.system import compute as compute_module
from alignment_importance.system.tables import write_table
from benchmarks.cases import CASES


def measure_speed(work: str, compute: Mapping[str, Any], gpu: int, threads: int, table: Path) -> None:
    """Write the table of `CASES[work]`."""
    machine = compute_module.prepare(gpus=gpu, threads=threads, **compute)
    write_table(CASES[work](machine), table)


if __name__ == "__main__":
    run(measure_speed, globals()["snakemake"])
