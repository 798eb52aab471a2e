"""Permuted judgments: many at once against one by one, and what comes out where there is no signal."""

from pathlib import Path
from typing import Any

import naive
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from small_heads import ABLATIONS, N_IMAGES, N_MAPS, engine, resources

from alignment_importance import ablation
from alignment_importance.experiments import curves, permutation, rankings, retention
from alignment_importance.inputs import folds
from alignment_importance.statistics import inference
from alignment_importance.system import resumable

IDS = [f"{number:02d}" for number in range(N_IMAGES)]


def judgments(n: int, seed: int) -> np.ndarray:
    human = np.random.default_rng(seed).normal(size=(n, n))
    human = human + human.T
    np.fill_diagonal(human, np.nan)
    return human


def activations(seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).gamma(1.0, size=(N_IMAGES, N_MAPS, 4, 4)).astype(np.float32)


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("unit", ["images", "pairs"])
@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
@pytest.mark.parametrize("score", ["pearson_r2", "pearson", "spearman"])
def test_many_at_once_equal_one_by_one(score: str, similarity: str, unit: str, missing: bool, ablated: str) -> None:
    human = judgments(N_IMAGES, 1)
    if missing:
        human[1, 2] = human[2, 1] = human[4, 8] = human[8, 4] = np.nan
    _, pooled = engine("pooled", activations(), similarity, score, resources(), ablated)
    check_draws(pooled, human, unit, score, tolerance=1e-11)


@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
def test_similarities_that_are_nearly_equal_are_permuted(similarity: str) -> None:
    maps = activations()
    maps[:, 3] *= 5000
    _, pooled = engine("pooled", maps, similarity, "pearson", resources())
    check_draws(pooled, judgments(N_IMAGES, 1), "images", "pearson", tolerance=1e-6)


def check_draws(pooled: ablation.Ablation, human: np.ndarray, unit: str, score: str, tolerance: float) -> None:
    """Check that every draw equals ranking, curve and train maximum of judgments permuted beforehand."""
    cut = folds.cut(unit, IDS, 3, 1)
    found = permutation.permute(pooled, folds.members(cut, IDS), human, 3, 9)
    rng = np.random.default_rng(9)
    for draw in range(4):
        order = np.arange(N_IMAGES) if draw == 0 else rng.permutation(N_IMAGES)
        blocks = folds.blocks(cut, human[np.ix_(order, order)], IDS)
        curve = curves.trace(pooled, blocks, rankings.rank_folds(pooled, blocks))
        kept = [retention.retain(of_fold) for _, of_fold in curve.groupby("fold")]
        full, retained = (np.mean([one[f"test_{kind}"] for one in kept]) for kind in ("full", "retained"))
        assert found.loc[draw, "test_full"] == pytest.approx(full, abs=tolerance)
        assert found.loc[draw, "test_retained"] == pytest.approx(retained, abs=tolerance)
        assert found.loc[draw, "difference"] == pytest.approx(retained - full, abs=tolerance)


@pytest.mark.parametrize("score", ["pearson", "spearman"])
def test_draws_that_judge_an_image_undefined_without_a_map_have_no_score(score: str) -> None:
    maps, human, labels = activations(), judgments(N_IMAGES, 1), np.stack([np.arange(N_IMAGES)] * 2)
    maps[0, np.arange(N_MAPS) != 3] = 0
    human[7] = human[:, 7] = np.nan
    labels[1, [0, 7]] = 7, 0
    _, pooled = engine("pooled", maps, "pearson", score, resources())
    assert isinstance(pooled, ablation.PooledAblation)
    block, permuted = folds.whole(human), permutation._Permuted(human, labels)
    common = (pooled, block, permuted, 10)
    if score == "pearson":
        found = permutation._correlated_without(*common).numpy()
    else:
        found = permutation._pair_by_pair_without(*common, permutation._maps(pooled)).numpy()
    whole, without = pooled.leave_one_out([permutation._relabel(block, human, order) for order in labels])
    np.testing.assert_allclose(found, np.insert(without, 0, whole, axis=1), atol=1e-12)
    assert np.isnan(found[:, 1 + 3]).tolist() == [True, False]


