"""RSMs and second-order scores, by hand and against numpy and scipy."""

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment_importance.statistics.inference import weighted_scores
from alignment_importance.statistics.judged import judged_pairs, tied
from alignment_importance.statistics.scores import SCORES
from alignment_importance.statistics.similarity import (
    SecondOrder,
    ranks,
    rsm,
    scaled_rows,
    similarities_to,
)


def test_pearson_rsm_by_hand() -> None:
    readout = torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [1.0, 3.0, 2.0]])
    expected = [[1, -1, 0.5], [-1, 1, -0.5], [0.5, -0.5, 1]]
    np.testing.assert_allclose(rsm(readout, "pearson"), expected, atol=1e-15)


def test_cosine_rsm_by_hand() -> None:
    readout = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    root = 1 / np.sqrt(2)
    np.testing.assert_allclose(rsm(readout, "cosine"), [[1, root, 0], [root, 1, root], [0, root, 1]], atol=1e-15)


def test_constant_row_is_nan_for_pearson_and_zero_row_for_cosine() -> None:
    readout = torch.tensor([[0.1, 0.1, 0.1], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    assert torch.isnan(rsm(readout, "pearson")).tolist() == [[True] * 3, [True, False, True], [True] * 3]
    assert torch.isnan(rsm(readout, "cosine")).tolist() == [[False, False, True], [False, False, True], [True] * 3]


def test_float32_constant_rows_are_seen_although_their_mean_is_rounded() -> None:
    readout = torch.full((2, 1280), 0.1)
    readout[1, 0] = 0.2
    assert torch.isnan(rsm(readout, "pearson")[0]).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 9), d=st.integers(2, 40))
def test_rsm_equals_numpy(seed: int, n: int, d: int) -> None:
    readout = np.random.default_rng(seed).normal(size=(n, d))
    np.testing.assert_allclose(rsm(torch.from_numpy(readout), "pearson"), np.corrcoef(readout), atol=1e-12)


@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
@pytest.mark.parametrize("scale", [1e-13, 1, 1e9])
def test_similarities_to_others_are_those_of_the_rsm(similarity: str, scale: float) -> None:
    readout = torch.from_numpy(scale * np.random.default_rng(5).random((6, 40)))
    readout[2] = 0
    found = similarities_to(readout, scaled_rows(readout, similarity), similarity)
    np.testing.assert_allclose(found, rsm(readout, similarity), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), levels=st.integers(2, 30), n=st.integers(5, 60))
def test_scores_equal_scipy_with_ties(seed: int, levels: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    values, human = rng.integers(levels, size=n).astype(float), rng.integers(levels, size=n).astype(float)
    if np.ptp(values) == 0 or np.ptp(human) == 0:
        return
    pearson, spearman = scipy.stats.pearsonr(values, human).statistic, scipy.stats.spearmanr(values, human).statistic
    expected = {"pearson": pearson, "pearson_r2": pearson**2, "spearman": spearman}
    for score, value in expected.items():
        found = SecondOrder.of(torch.from_numpy(human), SCORES[score])(torch.from_numpy(values))
        assert float(found) == pytest.approx(value, abs=1e-12)


def test_ranks_share_ties() -> None:
    assert ranks(torch.tensor([[3.0, 1.0, 3.0, 2.0], [5.0, 5.0, 5.0, 5.0]])).tolist() == [
        [3.5, 1, 3.5, 2],
        [2.5, 2.5, 2.5, 2.5],
    ]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), levels=st.integers(1, 40), shape=st.sampled_from([(7,), (1,), (4, 9), (2, 3, 30)]))
