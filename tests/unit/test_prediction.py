"""Retained maps, tests over folds and noise ceilings, by hand and against scipy."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from alignment_importance import prediction


def test_retained_maps_are_the_fewest_with_the_highest_train_score() -> None:
    curve = pd.DataFrame(
        {"k": [1, 2, 3, 4], "train_score": [np.nan, 0.5, 0.5, 0.4], "test_score": [0.9, 0.2, 0.3, 0.1]}
    )
    assert prediction.retain(curve) == {
        "k_retained": 2,
        "train_full": 0.4,
        "train_retained": 0.5,
        "test_full": 0.1,
        "test_retained": 0.2,
    }


def test_order_of_rows_does_not_matter_to_the_retained_maps() -> None:
    curve = pd.DataFrame({"k": [3, 1, 2], "train_score": [0.1, 0.3, 0.3], "test_score": [0.5, 0.6, 0.7]})
    kept = prediction.retain(curve)
    assert (kept["k_retained"], kept["test_retained"], kept["test_full"]) == (1, 0.6, 0.5)


def test_without_train_scores_nothing_is_retained() -> None:
    curve = pd.DataFrame({"k": [1, 2], "train_score": [np.nan, np.nan], "test_score": [0.1, 0.2]})
    kept = prediction.retain(curve)
    assert np.isnan(kept["k_retained"])
    assert np.isnan(kept["test_retained"])
    assert kept["test_full"] == 0.2


def test_paired_t_test_equals_scipy() -> None:
    rng = np.random.default_rng(1)
    full, retained = rng.random(40), rng.random(40) + 0.1
    found = prediction.paired_test(full, retained, 0.25)
    expected = scipy.stats.ttest_rel(retained, full, alternative="greater")
    assert (found.t, found.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))


def test_corrected_t_test_by_hand() -> None:
    # Differences 1, 2, 3: mean 2, variance 1. Uncorrected t = 2 / sqrt(1/3); corrected t = 2 / sqrt(1/3 + 1/4).
    found = prediction.paired_test(np.zeros(3), np.array([1.0, 2.0, 3.0]), 0.25)
    assert found.difference == 2
    assert found.t == pytest.approx(2 * np.sqrt(3))
    assert found.t_corrected == pytest.approx(2 / np.sqrt(1 / 3 + 1 / 4))
    # One-sided tail of Student's t with two degrees of freedom: (1 - t / sqrt(2 + t^2)) / 2.
    for t, p in ((found.t, found.p), (found.t_corrected, found.p_corrected)):
        assert p == pytest.approx((1 - t / np.sqrt(2 + t * t)) / 2)
    assert found.p_corrected > found.p


def test_folds_without_a_score_are_left_out_and_counted() -> None:
    found = prediction.paired_test(np.array([0.1, np.nan, 0.2]), np.array([0.3, 0.5, 0.3]), 0.25)
    assert found.n == 2
    assert found.difference == pytest.approx(0.15)


def test_equal_differences_have_no_test() -> None:
    found = prediction.paired_test(np.zeros(4), np.zeros(4), 0.25)
    assert found.difference == 0
    assert np.isnan([found.t, found.p, found.t_corrected, found.p_corrected]).all()


def test_noise_ceiling_by_hand() -> None:
    # Three images, pairs (0,1), (0,2), (1,2). The two participants' ratings correlate with r = 1/2; with two, the
    # mean of the others is the other one. Each against the mean of both, (1, 2.5, 2.5): r = sqrt(3)/2.
    ratings = np.array([[1, 2, 3], [1, 3, 2]], dtype=float)
    stack = np.full((2, 3, 3), np.nan)
    for participant, (a, b, c) in enumerate(ratings):
        stack[participant] = [[np.nan, a, b], [a, np.nan, c], [b, c, np.nan]]
    assert prediction.noise_ceiling(stack, "pearson") == pytest.approx((0.5, np.sqrt(3) / 2))
    assert prediction.noise_ceiling(stack, "pearson_r2") == pytest.approx((0.25, 0.75))


def test_noise_ceiling_leaves_missing_pairs_out() -> None:
    rng = np.random.default_rng(2)
    stack = rng.random((4, 8, 8))
    stack = stack + stack.transpose(0, 2, 1)
    stack[0, 1, 2] = stack[0, 2, 1] = np.nan
    assert np.isfinite(prediction.noise_ceiling(stack, "spearman")).all()


def test_one_participant_has_no_noise_ceiling() -> None:
    assert np.isnan(prediction.noise_ceiling(np.ones((1, 3, 3)), "pearson")).all()


def test_summary_of_folds() -> None:
    table = pd.DataFrame(
        {
            "n_train": [8, 8],
            "n_test": [2, 2],
            "k_retained": [3, 5],
            "train_full": [0.2, 0.4],
            "train_retained": [0.5, 0.7],
            "test_full": [0.1, 0.3],
            "test_retained": [0.2, 0.6],
        }
    )
    summary = prediction.summarise(table)
    assert summary["n_folds"] == 2
    assert summary["k_retained_mean"] == 4
    assert summary["test_full_mean"] == pytest.approx(0.2)
    assert summary["test_full_sd"] == pytest.approx(np.sqrt(0.02))
    assert summary["difference_mean"] == pytest.approx(0.2)
    # Differences 0.1 and 0.3: mean 0.2, variance 0.02.
    assert summary["t"] == pytest.approx(0.2 / np.sqrt(0.02 / 2))
    assert summary["t_corrected"] == pytest.approx(0.2 / np.sqrt(0.02 * (1 / 2 + 1 / 4)))
