"""The non-negative lasso: by hand, and against the conditions that hold at the minimum and nowhere else."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.linear_model import lars_path_gram

from alignment_importance.experiments import lasso

PENALTIES = (0.5, 0.1, 1e-3)


def test_two_units_by_hand() -> None:
    """G = [[2, 1], [1, 2]], m = (4, 3): the second weight is positive below p = 2: m - p - G (1, 0)' = 0."""
    gram, moment = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([4.0, 3.0])
    weights = lasso.path(gram, moment, [1.0, 0.75, 0.5, 0.25])
    np.testing.assert_allclose(weights, np.array([[0, 0], [0.5, 0], [1, 0], [4 / 3, 1 / 3]]), atol=1e-15)


def test_units_that_explain_nothing_have_no_weight() -> None:
    gram = np.diag([1.0, 1.0, 0.0])
    assert not lasso.path(gram, np.array([-1.0, 0.0, 0.0]), PENALTIES).any()
    np.testing.assert_allclose(lasso.path(gram, np.array([-1.0, 2.0, 0.0]), [0.5]), [[0, 1, 0]])


@given(
    n_rows=st.integers(1, 30),
    n_units=st.integers(1, 40),
    twice=st.integers(0, 5),
    whole=st.booleans(),
    seed=st.integers(0, 10**6),
)
@example(n_rows=5, n_units=12, twice=1, whole=False, seed=5)
def test_weights_are_at_the_minimum(n_rows: int, n_units: int, twice: int, whole: bool, seed: int) -> None:
    """Also with more units than rows, equal units and a zero unit; with whole numbers, many units join at once."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-1, 2, size=(n_rows, n_units)) if whole else rng.gamma(1.0, size=(n_rows, n_units)) - 0.7
    x = np.concatenate([x, x[:, :twice], np.zeros((n_rows, 1))], axis=1)
    gram, moment = x.T @ x, x.T @ rng.normal(size=n_rows)
    largest = max(moment.max(), 0.0)
    for penalty, weights in zip(PENALTIES, lasso.path(gram, moment, PENALTIES), strict=True):
        slope = moment - penalty * largest - gram @ weights
        assert (weights >= 0).all()
        assert slope.max() <= 1e-9 * largest
        np.testing.assert_allclose(slope[weights > 0], 0, atol=1e-9 * largest)


@pytest.mark.parametrize("seed", [53, 847, 1668, 2836])
def test_units_beside_nearly_dependent_ones_have_no_weight_made_of_rounding(seed: int) -> None:
    """Few images with few active units, centred: some units are nearly alike, and others are their differences."""
    rng = np.random.default_rng(seed)
    z = rng.gamma(1.0, size=(6, 60)) * (rng.random((6, 60)) < 0.2)
    z -= z.mean(1, keepdims=True)
    first, second = np.triu_indices(6, k=1)
    x = z[first] * z[second]
    gram, moment = x.T @ x, x.T @ rng.normal(size=15)
    for penalty, weights in zip(PENALTIES, lasso.path(gram, moment, PENALTIES), strict=True):
        slope = moment - penalty * moment.max() - gram @ weights
        assert slope.max() <= 1e-9 * moment.max()
        np.testing.assert_allclose(slope[weights > 0], 0, atol=1e-9 * moment.max())


def test_the_path_is_that_of_scikit_learn() -> None:
    """At each breakpoint, with more units than rows, where some weights become 0 again."""
    rng = np.random.default_rng(4)
    x = rng.gamma(1.0, size=(50, 120))
    x -= x.mean(0)
    gram, moment = x.T @ x, x.T @ rng.normal(size=50)
    penalties, _, expected = lars_path_gram(
        moment, gram, n_samples=1, positive=True, method="lasso", alpha_min=1e-3 * moment.max()
    )
    assert ((expected[:, :-1] > 0) & (expected[:, 1:] == 0)).any()
    weights = lasso.path(gram, moment, penalties / moment.max())
    np.testing.assert_allclose(weights.T, expected, atol=1e-9 * expected.max())


def test_units_that_explain_noise_are_as_many_as_it_takes() -> None:
    """At most 119 of 600 units explain 120 centred values; any more, met along the path, depend on them."""
    rng = np.random.default_rng(3)
    x = rng.gamma(1.0, size=(120, 600))
    x -= x.mean(0)
    gram, moment = x.T @ x, x.T @ rng.normal(size=120)
    [weights] = lasso.path(gram, moment, [1e-4])
    slope = moment - 1e-4 * moment.max() - gram @ weights
    assert 110 < np.count_nonzero(weights) < 120
    assert slope.max() <= 1e-11 * moment.max()
    np.testing.assert_allclose(slope[weights > 0], 0, atol=1e-11 * moment.max())


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
def test_weights_scale_with_the_target(factor: float) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(20, 12)), rng.normal(size=20)
    one, other = (lasso.path(x.T @ x, x.T @ (scale * y), PENALTIES) for scale in (1, factor))
    np.testing.assert_allclose(factor * one, other, rtol=1e-9)
