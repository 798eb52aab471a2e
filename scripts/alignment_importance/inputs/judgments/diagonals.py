"""Checks the stated kind of judgments against the ratings of images with themselves."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignment_importance.system.names import some
from alignment_importance.system.problems import Problems

# Fewer ratings of an image with itself, such as a single attention check, say nothing about the scale.
_FEWEST = 3


def by_participant(
    n_participants: int, rater: NDArray[np.intp], rating: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Divide ratings (rating,) into an array per participant, empty for participants without ratings."""
    order = np.argsort(rater, kind="stable")
    return np.split(rating[order], np.searchsorted(rater[order], np.arange(1, n_participants)))


def check(
    problems: Problems,
    path: Path,
    kind: str,
    participants: Sequence[str],
    own: Sequence[NDArray[np.float64]],
    others: Sequence[NDArray[np.float64]],
) -> None:
    """Refuse judgments in which images are least like themselves.

    Args:
        own, others: each participant's ratings of images with themselves, and of different images; NaN for missing.

    Raises:
        ProblemsError: the kind is wrong, or it is wrong for some participants only (both kinds are mixed).
    """
    wrong = [are_least_alike(kind, *both) for both in zip(own, others, strict=True)]
    if not any(wrong):
        return
    other, extreme = ("dissimilarity", "smallest") if kind == "similarity" else ("similarity", "largest")
    leave = "or leave the diagonal empty (NaN) if its numbers mean nothing"
    if any(are_least_alike(other, *both) for both in zip(own, others, strict=True)):
        names = some([name for name, is_wrong in zip(participants, wrong, strict=True) if is_wrong])
        problems.error(
            path,
            f"similarities and dissimilarities are mixed: the kind is {kind}, but images with themselves have the "
            f"{extreme} values in the judgments of these participants, and not in those of others: {names}",
            f"Bring all participants to one kind, {leave}.",
        )
    else:
        remedy = f"Set kind: {other}, {leave}."
        found = f"the kind is {kind}, but the diagonal (images with themselves) holds the {extreme} values"
        problems.error(path, f"{found}, as in a {other}", remedy)
    problems.raise_errors()


def are_least_alike(kind: str, own: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Tell whether one participant found every image at most as similar to itself as any two different images are."""
    own, others = own[~np.isnan(own)], others[~np.isnan(others)]
    if len(own) < _FEWEST or not len(others) or others.min() == others.max():
        return False
    return bool(own.max() <= others.min() if kind == "similarity" else own.min() >= others.max())
