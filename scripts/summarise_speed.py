"""Put the measurements of all kinds of work into one table."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alignment_importance.system.tables import read_table, write_table


def summarise_speed(*, tables: Sequence[Path], output: Path) -> None:
    """Write all rows of the tables, one below the other."""
    write_table(pd.concat([read_table(file) for file in tables], ignore_index=True), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        summarise_speed(tables=[Path(file) for file in snakemake.input.tables], output=Path(snakemake.output.summary))
