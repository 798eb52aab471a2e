"""Numbers of retained maps, by hand."""

import numpy as np
import pandas as pd
import pytest

from alignment_importance.experiments import retention


def test_retained_maps_are_the_fewest_with_the_highest_train_score() -> None:
    curve = pd.DataFrame(
        {"k": [1, 2, 3, 4], "train_score": [np.nan, 0.5, 0.5, 0.4], "test_score": [0.9, 0.2, 0.3, 0.1]}
    )
    assert retention.retain(curve) == {
        "k_retained": 2,
        "train_full": 0.4,
        "train_retained": 0.5,
        "test_full": 0.1,
        "test_retained": 0.2,
    }


def test_order_of_rows_does_not_matter_to_the_retained_maps() -> None:
    curve = pd.DataFrame({"k": [3, 1, 2], "train_score": [0.1, 0.3, 0.3], "test_score": [0.5, 0.6, 0.7]})
    kept = retention.retain(curve)
    assert (kept["k_retained"], kept["test_retained"], kept["test_full"]) == (1, 0.6, 0.5)


def test_without_train_scores_nothing_is_retained() -> None:
    curve = pd.DataFrame({"k": [1, 2], "train_score": [np.nan, np.nan], "test_score": [0.1, 0.2]})
    kept = retention.retain(curve)
    assert np.isnan(kept["k_retained"])
    assert np.isnan(kept["test_retained"])
    assert kept["test_full"] == 0.2


def curve() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "k": [1, 2, 3, 4, 5],
            "train_score": [np.nan, 0.48, 0.50, 0.53, 0.4],
            "test_score": [0.1, 0.2, 0.3, 0.4, 0.5],
            "test_random": [0.01, 0.02, 0.03, 0.04, 0.05],
            "test_total_activation": [0.11, 0.12, 0.13, 0.14, 0.15],
            "test_active_units": [0.21, 0.22, 0.23, 0.24, 0.25],
            "test_reverse": [0.31, 0.32, 0.33, 0.34, 0.35],
            "train_keep": [0.2, 0.6, 0.1, np.nan, 0.4],
            "test_keep": [0.41, 0.42, 0.43, 0.44, 0.45],
        }
    )


def test_other_rules_and_rankings_by_hand() -> None:
    found = retention.retain_otherwise(curve(), np.array([0.3, 0.1, -0.2, 0.0, np.nan]), 0.04)
    assert found == {
        "k_one_se": 3,  # 0.50 is less than 0.04 below 0.53, and 0.48 is more
        "test_one_se": 0.3,
        "k_positive": 2,
        "test_positive": 0.2,
        "test_random": 0.04,  # at k = 4, where the train score is highest
        "test_total_activation": 0.14,
        "test_active_units": 0.24,
        "test_reverse": 0.34,
        "k_keep": 2,
        "test_keep": 0.42,
    }


def test_what_is_undefined_is_nan() -> None:
    undefined = curve().assign(train_score=np.nan, train_keep=np.nan)
    found = retention.retain_otherwise(undefined, np.array([-0.1, -0.2, 0, 0, 0]), float("nan"))
    assert found["k_positive"] == 0
    assert all(np.isnan(value) for name, value in found.items() if name != "k_positive")
    assert np.isnan(retention.retain_otherwise(undefined, np.full(5, np.nan), float("nan"))["k_positive"])


def test_without_a_standard_error_only_the_maximum_itself_is_near() -> None:
    assert retention.retain_otherwise(curve(), np.zeros(5), 0.0)["k_one_se"] == 4
    assert np.isnan(retention.retain_otherwise(curve(), np.zeros(5), float("nan"))["k_one_se"])
    assert pytest.approx(0.4) == retention.retain_otherwise(curve(), np.zeros(5), 0.0)["test_one_se"]
