"""Backward elimination, pairs and Shapley values against plain forward passes and numbers worked out by hand."""

import itertools
import math
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import naive
import numpy as np
import pytest
import torch
from small_heads import ABLATIONS, N_IMAGES, N_MAPS, ROUTES, engine, fill_of, resources

from alignment_importance.ablation import Ablation, PooledAblation, heads
from alignment_importance.experiments import interactions
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.experiments.rankings import rank
from alignment_importance.inputs.folds import PairBlock
from alignment_importance.system import provenance
from alignment_importance.system.errors import InputError
from alignment_importance.system.resumable import Budget, fingerprint


class Case:
    """An engine, and the score of any set of maps by the definition, to compare it with."""

    def __init__(
        self, route: str, maps: np.ndarray, human: np.ndarray, score: str = "pearson_r2", ablated: str = "zero"
    ) -> None:
        self.head: heads.Head
        self.fast: Ablation
        self.head, self.fast = engine(route, maps, "pearson", score, resources(), ablated)
        self.block = PairBlock(np.arange(N_IMAGES), human)
        self._maps, self._score = torch.from_numpy(maps), score
        self._fill = fill_of(self._maps, ablated)

    def score(self, kept: Iterable[int]) -> float:
        readout = naive.readout(self.head.module, self._maps, sorted(kept), self._fill)
        return naive.score(naive.rsm(readout, "pearson"), self.block.human, self._score)


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("score", ["pearson_r2", "spearman"])
@pytest.mark.parametrize("route", ROUTES)
def test_elimination_removes_what_the_definition_removes(
    route: str, score: str, ablated: str, maps: np.ndarray, human: np.ndarray
) -> None:
    case = Case(route, maps, human, score, ablated)
    [table] = interactions.eliminate(case.fast, [case.block])
    assert table["rank"].tolist() == list(range(1, N_MAPS + 1))
    assert table["eliminated"].tolist() == [False] + [True] * (N_MAPS - 1)
    kept = set(range(N_MAPS))
    for _, row in table.iloc[::-1].iterrows():
        if len(kept) == 1:
            break
        losses = {k: case.score(kept) - case.score(kept - {k}) for k in kept}
        removed = int(row["feature_map"])
        assert losses[removed] == pytest.approx(row["ais"], abs=5e-6, nan_ok=True)
        finite = [loss for loss in losses.values() if not math.isnan(loss)]
        if finite:
            assert losses[removed] == pytest.approx(min(finite), abs=5e-6)
        kept.remove(removed)
    assert kept == {int(table["feature_map"].iloc[0])}


def test_elimination_by_hand() -> None:
    # Cosine similarities; three images. See `test_pooled_cosine_by_hand`: without map 0, 1, 2 the correlation is
    # sqrt(3)/2, 0, -sqrt(3)/2; with all maps it is undefined, so the highest number goes first: map 2. This leaves the
    # rows (1, 0), (0, 1), (1, 1), with similarities 0, 1, 1 over sqrt(2). Without map 0, the row of image 0 is zero;
    # without map 1, that of image 1: no score is defined, and the number decides again.
    readout = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0]], dtype=np.float32)
    judged = np.array([[np.nan, 3, 1], [3, np.nan, 2], [1, 2, np.nan]])
    fast = PooledAblation(readout, resources(), "cosine", "pearson")
    [table] = interactions.eliminate(fast, [PairBlock(np.arange(3), judged)])
    assert table["feature_map"].tolist() == [0, 1, 2]
    assert table["ais"].isna().all()


def test_each_block_is_eliminated_by_itself(maps: np.ndarray, human: np.ndarray) -> None:
    case = Case("pooled", maps, human)
    some = np.array([0, 1, 3, 4, 6, 7, 9, 10, 12])
    blocks = [case.block, PairBlock(some, human[np.ix_(some, some)])]
    both = interactions.eliminate(case.fast, blocks)
    for block, table in zip(blocks, both, strict=True):
        assert table.equals(interactions.eliminate(case.fast, [block])[0])
    assert not both[0].equals(both[1])


