from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment_importance import heatmaps, overlap
from alignment_importance.errors import InputError

MEASURES = ["precision", "recall", "relative_risk"]


def make(
    heat: list[np.ndarray], salience: list[np.ndarray], resize: str = "whole", mean: list[np.ndarray] | None = None
) -> tuple[xr.Dataset, xr.Dataset]:
    """Heatmaps of one resolution and saliency maps whose shapes are the images' sizes."""
    height, width = (max(one.shape[axis] for one in salience) for axis in (0, 1))
    padded = [np.pad(m, ((0, height - m.shape[0]), (0, width - m.shape[1])), constant_values=np.nan) for m in salience]
    sizes = {
        "image": [f"i {n}" for n in range(len(heat))],
        "width": ("image", [m.shape[1] for m in salience]),
        "height": ("image", [m.shape[0] for m in salience]),
    }
    dims = ("image", "y", "x")
    return (
        xr.Dataset(
            {"heatmap": (dims, np.array(heat, "f4")), "activation_mean": (dims, np.array(mean or heat, "f4"))},
            coords=sizes,
            attrs={"resize": resize},
        ),
        xr.Dataset({"saliency": (dims, np.array(padded, "f4"))}, coords=sizes),
    )


def pick(table: pd.DataFrame, image: str, baseline: str, direction: str = "saliency_predicts_ais") -> pd.DataFrame:
    return table.query("image == @image and baseline == @baseline and direction == @direction").reset_index(drop=True)


def test_masks_hold_exactly_their_share_and_ties_go_by_place() -> None:
    values = np.array([5.0, 1.0, 5.0, 3.0, 3.0, 3.0, 0.0, 5.0, 3.0, 1.0])
    masks = overlap.highest(values, np.array([4, 10, 20, 50, 54, 100]))
    assert [np.flatnonzero(mask).tolist() for mask in masks] == [
        [],
        [0],
        [0, 2],
        [0, 2, 3, 4, 7],
        [0, 2, 3, 4, 7],
        list(range(10)),
    ]


@given(
    values=st.lists(st.integers(-3, 3), min_size=1, max_size=60),
    percents=st.lists(st.integers(1, 100), min_size=1, max_size=4),
)
def test_masks_are_the_first_of_the_stable_order(values: list[int], percents: list[int]) -> None:
    masks = overlap.highest(np.array(values, dtype=float), np.array(percents))
    order = np.argsort(-np.array(values), kind="stable")
    for percent, mask in zip(percents, masks, strict=True):
        assert np.flatnonzero(mask).tolist() == sorted(order[: round(percent * len(values) / 100)].tolist())


def test_numbers_worked_out_by_hand() -> None:
    heat = np.arange(20.0, 0.0, -1).reshape(4, 5)  # its order is that of the pixels
    salience = np.zeros((4, 5))
    salience.flat[[0, 7, 1, 12, 3, 2]] = [9, 8, 7, 6, 5, 4]
    table = overlap.tabulate(*make([heat], [salience]), [10, 20], [20])
    assert list(table.columns) == list(overlap.COLUMNS)
    assert table["top_percent"].dtype == "int64"
    found = pick(table, "i 0", "observed")
    # AIS 20 %: pixels 0-3. Saliency 10 %: 0, 7; one of 2 is right, 1 of 4 is found, 1 of 16 is a false positive.
    # Saliency 20 %: 0, 7, 1, 12; two are right, FPR 2 / 16.
    np.testing.assert_allclose(found[MEASURES], [[1 / 2, 1 / 4, 4.0], [2 / 4, 2 / 4, 4.0]])
    assert found[["top_percent", "target_percent"]].to_numpy().tolist() == [[10, 20], [20, 20]]
    back = pick(table, "i 0", "observed", "ais_predicts_saliency")
    # AIS 10 %: pixels 0, 1, both of the saliency's 0, 7, 1, 12: no false positive.
    np.testing.assert_allclose(back[MEASURES], [[1, 1 / 2, np.inf], [2 / 4, 2 / 4, 4.0]])
    assert pick(table, "i 0", "shuffled_saliency")[MEASURES].isna().all(axis=None)


def test_no_hits_is_zero_and_the_whole_image_is_undefined() -> None:
    heat, salience = np.arange(4.0).reshape(2, 2), np.arange(4.0)[::-1].reshape(2, 2)
    found = pick(overlap.tabulate(*make([heat], [salience]), [25, 100], [25, 100]), "i 0", "observed")
    np.testing.assert_allclose(
        found[MEASURES], [[0.0, 0.0, 0.0], [1.0, 0.25, np.nan], [0.25, 1.0, 1.0], [1.0, 1.0, np.nan]]
    )


def test_activations_stand_in_the_place_of_the_heatmap() -> None:
    rng = np.random.default_rng(1)
    heat, mean, salience = (list(rng.random((3, 6, 6))) for _ in range(3))
    both = overlap.tabulate(*make(heat, salience, mean=mean), [10, 30], [20])
    swapped = overlap.tabulate(*make(mean, salience), [10, 30], [20])
    for direction in overlap.DIRECTIONS:
        pd.testing.assert_frame_equal(
            pick(both, "i 1", "activations", direction)[MEASURES], pick(swapped, "i 1", "observed", direction)[MEASURES]
        )


def naive(placed: np.ndarray, others: list[np.ndarray], top: int, target: int, direction: str) -> list[float]:
    """Precision, recall and relative risk by counting pixels, TPR and FPR averaged over the saliency maps."""
    seen = ~np.isnan(placed)

    def masked(values: np.ndarray, percent: int) -> set[int]:
        order = np.argsort(-values[seen], kind="stable")
        return set(order[: round(percent / 100 * seen.sum())].tolist())

    scores = []
    for other in others:
        predicting, aim = (other, placed) if direction == "saliency_predicts_ais" else (placed, other)
        P, T = masked(predicting, top), masked(aim, target)
        scores.append([len(P & T) / len(P), len(P & T) / len(T), len(P - T) / (seen.sum() - len(T))])
    precision, recall, false_positive_rate = np.mean(scores, axis=0)
    return [precision, recall, recall / false_positive_rate]


