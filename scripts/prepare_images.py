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
        table: the table of their categories, if there is one.
        background, threads: see `images.examine`.
        listed: table with the columns `images.examination.COLUMNS`.
        checks, files: tables of `Problems.conclude` and of `digests.tabulate`.

    Raises:
        ProblemsError: lists everything that is wrong with the images.
    """
    problems = Problems()
    examined = images.examine(folder, table, background, problems, threads)
    problems.conclude(checks)
    tables.write_table(examined, listed)
    others = digests.tabulate([table] if table else [])
    tables.write_table(pd.concat([examined[["file", "sha256"]], others]), files)


if __name__ == "__main__":
    run(prepare_images, globals()["snakemake"])