def test_an_unfinished_elimination_ranks_what_is_left_by_ais(
    maps: np.ndarray, human: np.ndarray, tmp_path: Path
) -> None:
    case = Case("linear", maps, human)
    [whole] = interactions.eliminate(case.fast, [case.block])
    budget = Budget(0, tmp_path / "partial.npz", "key")
    [one] = interactions.eliminate(case.fast, [case.block], budget)
    assert one["eliminated"].sum() == 1
    assert one["feature_map"].iloc[-1] == whole["feature_map"].iloc[-1]
    kept = np.arange(N_MAPS) != one["feature_map"].iloc[-1]
    left = np.flatnonzero(kept)
    scored, without = case.fast.only(kept).leave_one_out([case.block], left)
    expected = rank(scored[0] - without[0]).sort_values("rank")["feature_map"].to_numpy()
    np.testing.assert_array_equal(one["feature_map"].iloc[:-1], left[expected])
    for _ in range(N_MAPS - 2):
        [last] = interactions.eliminate(case.fast, [case.block], budget)
    assert last.equals(whole)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("route", ROUTES)
def test_pairs_equal_the_definition(route: str, ablated: str, maps: np.ndarray, human: np.ndarray) -> None:
    case = Case(route, maps, human, ablated=ablated)
    everything = set(range(N_MAPS))
    table = interactions.score_pairs(case.fast, case.block, np.array([3, 8, 4, 0]))
    assert table[["feature_map", "feature_map_b"]].to_numpy().tolist() == [
        [3, 8], [3, 4], [3, 0], [8, 4], [8, 0], [4, 0]
    ]  # fmt: skip
    whole = case.score(everything)
    for a, b, ais, ais_b, ais_pair, interaction in table.to_numpy(dtype=float):
        assert ais == pytest.approx(whole - case.score(everything - {int(a)}), abs=5e-6)
        assert ais_b == pytest.approx(whole - case.score(everything - {int(b)}), abs=5e-6)
        assert ais_pair == pytest.approx(whole - case.score(everything - {int(a), int(b)}), abs=5e-6)
        assert interaction == pytest.approx(ais_pair - ais - ais_b, abs=1e-12)
    # Map 4 is zero everywhere: it interacts with nothing.
    np.testing.assert_allclose(table.loc[[1, 3, 5], "interaction"], 0, atol=1e-6)


def test_maps_that_replace_each_other_interact() -> None:
    rng = np.random.default_rng(2)
    readout = rng.random((9, 6)).astype(np.float32)
    readout[:, 1] = readout[:, 0] = 4 * readout[:, 0]
    human = 1 - np.abs(readout[:, 0][:, None] - readout[:, 0]).astype(np.float64)
    np.fill_diagonal(human, np.nan)
    fast = PooledAblation(readout, resources(), "pearson", "pearson")
    table = interactions.score_pairs(fast, PairBlock(np.arange(9), human), np.array([0, 1, 2]))
    assert table["interaction"].iloc[0] > 0.05
    assert table["ais"].iloc[0] == pytest.approx(table["ais_b"].iloc[0], abs=1e-12)


def test_a_single_map_has_no_pairs(maps: np.ndarray, human: np.ndarray) -> None:
    case = Case("linear", maps, human)
    with pytest.raises(InputError, match="a single feature map: there are no pairs"):
        interactions.score_pairs(case.fast, case.block, np.array([3]))


