"""Fitted weights against scikit-learn and scipy on explicit features, and that nothing is learned from test images."""

import numpy as np
import pytest
import scipy.optimize
import torch
from sklearn.linear_model import Ridge

from alignment_importance.experiments import reweighting
from alignment_importance.experiments.reweighting import LeastSquares
from alignment_importance.inputs import folds
from alignment_importance.inputs.folds import Fold, PairBlock
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.statistics.similarity import rsm, scaled_rows

IDS = [f"{number:02d}" for number in range(18)]


def data(n_units: int, missing: bool = False) -> tuple[torch.Tensor, np.ndarray]:
    """Scaled rows (image, unit) and judgments that weigh the units unequally."""
    rng = np.random.default_rng(1)
    rows = scaled_rows(torch.from_numpy(rng.gamma(1.0, size=(18, n_units))), "pearson")
    weights = rng.gamma(0.3, size=n_units)
    human = (rows.numpy() * weights) @ rows.numpy().T + 0.02 * rng.normal(size=(18, 18))
    human = human + human.T
    np.fill_diagonal(human, np.nan)
    if missing:
        human[2, 5] = human[5, 2] = human[0, 17] = human[17, 0] = np.nan
    return rows, human


def features(rows: torch.Tensor, block: PairBlock) -> tuple[np.ndarray, np.ndarray]:
    """(pair, unit) products of rows and (pair,) judgments."""
    pairs = judged_pairs(block.human)
    first, second = (block.images[index] for index in pairs)
    return (rows[first] * rows[second]).numpy(), block.human[pairs]


def test_products_of_scaled_rows_are_the_rsm() -> None:
    readout = torch.from_numpy(np.random.default_rng(2).gamma(1.0, size=(6, 9)))
    readout[4] = 3.0
    for similarity in ("pearson", "cosine"):
        rows = scaled_rows(readout, similarity)
        torch.testing.assert_close(rows @ rows.T, rsm(readout, similarity), equal_nan=True)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("n_units", [7, 200])
def test_ridge_is_that_of_scikit_learn(n_units: int, missing: bool) -> None:
    """With fewer units than pairs, and with more."""
    rows, human = data(n_units, missing)
    block = folds.whole(human)
    x, y = features(rows, block)
    unit = np.square(x - x.mean(0)).sum() / len(y)
    problem = LeastSquares.of(rows, block)
    assert problem.features.shape[0] <= min(len(y), n_units)
    for penalty, weights in zip((1.0, 0.01), reweighting._ridge_path(problem, (1.0, 0.01)), strict=True):
        expected = Ridge(alpha=penalty * unit, solver="svd").fit(x, y)
        np.testing.assert_allclose(weights.numpy(), expected.coef_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("missing", [False, True])
def test_nonnegative_weights_tend_to_those_of_scipy(missing: bool) -> None:
    rows, human = data(6, missing)
    # One unit would have a negative weight.
    block = folds.whole(human - 2 * np.outer(rows[:, 0], rows[:, 0]))
    x, y = features(rows, block)
    expected, _ = scipy.optimize.nnls(x - x.mean(0), y - y.mean())
    weights = reweighting._nonnegative_path(LeastSquares.of(rows, block), (0.1, 1e-3, 1e-6))[-1].numpy()
    assert (weights >= 0).all()
    assert (expected == 0).any()
    np.testing.assert_allclose(weights, expected, atol=0.02 * expected.max())


def fold_of(human: np.ndarray, by_pairs: bool = False) -> tuple[Fold, list[Fold]]:
    cut = folds.cut("pairs" if by_pairs else "images", IDS, 3, 1)
    fold = folds.blocks(cut, human, IDS)[1]
    return fold, folds.inside(fold, 3, 1, by_pairs)


@pytest.mark.parametrize("by_pairs", [False, True])
@pytest.mark.parametrize("way", [reweighting.ridge, reweighting.nonnegative])
def test_fitted_weights_predict_better_than_equal_ones(way, by_pairs: bool) -> None:  # type: ignore[no-untyped-def]
    rows, human = data(8)
    fold, inner = fold_of(human, by_pairs)
    found = way(rows, fold, inner, "pearson_r2")
    x, y = features(rows, fold.test)
    fitted, equal = (np.corrcoef(x @ weights, y)[0, 1] ** 2 for weights in (found.weights, np.ones(8)))
    assert fitted > equal
    pairs = judged_pairs(fold.test.human)
    first, second = (fold.test.images[index] for index in pairs)
    np.testing.assert_allclose(found.similarities[first, second], x @ found.weights, atol=1e-12)


@pytest.mark.parametrize("way", [reweighting.ridge, reweighting.nonnegative])
def test_test_images_change_no_weight(way) -> None:  # type: ignore[no-untyped-def]
    rows, human = data(8)
    fold, inner = fold_of(human)
    found = way(rows, fold, inner, "spearman")
    other, seen = human.copy(), rows.clone()
    other[np.ix_(fold.test.images, np.arange(18))] = other[np.ix_(np.arange(18), fold.test.images)] = 7.0
    seen[fold.test.images] = 0.3
    changed_fold, changed_inner = fold_of(other)
    changed = way(seen, changed_fold, changed_inner, "spearman")
    assert changed.penalty == found.penalty
    np.testing.assert_array_equal(changed.weights, found.weights)


def test_inner_folds_hold_training_pairs_alone() -> None:
    _, human = data(8)
    for by_pairs in (False, True):
        fold, inner = fold_of(human, by_pairs)
        trained = np.zeros((18, 18), dtype=bool)
        trained[np.ix_(fold.train.images, fold.train.images)] = np.isfinite(fold.train.human)
        tested = np.zeros((18, 18), dtype=int)
        for one in inner:
            for block in (one.train, one.test):
                inside = np.zeros((18, 18), dtype=bool)
                inside[np.ix_(block.images, block.images)] = np.isfinite(block.human)
                assert not (inside & ~trained).any()
            tested[np.ix_(one.test.images, one.test.images)] += np.isfinite(one.test.human)
        assert tested.max() == 1
        assert (tested == trained).all() == by_pairs


@pytest.mark.parametrize("by_pairs", [False, True])
def test_without_inner_folds_nothing_is_fitted(by_pairs: bool) -> None:
    """More folds than training images, or pairs, leave no pairs to test on."""
    rows, human = data(8)
    fold, _ = fold_of(human, by_pairs)
    assert folds.inside(fold, 200, 1, by_pairs) == []
    found = reweighting.ridge(rows, fold, [], "pearson")
    assert np.isnan(found.penalty)
    assert np.isnan(found.weights).all()


def test_a_constant_row_in_the_training_images_gives_nan() -> None:
    rows, human = data(8)
    fold, inner = fold_of(human)
    rows[fold.train.images[0]] = torch.nan
    found = reweighting.ridge(rows, fold, inner, "pearson")
    assert np.isnan(found.penalty)
    assert np.isnan(found.similarities).all()
