"""Out-of-sample prediction: the number of maps to retain, tests of the gain over folds, the noise ceiling."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats

from alignment_importance import judgments


def retain(curve: pd.DataFrame) -> dict[str, float]:
    """Full and retained scores of one fold.

    Args:
        curve: columns k, train_score, test_score.

    Returns:
        k_retained, the smallest k with the highest train score (NaN ignored), and train and test scores with all maps
        and with these. If no k has a train score, k_retained and the retained scores are NaN.
    """
    by_k = curve.sort_values("k")
    full = by_k.iloc[-1]
    scored = by_k.dropna(subset="train_score")
    # The first of several equal ones.
    best = scored.iloc[int(np.argmax(scored["train_score"]))] if len(scored) else dict.fromkeys(by_k.columns, np.nan)
    return {
        "k_retained": best["k"],
        "train_full": full["train_score"],
        "train_retained": best["train_score"],
        "test_full": full["test_score"],
        "test_retained": best["test_score"],
    }


@dataclass(frozen=True)
class PairedTest:
    """One-sided tests that the retained maps predict better than all maps, over paired fold results.

    Attributes:
        n: number of pairs without NaN.
        difference: mean of retained - full.
        t, p: the paired t-test, which treats folds as independent (as the paper does).
        t_corrected, p_corrected: the corrected resampled t-test of Nadeau & Bengio (2003), doi 10.1023/A:1024068626366:
            folds of one data set share training images, so that the variance of the mean is s2 (1/n + n_test/n_train).
    """

    n: int
    difference: float
    t: float
    p: float
    t_corrected: float
    p_corrected: float


def paired_test(full: np.ndarray, retained: np.ndarray, test_to_train: float) -> PairedTest:
    """Compare retained with full scores (fold,); `test_to_train` is the ratio of test to training images."""
    differences = (retained - full)[np.isfinite(retained - full)]
    n = len(differences)
    mean = float(differences.mean()) if n else float("nan")
    variance = float(differences.var(ddof=1)) if n > 1 else float("nan")
    t, t_corrected = (
        float(np.divide(mean, np.sqrt(variance * share))) if variance > 0 else float("nan")
        for share in (1 / max(n, 1), 1 / max(n, 1) + test_to_train)
    )
    p, p_corrected = (float(scipy.stats.t.sf(statistic, n - 1)) for statistic in (t, t_corrected))
    return PairedTest(n, mean, t, p, t_corrected, p_corrected)


def summarise(table: pd.DataFrame) -> dict[str, float]:
    """Means, standard deviations and tests over the folds of one comparison and network.

    Args:
        table: columns n_train, n_test, k_retained, train_full, train_retained, test_full, test_retained.
    """
    test = paired_test(
        table["test_full"].to_numpy(float),
        table["test_retained"].to_numpy(float),
        float((table["n_test"] / table["n_train"]).mean()),
    )
    scores = ["k_retained", "train_full", "train_retained", "test_full", "test_retained"]
    moments = {
        f"{column}_{name}": float(value)
        for column in scores
        for name, value in (("mean", table[column].mean()), ("sd", table[column].std(ddof=1)))
    }
    return {
        "n_folds": len(table),
        **moments,
        "difference_mean": test.difference,
        "t": test.t,
        "p_paired": test.p,
        "t_corrected": test.t_corrected,
        "p_corrected": test.p_corrected,
    }


def noise_ceiling(similarity: np.ndarray, score: str) -> tuple[float, float]:
    """How well the participants agree, as bounds on the mean score against single participants.

    Args:
        similarity: (participant, image, image) judgments, NaN for missing pairs and on the diagonal.
        score: `pearson_r2`, `pearson` or `spearman`.

    Returns:
        Means over participants of the score of each participant against the mean of the others (lower bound) and
        against the mean of all (upper bound): Nili et al. (2014), doi 10.1371/journal.pcbi.1003553. NaN with fewer
        than two participants. A score against the participants' mean, which is less noisy than any of them, may lie
        above both bounds.
    """
    if len(similarity) < 2:
        return float("nan"), float("nan")
    pairs = np.triu_indices(similarity.shape[1], k=1)
    ratings = similarity[:, *pairs]
    everyone = judgments.average(ratings)
    lower = [
        _agreement(own, judgments.average(np.delete(ratings, number, axis=0)), score)
        for number, own in enumerate(ratings)
    ]
    return float(np.mean(lower)), float(np.mean([_agreement(own, everyone, score) for own in ratings]))


def _agreement(one: np.ndarray, other: np.ndarray, score: str) -> float:
    """Score of two vectors of judgments over the pairs that both have."""
    both = np.isfinite(one) & np.isfinite(other)
    correlate = scipy.stats.spearmanr if score == "spearman" else scipy.stats.pearsonr
    r = float(correlate(one[both], other[both]).statistic)
    return r**2 if score == "pearson_r2" else r
