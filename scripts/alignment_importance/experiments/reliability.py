"""How well a perfect model could predict people: agreement of participants, and reliability of their mean."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignment_importance.inputs.folds import MIN_PAIRS
from alignment_importance.statistics.averages import average
from alignment_importance.statistics.correlation import correlate
from alignment_importance.statistics.judged import tied
from alignment_importance.statistics.scores import SCORES, Score


@dataclass(frozen=True)
class Ceiling:
    """Noise ceilings of a block of pairs, in the configured score. NaN with fewer than two participants.

    Attributes:
        noise_ceiling_lower, noise_ceiling_upper: mean score of a single participant against the mean of the others,
            and of all (Nili et al. 2014, doi 10.1371/journal.pcbi.1003553). They bound what a model can reach against
            single participants.
        split_half: mean correlation of the means of two random halves of the participants.
        reliability: of the mean of all participants, its correlation with that of as many others (`spearman_brown`).
        noise_ceiling_of_mean: the highest score to expect against the mean of all participants, which is what networks
            are scored against: the correlation of the true mean with the observed one, sqrt(reliability) (Spearman
            1904), or its square for `pearson_r2`. NaN where reliability is not positive.
    """

    noise_ceiling_lower: float
    noise_ceiling_upper: float
    split_half: float
    reliability: float
    noise_ceiling_of_mean: float


def ceiling(ratings: np.ndarray, score: str, n_splits: int, seed: int, weights: np.ndarray | None = None) -> Ceiling:
    """Noise ceilings of ratings (participant, pair), NaN where a participant did not judge a pair.

    Args:
        score: one of `scores.SCORES`.
        n_splits: random splits of the participants into halves.
        weights: (participant, pair) of each judgment in the mean over participants (`judgments.averages.weights`).
    """
    lower, upper = noise_ceiling(ratings, score)
    halves = split_half(ratings, score, n_splits, seed, weights)
    whole = spearman_brown(halves, len(ratings))
    of_mean = SCORES[score].of(float(np.sqrt(whole))) if whole > 0 else float("nan")
    return Ceiling(lower, upper, halves, whole, of_mean)


def noise_ceiling(ratings: np.ndarray, score: str) -> tuple[float, float]:
    """Lower and upper bound of the mean score against single participants, as rsatoolbox pools and compares.

    The bounds are those of `rsatoolbox.inference.boot_noise_ceiling`, which pools participants by the mean of their
    standardised judgments, or of their ranks for `spearman`. Unlike there, participants may lack different pairs
    (rsatoolbox assumes that all lack those that the first one lacks), and correlations may be squared.

    Args:
        ratings: (participant, pair), the pairs above the diagonal of an image x image matrix row by row.
        score: one of `scores.SCORES`.
    """
    kind = SCORES[score]
    varied = ratings[[_varies(own) for own in ratings]]
    if len(varied) < 2:
        return float("nan"), float("nan")
    everyone = _pool(varied, kind)
    others = (_pool(np.delete(varied, number, axis=0), kind) for number in range(len(varied)))
    lower = [_agreement(own, other, kind) for own, other in zip(varied, others, strict=True)]
    upper = [_agreement(own, everyone, kind) for own in varied]
    return _mean(lower), _mean(upper)


def split_half(ratings: np.ndarray, score: str, n_splits: int, seed: int, weights: np.ndarray | None = None) -> float:
    """Mean correlation between the mean judgments of two halves of the participants, over random splits into halves.

    Args:
        ratings: (participant, pair), NaN where a participant did not judge a pair.
        score: one of `scores.SCORES`; its correlation is taken, never squared.
        weights: (participant, pair), of each judgment in the mean over participants.
    """
    if len(ratings) < 2:
        return float("nan")
    rng = np.random.default_rng(seed)
    splits = [np.array_split(rng.permutation(len(ratings)), 2) for _ in range(n_splits)]
    kind, weighing = SCORES[score].correlation, np.ones_like(ratings) if weights is None else weights
    means = [[average(ratings[half], weighing[half]) for half in halves] for halves in splits]
    return _mean([_agreement(first, second, kind) for first, second in means])


def spearman_brown(correlation: float, n: int) -> float:
    """Reliability of a whole of n parts, cut into halves with this correlation; NaN where it has none, such as for -1.

    The halves of an odd number are unequal (Horst 1951, Estimating total test reliability from parts of unequal
    length): with noise of variance v in each part, halves of a and b parts correlate by 1 / sqrt((1 + v/a) (1 + v/b)),
    which is solved for 1 / (1 + v/n). For an even number that is 2 r / (1 + r).
    """
    unequal = (n % 2 / n) ** 2
    whole = correlation + np.sqrt(1 - unequal * (1 - correlation**2))
    return float(2 * correlation / whole) if whole > 0 else float("nan")


def _pool(ratings: np.ndarray, score: Score) -> np.ndarray:
    """(pair,) the judgments that agree best with all participants on average: their mean standardised ones or ranks."""
    if score.ranked:
        return average(pd.DataFrame(tied(ratings)).rank(axis=1).to_numpy())
    mean, sd = np.nanmean(ratings, axis=1, keepdims=True), np.nanstd(ratings, axis=1, keepdims=True)
    return average((ratings - mean) / sd)


def _agreement(first: np.ndarray, second: np.ndarray, score: Score) -> float:
    """Score of two vectors of judgments over the pairs that both have; NaN if these are too few, or one is constant."""
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    if not (_varies(first) and _varies(second)):
        return float("nan")
    if score.ranked:
        first, second = (pd.Series(tied(vector)).rank().to_numpy() for vector in (first, second))
    return score.of(correlate(first, second))


def _varies(vector: np.ndarray) -> bool:
    """Whether there are enough judgments for a score, and they differ by more than rounding."""
    defined = vector[np.isfinite(vector)]
    return len(defined) >= MIN_PAIRS and float(np.ptp(tied(defined))) > 0


def _mean(values: list[float]) -> float:
    defined = [value for value in values if np.isfinite(value)]
    return float(np.mean(defined)) if defined else float("nan")
