"""How scores are spread: worked examples, other implementations, and what must not matter."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alignment_importance.experiments import spread


def scores(ais: np.ndarray, ids: list[str] | None = None) -> xr.Dataset:
    names = ids if ids is not None else [f"i{number}" for number in range(len(ais))]
    return xr.Dataset({"ais": (("image", "feature_map"), ais)}, coords={"image": names})


def test_mean_absolute_deviation_by_hand() -> None:
    # The mean of 1, 2, 3, 6 is 3; the deviations are 2, 1, 0, 3, whose mean is 1.5.
    table = spread.over_maps(scores(np.array([[1.0, 2, 3, 6], [5, 5, 5, 5], [np.nan, 1, 2, 3]]), ["007", "b", "c"]))
    assert table["image"].tolist() == ["007", "b", "c"]
    np.testing.assert_array_equal(table["mean_absolute_deviation"], [1.5, 0, np.nan])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4], 0.25),  # mean difference of all 16 ordered pairs: 20/16; over twice the mean: 1.25/5
        ([-1, 2, -3, 4], 0.25),  # only absolute values count
        ([5, 5, 5], 0),
        ([0, 0, 0, 7], 0.75),
        ([0, 0], np.nan),
        ([1, np.nan], np.nan),
    ],
)
def test_gini_by_hand(values: list[float], expected: float) -> None:
    assert spread.gini(np.array(values, dtype=float)) == pytest.approx(expected, nan_ok=True)


@given(hnp.arrays(float, st.integers(1, 30), elements=st.floats(0.001, 1000)))
def test_gini_is_half_the_relative_mean_difference(values: np.ndarray) -> None:
    expected = np.abs(values[:, None] - values).mean() / (2 * values.mean())
    assert spread.gini(values) == pytest.approx(expected, abs=1e-9)
    assert spread.gini(-7 * values[::-1]) == pytest.approx(expected, abs=1e-9)


def test_entropy_by_hand() -> None:
    # Shares 1/2, 1/4, 1/4, 0: 1.5 bits. All the same: 2 bits. All in one image: 0. All zero: undefined.
    ais = np.array([[2.0, 1, 0, 0], [-1, 1, 5, 0], [1, 1, 0, 0], [0, 1, 0, 0]])
    np.testing.assert_allclose(spread.entropy(ais), [1.5, 2, 0, np.nan])


def test_maps_are_described_over_images_with_defined_scores() -> None:
    table = spread.over_images(scores(np.array([[2.0, 0], [4, 1], [np.nan, 9]])))
    assert table["n_images"].tolist() == [2, 2]
    assert table["ais_mean"].tolist() == [3, 0.5]
    assert table["entropy"].iloc[0] == pytest.approx(scipy.stats.entropy([1 / 3, 2 / 3], base=2))
    assert spread.over_images(scores(np.full((2, 3), np.nan)))[["ais_mean", "entropy"]].isna().all(axis=None)


def by_definition(first: np.ndarray, second: np.ndarray) -> float:
    """The largest difference of two empirical distribution functions."""
    places = np.concatenate([first, second])
    return max(abs((first <= at).mean() - (second <= at).mean()) for at in places)


def test_networks_are_compared_by_kolmogorov_smirnov() -> None:
    rng = np.random.default_rng(1)
    one, other = scores(rng.normal(size=(20, 30))), scores(rng.normal(0, 2, size=(25, 40)))
    images = {"a": spread.over_maps(one), "b": spread.over_maps(other), "a again": spread.over_maps(one)}
    maps = {"a": spread.over_images(one), "b": spread.over_images(other), "a again": spread.over_images(one)}
    table = spread.differences(images, maps).set_index(["model", "model_b", "quantity"])
    assert len(table) == 3 * 4
    row = table.xs(("a", "b", "mean_absolute_deviation"))
    values = [images[name]["mean_absolute_deviation"].to_numpy() for name in ("a", "b")]
    assert row["ks"] == pytest.approx(by_definition(*values))
    assert row["p"] < 1e-6
    assert (row["n"], row["n_b"], row["over"]) == (20, 25, "image")
    assert row["median"] == np.median(values[0])
    same = table.xs(("a", "a again", "entropy"))
    assert (same["ks"], same["p"], same["n"]) == (0, 1, 30)


def test_networks_without_defined_scores_have_no_test() -> None:
    nothing = scores(np.full((3, 4), np.nan))
    some = scores(np.eye(4))
    table = spread.differences(
        {"a": spread.over_maps(nothing), "b": spread.over_maps(some)},
        {"a": spread.over_images(nothing), "b": spread.over_images(some)},
    )
    assert table[["ks", "p", "median"]].isna().all(axis=None)
    assert table["n"].tolist() == [0, 0, 0, 0]


def test_a_network_is_described_in_one_row() -> None:
    ranking = pd.DataFrame({"ais": [1.0, 2, 3, -4]})
    folds = pd.DataFrame({"k_retained": [1, 3], "test_full": [0.1, 0.3], "test_retained": [0.5, 0.5]})
    data = scores(np.array([[1.0, 2, 3, 6], [1, 1, 1, 1]]))
    row = spread.describe(folds, ranking, spread.over_maps(data), spread.over_images(data))
    assert row["n_maps"] == 4
    assert row["share_retained_mean"] == 0.5
    assert row["share_retained_sd"] == pytest.approx(np.sqrt(0.125))
    assert row["test_full_mean"] == pytest.approx(0.2)
    assert row["test_retained_sd"] == 0
    assert row["share_positive"] == 0.75
    assert row["gini_of_ranking"] == pytest.approx(0.25)
    assert row["mean_absolute_deviation_median"] == 0.75


def test_maps_without_scores_have_no_share_of_positive_ones() -> None:
    folds = pd.DataFrame({"k_retained": [np.nan], "test_full": [np.nan], "test_retained": [np.nan]})
    data = scores(np.full((2, 3), np.nan))
    row = spread.describe(folds, pd.DataFrame({"ais": [np.nan] * 3}), spread.over_maps(data), spread.over_images(data))
    assert row.pop("n_maps") == 3
    assert all(np.isnan(value) for value in row.values())
