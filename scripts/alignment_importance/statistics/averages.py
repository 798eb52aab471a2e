"""Means of values some of which are missing."""

import numpy as np
from numpy.typing import NDArray


def average(
    values: NDArray[np.float64], weights: NDArray[np.integer] | NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """Average along the first axis, such as over the participants who judged a pair; NaN where there is no value.

    Args:
        values: (participant, ...), NaN where a participant did not judge a pair.
        weights: of the same shape, positive where there is a value; None for equal weights.
    """
    weighing = np.where(np.isnan(values), 0, 1 if weights is None else weights)
    with np.errstate(invalid="ignore"):
        return (np.where(np.isnan(values), 0.0, values) * weighing).sum(axis=0) / weighing.sum(axis=0)
