"""Decode and check the images of one set, and list them."""

from collections.abc import Sequence
from pathlib import Path

from job import run

import pandas as pd

from alignment_importance.inputs import images
from alignment_importance.system import digests, tables
from alignment_importance.system.problems import Problems


def prepare_images(
    folder: Path,
    table: Path | None,
    background: Sequence[int] | None,
    threads: int,
    listed: Path,
    checks: Path,
    files: Path,
) -> None:
    """Write a row per image, what the check of the images found, and the files that were read.

    Args:
        folder: the folder of the images.
        table: the table of their categories, if there is one.
        background: red, green and blue (0 to 255) behind transparent pixels; None for mid grey.
        threads: number of threads that decode images.
        listed: table with the columns `images.examination.COLUMNS`.
        checks: level, where, place, found, remedy of all warnings.
        files: file, sha256.

    Raises:
        ProblemsError: lists everything that is wrong with the images.
    """
    problems = Problems()
    examined = images.examine(folder, table, background, problems, threads)
    problems.log_warnings()
    problems.raise_errors()
    tables.write_table(examined, listed)
    tables.write_table(problems.table(), checks)
    others = digests.tabulate([table] if table else [])
    tables.write_table(pd.concat([examined[["file", "sha256"]], others]), files)


if __name__ == "__main__":
    run(prepare_images, globals()["snakemake"])
