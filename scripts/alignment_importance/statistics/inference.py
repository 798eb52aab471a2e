"""Inference over folds, over images and over several comparisons: tests, effect sizes, intervals, corrections."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.special

from alignment_importance.statistics.judged import tied
from alignment_importance.statistics.scores import SCORES

#: Coverage of all intervals.
CONFIDENCE = 0.95

#: Scores, and their differences, that differ by less are the same but for rounding.
_ROUNDING = 1e-10

#: A larger t varies with its denominator alone: its numerator moves the bounds of the non-centrality by about a
#: hundred-thousandth. SciPy's bounds are less exact there, and take minutes where t is in the millions.
_LARGEST_T = 1000


@dataclass(frozen=True)
class PairedTest:
    """One-sided tests that one kind of score is higher than another, over paired fold results.

    Attributes:
        difference_mean: of better - worse, over the folds that have both scores.
        t, p_paired: the paired t-test, which treats folds as independent (as the paper does).
        t_corrected, p_corrected: the corrected resampled t-test of Nadeau & Bengio (2003), doi 10.1023/A:1024068626366:
            folds of one data set share training images, so that the variance of the mean is s2 (1/n + n_test/n_train).
        difference_low, difference_high: 95 per cent interval of the difference with that variance.
        effect_size: Cohen's d of paired values, the mean over the standard deviation of the differences.
        effect_size_low, effect_size_high: its 95 per cent interval, from the non-central t distribution of t_corrected.
    """

    difference_mean: float
    t: float
    p_paired: float
    t_corrected: float
    p_corrected: float
    difference_low: float
    difference_high: float
    effect_size: float
    effect_size_low: float
    effect_size_high: float


def paired_test(worse: np.ndarray, better: np.ndarray, test_to_train: float) -> PairedTest:
    """Compare scores (fold,); `test_to_train` is the ratio of their numbers of test and training data."""
    differences = (better - worse)[np.isfinite(better - worse)]
    n = len(differences)
    nan = float("nan")
    mean = float(differences.mean()) if n else nan
    sd = float(differences.std(ddof=1)) if n > 1 else nan
    if not sd > _ROUNDING:
        return PairedTest(mean, *[nan] * 9)
    independent, shared = np.sqrt(1 / n), np.sqrt(1 / n + test_to_train)
    t, t_corrected = float(mean / (sd * independent)), float(mean / (sd * shared))
    # scipy.stats has the same functions and takes a second and a half to import.
    p, p_corrected = (float(scipy.special.stdtr(n - 1, -statistic)) for statistic in (t, t_corrected))
    half = float(scipy.special.stdtrit(n - 1, (1 + CONFIDENCE) / 2) * sd * shared)
    low, high = (float(bound * shared) for bound in noncentrality_interval(t_corrected, n - 1))
    return PairedTest(mean, t, p, t_corrected, p_corrected, mean - half, mean + half, mean / sd, low, high)


def noncentrality_interval(t: float, df: int) -> tuple[float, float]:
    """Interval of the non-centrality of the t distribution that a value came from (Steiger & Fouladi 1997).

    The bounds are the non-centralities under which a t as high, or as low, as the one found has probability 0.025.
    """
    tails = np.array([(1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2])
    if abs(t) > _LARGEST_T:
        low, high = np.sort(t * np.sqrt(scipy.special.chdtri(df, tails) / df))
    else:
        low, high = scipy.special.nctdtrinc(df, tails, t)
    return float(low), float(high)


def holm(p: Sequence[float]) -> np.ndarray:
    """P values corrected for their number by Holm (1979); NaN is not counted and stays NaN."""
    values = np.asarray(p, dtype=float)
    corrected = np.full(values.shape, np.nan)
    ascending = np.argsort(values)[: np.count_nonzero(np.isfinite(values))]  # NaN last
    multiplied = values[ascending] * np.arange(len(ascending), 0, -1)
    corrected[ascending] = np.minimum(np.maximum.accumulate(multiplied), 1)
    return corrected


def permutation_p(observed: float, permuted: np.ndarray) -> float:
    """One-sided p of a mean score among those of permuted data (draw,): (1 + number as high) / (1 + number).

    Rank correlations of few pairs take few values, so that many means equal the observed one; these count as high,
    whatever their rounding. Draws of NaN are not counted. NaN if the observed mean is NaN, or every draw is.
    """
    defined = permuted[np.isfinite(permuted)]
    if not (np.isfinite(observed) and len(defined)):
        return float("nan")
    return float((1 + np.count_nonzero(defined >= observed - _ROUNDING)) / (1 + len(defined)))


def weighted_scores(similarities: np.ndarray, human: np.ndarray, weights: np.ndarray, score: str) -> np.ndarray:
    """Scores with pairs that count several times, as in a resampled set of images.

    Args:
        similarities: (pair,).
        human: (pair,) judgments.
        weights: (draw, pair) how often a pair counts.
        score: one of `scores.SCORES`.

    Returns:
        (draw,); NaN where all similarities or all judgments of a draw are equal, and everywhere if a similarity is NaN.
    """
    kind = SCORES[score]
    if kind.ranked:
        similarities, human = (_weighted_ranks(tied(values), weights) for values in (similarities, human))
    total = weights.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = (values - (weights * values).sum(axis=1, keepdims=True) / total for values in (similarities, human))
        xx, yy, xy = ((weights * product).sum(axis=1) for product in (x * x, y * y, x * y))
        size = np.sqrt((weights * np.square(similarities)).sum(axis=1) * (weights * np.square(human)).sum(axis=1))
        r = np.where(np.sqrt(xx * yy) > 1e-12 * size, xy / np.sqrt(xx * yy), np.nan)
    return kind.of(r)


def _weighted_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(draw, pair) ranks among values that count several times; ties share their mean rank, and NaN has none."""
    _, group = np.unique(values, return_inverse=True)
    counts = np.zeros((len(weights), int(group.max()) + 1))
    for pair, pair_weights in enumerate(weights.T):
        counts[:, group[pair]] += pair_weights
    up_to = counts.cumsum(axis=1)
    return np.where(np.isnan(values), np.nan, (up_to - counts / 2 + 0.5)[:, group])
