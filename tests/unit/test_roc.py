import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from alignment_importance.statistics import roc


def test_area_by_hand() -> None:
    # Pairs 3>1, 3=3, 2>1, 2<3: 1 + 0.5 + 1 + 0 of 4.
    assert roc.area_under_curve(np.array([3.0, 2.0]), np.array([1.0, 3.0])) == 0.625
    assert roc.area_under_curve(np.array([1.0, 1.0]), np.array([1.0])) == 0.5
    assert roc.area_under_curve(np.array([2.0, np.nan]), np.array([1.0, np.nan, 0.0])) == 1
    assert np.isnan(roc.area_under_curve(np.array([np.nan]), np.array([1.0])))


@given(
    first=st.lists(st.integers(-4, 4), min_size=1, max_size=30),
    second=st.lists(st.integers(-4, 4), min_size=1, max_size=30),
)
def test_area_is_scikit_learns(first: list[int], second: list[int]) -> None:
    expected = roc_auc_score([1] * len(first) + [0] * len(second), first + second)
    found = roc.area_under_curve(np.array(first, dtype=float), np.array(second, dtype=float))
    assert found == pytest.approx(expected, abs=1e-12)
    assert roc.area_under_curve(np.array(second, dtype=float), np.array(first, dtype=float)) == pytest.approx(
        1 - found, abs=1e-12
    )


@given(values=st.lists(st.integers(-4, 4), min_size=1, max_size=30))
def test_the_share_of_values_below_each_follows_from_its_average_rank(values: list[int]) -> None:
    pixels = np.array(values, dtype=float)
    np.testing.assert_array_equal(roc.share_below(pixels, pixels), (rankdata(pixels) - 0.5) / len(pixels))
