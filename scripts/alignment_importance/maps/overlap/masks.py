"""Masks of the highest pixels of a map, each with exactly the share of pixels that is asked for."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: (pixel): the number of the smallest mask that holds each pixel, and the number of masks where none does.
Levels = NDArray[np.intp]


def sizes(percents: Sequence[float] | NDArray[np.floating], n_pixels: int) -> NDArray[np.intp]:
    """Give the number of pixels of each mask, rounded to whole pixels."""
    return np.round(np.asarray(percents) * n_pixels / 100).astype(np.intp)


def levels(values: NDArray[np.floating], percents: Sequence[float] | NDArray[np.floating]) -> Levels:
    """Rank pixels, and say which is the smallest mask that holds each of them.

    Args:
        values: (pixel), without NaN. Equal values are ranked by their place, the first one highest.
        percents: sizes of the masks in per cent of the pixels, ascending.

    Returns:
        (pixel): masks are nested, so that mask m holds the pixels whose level is at most m.
    """
    order = np.argsort(-values, kind="stable")
    result = np.full(len(values), len(percents), dtype=np.intp)
    for at, size in reversed(list(enumerate(sizes(percents, len(values)).tolist()))):
        result[order[:size]] = at
    return result


def masks(map2d: NDArray[np.floating], percents: Sequence[float]) -> NDArray[np.bool_] | None:
    """Mark the highest pixels of a map, for pictures and contours of the masks.

    Args:
        map2d: (y, x); pixels that are NaN do not count.
        percents: ascending.

    Returns:
        bool (mask, y, x); None where the map is NaN or ranks no pixel above another.
    """
    seen = ~np.isnan(map2d)
    values = map2d[seen]
    if not ranks(values):
        return None
    result = np.zeros((len(percents), *map2d.shape), dtype=bool)
    result[:, seen] = levels(values, percents) <= np.arange(len(percents))[:, None]
    return result


def ranks(values: NDArray[np.floating]) -> bool:
    """Whether values are all known and some higher than others."""
    return bool(len(values)) and not np.isnan(values).any() and bool(values.min() < values.max())


def shared(first: Levels, second: Levels, n_masks: int) -> NDArray[np.intp]:
    """Count how many pixels each mask of one map shares with each mask of another: (mask, mask)."""
    together = np.bincount(first * (n_masks + 1) + second, minlength=(n_masks + 1) ** 2)
    return together.reshape(n_masks + 1, -1)[:n_masks, :n_masks].cumsum(axis=0).cumsum(axis=1)