@pytest.mark.parametrize("score", ["pearson_r2", "spearman"])
def test_a_fold_with_two_judged_test_pairs_in_a_draw_has_no_score(score: str) -> None:
    """Two pairs always lie on a line; with the judgments unpermuted, every test fold has three or more."""
    human, ids = judgments(9, 1), IDS[:9]
    cut = folds.cut("images", ids, 3, 1)
    of_image, even = cut["fold"].to_numpy(), np.add.outer(np.arange(9), np.arange(9)) % 2 == 0
    human[(of_image[:, None] != of_image) & even] = np.nan
    readout = np.random.default_rng(5).gamma(1.0, size=(9, 6)).astype(np.float32)
    pooled = ablation.PooledAblation(readout, resources(), "pearson", score)
    found = permutation.permute(pooled, folds.members(cut, ids), human, 20, 9)
    rng = np.random.default_rng(9)
    for draw in range(21):
        order = np.arange(9) if draw == 0 else rng.permutation(9)
        tested = [np.ix_(fold.test.images, fold.test.images) for fold in folds.members(cut, ids)]
        permuted, similarities = human[np.ix_(order, order)], naive.rsm(readout, "pearson")
        scores = [
            naive.score(similarities[at], permuted[at], score) for at in tested if np.isfinite(permuted[at]).sum() == 6
        ]
        assert found.loc[draw, "test_full"] == pytest.approx(np.mean(scores) if scores else np.nan, nan_ok=True)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("score", ["pearson", "spearman"])
def test_memory_does_not_change_results(score: str, missing: bool) -> None:
    """With one byte of memory, pairs and draws are taken one at a time."""
    human = judgments(N_IMAGES, 1)
    if missing:
        human[1, 2] = human[2, 1] = np.nan
    members = folds.members(folds.cut("images", IDS, 3, 1), IDS)
    little, much = (
        permutation.permute(
            engine("pooled", activations(), "pearson", score, resources(memory))[1], members, human, 3, 9
        )
        for memory in (1, 10**9)
    )
    pd.testing.assert_frame_equal(little, much, rtol=0, atol=1e-11)


def test_other_routes_pass_through_the_network() -> None:
    human = judgments(N_IMAGES, 3)
    members = folds.members(folds.cut("images", IDS, 3, 1), IDS)
    for route in ("linear", "general"):
        _, other = engine(route, activations(), "pearson", "pearson_r2", resources())
        found = permutation.permute(other, members, human, 1, 9)
        blocks = folds.blocks(folds.cut("images", IDS, 3, 1), human, IDS)
        curve = curves.trace(other, blocks, rankings.rank_folds(other, blocks))
        retained = [retention.retain(of_fold)["test_retained"] for _, of_fold in curve.groupby("fold")]
        assert found.loc[0, "test_retained"] == pytest.approx(np.mean(retained))
        assert len(found) == 2


def test_permutations_of_other_routes_continue_where_they_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable, "_SECONDS_BETWEEN_RECORDS", -1)
    human, partial = judgments(N_IMAGES, 3), tmp_path / "partial.npz"
    members = folds.members(folds.cut("images", IDS, 3, 1), IDS)
    _, other = engine("general", activations(), "pearson", "pearson_r2", resources())
    expected = permutation.permute(other, members, human, 2, 9)
    curves_of, calls = other.top_k, []

    def stopped_at_fifth(*given: Any) -> np.ndarray:
        calls.append(given)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return curves_of(*given)

    monkeypatch.setattr(other, "top_k", stopped_at_fifth)
    with pytest.raises(KeyboardInterrupt):
        permutation.permute(other, members, human, 2, 9, resumable.Budget(partial=partial))
    found = permutation.permute(other, members, human, 2, 9, resumable.Budget(partial=partial))
    # 3 folds under 3 orders of labels are 9 curves: 4 made by the first run, which then stopped, and 5 by the second.
    assert len(calls) == 5 + 5
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert not partial.exists()


