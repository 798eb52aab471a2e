"""Scores, rankings, curves, and that nothing leaks from test images into a ranking."""

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from alignment_importance import ablation
from alignment_importance.experiments import curves, rankings, retention
from alignment_importance.inputs import folds
from alignment_importance.system.compute import Compute

CPU = Compute(torch.device("cpu"), 1, 10**9)
IDS = [f"image-{number:02d}" for number in range(20)]


def engine(readout: np.ndarray) -> ablation.Ablation:
    recorded = xr.Dataset({"readout": (("image", "unit"), readout.astype(np.float32))})
    return ablation.ablate(None, recorded, CPU, "pearson", "pearson_r2")


def data(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    readout = rng.gamma(1.0, size=(20, 15))
    judgments = rng.random((20, 20))
    judgments += judgments.T
    np.fill_diagonal(judgments, np.nan)
    return readout, judgments


def test_ranks_by_hand() -> None:
    ranking = rankings.rank(np.array([0.1, np.nan, 0.3, 0.1, -0.2]))
    assert ranking["rank"].tolist() == [2, 5, 1, 3, 4]
    assert rankings.order_of(ranking).tolist() == [2, 0, 3, 4, 1]


def test_ais_is_the_score_with_all_maps_less_the_score_without_the_map() -> None:
    readout, human = data()
    everything = rankings.rank_block(engine(readout), folds.whole(human))
    pairs = np.triu_indices(20, k=1)

    def score(rows: np.ndarray) -> float:
        return float(np.corrcoef(np.asarray(np.corrcoef(rows))[pairs], human[pairs])[0, 1] ** 2)

    for k in (0, 7, 14):
        without = readout.astype(np.float32).copy()
        without[:, k] = 0
        expected = score(readout.astype(np.float32)) - score(without)
        assert everything["ais"][k] == pytest.approx(expected, abs=1e-12)


def test_ranking_of_a_fold_is_that_of_its_training_images_alone() -> None:
    readout, human = data()
    cut = folds.cut("images", IDS, 4, seed=3)
    blocks = folds.blocks(cut, human, IDS)
    ranking = rankings.rank_folds(engine(readout), blocks)
    train = np.flatnonzero(cut["fold"] != 2)
    alone = rankings.rank_block(engine(readout[train]), folds.whole(human[np.ix_(train, train)]))
    of_fold = ranking[ranking["fold"] == 2].reset_index(drop=True)
    np.testing.assert_allclose(of_fold["ais"], alone["ais"], atol=1e-14)
    assert ranking["fold"].tolist() == sorted(ranking["fold"])
    assert len(ranking) == 4 * 15


@pytest.mark.parametrize("unit", ["images", "pairs"])
def test_judgments_of_test_pairs_change_no_ranking_and_no_k_retained(unit: str) -> None:
    readout, human = data()
    cut = folds.cut(unit, IDS, 4, 5)
    fold = next(fold for fold in folds.blocks(cut, human, IDS) if fold.fold == 3)
    leaked = human.copy()
    seen = np.full((20, 20), np.nan)
    seen[np.ix_(fold.train.images, fold.train.images)] = fold.train.human
    outside = np.isnan(seen)
    noise = np.random.default_rng(6).random((20, 20))
    leaked[outside] = (noise + noise.T)[outside]
    np.fill_diagonal(leaked, np.nan)
    results = []
    for judgments in (human, leaked):
        blocks = [fold for fold in folds.blocks(cut, judgments, IDS) if fold.fold == 3]
        ranking = rankings.rank_folds(engine(readout), blocks)
        curve = curves.trace(engine(readout), blocks, ranking)
        results.append((ranking, curve, retention.retain(curve)))
    (ranking, curve, kept), (other_ranking, other_curve, other_kept) = results
    pd.testing.assert_frame_equal(ranking, other_ranking, check_exact=True)
    assert curve["train_score"].equals(other_curve["train_score"])
    assert not curve["test_score"].equals(other_curve["test_score"])
    assert kept["k_retained"] == other_kept["k_retained"]
    assert kept["test_full"] != other_kept["test_full"]


def test_curves_by_definition() -> None:
    readout, human = data()
    blocks = folds.blocks(folds.cut("images", IDS, 4, 5), human, IDS)
    ranking = rankings.rank_folds(engine(readout), blocks)
    table = curves.trace(engine(readout), blocks, ranking)
    assert table.columns.tolist() == ["fold", "k", "train_score", "test_score"]
    fold = blocks[1]
    order = rankings.order_of(ranking[ranking["fold"] == fold.fold])
    kept = np.zeros((20, 15))
    kept[:, order[:6]] = readout.astype(np.float32)[:, order[:6]]
    row = table[(table["fold"] == fold.fold) & (table["k"] == 6)].iloc[0]
    for block, column in ((fold.train, "train_score"), (fold.test, "test_score")):
        pairs = np.triu_indices(len(block.images), k=1)
        similarities = np.asarray(np.corrcoef(kept[block.images]))[pairs]
        assert row[column] == pytest.approx(np.corrcoef(similarities, block.human[pairs])[0, 1] ** 2, abs=1e-12)


def test_order_of_images_does_not_matter() -> None:
    readout, human = data()
    order = np.random.default_rng(8).permutation(20)
    cut = folds.cut("images", IDS, 4, 5)
    shuffled = [IDS[position] for position in order]
    one = rankings.rank_folds(engine(readout), folds.blocks(cut, human, IDS))
    moved = human[np.ix_(order, order)]
    other = rankings.rank_folds(engine(readout[order]), folds.blocks(cut, moved, shuffled))
    np.testing.assert_allclose(one["ais"], other["ais"], atol=1e-14)


def test_image_scores_are_labelled_and_zero_for_silent_maps() -> None:
    readout, human = data()
    readout[4, 9] = 0
    scores = rankings.score_images(engine(readout), human, IDS)
    assert scores["ais"].dims == ("image", "feature_map")
    assert scores["image"].to_numpy().tolist() == IDS
    assert float(scores["ais"].sel(image="image-04")[9]) == 0
    similarities = np.asarray(np.corrcoef(readout.astype(np.float32)))
    others = np.arange(20) != 4
    expected = np.corrcoef(similarities[4, others], human[4, others])[0, 1]
    assert float(scores["alignment"].sel(image="image-04")) == pytest.approx(expected, abs=1e-12)


def test_a_planted_map_is_found_on_training_images_and_predicts_the_test_images() -> None:
    rng = np.random.default_rng(11)
    groups = np.repeat(np.arange(4), 5)
    readout = rng.random((20, 40)) * 0.3
    planted = [3, 17, 25, 31]
    for group, k in enumerate(planted):
        readout[groups == group, k] += 1
    readout[:, 39] = rng.random(20) * 3
    human = (groups[:, None] == groups).astype(float) + rng.normal(0, 0.05, (20, 20))
    human = human + human.T
    blocks = folds.blocks(folds.cut("images", IDS, 4, 1), human, IDS)
    ranking = rankings.rank_folds(engine(readout), blocks)
    for _, fold in ranking.groupby("fold"):
        assert set(rankings.order_of(fold)[:4]) == set(planted)
    table = curves.trace(engine(readout), blocks, ranking)
    for _, curve in table.groupby("fold"):
        kept = retention.retain(curve)
        assert kept["test_retained"] > kept["test_full"] + 0.1
