"""The pairs of images that a comparison names to be explained."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.inputs.delimited_text import Text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments.averages import mean
from alignment_importance.system.names import some
from alignment_importance.system.problems import Problems

#: Columns of a table of pairs. Others are passed over.
COLUMNS = ("image_a", "image_b")


def read(asked: Sequence[Sequence[str]] | Path, judgments: xr.Dataset, where: str, problems: Problems) -> pd.DataFrame:
    """Find the named pairs among the judgments of a comparison.

    Args:
        asked: two image ids for each pair, or a table with the columns `COLUMNS`.
        judgments: labelled, of the comparison.
        where: what a list is part of, for messages (`comparisons.animals.pairs`).
        problems: where mistakes are noted: unknown ids, an image with itself, pairs that are there twice or not judged.

    Returns:
        Columns image and image_b, in the order of the list or table.

    Raises:
        Problems: the file is no table of pairs.
    """
    source = asked if isinstance(asked, Path) else Path(where)
    cells = _cells(asked, problems) if isinstance(asked, Path) else _entries(asked)
    ids = judgments["image"].to_numpy().tolist()
    known, human = ImageIds(ids), mean(judgments, ids)
    sides = [known.find(problems, source, [(place, pair[side]) for place, pair in cells]) for side in range(2)]
    places: dict[frozenset[str], str] = {}
    unjudged = []
    for (place, _), pair in zip(cells, zip(*sides, strict=True), strict=True):
        if not all(image in known for image in pair):
            continue
        if pair[0] == pair[1]:
            problems.error(source, f"{pair[0]!r} is paired with itself", "Name two images.", place)
        elif (first := places.setdefault(frozenset(pair), place)) != place:
            problems.error(source, f"{' and '.join(pair)} are a pair there already", f"Keep one; see {first}.", place)
        elif np.isnan(human[ids.index(pair[0]), ids.index(pair[1])]):
            unjudged.append(" and ".join(pair))
    if unjudged:
        remedy = "Remove them: nobody has said how alike they are."
        problems.error(source, f"pairs without a judgment: {some(unjudged)}", remedy)
    return pd.DataFrame(dict(zip(("image", "image_b"), sides, strict=True)), dtype=object)


def _entries(asked: Sequence[Sequence[str]]) -> list[tuple[str, tuple[str, str]]]:
    """Place and ids of the pairs of a list."""
    return [(f"entry {number}", (first, second)) for number, (first, second) in enumerate(asked, start=1)]


def _cells(file: Path, problems: Problems) -> list[tuple[str, tuple[str, str]]]:
    """Place and ids of the pairs of a table."""
    text = Text(file, problems)
    text.require(COLUMNS, need="Pairs need")
    table = text.table()
    if not len(table.lines):
        problems.error(file, "there are no pairs in this file", "Add a line for every pair.")
    first, second = (table.cells(column) for column in COLUMNS)
    return [(f"line {line}", (one, other)) for (line, one), (_, other) in zip(first, second, strict=True)]