def test_pairs_can_be_interrupted(maps: np.ndarray, human: np.ndarray, tmp_path: Path) -> None:
    case, chosen = Case("linear", maps, human), np.arange(4)
    budget = Budget(0, tmp_path / "partial.npz", "key")
    first = interactions.score_pairs(case.fast, case.block, chosen, budget)
    assert first["interaction"].notna().tolist() == [True] * 3 + [False] * 3
    interactions.score_pairs(case.fast, case.block, chosen, budget)
    last = interactions.score_pairs(case.fast, case.block, chosen, budget)
    assert last.equals(interactions.score_pairs(case.fast, case.block, chosen))


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("route", ROUTES)
def test_the_mean_over_all_orders_is_the_shapley_value(
    route: str, ablated: str, maps: np.ndarray, human: np.ndarray
) -> None:
    """Shapley's formula over all subsets of four maps, with the others always ablated."""
    case, players = Case(route, maps, human, ablated=ablated), [0, 3, 8, 4]
    kept = np.isin(np.arange(N_MAPS), players)
    others = np.flatnonzero(~kept).tolist()

    def value(subset: tuple[int, ...]) -> float:
        score = case.score(subset) if subset else 0.0
        return 0.0 if math.isnan(score) else score

    expected = {}
    for k in players:
        rest = [player for player in players if player != k]
        expected[k] = sum(
            math.factorial(size) * math.factorial(3 - size) / math.factorial(4) * (value((*subset, k)) - value(subset))
            for size in range(4)
            for subset in itertools.combinations(rest, size)
        )
    of_players = case.fast.only(kept)
    orders = [np.array([*order, *others]) for order in itertools.permutations(players)]
    found = np.mean([interactions.added_scores(of_players, case.block, order)[0] for order in orders], axis=0)
    np.testing.assert_allclose(found[players], list(expected.values()), atol=2e-6)
    np.testing.assert_allclose(found[others], 0, atol=1e-9)


def test_shapley_values_sum_to_the_score_of_the_whole(maps: np.ndarray, human: np.ndarray) -> None:
    case = Case("pooled", maps, human)
    table = interactions.shapley(case.fast, case.block, 20, 1)
    assert table["shapley"].sum() == pytest.approx(case.fast.leave_one_out([case.block])[0][0], abs=1e-12)
    assert table["shapley"].iloc[4] == table["standard_error"].iloc[4] == 0
    assert (table["n_permutations"] == 20).all()
    assert sorted(table["rank"]) == list(range(1, N_MAPS + 1))
    assert 0 < table["undefined"].iloc[0] < 0.5


def test_the_standard_error_is_that_of_the_mean_over_orders(maps: np.ndarray, human: np.ndarray) -> None:
    case = Case("pooled", maps, human)
    table = interactions.shapley(case.fast, case.block, 12, 5)
    orders = [np.random.default_rng([5, number]).permutation(N_MAPS) for number in range(12)]
    added = np.array([interactions.added_scores(case.fast, case.block, order)[0] for order in orders])
    np.testing.assert_allclose(table["shapley"], added.mean(0), atol=1e-14)
    np.testing.assert_allclose(table["standard_error"], added.std(0, ddof=1) / np.sqrt(12), atol=1e-14)
    assert interactions.shapley(case.fast, case.block, 1, 5)["standard_error"].isna().all()


def test_interrupted_shapley_values_are_the_same_to_the_bit(
    maps: np.ndarray, human: np.ndarray, tmp_path: Path
) -> None:
    case = Case("general", maps, human)
    budget = Budget(0, tmp_path / "partial.npz", "key")
    for number in range(1, 5):
        table = interactions.shapley(case.fast, case.block, 4, 1, budget)
        assert (table["n_permutations"] == number).all()
    assert table.equals(interactions.shapley(case.fast, case.block, 4, 1))


def test_more_minutes_continue_what_is_done_but_other_code_starts_anew(tmp_path: Path) -> None:
    comparison: Any = SimpleNamespace(fingerprint=fingerprint, engine=SimpleNamespace(closed_form=False))

    def key(commit: str, minutes: float) -> str:
        with provenance.recording(tmp_path, commit=commit, configuration={"interactions": {"minutes": minutes}}):
            return Comparison.budget(comparison, minutes, tmp_path / "table.csv", 1).key

    assert key("one", 1) == key("one", 60) != key("another", 60)
