"""Bootstrap intervals of means and medians over images, and an even choice of a few items."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Percentiles between which 95 % of the resampled values lie.
_INTERVAL = (2.5, 97.5)


def evenly(items: Sequence[str], n: int) -> list[str]:
    """Choose at most n items, evenly spaced from the first to the last."""
    places = np.linspace(0, len(items) - 1, min(n, len(items))).round().astype(int)
    return [items[at] for at in places]


def resample(n: int, resamples: int, seed: int) -> NDArray[np.intp]:
    """Draw n of n things with replacement, `resamples` times.

    Returns:
        (resample, n): the positions that were drawn.
    """
    return np.random.default_rng(seed).integers(0, n, (resamples, n))


def mean_interval(values: NDArray[np.float64], drawn: NDArray[np.intp]) -> NDArray[np.float64]:
    """The 95 % percentile bootstrap interval of means (Efron & Tibshirani 1993, chapter 13).

    Args:
        values: (thing, column); NaN is left out.
        drawn: see `resample`.

    Returns:
        (2, column): lower and upper bound, NaN where a column has no value.
    """
    from threadpoolctl import threadpool_limits  # imported here, since `resample` can do without it

    n = len(values)
    flat = (drawn + n * np.arange(len(drawn))[:, None]).ravel()
    times = np.bincount(flat, minlength=n * len(drawn)).reshape(-1, n).astype(np.float64)
    known = ~np.isnan(values)
    some_missing = ~known.all(axis=0)
    # The rounding of matrix products may depend on the number of threads.
    with threadpool_limits(1), np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(known, values, 0.0).T @ times.T
        means[~some_missing] /= n
        means[some_missing] /= known[:, some_missing].T.astype(np.float64) @ times.T
    return _percentiles(means)


def median_interval(values: NDArray[np.float64], drawn: NDArray[np.intp]) -> NDArray[np.float64]:
    """The 95 % percentile bootstrap interval of medians, see `mean_interval`; values may be infinite."""
    return _percentiles(np.stack([medians(column[drawn]) for column in values.T]))


def medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of every row, NaN left out; NaN where a row has no other value. Values may be infinite."""
    ordered = np.sort(values, axis=1)  # NaN last
    n_valid = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(len(values))
    low, high = (ordered[rows, np.maximum(at, 0)] for at in ((n_valid - 1) // 2, n_valid // 2 - (n_valid == 0)))
    with np.errstate(invalid="ignore"):
        middle = np.where(low == high, low, (low + high) / 2)
    return np.where(n_valid > 0, middle, np.nan)


def _percentiles(resampled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower and upper bound of every row (row, resample), resamples of NaN left out.

    Bounds are interpolated linearly between two resamples; where one of these is infinite, the lower one is taken.
    """
    ordered = np.sort(resampled, axis=1)  # NaN last
    last = (~np.isnan(ordered)).sum(axis=1) - 1
    bounds = []
    for percent in _INTERVAL:
        place = percent / 100 * np.maximum(last, 0)
        below = place.astype(np.intp)
        low, high = (
            np.take_along_axis(ordered, at[:, None], axis=1)[:, 0] for at in (below, np.minimum(below + 1, last))
        )
        with np.errstate(invalid="ignore"):
            between = low + (high - low) * (place - below)
        bounds.append(np.where(np.isfinite(between), between, low))
    return np.stack(bounds)
