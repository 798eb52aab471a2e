"""Transfer: learned from one comparison, tested on another, and nothing of the test set is used."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from small_heads import ROUTES, engine, resources

from alignment_importance.ablation import Ablation, PooledAblation
from alignment_importance.experiments import transfer
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.experiments.rankings import order_of, rank
from alignment_importance.inputs import folds

IDS = [f"i{number:02d}" for number in range(13)]


def comparison(fast: Ablation, human: np.ndarray, ids: list[str] | None = None) -> Comparison:
    return Comparison(ids if ids is not None else IDS, xr.Dataset(), human, xr.Dataset(), fast)


def judged(seed: int, n: int = 13) -> np.ndarray:
    values = np.random.default_rng(seed).random((n, n))
    values += values.T
    np.fill_diagonal(values, np.nan)
    return values


def cut(human: np.ndarray, ids: list[str], unit: str = "images") -> list[folds.Fold]:
    return folds.blocks(folds.cut(unit, ids, 3, 1), human, ids)


@pytest.mark.parametrize("route", ROUTES)
def test_transfer_to_itself_is_the_prediction_of_the_fold(route: str, maps: np.ndarray, human: np.ndarray) -> None:
    """With one comparison for source and target, what is left for the ranking is the training set."""
    _, fast = engine(route, maps, "pearson", "pearson_r2", resources())
    same, blocks = comparison(fast, human), cut(human, IDS)
    table = transfer.transfer(same, {"same": (same, blocks)})["same"]
    for fold, row in zip(blocks, table.itertuples(), strict=True):
        whole, without = fast.leave_one_out([fold.train])
        train, test = fast.top_k(order_of(rank(whole[0] - without[0])), [fold.train, fold.test])
        k = int(np.nanargmax(train)) + 1
        assert row.k == k
        # Curves carry sums in float32 from one k to the next.
        assert row.test_transferred == pytest.approx(test[k - 1], rel=1e-4, nan_ok=True)
        assert row.n_source == len(fold.train.images)


@pytest.mark.parametrize("unit", ["images", "pairs"])
def test_judgments_of_the_test_set_make_no_difference_to_what_is_learned(unit: str, maps: np.ndarray) -> None:
    readout = maps.mean((2, 3))
    fast = PooledAblation(readout, resources(), "pearson", "pearson_r2")
    human, other = judged(1), judged(2)
    source, target = comparison(fast, other), comparison(fast, human)
    blocks = cut(human, IDS, unit)
    first = transfer.source_block(source, target, blocks[0])
    changed = other.copy()
    tested = np.isfinite(blocks[0].test.human)
    changed[np.ix_(blocks[0].test.images, blocks[0].test.images)] = np.where(
        tested, 99, other[np.ix_(blocks[0].test.images, blocks[0].test.images)]
    )
    second = transfer.source_block(comparison(fast, changed), target, blocks[0])
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.human, second.human)
    if unit == "images":
        assert set(first.images) == set(blocks[0].train.images)
    else:
        np.testing.assert_array_equal(np.isfinite(first.human), np.isfinite(blocks[0].train.human))


@pytest.mark.parametrize("unit", ["images", "pairs"])
def test_other_images_give_one_ranking_for_all_folds(unit: str, maps: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    others, ids = rng.random((9, maps.shape[1])).astype(np.float32), [f"o{number}" for number in range(9)]
    learned = PooledAblation(others, resources(), "pearson", "pearson_r2")
    tested = PooledAblation(maps.mean((2, 3)), resources(), "pearson", "pearson_r2")
    human, source_human = judged(1), judged(4, 9)
    source, target = comparison(learned, source_human, ids), comparison(tested, human)
    table = transfer.transfer(source, {"target": (target, cut(human, IDS, unit))})["target"]
    assert table["n_source"].tolist() == [9, 9, 9]
    whole, without = learned.leave_one_out([folds.whole(source_human)])
    order = order_of(rank(whole[0] - without[0]))
    k = int(np.nanargmax(learned.top_k(order, [folds.whole(source_human)])[0])) + 1
    assert (table["k"] == k).all()
    for fold, score in zip(cut(human, IDS, unit), table["test_transferred"], strict=True):
        assert score == pytest.approx(tested.top_k(order, [fold.test])[0, k - 1], nan_ok=True)


def test_too_few_judgments_left_give_nothing(maps: np.ndarray, human: np.ndarray) -> None:
    fast = PooledAblation(maps.mean((2, 3)), resources(), "pearson", "pearson_r2")
    few = np.full_like(human, np.nan)
    few[0, 1] = few[1, 0] = 1.0
    target = comparison(fast, human), cut(human, IDS)
    table = transfer.transfer(comparison(fast, few), {"target": target})["target"]
    assert table[["k", "test_transferred"]].isna().all(axis=None)


def test_targets_with_the_same_images_do_not_change_each_other(maps: np.ndarray, human: np.ndarray) -> None:
    """They share the rankings of the source; a target with other images has its own."""
    fast = PooledAblation(maps.mean((2, 3)), resources(), "pearson", "pearson_r2")
    few = PooledAblation(maps.mean((2, 3))[:11], resources(), "pearson", "pearson_r2")
    source = comparison(fast, judged(5))
    targets = {
        "one": (comparison(fast, human), cut(human, IDS)),
        "two": (comparison(fast, judged(6)), cut(judged(6), IDS)),
        "few": (comparison(few, judged(7, 11), IDS[:11]), cut(judged(7, 11), IDS[:11])),
    }
    together = transfer.transfer(source, targets)
    for name, target in targets.items():
        pd.testing.assert_frame_equal(together[name], transfer.transfer(source, {name: target})[name])
    assert together["one"]["k"].tolist() == together["two"]["k"].tolist()
