"""Selects the images of a comparison: all of a set, those of some categories, or some by name."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.system.names import counted, suggestion
from alignment_importance.system.problems import Problems

#: Fewer images have too few pairs for a correlation.
FEWEST_IMAGES = 3


def choose(
    table: pd.DataFrame, categories: Sequence[str], images: Sequence[str] | Path | None, where: str, problems: Problems
) -> list[str]:
    """Select images of a set.

    Args:
        table: `image` and `category` (NaN where there is none) of the image set.
        categories, images: see `judged.Source`.
        where: the entry of the configuration, for messages (`comparisons.animals`).

    Returns:
        The ids, sorted; if both `categories` and `images` are given, those that fit both.

    Raises:
        ProblemsError: unknown categories or ids, repeated ids, or fewer than three images.
    """
    chosen = set(table["image"])
    if categories:
        chosen &= _of_categories(table, categories, f"{where}.categories", problems)
    if images is not None:
        chosen &= _named(table, images, f"{where}.images", problems)
    problems.raise_errors()
    if len(chosen) < FEWEST_IMAGES:
        remedy = f"Take at least {FEWEST_IMAGES}: similarities are compared over pairs."
        problems.fail(where, f"only {counted(len(chosen), 'image is', 'images are')} chosen", remedy)
    return sorted(chosen)


def _of_categories(table: pd.DataFrame, categories: Sequence[str], where: str, problems: Problems) -> set[str]:
    known = sorted(set(table["category"].dropna()))
    for category in categories:
        if category not in known:
            remedy = suggestion(category, known) if known else "Name the `table` of the image set that has categories."
            problems.error(where, f"no image has the category {category!r}", remedy)
    return set(table["image"][table["category"].isin(categories)])


def _named(table: pd.DataFrame, images: Sequence[str] | Path, where: str, problems: Problems) -> set[str]:
    """Find the images of a list, or of a file with one id per line."""
    # Nothing is wanted: a list need not name all images, but every id in it must be known, and listed once.
    known = ImageIds(table["image"], wanted=[])
    if isinstance(images, Path):
        return set(known.read_list(problems, images))
    listed = [(f"entry {number}", image) for number, image in enumerate(images, start=1)]
    return set(known.listed(problems, Path(where), "entry", listed))