def test_without_draws_there_is_no_test() -> None:
    _, pooled = engine("pooled", activations(), "pearson", "pearson", resources())
    assert permutation.permute(pooled, [], judgments(N_IMAGES, 1), 0, 1).empty


def test_grid_has_both_ends_and_no_number_twice() -> None:
    for n_maps in (1, 2, 10, 512, 4096):
        numbers = permutation.grid(n_maps)
        assert numbers[0] == 1 and numbers[-1] == n_maps
        assert all(np.diff(numbers) > 0)
        assert len(numbers) <= 64


def without_signal(n_sets: int, n_draws: int, score: str) -> pd.DataFrame:
    """P values and the observed difference retained - full, for networks and judgments with nothing in common.

    Images are in one of four categories for the network, and in one of three others for people, whose judgments are
    whole numbers with many ties.
    """
    members = folds.members(folds.cut("images", IDS, 3, 1), IDS)
    rows = []
    for number in range(n_sets):
        rng = np.random.default_rng((1, number))
        readout = rng.gamma(1.0, size=(N_IMAGES, 12)) + rng.gamma(1.0, size=(4, 12))[rng.integers(4, size=N_IMAGES)]
        pooled = ablation.PooledAblation(readout.astype(np.float32), resources(), "pearson", score)
        category = rng.integers(3, size=N_IMAGES)
        human = (judgments(N_IMAGES, 1000 + number) + (category == category[:, None])).round()
        draws = permutation.permute(pooled, members, human, n_draws, number)
        columns = ("test_full", "test_retained", "difference")
        p = {name: inference.permutation_p(draws[name][0], draws[name][1:].to_numpy()) for name in columns}
        rows.append(p | {"observed": draws["difference"][0]})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("score", ["pearson", "pearson_r2"])
def test_without_signal_p_values_are_uniform_and_nothing_is_gained(score: str) -> None:
    """With 200 data sets and 19 permutations each, p is one of 1/20, 2/20, ... with equal probability.

    The Kolmogorov-Smirnov distance of 200 uniform values exceeds 0.138 once in a thousand times (1.95 / sqrt(200)), to
    which the steps add at most 1/20; the mean difference should be within 3.3 of its standard errors.
    Squared correlations are above 0 by chance, by different amounts for many and for few maps; this shifts their mean
    difference, but not their p values.
    """
    found = without_signal(200, 19, score)
    for name in ("test_full", "test_retained", "difference"):
        assert scipy.stats.kstest(found[name], "uniform").statistic < 0.138 + 1 / 20
        # At the level 0.1 a share of 0.1 should be rejected; its standard error is 0.021.
        assert (found[name] <= 0.1).mean() == pytest.approx(0.1, abs=3.3 * 0.0212)
    if score == "pearson":
        se = found["observed"].std() / np.sqrt(len(found))
        assert abs(found["observed"].mean()) < 3.3 * se


def test_a_signal_is_found() -> None:
    """Judgments are the similarities of a third of the maps: no permutation scores as high."""
    readout = np.random.default_rng(5).gamma(1.0, size=(36, 60)).astype(np.float32)
    human = np.asarray(np.corrcoef(readout[:, :20]))
    np.fill_diagonal(human, np.nan)
    pooled = ablation.PooledAblation(readout, resources(), "pearson", "pearson")
    ids = [f"{number:02d}" for number in range(36)]
    draws = permutation.permute(pooled, folds.members(folds.cut("images", ids, 3, 1), ids), human, 99, 1)
    for name in ("test_full", "test_retained"):
        assert inference.permutation_p(draws[name][0], draws[name][1:].to_numpy()) == 0.01
