"""Masks of the highest pixels of a map, each with exactly the share of pixels that is asked for."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: (pixel,): the index of the smallest mask that holds each pixel; where none does, the number of masks.
Levels = NDArray[np.intp]

Percents = Sequence[float] | NDArray[np.floating]


class Marked:
    """The pixels of a map, and the masks that hold them."""

    def __init__(self, map2d: NDArray[np.floating], percents: Percents) -> None:
        """Mark the highest pixels of a map; `percents` ascending."""
        self.pixels = map2d.ravel()
        #: (pixel,), see `levels`; None where the map is NaN or ranks no pixel above another.
        self.levels: Levels | None = levels(self.pixels, percents) if ranks(self.pixels) else None


def sizes(percents: Percents, n_pixels: int) -> NDArray[np.intp]:
    """The number of pixels of each mask, rounded to whole pixels."""
    return np.round(np.asarray(percents) * n_pixels / 100).astype(np.intp)


def levels(values: NDArray[np.floating], percents: Percents) -> Levels:
    """Rank pixels, and find the smallest mask that holds each of them.

    Args:
        values: (pixel,), without NaN. Equal values are ranked by their place, the first one highest.
        percents: sizes of the masks in per cent of the pixels, ascending.

    Returns:
        (pixel,) levels: masks are nested, so that mask m holds the pixels whose level is at most m.
    """
    negated, counts = -values, sizes(percents, len(values))
    ordered = np.sort(negated)  # several times as fast as a stable argsort
    ends = np.where(counts > 0, ordered[counts - 1], -np.inf)
    result = np.searchsorted(ends, negated)
    first, after = (np.searchsorted(ordered, ends, side) for side in ("left", "right"))
    # A mask may have room for only some of the pixels that equal its last one: the others get a larger level.
    for end in np.unique(ends[(counts > 0) & (after > counts)]):
        ending = np.flatnonzero(ends == end)
        begin, n_equal = first[ending[0]], after[ending[0]] - first[ending[0]]
        result[negated == end] = ending[0] + np.searchsorted(counts[ending] - begin, np.arange(n_equal), "right")
    return result


def masks(map2d: NDArray[np.floating], percents: Sequence[float]) -> NDArray[np.bool_] | None:
    """Mark the highest pixels of a map (y, x), for pictures and contours of the masks; NaN pixels do not count.

    Returns:
        bool (mask, y, x), `percents` ascending; None where the map is NaN or ranks no pixel above another.
    """
    seen = ~np.isnan(map2d)
    values = map2d[seen]
    if not ranks(values):
        return None
    result = np.zeros((len(percents), *map2d.shape), dtype=bool)
    result[:, seen] = levels(values, percents) <= np.arange(len(percents))[:, None]
    return result


def ranks(values: NDArray[np.floating]) -> bool:
    """Whether no value is NaN and some are higher than others."""
    return bool(len(values)) and not np.isnan(values).any() and bool(values.min() < values.max())


def shared(first: Levels, second: Levels, n_masks: int) -> NDArray[np.intp]:
    """Count how many pixels each mask of one map shares with each mask of another: (mask, mask)."""
    together = np.bincount(first * (n_masks + 1) + second, minlength=(n_masks + 1) ** 2)
    return together.reshape(n_masks + 1, -1)[:n_masks, :n_masks].cumsum(axis=0).cumsum(axis=1)
