"""Averages judgments over participants."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.statistics.averages import average


def mean(judgments: xr.Dataset, image_ids: Sequence[str]) -> NDArray[np.float64]:
    """Average the judgments over participants.

    Args:
        judgments: what `reading.inspect` returns.
        image_ids: ids of n images, in the order of the returned rows and columns.

    Returns:
        float64 (n, n), the mean over those who judged a pair; NaN where no one did and on the diagonal.
    """
    ids = list(image_ids)
    chosen = judgments.sel(image=ids, image_b=ids)
    return average(chosen["similarity"].to_numpy(), weights(chosen))


def weights(judgments: xr.Dataset) -> NDArray[np.integer] | None:
    """Return the weights of judgments in the mean: trials (participant, image, image_b), or None if all are equal."""
    return judgments["n_ratings"].to_numpy() if judgments.attrs.get("mean_over") == "trials" else None
