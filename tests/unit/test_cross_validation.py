"""One seed of the cross-validation: every column against its definition."""

from typing import Any

import naive
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from small_heads import ABLATIONS, N_IMAGES, N_MAPS, ROUTES, engine, resources
from small_heads import recorded as recorded_of

from alignment_importance.experiments import cross_validation, curves, rankings, retention
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.experiments.cross_validation import CrossValidation, Validation
from alignment_importance.inputs import folds

IDS = [f"image {number:02d}" for number in range(N_IMAGES)]
SETTINGS: dict[str, Any] = {"by_pairs": False, "random_rankings": 3, "inner_folds": 2}
SEED = 5


def inputs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    maps = rng.gamma(1.0, size=(N_IMAGES, N_MAPS, 4, 4)).astype(np.float32)
    human = np.asarray(np.corrcoef(maps[:, :4].mean((2, 3)))) + 0.3 * rng.normal(size=(N_IMAGES, N_IMAGES))
    human = human + human.T
    np.fill_diagonal(human, np.nan)
    return maps, human


def validated(
    route: str,
    human: np.ndarray,
    settings: dict[str, Any] = SETTINGS,
    ablated: str = "zero",
    aligned_by: tuple[str, str] = ("pearson", "pearson_r2"),
) -> Validation:
    maps, _ = inputs()
    head, built = engine(route, maps, *aligned_by, resources(), ablated)
    recorded = recorded_of(head, maps, ablated).assign_coords(image=IDS)
    cut = folds.cut("pairs" if settings["by_pairs"] else "images", IDS, 3, SEED)
    assert built.active.shape == (N_IMAGES, N_MAPS)
    comparison = Comparison(IDS, xr.Dataset(), human, recorded, built)
    return CrossValidation(comparison, **settings).validate(folds.blocks(cut, human, IDS), SEED)


def r(table: pd.DataFrame, kind: str) -> float:
    return float(np.corrcoef(table["judged"], table[kind])[0, 1])


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("route", ROUTES)
def test_scores_are_those_of_rankings_curves_and_predicted_pairs(route: str, ablated: str) -> None:
    maps, human = inputs()
    found = validated(route, human, ablated=ablated)
    _, built = engine(route, maps, "pearson", "pearson_r2", resources(), ablated)
    blocks = folds.blocks(folds.cut("images", IDS, 3, SEED), human, IDS)
    pd.testing.assert_frame_equal(found.rankings, rankings.rank_folds(built, blocks))
    traced = curves.trace(built, blocks, found.rankings)
    pd.testing.assert_frame_equal(found.curves[traced.columns], traced)
    for fold, row in zip(blocks, found.scores.to_dict("records"), strict=True):
        curve = found.curves[found.curves["fold"] == fold.fold]
        kept = retention.retain(curve)
        assert {name: row[name] for name in kept} == pytest.approx(kept)
        pairs = found.predicted[found.predicted["fold"] == fold.fold]
        assert len(pairs) == row["n_pairs_test"] == len(fold.test.images) * (len(fold.test.images) - 1) / 2
        for kind in ("full", "retained", "ridge", "nonnegative"):
            assert row[f"test_{kind}"] == pytest.approx(r(pairs, kind) ** 2, abs=1e-5, nan_ok=True)
        assert row["test_retained_pearson_pearson"] == pytest.approx(r(pairs, "retained"), abs=1e-5)
        # The ranking in reverse, cut at the same k.
        order = rankings.order_of(found.rankings[found.rankings["fold"] == fold.fold])[::-1].copy()
        assert row["test_reverse"] == pytest.approx(built.top_k(order, [fold.test])[0][int(kept["k_retained"]) - 1])


def test_units_of_a_pooled_readout_are_its_maps() -> None:
    scores = validated("pooled", inputs()[1]).scores
    assert scores["k_units"].equals(scores["k_retained"].rename("k_units"))
    assert scores["test_units"].equals(scores["test_retained"].rename("test_units"))
    # With a single unit kept, all similarities are 1.
    assert scores["test_keep"].isna().all()


