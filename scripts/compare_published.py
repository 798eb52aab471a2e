"""Print and write the published values beside those obtained."""

import logging
from pathlib import Path

from alignment_importance.report import published as literature
from alignment_importance.system.tables import read_table, write_table

logger = logging.getLogger("alignment_importance.compare_published")


def compare_published(*, summary: Path, published: Path, output: Path) -> None:
    """Write the table of `published.compare`, and log it."""
    table = literature.compare(read_table(summary), read_table(published, literature.COLUMNS))
    write_table(table, output)
    logger.info("Published values and those obtained:\n%s", literature.describe(table))


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        compare_published(
            summary=Path(snakemake.input.summary),
            published=Path(snakemake.input.published),
            output=Path(snakemake.output.table),
        )
