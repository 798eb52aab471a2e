"""Reads and checks the pairs of images to explain in a comparison: those that the configuration names, or all."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.inputs.delimited_text import Text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments.averages import mean
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import some
from alignment_importance.system.problems import Problems

#: Columns of a table of pairs; others are ignored.
COLUMNS = ("image_a", "image_b")


def read(
    asked: Sequence[Sequence[str]] | str | Path, judgments: xr.Dataset, where: str, problems: Problems
) -> pd.DataFrame:
    """Find the pairs to explain among the judgments of a comparison.

    Args:
        asked: two image ids for each pair, a table with the columns `COLUMNS`, or `all`.
        where: the list's key in the configuration, for messages (`comparisons.animals.pairs`).
        problems: where mistakes are noted: unknown ids, an image with itself, repeated pairs, pairs without judgments.

    Returns:
        Columns image and image_b, in the order of the list or table; for `all`, every judged pair, sorted by image id.

    Raises:
        ProblemsError: the file is not a table of pairs.
    """
    ids = sorted(judgments["image"].to_numpy().tolist())
    human = mean(judgments, ids)
    if isinstance(asked, str):
        first, second = (np.array(ids, dtype=object)[numbers] for numbers in judged_pairs(human))
        return pd.DataFrame({"image": first, "image_b": second}, dtype=object)
    if isinstance(asked, Path):
        source, cells = asked, _cells(asked, problems)
    else:
        source, cells = Path(where), [(f"entry {number}", pair) for number, pair in enumerate(asked, start=1)]
    known = ImageIds(ids)
    sides = [known.find(problems, source, [(place, pair[side]) for place, pair in cells]) for side in range(2)]
    places: dict[frozenset[str], str] = {}
    unjudged = []
    for (place, _), pair in zip(cells, zip(*sides, strict=True), strict=True):
        if not all(image in known for image in pair):
            continue
        if pair[0] == pair[1]:
            problems.error(source, f"{pair[0]!r} is paired with itself", "Name two images.", place)
        elif (first := places.setdefault(frozenset(pair), place)) != place:
            problems.error(source, f"{' and '.join(pair)} are already paired", f"Keep one; see {first}.", place)
        elif np.isnan(human[ids.index(pair[0]), ids.index(pair[1])]):
            unjudged.append(" and ".join(pair))
    if unjudged:
        remedy = "Remove them: nobody has said how alike they are."
        problems.error(source, f"pairs without a judgment: {some(unjudged)}", remedy)
    return pd.DataFrame(dict(zip(("image", "image_b"), sides, strict=True)), dtype=object)


def require_memory(n_pairs: int, map_shape: tuple[int, ...], route: str, memory: int) -> None:
    """Refuse more pairs than can be explained in `memory` bytes.

    Args:
        map_shape: (feature_map, y, x) of the network's feature maps.
        route: the route of its ablation; for `pooled`, places of one image are also compared with places of the other.

    Raises:
        InputError: contributions, heatmaps, similarities of places and intermediate arrays would take more.
    """
    n_maps, n_places = map_shape[0], map_shape[1] * map_shape[2]
    n_bytes = n_pairs * (8 * 8 * n_maps + 4 * 4 * n_places)
    if route == "pooled":
        n_bytes += n_pairs * 4 * n_places**2
    if n_bytes > memory:
        raise InputError(
            f"{n_pairs} pairs of images with {n_maps} feature maps take {n_bytes / 1e9:.2g} GB, "
            f"more than `memory_gb: {memory / 1e9:g}`. Ask for fewer pairs, or for more memory."
        )


def check_memory(
    n_pairs: int,
    networks: Mapping[str, tuple[tuple[int, ...], str]],
    memory_gb: float,
    where: str,
    problems: Problems,
) -> None:
    """Note, before any network runs, those for which explaining the pairs would take too much memory.

    Args:
        networks: each network's (feature_map, y, x) and route, by the name of the model.
        where: the key that asks for the pairs (`comparisons.animals.pairs`).
    """
    for model, (map_shape, route) in networks.items():
        with problems.collect(f"{where} (models.{model})"):
            require_memory(n_pairs, map_shape, route, int(memory_gb * 1e9))


def _cells(file: Path, problems: Problems) -> list[tuple[str, Sequence[str]]]:
    """Return the place, for messages, and the two ids of each pair in a table."""
    text = Text(file, problems)
    text.require(COLUMNS, need="Pairs need")
    table = text.table()
    if not len(table.lines):
        problems.error(file, "there are no pairs in this file", "Add a line for every pair.")
    first, second = (table.cells(column) for column in COLUMNS)
    return [(f"line {line}", (image, image_b)) for (line, image), (_, image_b) in zip(first, second, strict=True)]
