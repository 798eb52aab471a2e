"""Fitted weights against scikit-learn on explicit features, and that nothing is learned from test images."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge, lasso_path

from alignment_importance.experiments import reweighting
from alignment_importance.experiments.reweighting import LeastSquares, Rows
from alignment_importance.inputs import folds
from alignment_importance.inputs.folds import Fold, PairBlock
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.statistics.similarity import rsm, scaled_rows

IDS = [f"{number:02d}" for number in range(18)]


def data(n_units: int, missing: bool = False) -> tuple[Rows, np.ndarray]:
    """Scaled rows (image, unit) and judgments that weigh the units unequally."""
    rng = np.random.default_rng(1)
    z = scaled_rows(torch.from_numpy(rng.gamma(1.0, size=(18, n_units))), "pearson")
    weights = rng.gamma(0.3, size=n_units)
    human = (z.numpy() * weights) @ z.numpy().T + 0.02 * rng.normal(size=(18, 18))
    human = human + human.T
    np.fill_diagonal(human, np.nan)
    if missing:
        human[2, 5] = human[5, 2] = human[0, 17] = human[17, 0] = np.nan
    return Rows(z, *judged_pairs(human)), human


def features(rows: Rows, block: PairBlock) -> tuple[np.ndarray, np.ndarray]:
    """(pair, unit) products of rows and (pair,) judgments."""
    pairs = judged_pairs(block.human)
    first, second = (block.images[index] for index in pairs)
    return (rows.z[first] * rows.z[second]).numpy(), block.human[pairs]


def test_products_of_scaled_rows_are_the_rsm() -> None:
    readout = torch.from_numpy(np.random.default_rng(2).gamma(1.0, size=(6, 9)))
    readout[4] = 3.0
    for similarity in ("pearson", "cosine"):
        rows = scaled_rows(readout, similarity)
        torch.testing.assert_close(rows @ rows.T, rsm(readout, similarity), equal_nan=True)


def blocks(human: np.ndarray) -> list[PairBlock]:
    """A block of all images, and one of some."""
    some = np.array([1, 2, 3, 5, 8, 9, 13, 16])
    return [folds.whole(human), PairBlock(some, folds.whole(human[np.ix_(some, some)]).human)]


@pytest.mark.parametrize("missing", [False, True])
def test_sums_over_pairs_are_those_of_explicit_features(missing: bool) -> None:
    rows, human = data(11, missing)
    for block in blocks(human):
        x, y = features(rows, block)
        x, problem = x - x.mean(0), LeastSquares.of(rows, block)
        np.testing.assert_allclose(problem.sums(problem.human), x.T @ y, atol=1e-14)
        np.testing.assert_allclose(problem.gram(), x.T @ x, atol=1e-14)
        first, second = (block.images[index] for index in judged_pairs(block.human))
        kernel = rows.kernel_of(first, second)
        assert (kernel is None) == (len(rows.first) > 22)
        larger = Rows(torch.cat([rows.z] * 7, 1), rows.first, rows.second)
        of_larger = larger.kernel_of(first, second)
        assert of_larger is not None
        np.testing.assert_allclose(of_larger, 7 * x @ x.T, atol=1e-13)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("n_units", [7, 200])
def test_ridge_is_that_of_scikit_learn(n_units: int, missing: bool) -> None:
    """With fewer units than pairs, and with more."""
    rows, human = data(n_units, missing)
    for block in blocks(human):
        x, y = features(rows, block)
        unit = np.square(x - x.mean(0)).sum() / len(y)
        for penalty, weights in zip((1.0, 0.01), reweighting._ridge(rows, block, (1.0, 0.01)), strict=True):
            expected = Ridge(alpha=penalty * unit, solver="svd").fit(x, y)
            np.testing.assert_allclose(weights.numpy(), expected.coef_, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("n_units", [7, 200])
def test_nonnegative_weights_are_those_of_scikit_learn(n_units: int, missing: bool) -> None:
    rows, human = data(n_units, missing)
    for block in blocks(human):
        x, y = features(rows, block)
        x, y = x - x.mean(0), y - y.mean()
        alphas = (x.T @ y).max() / len(y) * np.array(reweighting.NONNEGATIVE_PENALTIES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, expected, _ = lasso_path(x, y, alphas=alphas, positive=True, tol=1e-14, max_iter=1_000_000)
        weights = reweighting._nonnegative(rows, block, reweighting.NONNEGATIVE_PENALTIES).numpy()
        assert (weights >= 0).all()
        np.testing.assert_allclose(weights, expected.T, rtol=1e-5, atol=1e-5 * weights.max())


def test_the_kernel_is_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, human = data(200)
    x, _ = features(rows, folds.whole(human))
    monkeypatch.setattr(reweighting, "_MOST_FEATURES", 30 * len(rows.first))
    assert rows.kernel is not None
    np.testing.assert_allclose(rows.kernel, x @ x.T, atol=1e-14)


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


@pytest.mark.parametrize("scale", [1e-12, 1e9])
@pytest.mark.parametrize("way", [reweighting.ridge, reweighting.nonnegative])
def test_the_scale_of_judgments_changes_no_rank(way, scale: float) -> None:  # type: ignore[no-untyped-def]
    rows, human = data(8)
    one, other = (way(rows, *fold_of(judged), "spearman") for judged in (human, scale * human))
    assert one.penalty == other.penalty
    in_units = reweighting.in_own_units
    np.testing.assert_allclose(in_units(one.similarities), in_units(other.similarities), rtol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_of_penalties_that_predict_equally_well_the_strongest_is_taken(seed: int) -> None:
    """A single unit predicts the same with all penalties, but for rounding."""
    _, human = data(8)
    z = torch.from_numpy(np.random.default_rng(seed).gamma(1.0, size=(18, 1)))
    found = reweighting.ridge(Rows(z, *judged_pairs(human)), *fold_of(human), "pearson_r2")
    assert found.penalty == reweighting.RIDGE_PENALTIES[0]


@pytest.mark.parametrize("way", [reweighting.ridge, reweighting.nonnegative])
@pytest.mark.parametrize("n_units", [8, 100])
def test_test_images_change_no_weight(way, n_units: int) -> None:  # type: ignore[no-untyped-def]
    rows, human = data(n_units)
    fold, inner = fold_of(human)
    found = way(rows, fold, inner, "spearman")
    other, seen = human.copy(), rows.z.clone()
    other[np.ix_(fold.test.images, np.arange(18))] = other[np.ix_(np.arange(18), fold.test.images)] = 7.0
    seen[fold.test.images] = 0.3
    changed_fold, changed_inner = fold_of(other)
    changed = way(Rows(seen, rows.first, rows.second), changed_fold, changed_inner, "spearman")
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
    rows.z[fold.train.images[0]] = torch.nan
    found = reweighting.ridge(rows, fold, inner, "pearson")
    assert np.isnan(found.penalty)
    assert np.isnan(found.similarities).all()


@pytest.mark.parametrize("n_units", [1, 2, 200])
@pytest.mark.parametrize("way", [reweighting.ridge, reweighting.nonnegative])
def test_where_all_pairs_are_alike_nothing_is_fitted(way, n_units: int) -> None:  # type: ignore[no-untyped-def]
    """As for cosine similarity with one unit that is never negative, or Pearson's with two units."""
    _, human = data(8)
    one = np.full(n_units, n_units**-0.5) * np.where(np.arange(n_units) % 2, -1, 1)
    rows = Rows(torch.from_numpy(np.tile(one, (18, 1))), *judged_pairs(human))
    fold, inner = fold_of(human)
    found = way(rows, fold, inner, "pearson")
    assert np.isnan(found.penalty) and np.isnan(found.weights).all() and np.isnan(found.similarities).all()
