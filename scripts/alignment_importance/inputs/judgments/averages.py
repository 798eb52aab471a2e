"""The mean judgments of several people."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.system.errors import InputError
from alignment_importance.system.names import some

#: What counts once in the mean of a pair: every participant who judged it, or every trial that showed it.
UNITS = ("participants", "trials")


def mean(judgments: xr.Dataset, image_ids: Sequence[str]) -> NDArray[np.float64]:
    """Average the judgments over participants.

    Args:
        judgments: what `reading.read` returns. Its attribute `mean_over` says what counts once, see `UNITS`.
        image_ids: the n images wanted, in the order wanted.

    Returns:
        float64 (n, n), the mean over those who judged a pair; NaN where no one did and on the diagonal.

    Raises:
        InputError: an image has no judgments.
    """
    ids = list(image_ids)
    unknown = sorted(set(ids) - set(judgments["image"].values.tolist()))
    if unknown:
        raise InputError(f"{judgments.attrs.get('source', 'judgments')}: no judgments of {some(unknown)}.")
    chosen = judgments.sel(image=ids, image_b=ids)
    return average(chosen["similarity"].to_numpy(), weights(chosen))


def weights(judgments: xr.Dataset) -> NDArray[np.integer] | None:
    """Give what a judgment weighs in the mean: (participant, image, image_b) trials, or None where each weighs 1."""
    return judgments["n_ratings"].to_numpy() if judgments.attrs.get("mean_over") == "trials" else None


def average(
    values: NDArray[np.float64], weights: NDArray[np.integer] | NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """Average (participant, ...) over the participants who judged a pair; NaN where there is none.

    Args:
        values: (participant, ...), NaN where a participant did not judge a pair.
        weights: of the same shape, positive where there is a judgment; None where all weigh the same.
    """
    weighing = np.where(np.isnan(values), 0, 1 if weights is None else weights)
    with np.errstate(invalid="ignore"):
        return (np.where(np.isnan(values), 0.0, values) * weighing).sum(axis=0) / weighing.sum(axis=0)