@pytest.mark.parametrize("resize", ["whole", "crop", "pad"])
def test_every_baseline_is_what_counting_gives_for_images_of_different_sizes(resize: str) -> None:
    rng = np.random.default_rng(2)
    shapes = [(12, 20), (20, 12), (12, 20), (16, 16)]
    heat, mean = (list(rng.random((4, 3, 3))) for _ in range(2))
    salience = [rng.integers(0, 9, shape).astype(float) for shape in shapes]
    maps, saliencies = make(heat, salience, resize, mean)
    table = overlap.tabulate(maps, saliencies, [5, 20], [10, 50])
    assert len(table) == 4 * 3 * 2 * 4
    for _, row in table.iterrows():
        variable = "activation_mean" if row["baseline"] == "activations" else "heatmap"
        placed = heatmaps.place_image(maps, variable, row["image"])
        own = int(row["image"][-1])
        chosen = [n for n in range(4) if n != own] if row["baseline"] == "shuffled_saliency" else [own]
        stretched = [heatmaps.resample(salience[n].astype("f4"), placed.shape[1], placed.shape[0]) for n in chosen]
        expected = naive(placed, stretched, row["top_percent"], row["target_percent"], row["direction"])
        np.testing.assert_allclose(row[MEASURES].astype(float), expected)


def test_equal_shares_have_precision_equal_to_recall() -> None:
    rng = np.random.default_rng(3)
    table = overlap.tabulate(*make(list(rng.random((3, 7, 7))), list(rng.random((3, 30, 40)))), [5, 10, 15], [5, 10])
    equal = table[table["top_percent"] == table["target_percent"]]
    pd.testing.assert_series_equal(equal["precision"], equal["recall"], check_names=False)


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000),
    transform=st.sampled_from([lambda x: 3 * x - 7, lambda x: x**3, lambda x: 2.0**x, lambda x: np.sqrt(x)]),
)
def test_a_monotone_transform_of_the_saliency_changes_nothing(
    seed: int, transform: Callable[[np.ndarray], np.ndarray]
) -> None:
    rng = np.random.default_rng(seed)
    heat = list(rng.random((3, 2, 2)))
    salience = [rng.integers(0, 9, (6, 7)).astype(float) for _ in heat]
    before = overlap.tabulate(*make(heat, salience), [10, 40], [20])
    after = overlap.tabulate(*make(heat, [transform(one) for one in salience]), [10, 40], [20])
    pd.testing.assert_frame_equal(before, after)


def test_permuting_the_images_permutes_the_rows() -> None:
    rng = np.random.default_rng(4)
    maps, saliencies = make(list(rng.random((5, 3, 3))), list(rng.random((5, 9, 9))))
    table = overlap.tabulate(maps, saliencies, [10], [10, 20])
    permuted = overlap.tabulate(
        maps.isel(image=[3, 0, 4, 1, 2]), saliencies.isel(image=[2, 1, 0, 4, 3]), [10], [10, 20]
    )
    assert permuted["image"].drop_duplicates().tolist() == ["i 3", "i 0", "i 4", "i 1", "i 2"]
    pd.testing.assert_frame_equal(permuted.sort_values("image", kind="stable", ignore_index=True), table)


@pytest.mark.parametrize("value", [np.nan, 0.3])
def test_a_heatmap_that_ranks_nothing_is_nan(value: float) -> None:
    rng = np.random.default_rng(5)
    heat = [rng.random((3, 3)), np.full((3, 3), value)]
    salience = list(rng.random((2, 8, 8)))
    table = overlap.tabulate(*make(heat, salience, mean=[rng.random((3, 3))] * 2), [10], [10])
    bad = table["image"] == "i 1"
    assert table[bad & (table["baseline"] != "activations")][MEASURES].isna().all(axis=None)
    assert table[~bad][MEASURES].notna().all(axis=None)
    assert table[bad & (table["baseline"] == "activations")]["precision"].notna().all()


def test_an_image_without_saliency_is_nan_and_not_among_the_others() -> None:
    rng = np.random.default_rng(6)
    heat, salience = list(rng.random((3, 3, 3))), list(rng.random((3, 8, 8)))
    with_hole = overlap.tabulate(*make(heat, [*salience[:2], np.full((8, 8), np.nan)]), [10], [10])
    pair = overlap.tabulate(*make(heat[:2], salience[:2]), [10], [10])
    pd.testing.assert_frame_equal(with_hole[with_hole["image"] != "i 2"], pair)
    last = with_hole[with_hole["image"] == "i 2"]
    assert last[last["baseline"] != "shuffled_saliency"][MEASURES].isna().all(axis=None)
    assert last[last["baseline"] == "shuffled_saliency"]["precision"].notna().all()


def test_what_does_not_fit_is_refused() -> None:
    maps, saliencies = make([np.eye(2)] * 2, [np.eye(4)] * 2)
    with pytest.raises(InputError, match=r"0, 101 is no share"):
        overlap.tabulate(maps, saliencies, [0, 5], [101])
    with pytest.raises(InputError, match=r"1 of 2 images have no saliency map, the first is 'i 1'"):
        overlap.tabulate(maps, saliencies.isel(image=[0]), [5], [5])
    other = saliencies.assign_coords(width=("image", [4, 5]))
    with pytest.raises(InputError, match=r"width of 1 images differs.*'i 1'"):
        overlap.tabulate(maps, other, [5], [5])
