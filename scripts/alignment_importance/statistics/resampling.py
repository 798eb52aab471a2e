"""Bootstrap intervals of means and medians over images, and choices of a few of many."""

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
    """Draw n of n things with replacement, again and again.

    Returns:
        (resample, n): the places that were drawn.
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
    times = np.stack([np.bincount(places, minlength=len(values)) for places in drawn]).astype(np.float64)
    valid = ~np.isnan(values)
    # Sums without BLAS, whose rounding may depend on the number of threads.
    sums = np.einsum("bn,nk->bk", times, np.where(valid, values, 0.0), optimize=False)
    if valid.all():
        return _percentiles(sums / len(values))
    with np.errstate(invalid="ignore", divide="ignore"):
        return _percentiles(sums / np.einsum("bn,nk->bk", times, valid.astype(np.float64), optimize=False))


def median_interval(values: NDArray[np.float64], drawn: NDArray[np.intp]) -> NDArray[np.float64]:
    """The 95 % percentile bootstrap interval of medians of values that may be infinite; otherwise as `mean_interval`."""
    return np.concatenate([_percentiles(_medians(column[drawn])) for column in values.T], axis=1)


def _medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of every row without its NaN: (row, 1)."""
    ordered = np.sort(values, axis=1)  # NaN last
    n_valid = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(len(values))
    low, high = (ordered[rows, np.maximum(at, 0)] for at in ((n_valid - 1) // 2, n_valid // 2 - (n_valid == 0)))
    with np.errstate(invalid="ignore"):
        middle = np.where(low == high, low, (low + high) / 2)
    return np.where(n_valid > 0, middle, np.nan)[:, None]


def _percentiles(resampled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower and upper bound of every column (resample, column), without resamples that have no value."""
    bounds = np.full((2, resampled.shape[1]), np.nan)
    known = ~np.isnan(resampled)
    whole = known.all(axis=0)
    if whole.any():
        bounds[:, whole] = _quantiles(resampled[:, whole])
    for at in np.flatnonzero(known.any(axis=0) & ~whole):
        bounds[:, at] = _quantiles(resampled[known[:, at], at][:, None])[:, 0]
    return bounds


def _quantiles(resampled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentiles of columns; of infinite values the next lower one, since there is nothing between them."""
    if np.isfinite(resampled).all():
        return np.percentile(resampled, _INTERVAL, axis=0)
    return np.percentile(resampled, _INTERVAL, axis=0, method="lower")