def test_units_of_another_readout_are_pruned_by_themselves() -> None:
    maps, human = inputs()
    scores = validated("linear", human).scores
    head, _ = engine("linear", maps, "pearson", "pearson_r2", resources())
    readout = naive.readout(head.module, torch.from_numpy(maps), list(range(N_MAPS))).astype(np.float32)
    fold = folds.blocks(folds.cut("images", IDS, 3, SEED), human, IDS)[0]

    def score(units: list[int], block: folds.PairBlock) -> float:
        kept = np.zeros_like(readout)
        kept[:, units] = readout[:, units]
        pairs = np.triu_indices(len(block.images), 1)
        similarities = np.asarray(np.corrcoef(kept[block.images]))[pairs]
        return float(np.corrcoef(similarities, block.human[pairs])[0, 1] ** 2)

    everything = list(range(readout.shape[1]))
    ais = [
        score(everything, fold.train) - score([u for u in everything if u != unit], fold.train) for unit in everything
    ]
    order = sorted(everything, key=lambda unit: (-round(ais[unit], 12), unit))
    with np.errstate(invalid="ignore"):
        train = [score(order[:k], fold.train) for k in range(1, len(order) + 1)]
    k = int(np.nanargmax(np.array(train))) + 1
    assert scores["k_units"][0] == k
    assert scores["test_units"][0] == pytest.approx(score(order[:k], fold.test), abs=1e-6)
    assert scores["test_keep"].notna().all()


def test_judgments_of_test_pairs_change_nothing_that_is_chosen() -> None:
    _, human = inputs()
    fold = folds.blocks(folds.cut("images", IDS, 3, SEED), human, IDS)[0]
    other = human.copy()
    inside = np.ix_(fold.train.images, fold.train.images)
    noise = np.random.default_rng(3).normal(size=human.shape)
    other = np.where(np.isnan(human), np.nan, noise + noise.T)
    other[inside] = human[inside]
    one, two = (validated("linear", judged).scores.iloc[0] for judged in (human, other))
    chosen = [name for name in one.index if name.startswith(("k_", "penalty_", "n_", "train_"))]
    assert len(chosen) > 12
    pd.testing.assert_series_equal(one[chosen], two[chosen])
    assert one["test_full"] != two["test_full"]


def test_pairs_can_be_cut_and_missing_ones_are_counted() -> None:
    _, human = inputs()
    human[0, 1] = human[1, 0] = np.nan
    scores = validated(
        "pooled", human, {"by_pairs": True, "random_rankings": 1, "inner_folds": 2}, aligned_by=("cosine", "spearman")
    ).scores
    assert (scores["n_pairs_train"] + scores["n_pairs_test"]).tolist() == [N_IMAGES * (N_IMAGES - 1) / 2 - 1] * 3
    assert scores["test_full"].to_numpy() == pytest.approx(scores["test_full_cosine_spearman"].to_numpy())
    assert "test_random_spread" not in scores
    assert scores[["test_ridge", "test_nonnegative", "k_one_se"]].notna().all().all()


def test_jackknife_by_hand() -> None:
    """Each of five images is left out in turn; the formula is that of Efron (1982)."""
    rng = np.random.default_rng(4)
    similarities, human = (np.asarray(np.corrcoef(rng.normal(size=(5, 9)))) for _ in range(2))
    block = folds.whole(human)
    scores = []
    for image in range(5):
        left = np.delete(np.arange(5), image)
        pairs = np.triu_indices(4, 1)
        x, y = (matrix[np.ix_(left, left)][pairs] for matrix in (similarities, human))
        scores.append(np.corrcoef(x, y)[0, 1])
    deviations = np.array(scores) - np.mean(scores)
    expected = np.sqrt(4 / 5 * np.square(deviations).sum())
    assert cross_validation._jackknife(similarities, block, "pearson") == pytest.approx(expected)
