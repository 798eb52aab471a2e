"""Put the measurements of all kinds of work into one table, and plot it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from job import run

import pandas as pd

from alignment_importance.report.figures import style
from alignment_importance.system.tables import read_table, write_table
from benchmarks.figure import draw_speed


def summarise_speed(*, tables: Sequence[Path], page: Mapping[str, Any], summary: Path, png: Path) -> None:
    """Write all rows of the tables, one below the other, and draw times and memory."""
    rows = pd.concat([read_table(file) for file in tables], ignore_index=True)
    write_table(rows, summary)
    with style.page(page):
        style.save(draw_speed(rows), png)


if __name__ == "__main__":
    run(summarise_speed, globals()["snakemake"])
