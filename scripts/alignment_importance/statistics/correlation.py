"""Pearson's correlation of values some of which are missing."""

import numpy as np
from numpy.typing import NDArray


def correlate(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Pearson's r of two arrays of one shape over the places where both are finite.

    Returns:
        -1 to 1; NaN where there are fewer than two such places, or one array has a single value in all of them.
    """
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < 2 or np.ptp(first[both]) == 0 or np.ptp(second[both]) == 0:
        return np.nan
    return float(np.corrcoef(first[both], second[both])[0, 1])
