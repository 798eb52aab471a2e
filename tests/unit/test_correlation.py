import numpy as np
import pytest

from alignment_importance.statistics.correlation import correlate


def test_only_places_that_both_have_count() -> None:
    first = np.array([[1.0, 2.0], [3.0, np.nan]])
    second = np.array([[2.0, 4.0], [9.0, 1.0]])
    assert correlate(first, second) == pytest.approx(np.corrcoef([1, 2, 3], [2, 4, 9])[0, 1])
    assert np.isnan(correlate(first, np.ones((2, 2))))
    assert np.isnan(correlate(first, np.full((2, 2), np.nan)))
    assert np.isnan(correlate(first[:1, :1], second[:1, :1]))