def test_ranks_equal_scipy(seed: int, levels: int, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(seed).integers(levels, size=shape).astype(float)
    np.testing.assert_array_equal(ranks(torch.from_numpy(values)), scipy.stats.rankdata(values, axis=-1))
    # Strides in another order, and no ties.
    values = np.random.default_rng(seed).normal(size=shape).T
    np.testing.assert_array_equal(ranks(torch.from_numpy(values)), scipy.stats.rankdata(values, axis=-1))


@pytest.mark.parametrize("score", ["pearson", "pearson_r2", "spearman"])
def test_nan_and_equal_similarities_have_no_score(score: str) -> None:
    agreement = SecondOrder.of(torch.tensor([1.0, 2.0, 3.0, 5.0]), SCORES[score])
    values = torch.tensor([[1.0, 2.0, torch.nan, 4.0], [0.3, 0.3, 0.3, 0.3], [1.0, 2.0, 3.0, 5.0]]).double()
    result = agreement(values)
    assert torch.isnan(result[:2]).all()
    assert float(result[2]) == pytest.approx(1)


@pytest.mark.parametrize("score", ["pearson", "spearman"])
def test_equal_judgments_have_no_score(score: str) -> None:
    assert torch.isnan(SecondOrder.of(torch.ones(4), SCORES[score])(torch.tensor([1.0, 2, 3, 4])))


@pytest.mark.parametrize("score", ["pearson", "spearman"])
def test_each_row_is_scored_over_its_judged_others(score: str) -> None:
    random = np.random.default_rng(11)
    human = random.integers(0, 5, (6, 9)).astype(float)
    human[random.random(human.shape) < 0.3] = np.nan
    human[3, 1:] = np.nan  # one judged other
    human[4, ~np.isnan(human[4])] = 2.0  # all judged alike
    similarities = random.integers(0, 4, (3, 6, 9)).astype(float)
    similarities[:, np.isnan(human)] = np.nan  # similarities of unjudged pairs are not used
    similarities[1, 2, np.flatnonzero(~np.isnan(human[2]))[0]] = np.nan
    found = SecondOrder.of(torch.from_numpy(human), SCORES[score])(torch.from_numpy(similarities)).numpy()
    correlate = {"pearson": scipy.stats.pearsonr, "spearman": scipy.stats.spearmanr}[score]
    for variant, image in np.ndindex(3, 6):
        judged = ~np.isnan(human[image])
        if image in (3, 4) or (variant, image) == (1, 2):
            assert np.isnan(found[variant, image])
        else:
            expected = correlate(similarities[variant, image, judged], human[image, judged]).statistic
            assert found[variant, image] == pytest.approx(expected, abs=1e-12)


def test_judged_pairs_are_above_the_diagonal_and_finite() -> None:
    human = np.array([[np.nan, 1, np.nan], [1, np.nan, 2], [np.nan, 2, np.nan]])
    rows, columns = judged_pairs(human)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 2)]


def test_means_that_differ_by_rounding_are_ties() -> None:
    levels = np.random.default_rng(2).integers(1, 8, (3, 66))
    human, exact = (levels / 10).mean(0), levels.sum(0)
    assert len(np.unique(human)) > len(np.unique(exact))
    similarities = np.random.default_rng(3).random(66)
    expected = scipy.stats.spearmanr(similarities, exact).statistic
    for scale in (1, 1e-9, 1e9):
        found = SecondOrder.of(torch.from_numpy(scale * human), SCORES["spearman"])(torch.from_numpy(similarities))
        assert float(found) == pytest.approx(expected, abs=1e-12)
        [own] = SecondOrder.of(torch.from_numpy(scale * human[None]), SCORES["spearman"])(
            torch.from_numpy(similarities[None])
        )
        assert float(own) == pytest.approx(expected, abs=1e-12)
        [weighted] = weighted_scores(similarities, scale * human, np.ones((1, 66)), "spearman")
        assert weighted == pytest.approx(expected, abs=1e-12)


def test_zero_missing_and_no_judgments_can_be_rounded_for_ties() -> None:
    np.testing.assert_array_equal(tied(np.array([[0.0, np.nan, 0.0], [np.nan] * 3])), [[0, np.nan, 0], [np.nan] * 3])
    assert tied(np.empty((2, 0))).shape == (2, 0)
    np.testing.assert_array_equal(tied(np.array([-2.0, 1.0, np.nan])), [-1, 0.5, np.nan])


def test_rank_correlations_of_equal_similarities_are_equal_wherever_they_stand() -> None:
    random = np.random.default_rng(4)
    human, one = torch.from_numpy(random.random(1770)), torch.from_numpy(random.random(1770))
    others = torch.from_numpy(random.random((40, 1770)))
    scores = SecondOrder.of(human, SCORES["spearman"])(
        torch.cat([one[None], others[:20], one[None], others[20:], one[None]])
    )
    assert scores[0] == scores[21] == scores[-1]
