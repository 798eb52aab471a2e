"""The summary of folds: ceilings of test blocks, shares, and what tests and intervals are made of."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alignment_importance.experiments import prediction, reliability
from alignment_importance.inputs import folds

IDS = [f"{number:02d}" for number in range(12)]


def judged(n_participants: int, missing: bool = False) -> xr.Dataset:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(12, 12))
    stack = truth + rng.normal(size=(n_participants, 12, 12))
    stack = stack + stack.transpose(0, 2, 1)
    stack[:, range(12), range(12)] = np.nan
    if missing:
        stack[:, 0, 1] = stack[:, 1, 0] = np.nan
    return xr.Dataset(
        {"similarity": (("participant", "image", "image_b"), stack)}, coords={"image": IDS, "image_b": IDS}
    )


def table(**columns: list[float]) -> pd.DataFrame:
    given = {"n_train": [8, 8], "n_test": [2, 2], "test_full": [0.1, 0.3], "test_retained": [0.2, 0.6]}
    return pd.DataFrame(given | {"noise_ceiling_of_mean": [0.8, 0.6]} | columns).assign(unit="images")


def no_intervals() -> pd.DataFrame:
    return pd.DataFrame({"quantity": ["test_full"], "low": [0.05], "high": [0.4]})


def no_permutations() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("draw", "test_full", "test_retained", "difference")})


@pytest.mark.parametrize("unit", ["images", "pairs"])
def test_ceilings_are_those_of_the_test_pairs(unit: str) -> None:
    people = judged(5, missing=True)
    human = people["similarity"].to_numpy().mean(0)
    cut = folds.cut(unit, IDS, 3, 1)
    blocks = folds.blocks(cut, human, IDS)
    scores = pd.DataFrame({"fold": [1, 2, 3], "test_full": [0.1, 0.2, 0.3], "test_retained": [0.2, 0.2, np.nan]})
    found = prediction.add_ceilings(scores, blocks, people, "pearson", 7)
    for fold, (_, row) in zip(blocks, found.iterrows(), strict=True):
        block = people["similarity"].to_numpy()[:, fold.test.images][:, :, fold.test.images]
        ratings = np.where(np.isfinite(fold.test.human), block, np.nan)
        expected = reliability.ceiling(ratings[:, *np.triu_indices(len(fold.test.images), 1)], "pearson", 100, 7)
        assert row["noise_ceiling_lower"] == expected.noise_ceiling_lower
        assert (
            row["noise_ceiling_of_mean"]
            == expected.noise_ceiling_of_mean
            == pytest.approx(np.sqrt(expected.reliability))
        )
        assert row["share_full"] == row["test_full"] / expected.noise_ceiling_of_mean
    assert found["test_full"].tolist() == [0.1, 0.2, 0.3]
    assert np.isnan(found["share_retained"][2])


def test_one_participant_has_no_shares() -> None:
    people = judged(1)
    blocks = folds.blocks(folds.cut("images", IDS, 3, 1), people["similarity"].to_numpy()[0], IDS)
    scores = pd.DataFrame({"fold": [1, 2, 3], "test_full": [0.1, 0.2, 0.3], "test_retained": [0.2, 0.2, 0.1]})
    found = prediction.add_ceilings(scores, blocks, people, "pearson_r2", 1)
    assert found.drop(columns=scores.columns).isna().all().all()


def test_summary_of_folds() -> None:
    summary = prediction.summarise(table(k_retained=[3, 5], penalty_ridge=[0.1, 10]), no_intervals(), no_permutations())
    assert summary["n_folds"] == 2
    assert summary["k_retained_mean"] == 4
    assert summary["test_full_mean"] == pytest.approx(0.2)
    assert summary["test_full_sd"] == pytest.approx(np.sqrt(0.02))
    assert summary["difference_mean"] == pytest.approx(0.2)
    # Differences 0.1 and 0.3: mean 0.2, variance 0.02.
    assert summary["t"] == pytest.approx(0.2 / np.sqrt(0.02 / 2))
    assert summary["t_corrected"] == pytest.approx(0.2 / np.sqrt(0.02 * (1 / 2 + 1 / 4)))
    # Means of scores over the mean ceiling, not means of shares.
    assert summary["share_retained"] == pytest.approx(0.4 / 0.7)
    assert (summary["test_full_boot_low"], summary["test_full_boot_high"]) == (0.05, 0.4)
    assert summary["n_permutations"] == 0
    assert np.isnan(summary["p_permutation_difference"])
    assert "penalty_ridge_mean" not in summary


def test_where_pairs_are_cut_the_corrected_test_counts_pairs() -> None:
    """Every image is on both sides: the ratio of images, 1, says nothing about what folds share."""
    pairs = table(n_train=[10, 10], n_test=[10, 10], n_pairs_train=[36, 30], n_pairs_test=[9, 15])
    summary = prediction.summarise(pairs.assign(unit="pairs (leaky)"), no_intervals(), no_permutations())
    # The ratios of pairs are 1/4 and 1/2.
    assert summary["t_corrected"] == pytest.approx(0.2 / np.sqrt(0.02 * (1 / 2 + 3 / 8)))


def test_permuted_scores_become_p_values() -> None:
    draws = pd.DataFrame(
        {
            "draw": [0, 1, 2, 3],
            "test_full": [0.3, 0.1, 0.4, 0.2],
            "test_retained": [0.6, 0.1, 0.2, 0.3],
            "difference": [0.3, 0.5, 0.4, 0.3],
        }
    )
    summary = prediction.summarise(table(), no_intervals(), draws)
    assert summary["n_permutations"] == 3
    assert [summary[f"p_permutation_{name}"] for name in ("full", "retained", "difference")] == [0.5, 0.25, 1.0]


def test_several_comparisons_are_corrected_for() -> None:
    summary = pd.DataFrame(
        {
            "p_paired": [0.001, 0.03],
            "p_corrected": [0.03, 0.01],
            "p_permutation_full": [0.8, 0.9],
            "p_permutation_retained": [0.5, np.nan],
            "p_permutation_difference": [0.2, 0.2],
        }
    )
    found = prediction.correct_for_number(summary)
    assert found["p_paired_holm"].tolist() == pytest.approx([0.002, 0.03])
    assert found["p_permutation_full_holm"].tolist() == [1, 1]
    assert found["p_corrected_holm"].tolist() == pytest.approx([0.03, 0.02])
    assert found["p_permutation_retained_holm"].tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
    assert found["p_permutation_difference_holm"].tolist() == pytest.approx([0.4, 0.4])
