"""Checks with ratings of images with themselves whether judgments are of the kind that is stated."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.system.names import some
from alignment_importance.system.problems import Problems

# Fewer ratings of an image with itself, such as a single attention check, say nothing about the scale.
_FEWEST = 3


@dataclass(frozen=True, eq=False)
class Extremes:
    """The smallest and the largest value of each participant (participant,), NaN where there is none.

    Attributes:
        own: of images with themselves; NaN too if there are fewer than three.
        others: of pairs of different images.
    """

    own: tuple[NDArray[np.float64], NDArray[np.float64]]
    others: tuple[NDArray[np.float64], NDArray[np.float64]]


def of_matrices(stack: NDArray[np.float64]) -> Extremes:
    """Find the extremes of matrices (participant, n, n)."""
    diagonal = np.eye(stack.shape[-1], dtype=bool)
    own, others = (pd.DataFrame(stack[:, mask].T) for mask in (diagonal, ~diagonal))
    enough = own.count() >= _FEWEST
    low, high = (extreme.where(enough).to_numpy() for extreme in (own.min(), own.max()))
    return Extremes((low, high), (others.min().to_numpy(), others.max().to_numpy()))


def of_ratings(
    n_participants: int, rater: NDArray[np.intp], is_own: NDArray[np.bool_], rating: NDArray[np.float64]
) -> Extremes:
    """Find the extremes of ratings (rating,), some of which are of an image with itself (`is_own`)."""
    ratings = pd.DataFrame({"rater": rater, "rating": rating})

    def extremes(chosen: pd.DataFrame, fewest: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        by_rater = chosen.groupby("rater")["rating"].agg(["min", "max", "count"]).reindex(range(n_participants))
        by_rater = by_rater.where(by_rater["count"] >= fewest)
        return by_rater["min"].to_numpy(), by_rater["max"].to_numpy()

    return Extremes(extremes(ratings[is_own], _FEWEST), extremes(ratings[~is_own], 1))


def check(problems: Problems, path: Path, kind: str, participants: Sequence[str], extremes: Extremes) -> None:
    """Refuse judgments in which images are least like themselves.

    Raises:
        ProblemsError: for all participants (the kind is wrong), or for some of them (both kinds are mixed).
    """
    wrong = _least_alike(extremes, kind)
    if not wrong.any():
        return
    other, extreme = ("dissimilarity", "smallest") if kind == "similarity" else ("similarity", "largest")
    leave = "or leave the diagonal empty (NaN) if its numbers mean nothing"
    if _least_alike(extremes, other).any():
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


def _least_alike(extremes: Extremes, kind: str) -> NDArray[np.bool_]:
    """Tell for each participant whether no two different images are less alike than an image and itself."""
    (own_low, own_high), (low, high) = extremes.own, extremes.others
    beyond = own_high <= low if kind == "similarity" else own_low >= high
    return beyond & (low < high)
