"""The non-negative lasso: by hand, and at the conditions that a minimum meets and nothing else does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_importance.experiments import lasso

PENALTIES = (0.5, 0.1, 1e-3)


def test_two_units_by_hand() -> None:
    """G = [[2, 1], [1, 2]], m = (4, 3): the second weight is positive below p = 2: m - p - G (1, 0)' = 0."""
    gram, moment = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([4.0, 3.0])
    weights = lasso.path(gram, moment, [1.0, 0.75, 0.5, 0.25])
    np.testing.assert_allclose(weights, np.array([[0, 0], [0.5, 0], [1, 0], [4 / 3, 1 / 3]]), atol=1e-15)


def test_units_that_nothing_speaks_for_have_no_weight() -> None:
    gram = np.diag([1.0, 1.0, 0.0])
    assert not lasso.path(gram, np.array([-1.0, 0.0, 0.0]), PENALTIES).any()
    np.testing.assert_allclose(lasso.path(gram, np.array([-1.0, 2.0, 0.0]), [0.5]), [[0, 1, 0]])


@given(
    n_rows=st.integers(1, 30),
    n_units=st.integers(1, 40),
    twice=st.integers(0, 5),
    seed=st.integers(0, 10**6),
)
def test_weights_are_at_the_minimum(n_rows: int, n_units: int, twice: int, seed: int) -> None:
    """Also where units are more than rows, some of them the same as others, one of them zero."""
    rng = np.random.default_rng(seed)
    x = rng.gamma(1.0, size=(n_rows, n_units)) - 0.7
    x = np.concatenate([x, x[:, :twice], np.zeros((n_rows, 1))], axis=1)
    gram, moment = x.T @ x, x.T @ rng.normal(size=n_rows)
    largest = max(moment.max(), 0.0)
    for penalty, weights in zip(PENALTIES, lasso.path(gram, moment, PENALTIES), strict=True):
        slope = moment - penalty * largest - gram @ weights
        assert (weights >= 0).all()
        assert slope.max() <= 1e-9 * largest
        np.testing.assert_allclose(slope[weights > 0], 0, atol=1e-9 * largest)


def test_a_penalty_alone_gives_what_the_path_gives() -> None:
    rng = np.random.default_rng(1)
    x = rng.gamma(1.0, size=(60, 90))
    x -= x.mean(0)
    gram, moment = x.T @ x, x.T @ rng.gamma(1.0, size=60)
    path = lasso.path(gram, moment, PENALTIES)
    for penalty, expected in zip(PENALTIES, path, strict=True):
        [alone] = lasso.path(gram, moment, [penalty])
        np.testing.assert_allclose(alone, expected, rtol=1e-9)
        assert (np.count_nonzero(alone) == np.count_nonzero(expected)) > 0


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_weights_follow_what_is_explained(factor: float) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(20, 12)), rng.normal(size=20)
    one, other = (lasso.path(x.T @ x, x.T @ (scale * y), PENALTIES) for scale in (1, factor))
    np.testing.assert_allclose(factor * one, other, rtol=1e-9)
