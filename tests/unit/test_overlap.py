from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from alignment_importance.inputs import images
from alignment_importance.maps import heatmaps
from alignment_importance.maps.overlap import masks, measuring, shuffled, tables
from alignment_importance.maps.overlap import scores as scoring
from alignment_importance.maps.overlap import summary as overlap_summary
from alignment_importance.maps.overlap.measuring import Fixations, View
from alignment_importance.maps.saliency import centre_bias
from alignment_importance.statistics import resampling

MEASURES = ["precision", "recall", "relative_risk"]

#: pysaliency's scores of the maps in `test_scores_are_those_of_pysaliency`.
PYSALIENCY = [0.16102901493046465, 0.6735998471962916, 0.40780796466434216, 0.6924871457999726]


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


def measure(
    maps: xr.Dataset, saliencies: xr.Dataset, top: list[float], target: list[float], risk: Sequence[float] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the overlap with a single kind of saliency."""
    return measuring.measure(maps, {"one": saliencies}, top, target, risk)["one"]


def tabulate(maps: xr.Dataset, saliencies: xr.Dataset, top: list[float], target: list[float]) -> pd.DataFrame:
    """The rows of the given target sizes, without those of equal sizes that are added unasked."""
    table, _ = measure(maps, saliencies, top, target)
    return table[table["target_percent"].isin(target)].reset_index(drop=True)


def pick(table: pd.DataFrame, image: str, baseline: str, direction: str = "saliency_predicts_ais") -> pd.DataFrame:
    return table.query("image == @image and baseline == @baseline and direction == @direction").reset_index(drop=True)


def test_masks_hold_exactly_their_share_and_ties_go_by_place() -> None:
    values = np.array([5.0, 1.0, 5.0, 3.0, 3.0, 3.0, 0.0, 5.0, 3.0, 1.0])
    found = masks.masks(values[None], [4, 10, 20, 50, 54, 100])
    assert found is not None
    assert [np.flatnonzero(mask).tolist() for mask in found] == [
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
    sizes = sorted(percents)
    levels = masks.levels(np.array(values, dtype=float), sizes)
    order = np.argsort(-np.array(values), kind="stable")
    for at, percent in enumerate(sizes):
        assert np.flatnonzero(levels <= at).tolist() == sorted(order[: round(percent * len(values) / 100)].tolist())


def test_numbers_worked_out_by_hand() -> None:
    heat = np.arange(20.0, 0.0, -1).reshape(4, 5)  # ranks the pixels in their order
    salience = np.zeros((4, 5))
    salience.flat[[0, 7, 1, 12, 3, 2]] = [9, 8, 7, 6, 5, 4]
    table = tabulate(*make([heat], [salience]), [10, 20], [20])
    assert list(table.columns) == list(tables.COLUMNS)
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
    found = pick(tabulate(*make([heat], [salience]), [25, 100], [25, 100]), "i 0", "observed")
    np.testing.assert_allclose(
        found[MEASURES], [[0.0, 0.0, 0.0], [1.0, 0.25, np.nan], [0.25, 1.0, 1.0], [1.0, 1.0, np.nan]]
    )


def test_activations_stand_in_the_place_of_the_heatmap() -> None:
    rng = np.random.default_rng(1)
    heat, mean, salience = (list(rng.random((3, 6, 6))) for _ in range(3))
    both = tabulate(*make(heat, salience, mean=mean), [10, 30], [20])
    swapped = tabulate(*make(mean, salience), [10, 30], [20])
    for direction in tables.DIRECTIONS:
        pd.testing.assert_frame_equal(
            pick(both, "i 1", "activations", direction)[MEASURES], pick(swapped, "i 1", "observed", direction)[MEASURES]
        )


def naive(placed: np.ndarray, others: list[np.ndarray], top: int, target: int, direction: str) -> list[float]:
    """Precision, recall and relative risk by counting pixels, TPR and FPR averaged over the saliency maps."""

    def masked(values: np.ndarray, percent: int) -> set[int]:
        order = np.argsort(-values.ravel(), kind="stable")
        return set(order[: round(percent / 100 * values.size)].tolist())

    scores = []
    for other in others:
        predicting, aim = (other, placed) if direction == "saliency_predicts_ais" else (placed, other)
        P, T = masked(predicting, top), masked(aim, target)
        scores.append([len(P & T) / len(P), len(P & T) / len(T), len(P - T) / (placed.size - len(T))])
    precision, recall, false_positive_rate = np.mean(scores, axis=0)
    return [precision, recall, recall / false_positive_rate]


@pytest.mark.parametrize("resize", ["whole", "crop", "pad"])
def test_every_baseline_is_what_counting_gives_for_images_of_different_sizes(resize: str) -> None:
    rng = np.random.default_rng(2)
    shapes = [(12, 20), (20, 12), (12, 20), (16, 16)]
    heat, mean = (list(rng.random((4, 3, 3))) for _ in range(2))
    salience = [rng.integers(0, 9, shape).astype(float) for shape in shapes]
    maps, saliencies = make(heat, salience, resize, mean)
    table = tabulate(maps, saliencies, [5, 20], [10, 50])
    assert len(table) == 4 * 4 * 2 * 4
    boxes = [images.input_region(w, h, resize) for h, w in shapes]
    boxes = [
        (max(left, 0), max(top, 0), min(right, w), min(bottom, h))
        for (left, top, right, bottom), (h, w) in zip(boxes, shapes, strict=True)
    ]

    def seen(values: np.ndarray, image: int) -> np.ndarray:
        left, top, right, bottom = boxes[image]
        return values[top:bottom, left:right]

    # The most common size of the part that is seen is that of the first and third image, or of all but the last.
    frame = seen(salience[0], 0).shape

    def framed(values: np.ndarray) -> np.ndarray:
        return values if values.shape == frame else heatmaps.resample(values.astype("f4"), frame[1], frame[0])

    for _, row in table.iterrows():
        variable = "activation_mean" if row["baseline"] == "activations" else "heatmap"
        own = int(row["image"][-1])
        placed = seen(heatmaps.place_image(maps, variable, row["image"]), own)
        others = [seen(salience[own], own)]
        if row["baseline"] == "shuffled_saliency":
            placed = framed(placed)
            others = [framed(seen(salience[n], n)) for n in range(4) if n != own]
        elif row["baseline"] == "centre_bias":
            height, width = shapes[own]
            others = [seen(centre_bias.gaussian(width, height), own)]
        expected = naive(placed, others, row["top_percent"], row["target_percent"], row["direction"])
        np.testing.assert_allclose(row[MEASURES].astype(float), expected)


def test_equal_shares_have_precision_equal_to_recall() -> None:
    rng = np.random.default_rng(3)
    table = tabulate(*make(list(rng.random((3, 7, 7))), list(rng.random((3, 30, 40)))), [5, 10, 15], [5, 10])
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
    before = tabulate(*make(heat, salience), [10, 40], [20])
    after = tabulate(*make(heat, [transform(one) for one in salience]), [10, 40], [20])
    pd.testing.assert_frame_equal(before, after)


def test_permuting_the_images_permutes_the_rows() -> None:
    rng = np.random.default_rng(4)
    maps, saliencies = make(list(rng.random((5, 3, 3))), list(rng.random((5, 9, 9))))
    table = tabulate(maps, saliencies, [10], [10, 20])
    permuted = tabulate(maps.isel(image=[3, 0, 4, 1, 2]), saliencies.isel(image=[2, 1, 0, 4, 3]), [10], [10, 20])
    assert permuted["image"].drop_duplicates().tolist() == ["i 3", "i 0", "i 4", "i 1", "i 2"]
    pd.testing.assert_frame_equal(permuted.sort_values("image", kind="stable", ignore_index=True), table)


@pytest.mark.parametrize("value", [np.nan, 0.3])
def test_a_heatmap_that_ranks_nothing_is_nan(value: float) -> None:
    rng = np.random.default_rng(5)
    heat = [rng.random((3, 3)), np.full((3, 3), value)]
    salience = list(rng.random((2, 8, 8)))
    table = tabulate(*make(heat, salience, mean=[rng.random((3, 3))] * 2), [10], [10])
    bad = table["image"] == "i 1"
    assert table[bad & (table["baseline"] != "activations")][MEASURES].isna().all(axis=None)
    assert table[~bad][MEASURES].notna().all(axis=None)
    assert table[bad & (table["baseline"] == "activations")]["precision"].notna().all()


def test_an_image_without_saliency_is_nan_and_not_among_the_others() -> None:
    rng = np.random.default_rng(6)
    heat, salience = list(rng.random((3, 3, 3))), list(rng.random((3, 8, 8)))
    with_hole = tabulate(*make(heat, [*salience[:2], np.full((8, 8), np.nan)]), [10], [10])
    pair = tabulate(*make(heat[:2], salience[:2]), [10], [10])
    pd.testing.assert_frame_equal(with_hole[with_hole["image"] != "i 2"], pair)
    last = with_hole[with_hole["image"] == "i 2"]
    known = last["baseline"].isin(["shuffled_saliency", "centre_bias"])
    assert last[~known][MEASURES].isna().all(axis=None)
    assert last[known]["precision"].notna().all()


def test_kinds_of_saliency_do_not_change_each_other() -> None:
    rng = np.random.default_rng(11)
    heat = list(rng.random((3, 3, 3)))
    maps, first = make(heat, list(rng.random((3, 8, 8))))
    _, second = make(heat, list(rng.random((3, 8, 8))))
    second = with_fixations(second, [("i 0", 1.5, 2), ("i 1", 5, 0)])
    both = measuring.measure(maps, {"first": first, "second": second}, [10, 20], [20], [5])
    for name, alone in (("first", first), ("second", second)):
        for found, expected in zip(both[name], measure(maps, alone, [10, 20], [20], [5]), strict=True):
            pd.testing.assert_frame_equal(found, expected)


# --- scores and areas ---


def score(scores: pd.DataFrame, image: str, measure: str, baseline: str = "observed") -> float:
    chosen = scores.query("image == @image and measure == @measure and baseline == @baseline")
    assert len(chosen) == 1
    return float(chosen["value"].iloc[0])


def test_scores_of_shuffled_images_are_means_over_a_few_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shuffled, "_MOST_REFERENCES", 2)
    rng = np.random.default_rng(12)
    heat, salience = list(rng.random((4, 8, 8))), list(rng.random((4, 8, 8)).astype("f4"))
    _, scores = measure(*make(heat, salience), [10, 20], [10])
    for image, others in ((0, [3]), (1, [0, 3]), (2, [0, 3]), (3, [0])):  # two of the four, the first and the last
        expected = np.mean([np.corrcoef(heat[image].ravel(), salience[other].ravel())[0, 1] for other in others])
        assert score(scores, f"i {image}", "cc", "shuffled_saliency") == pytest.approx(expected, abs=1e-6)


def with_fixations(saliencies: xr.Dataset, fixations: list[tuple[str, float, float]]) -> xr.Dataset:
    found = pd.DataFrame(fixations, columns=["image", "x", "y"])
    return saliencies.assign({f"fixation_{name}": ("fixation", found[name].to_numpy()) for name in found})


def test_scores_of_maps_and_fixations_stand_beside_their_baselines() -> None:
    rng = np.random.default_rng(7)
    heat, mean, salience = (list(rng.random((3, 6, 6)).astype("f4")) for _ in range(3))
    maps, saliencies = make(heat, salience, mean=mean)
    saliencies = with_fixations(saliencies, [("i 0", 1.5, 2), ("i 0", 1.9, 2.9), ("i 1", 5, 0), ("i 2", 0, 0.5)])
    _, scores = measure(maps, saliencies, [10, 20], [20])
    assert list(scores.columns) == list(tables.SCORE_COLUMNS)
    placed = [heatmaps.place_image(maps, "heatmap", f"i {n}") for n in range(3)]
    for name, function in {"cc": scoring.cc, "sim": scoring.sim, "kl_divergence": scoring.kl_divergence}.items():
        assert score(scores, "i 0", name) == pytest.approx(function(placed[0].ravel(), salience[0].ravel()))
        others = [function(placed[0].ravel(), salience[n].ravel()) for n in (1, 2)]
        assert score(scores, "i 0", name, "shuffled_saliency") == pytest.approx(np.mean(others), rel=1e-5)
        activation = heatmaps.place_image(maps, "activation_mean", "i 1")
        assert score(scores, "i 1", name, "activations") == pytest.approx(
            function(activation.ravel(), salience[1].ravel())
        )
    z = (placed[0] - placed[0].mean()) / placed[0].std()
    assert score(scores, "i 0", "nss") == pytest.approx(z[2, 1])
    assert score(scores, "i 0", "nss", "shuffled_saliency") == pytest.approx((z[0, 5] + z[0, 0]) / 2)
    assert score(scores, "i 1", "auc_judd") == pytest.approx(((placed[1] < placed[1][0, 5]).sum() + 0.5) / 36)
    # The corner is the lowest place of a centred Gaussian, tied with the three other corners.
    assert score(scores, "i 1", "auc_judd", "centre_bias") == pytest.approx(2 / 36)


def test_fixations_in_images_of_the_set_that_are_not_compared_change_nothing() -> None:
    rng = np.random.default_rng(12)
    maps, saliencies = make(list(rng.random((4, 3, 3))), list(rng.random((4, 6, 6))))
    seen = [("i 0", 1.5, 2.0), ("i 3", 2.0, 2.0), ("i 1", 5.0, 0.0), ("i 2", 0.0, 0.5)]
    some, of_some = maps.isel(image=[0, 1, 2]), saliencies.isel(image=[0, 1, 2])
    _, found = measure(some, with_fixations(saliencies, seen), [10, 20], [20])
    _, expected = measure(some, with_fixations(of_some, [one for one in seen if one[0] != "i 3"]), [10, 20], [20])
    pd.testing.assert_frame_equal(found, expected)


def test_a_fixation_is_scored_at_its_own_pixel_whatever_the_width() -> None:
    """As fractions of a width of 600 pixels, some positions would move one pixel to the left."""
    salience = [np.random.default_rng(13).random((2, 600)) for _ in range(2)]
    maps, saliencies = make(salience, salience)
    placed = heatmaps.place_image(maps, "heatmap", "i 0")
    z = (placed - placed.mean()) / placed.std()
    moving = [x for x in range(600) if int(x / 600 * 600) != x]
    assert len(moving) > 10
    for x in moving:
        fixations = with_fixations(saliencies, [("i 0", float(x), 1.0)])
        places, images_of = Fixations(fixations, ["i 0", "i 1"]).places(np.array([True]), View(600, 2, "whole"))
        assert (places.tolist(), images_of.tolist()) == ([600 + x], ["i 0"])
    _, scores = measure(maps, with_fixations(saliencies, [("i 0", float(moving[0]), 1.0)]), [10, 20], [20])
    assert score(scores, "i 0", "nss") == pytest.approx(z[1, moving[0]])


def test_without_fixations_their_scores_are_nan() -> None:
    rng = np.random.default_rng(8)
    _, scores = measure(*make(list(rng.random((2, 3, 3))), list(rng.random((2, 6, 6)))), [10, 20], [20])
    of_fixations = scores["measure"].isin(["auc_judd", "nss"])
    assert scores[of_fixations]["value"].isna().all() and scores[~of_fixations]["value"].notna().all()


def test_areas_are_those_below_the_curves() -> None:
    rng = np.random.default_rng(9)
    table, scores = measure(*make(list(rng.random((2, 3, 3))), list(rng.random((2, 20, 20)))), [10, 20, 50], [20])
    one = table.query("image == 'i 1' and baseline == 'observed' and direction == 'ais_predicts_saliency'")
    for name in ("precision", "recall"):
        heights = one[one["target_percent"] == 20][name].to_numpy()
        expected = (10 * (heights[0] + heights[1]) / 2 + 30 * (heights[1] + heights[2]) / 2) / 40
        rows = scores.query("image == 'i 1' and baseline == 'observed' and direction == 'ais_predicts_saliency'")
        found = rows.loc[rows["measure"] == f"{name}_area", "value"].item()
        assert found == pytest.approx(expected)
    same = one[one["target_percent"] == one["top_percent"]]
    assert len(same) == 3
    pd.testing.assert_series_equal(same["precision"], same["recall"], check_names=False)


# --- the scores against other libraries ---


def test_scores_worked_out_by_hand() -> None:
    a, b = np.array([0.0, 1, 1, 2]), np.array([1.0, 1, 1, 1])
    assert scoring.sim(a, b) == pytest.approx(0 + 0.25 + 0.25 + 0.25)
    # True density 1/4 each, predicted 0, 1/4, 1/4, 1/2; the 0 costs 1/4 log(1/4 / 2.2204e-16).
    by_hand = 0.25 * np.log(0.25 / 2.2204e-16) + 0.25 * np.log(0.5)
    assert scoring.kl_divergence(a, b) == pytest.approx(by_hand)
    assert scoring.kl_divergence(a, a) == pytest.approx(0) and scoring.sim(a, a) == pytest.approx(1)
    assert scoring.nss(a, np.array([3])) == pytest.approx(1 / np.sqrt(0.5))
    # Below the highest of four lie three and half of itself; below a middle one, the lowest and half of the two ties.
    assert scoring.auc_judd(a, np.array([3])) == 3.5 / 4
    assert scoring.auc_judd(a, np.array([1, 1, 3])) == pytest.approx((2 * 2 / 4 + 3.5 / 4) / 3)
    assert scoring.cc(a, 5 - 3 * a) == pytest.approx(-1)


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_other_libraries(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.random(200), rng.random(200) ** 3
    a[:50] = np.round(a[:50], 1) + 0.1  # ties
    fixated = rng.integers(0, 200, 30)
    truth = np.r_[np.ones(30), np.zeros(200)]
    assert scoring.auc_judd(a, fixated) == pytest.approx(roc_auc_score(truth, np.r_[a[fixated], a]))
    assert scoring.cc(a, b) == pytest.approx(scipy.stats.pearsonr(a, b).statistic)
    assert scoring.kl_divergence(a, b) == pytest.approx(scipy.stats.entropy(b, a))
    assert scoring.nss(a, fixated) == pytest.approx(scipy.stats.zscore(a)[fixated].mean())
    assert scoring.sim(a, b) == pytest.approx(1 - np.abs(a / a.sum() - b / b.sum()).sum() / 2)
    heatmap, others = masks.Marked(a, [5]), shuffled.SaliencyOfAll(["a", "b", "c"], 200, 1)
    for name, values in (("b", b), ("a", a), ("c", b + a)):
        others.add(name, masks.Marked(values, [5]), heatmap)
    both = [[f(a, b), f(a, a)] for f in (scoring.cc, scoring.sim, scoring.kl_divergence)]
    np.testing.assert_allclose(others.compare("c", heatmap)[1], np.mean(both, axis=1), rtol=1e-5)


def test_scores_are_those_of_pysaliency() -> None:
    """Numbers of pysaliency 0.2.22 (metrics.CC, SIM, MIT_KLDiv, NSS), which the tests do not install."""
    y, x = np.mgrid[:6, :8]
    a, b = np.exp(-((x - 2) ** 2 + (y - 3) ** 2) / 8), np.exp(-((x - 4) ** 2 + (y - 2) ** 2) / 18) - 0.1
    found = [f(a.ravel(), b.ravel()) for f in (scoring.cc, scoring.sim, scoring.kl_divergence)]
    np.testing.assert_allclose(found, PYSALIENCY[:3], rtol=1e-9)
    np.testing.assert_allclose(scoring.nss(a.ravel(), np.array([3 * 8 + 2, 8 + 5])), PYSALIENCY[3], rtol=1e-9)


# --- over images ---


def test_bootstrap_intervals_are_those_of_scipy() -> None:
    values = np.random.default_rng(1).normal(size=(15, 2))
    drawn = resampling.resample(15, 200, seed=3)
    for function, statistic in ((resampling.mean_interval, np.mean), (resampling.median_interval, np.median)):
        found = function(values, drawn)
        for column in range(2):
            expected = scipy.stats.bootstrap(
                (values[:, column],),
                statistic,
                n_resamples=200,
                method="percentile",
                rng=np.random.default_rng(3),
            ).confidence_interval
            np.testing.assert_allclose(found[:, column], [expected.low, expected.high])


def test_bootstrap_leaves_out_nan_and_bears_infinity() -> None:
    values = np.array([[1.0, np.nan, 2], [np.nan, np.nan, np.inf], [3, np.nan, np.inf], [1, np.nan, np.inf]])
    drawn = resampling.resample(4, 300, seed=1)
    means = resampling.mean_interval(values[:, :2], drawn)
    assert 1 <= means[0, 0] < means[1, 0] <= 3 and np.isnan(means[:, 1]).all()
    medians = resampling.median_interval(values, drawn)
    assert medians[0, 2] >= 2 and medians[1, 2] == np.inf and np.isnan(medians[:, 1]).all()


def test_the_summary_is_that_of_the_images_of_each_category() -> None:
    rng = np.random.default_rng(10)
    maps, saliencies = make(list(rng.random((6, 3, 3))), list(rng.random((6, 20, 20))))
    table, scores = measure(maps, saliencies, [10, 20], [20], [5, 10])
    categories = {f"i {n}": "even" if n % 2 == 0 else "odd" for n in range(5)}
    summary = overlap_summary.summarise(table, scores, categories, [5, 10], 100, 1)
    columns = "category measure direction baseline top_percent target_percent statistic n_images value lower upper"
    assert summary.columns.tolist() == f"{columns} difference difference_lower difference_upper".split()
    assert summary["category"].unique().tolist() == ["all images", "even", "odd"]
    keys = "measure == 'recall' and baseline == 'activations' and direction == 'ais_predicts_saliency'"
    row = summary.query(f"category == 'even' and {keys} and top_percent == 10 and target_percent == 20").iloc[0]
    chosen = table["image"].isin(["i 0", "i 2", "i 4"]) & (table["top_percent"] == 10) & (table["target_percent"] == 20)
    wide = table[chosen & (table["direction"] == "ais_predicts_saliency")].pivot_table(
        index="image", columns="baseline", values="recall"
    )
    assert row["n_images"] == 3 and row["statistic"] == "mean"
    assert row["value"] == pytest.approx(wide["activations"].mean())
    assert row["difference"] == pytest.approx((wide["observed"] - wide["activations"]).mean())
    assert row["lower"] <= row["value"] <= row["upper"] and row["difference_lower"] <= row["difference_upper"]
    risks = summary[summary["measure"] == "relative_risk"]
    assert set(risks["top_percent"]) == {5, 10} and set(risks["statistic"]) == {"median"}
    observed = table.query(
        "top_percent == 5 and target_percent == 5 and baseline == 'observed' and direction == 'ais_predicts_saliency'"
    )
    everything = risks[(risks["category"] == "all images") & (risks["top_percent"] == 5)]
    found = everything.query("baseline == 'observed' and direction == 'ais_predicts_saliency'")
    assert found["value"].item() == pytest.approx(observed["relative_risk"].median())
    again = overlap_summary.summarise(table, scores, categories, [5, 10], 100, 1)
    pd.testing.assert_frame_equal(summary, again)
    assert not overlap_summary.summarise(table, scores, categories, [5, 10], 100, 2)["lower"].equals(summary["lower"])
