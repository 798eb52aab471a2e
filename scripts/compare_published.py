"""Write the published values beside those obtained, and log them."""

import logging
from pathlib import Path

from alignment_importance.report import published as literature
from alignment_importance.system import arrays

logger = logging.getLogger("alignment_importance.compare_published")


def compare_published(*, summary: Path, published: Path, table: Path) -> None:
    """Write the table of `published.compare`, and log it."""
    compared = literature.compare(arrays.read_table(summary), arrays.read_table(published, literature.COLUMNS))
    arrays.write_table(compared, table)
    logger.info("Published values and those obtained:\n%s", literature.describe(compared))


if __name__ == "__main__":
    from job import run

    run(compare_published, globals()["snakemake"])
