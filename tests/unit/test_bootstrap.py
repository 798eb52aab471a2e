"""Intervals over resampled images, against plain resampling of the table."""

import itertools

import numpy as np
import pandas as pd
import pytest

from alignment_importance.experiments import bootstrap


def predicted(n_images: int, n_folds: int, seed: int) -> pd.DataFrame:
    """Test pairs of the folds of two seeds, with similarities that follow the judgments more or less closely."""
    rng = np.random.default_rng(seed)
    rows = []
    for split in (1, 2):
        order = rng.permutation(n_images)
        for fold, members in enumerate(np.array_split(order, n_folds), start=1):
            for a, b in itertools.combinations(sorted(members), 2):
                judged = rng.normal()
                near = {kind: judged + rng.normal() * (number + 0.5) for number, kind in enumerate(bootstrap.KINDS)}
                pair = {"image": f"i{a}", "image_b": f"i{b}", "judged": judged}
                rows.append({"seed": split, "fold": fold, **pair, **near})
    return pd.DataFrame(rows)


def correlation(table: pd.DataFrame, kind: str) -> float:
    return float(np.corrcoef(table["judged"], table[kind])[0, 1])


def test_estimates_are_means_over_folds() -> None:
    table = predicted(15, 2, 1)
    found = bootstrap.intervals(table, "pearson", 10, 1).set_index("quantity")
    folds = [group for _, group in table.groupby(["seed", "fold"])]
    full, ridge = (np.array([correlation(group, kind) for group in folds]) for kind in ("full", "ridge"))
    assert found.loc["test_full", "estimate"] == pytest.approx(full.mean())
    assert found.loc["ridge_difference", "estimate"] == pytest.approx((ridge - full).mean())
    assert ((found["low"] + found["high"]) / 2).to_numpy() == pytest.approx(found["estimate"].to_numpy())
    assert (found["high"] - found["estimate"]).to_numpy() == pytest.approx(1.959964 * found["se"].to_numpy(), rel=1e-6)


def test_draws_are_samples_of_images() -> None:
    table = predicted(14, 2, 2)
    ids = sorted({*table["image"], *table["image_b"]})
    times = np.random.default_rng(5).multinomial(14, np.full(14, 1 / 14), size=30)
    scores = []
    for draw in times:
        times_drawn = dict(zip(ids, draw, strict=True))
        means = []
        for _, group in table.groupby(["seed", "fold"]):
            copies = [times_drawn[a] * times_drawn[b] for a, b in zip(group["image"], group["image_b"], strict=True)]
            sample = group.loc[group.index.repeat(copies)]
            means.append(correlation(sample, "retained") if np.ptp(sample["judged"]) > 0 else np.nan)
        scores.append(np.nanmean(means))
    found = bootstrap.intervals(table, "pearson", 30, 5).set_index("quantity")
    assert found.loc["test_retained", "se"] == pytest.approx(np.std(scores, ddof=1))


def test_draws_with_two_different_pairs_have_no_score() -> None:
    """Two pairs always lie on a line, however often they count; here no two pairs share an image."""
    pairs = {"image": ["a", "c", "e"], "image_b": ["b", "d", "f"], "judged": [1.0, 2.0, 4.0]}
    similarities = {kind: [3.0, 1.0, 2.0] for kind in bootstrap.KINDS}
    table = pd.DataFrame({"seed": 1, "fold": 1, **pairs, **similarities})
    times = np.random.default_rng(5).multinomial(6, np.full(6, 1 / 6), size=400)
    copies = times[:, ::2] * times[:, 1::2]
    samples = [table.loc[table.index.repeat(each)] for each in copies[(copies > 0).all(axis=1)]]
    assert 1 < len(samples) < np.count_nonzero((copies > 0).sum(axis=1) == 2)
    found = bootstrap.intervals(table, "pearson", 400, 5).set_index("quantity")
    expected = np.std([correlation(sample, "full") for sample in samples], ddof=1)
    assert found.loc["test_full", "se"] == pytest.approx(expected)


def test_order_of_rows_does_not_matter() -> None:
    table = predicted(12, 2, 3)
    one = bootstrap.intervals(table, "spearman", 20, 1)
    other = bootstrap.intervals(table.sample(frac=1, random_state=1), "spearman", 20, 1)
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(bootstrap.intervals(table, "spearman", 20, 2))


def test_similarities_without_a_score_have_no_interval() -> None:
    found = bootstrap.intervals(predicted(12, 2, 4).assign(ridge=np.nan), "pearson", 20, 1).set_index("quantity")
    assert found.loc["test_ridge"].isna().all()
    assert found.loc["test_full"].notna().all()


@pytest.mark.parametrize("score", ["pearson_r2", "pearson", "spearman"])
def test_a_fold_with_an_undefined_similarity_has_no_score(score: str) -> None:
    # As in the table of scores, where an image has no active map among those retained.
    table = predicted(14, 2, 6)
    first_fold = (table["seed"] == 1) & (table["fold"] == 1)
    undefined = table.assign(retained=table["retained"].mask(first_fold & (table["image"] == table["image"].iloc[0])))
    found, others = (
        bootstrap.intervals(each, score, 20, 1).set_index("quantity").loc[["test_retained"]]
        for each in (undefined, table.assign(retained=table["retained"].mask(first_fold)))
    )
    assert undefined["retained"].isna().sum() < first_fold.sum()
    pd.testing.assert_frame_equal(found, others)


def test_intervals_cover_what_other_images_would_score_at_least_as_often_as_they_say() -> None:
    """Over 200 samples of 24 images the mean score is nearly what to expect, and 95 % of the intervals should hold it.

    They are too wide rather than too narrow: a resampled pair varies more than a new one.
    """
    samples = [sampled(24, 2, seed) for seed in range(200)]
    found = [bootstrap.intervals(table, "pearson", 60, 1).set_index("quantity") for table in samples]
    for quantity in ("test_full", "test_ridge", "ridge_difference"):
        estimates, low, high = (
            np.array([table.loc[quantity, name] for table in found]) for name in ("estimate", "low", "high")
        )
        expected = estimates.mean()
        assert ((low <= expected) & (expected <= high)).mean() >= 0.95
        assert (high - low).mean() / 2 < 2.5 * 1.96 * estimates.std(ddof=1)


def sampled(n_images: int, n_folds: int, seed: int) -> pd.DataFrame:
    """Test pairs of images drawn at random: people and similarities share what the images are, and each has noise."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_images, 4))
    shared = features @ features.T
    rows = []
    for fold, members in enumerate(np.array_split(rng.permutation(n_images), n_folds), start=1):
        for a, b in itertools.combinations(sorted(members), 2):
            noisy = dict(zip(("judged", *bootstrap.KINDS), shared[a, b] + 2 * rng.normal(size=5), strict=True))
            rows.append({"seed": 1, "fold": fold, "image": f"i{a:02d}", "image_b": f"i{b:02d}", **noisy})
    return pd.DataFrame(rows)
