"""Tests, effect sizes and corrections by hand, against scipy and simulation."""

import numpy as np
import pytest
import scipy.stats

from alignment_importance.statistics import inference
from alignment_importance.statistics.inference import paired_test


def test_paired_t_test_equals_scipy() -> None:
    rng = np.random.default_rng(1)
    full, retained = rng.random(40), rng.random(40) + 0.1
    found = paired_test(full, retained, 0.25)
    expected = scipy.stats.ttest_rel(retained, full, alternative="greater")
    assert (found.t, found.p_paired) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    assert found.effect_size == pytest.approx(expected.statistic / np.sqrt(40))


def test_interval_without_shared_images_equals_scipy() -> None:
    rng = np.random.default_rng(2)
    full, retained = rng.random(12), rng.random(12)
    found = paired_test(full, retained, 0.0)
    expected = scipy.stats.ttest_rel(retained, full).confidence_interval(0.95)
    assert (found.difference_low, found.difference_high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_corrected_t_test_by_hand() -> None:
    # Differences 1, 2, 3: mean 2, variance 1. Uncorrected t = 2 / sqrt(1/3); corrected t = 2 / sqrt(1/3 + 1/4).
    found = paired_test(np.zeros(3), np.array([1.0, 2.0, 3.0]), 0.25)
    assert found.difference_mean == 2
    assert found.effect_size == 2
    assert found.t == pytest.approx(2 * np.sqrt(3))
    assert found.t_corrected == pytest.approx(2 / np.sqrt(1 / 3 + 1 / 4))
    # One-sided tail of Student's t with two degrees of freedom: (1 - t / sqrt(2 + t^2)) / 2.
    for t, p in ((found.t, found.p_paired), (found.t_corrected, found.p_corrected)):
        assert p == pytest.approx((1 - t / np.sqrt(2 + t * t)) / 2)
    assert found.p_corrected > found.p_paired
    # The quantile 0.975 of that distribution is 4.302653.
    assert found.difference_high - found.difference_mean == pytest.approx(4.302653 * np.sqrt(1 / 3 + 1 / 4), rel=1e-6)
    assert found.effect_size_low < 2 < found.effect_size_high


def test_folds_without_a_score_are_left_out() -> None:
    found = paired_test(np.array([0.1, np.nan, 0.2]), np.array([0.3, 0.5, 0.3]), 0.25)
    assert found.difference_mean == pytest.approx(0.15)


@pytest.mark.parametrize(
    "differences",
    [
        np.zeros(4),
        np.array([0.2]),
        np.array([np.nan, np.nan]),
        np.array([0.5, 0.8]) - np.array([0.2, 0.5]),  # equal but for rounding
    ],
)
def test_without_spread_there_is_no_test(differences: np.ndarray) -> None:
    found = paired_test(np.zeros(len(differences)), differences, 0.25)
    assert np.isnan(
        [found.t, found.p_paired, found.t_corrected, found.p_corrected, found.difference_low, found.effect_size_low]
    ).all()


@pytest.mark.parametrize(("t", "df"), [(3.3, 39), (-1.2, 4), (0.0, 9), (1e7, 4), (-1e7, 4)])
def test_bounds_of_the_noncentrality_leave_tails_of_a_fortieth(t: float, df: int) -> None:
    """Simulated from the definition (Z + delta) / sqrt(chi2 / df); 200 000 draws have a standard error of 0.0004."""
    rng = np.random.default_rng(3)
    z, scale = rng.normal(size=200_000), np.sqrt(rng.chisquare(df, size=200_000) / df)
    low, high = inference.noncentrality_interval(t, df)
    assert low < t < high
    assert np.mean((z + low) / scale >= t) == pytest.approx(0.025, abs=0.002)
    assert np.mean((z + high) / scale <= t) == pytest.approx(0.025, abs=0.002)


def test_interval_of_the_effect_size_covers_the_truth_as_often_as_it_says() -> None:
    """Of 300 samples of 10 independent differences with d = 0.5, 95 per cent, with a standard error of 1.3 per cent."""
    rng = np.random.default_rng(4)
    found = [paired_test(np.zeros(10), 0.5 + rng.normal(size=10), 0.0) for _ in range(300)]
    covered = np.mean([one.effect_size_low <= 0.5 <= one.effect_size_high for one in found])
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 300))


def test_holm_by_hand() -> None:
    # Ascending 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, and 0.04 raised to 0.06.
    assert inference.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert inference.holm([0.4, float("nan"), 0.9]) == pytest.approx([0.8, np.nan, 0.9], nan_ok=True)
    assert np.isnan(inference.holm([float("nan")])).all()


def test_permutation_p_by_hand() -> None:
    assert inference.permutation_p(0.5, np.array([0.1, 0.5, 0.7, np.nan])) == pytest.approx(3 / 4)
    assert inference.permutation_p(0.9, np.linspace(0, 0.5, 99)) == pytest.approx(0.01)
    assert np.isnan(inference.permutation_p(float("nan"), np.zeros(3)))


def test_a_permutation_that_scores_as_high_but_for_rounding_counts() -> None:
    assert 0.1 + 0.2 > 0.3
    assert inference.permutation_p(0.1 + 0.2, np.array([0.3, 0.1])) == pytest.approx(2 / 3)


@pytest.mark.parametrize("score", ["pearson_r2", "pearson", "spearman"])
def test_a_pair_of_weight_two_counts_like_two_pairs(score: str) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=12).round(1), rng.normal(size=12).round(1)
    weights = rng.integers(0, 3, size=(4, 12)).astype(float)
    found = inference.weighted_scores(x, y, weights, score)
    correlate = scipy.stats.spearmanr if score == "spearman" else scipy.stats.pearsonr
    for one, times in zip(found, weights.astype(int), strict=True):
        r = correlate(np.repeat(x, times), np.repeat(y, times)).statistic
        assert one == pytest.approx(r**2 if score == "pearson_r2" else r)


def test_equal_values_have_no_weighted_score() -> None:
    weights = np.array([[1.0, 1, 0], [1, 1, 1]])
    found = inference.weighted_scores(np.array([0.3, 0.3, 0.9]), np.array([1.0, 2.0, 4.0]), weights, "pearson")
    assert np.isnan(found[0])
    assert np.isfinite(found[1])
