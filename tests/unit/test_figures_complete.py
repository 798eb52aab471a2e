"""What figures say about what they leave out, lack or cannot draw."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import image_sets
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from alignment_importance.maps.overlap import summary, tables
from alignment_importance.report import palette
from alignment_importance.report.captions import FIGURES
from alignment_importance.report.figures import style
from alignment_importance.report.figures.control import draw_control
from alignment_importance.report.figures.explained_pairs import draw_explained_pairs
from alignment_importance.report.figures.heatmaps import draw_heatmaps
from alignment_importance.report.figures.importance import draw_importance
from alignment_importance.report.figures.interactions import draw_elimination
from alignment_importance.report.figures.networks import draw_agreement, draw_networks, draw_spread
from alignment_importance.report.figures.overlap import draw_overlap, draw_overlap_categories, draw_overlap_grid
from alignment_importance.report.figures.paper import draw_bars, draw_fold_curves
from alignment_importance.report.figures.patches import draw_patches
from alignment_importance.report.figures.prediction import draw_curves, draw_prediction
from alignment_importance.report.figures.rsms import draw_rsms
from alignment_importance.report.gallery.pictures import CONTOURS

MADE_OF: dict[str, Any] = {"weights": "ImageNet", "arithmetic": "float32", "ablation": "zero", "simulated": False}


def words(figure: Figure) -> str:
    """All texts of a figure on one line; the figure is drawn first, since ticks get their labels only then."""
    figure.draw_without_rendering()
    return " ".join(" ".join(text.get_text() for text in figure.findobj(Text)).split())


# --- numbers ---


@pytest.mark.parametrize(
    ("value", "form", "written"),
    [
        (-0.001, ".2f", "0.00"),
        (-0.0, ".3f", "0.000"),
        (-0.006, ".2f", "−0.01"),
        (1.005, ".1f", "1.0"),
        (-0.0001, "+.3f", "+0.000"),
        (np.nan, ".2f", "undefined"),
        (np.inf, ".1f", "∞"),
        (-0.00012, ".1e", "−1.2e−04"),
    ],
)
def test_numbers_have_a_minus_sign_unless_they_are_zero(value: float, form: str, written: str) -> None:
    assert style.number(value, form) == written


def test_what_is_undefined_is_called_so() -> None:
    assert (style.said("r", 0.5, ".2f"), style.said("r", np.nan, ".2f")) == ("r = 0.50", "r undefined")
    assert [style.p_value(p) for p in (0.04, 1e-9, np.nan)] == ["p = 0.040", "p < 0.001", "p undefined"]
    assert style.interval(-0.004, 0.5) == " [0.00, 0.50]" and style.interval(np.nan, np.nan) == ""


# --- figures that show some of the images ---


@pytest.fixture
def listed(tmp_path: Path) -> Callable[[int], pd.DataFrame]:
    """A function that makes n images of 6 x 4 pixels, i00, i01 and so on, and lists them."""

    def make(n: int) -> pd.DataFrame:
        (tmp_path / "images").mkdir()
        rng = np.random.default_rng(1)
        for at in range(n):
            Image.fromarray(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8)).save(tmp_path / f"images/i{at:02d}.png")
        return image_sets.tabulate(tmp_path / "images")

    return make


def heatmaps(ids: Sequence[str], missing: Sequence[str] = ()) -> xr.Dataset:
    values = np.random.default_rng(2).random((len(ids), 2, 3))
    values[np.isin(list(ids), list(missing))] = np.nan
    return xr.Dataset(
        {"heatmap": (("image", "y", "x"), values)},
        coords={"image": list(ids), "width": ("image", [6] * len(ids)), "height": ("image", [4] * len(ids))},
        attrs={"resize": "whole", **MADE_OF},
    )


def aligned(ids: Sequence[str]) -> xr.DataArray:
    """(image,) alignment, from the highest for the first image to the lowest for the last."""
    return xr.DataArray(np.linspace(0.9, -0.1, len(ids)), coords={"image": list(ids)})


def named_in(figure: Figure) -> list[str]:
    return [text.get_text().split(",")[0] for text in figure.findobj(Text) if ", r" in text.get_text()[:8]]


def test_heatmaps_say_how_many_images_they_show_and_which(listed: Callable[[int], pd.DataFrame]) -> None:
    table = listed(24)
    ids = table["image"].tolist()
    figure = draw_heatmaps(heatmaps(ids), aligned(ids), table, "c", "n")
    assert "12 of 24 images, from the best to the worst aligned." in words(figure)
    shown = named_in(figure)
    assert len(shown) == 12 and shown == sorted(shown) and (shown[0], shown[-1]) == ("i00", "i23")
    halves = table.assign(category=["a"] * 20 + ["b"] * 3 + [np.nan])
    figure = draw_heatmaps(heatmaps(ids), aligned(ids), halves, "c", "n")
    assert "7 of 24 images of all 2 categories; of each from the best to the worst aligned." in words(figure)
    assert named_in(figure) == ["i00", "i06", "i13", "i19", "i20", "i21", "i22"]
    many = table.assign(category=[f"{at:02d}" for at in range(24)])
    assert "10 of 24 images of 10 of 24 categories" in words(draw_heatmaps(heatmaps(ids), aligned(ids), many, "c", "n"))


def test_images_begin_below_the_heading_with_and_without_a_colour_bar(listed: Callable[[int], pd.DataFrame]) -> None:
    table = listed(20)
    ids = table["image"].tolist()
    tops = []
    for scale in ("image", "set"):
        with style.page({"heatmap_scale": scale}):
            figure = draw_heatmaps(heatmaps(ids), aligned(ids), table.assign(category=ids), "c", "n")
        style.lay_out(figure)
        figure.draw_without_rendering()
        tops.append(figure.texts[0].get_window_extent().y0 - figure.axes[0].get_window_extent().y1)
    assert tops[1] == pytest.approx(tops[0], abs=2)  # pixels


def test_crosses_are_explained_where_there_are_some(listed: Callable[[int], pd.DataFrame]) -> None:
    table = listed(30)
    ids = table["image"].tolist()
    for missing, expected in (([], False), ([ids[1]], False), ([ids[0]], True)):  # the second image is not shown
        figure = draw_heatmaps(heatmaps(ids, missing), aligned(ids), table, "c", "n")
        assert ("crossed out" in words(figure)) == expected


def test_a_control_says_which_images_it_shows(listed: Callable[[int], pd.DataFrame]) -> None:
    table = listed(9)
    ids = table["image"].tolist()
    areas = pd.DataFrame(
        list(itertools.product(["c"], ids, ["ais", "activations"])), columns=["comparison", "image", "map"]
    )
    figure = draw_control(areas.assign(auc=np.nan), {"c": heatmaps(ids)}, table, ["cat", "dog"], "n")
    assert "5 of 9 images, evenly chosen by name." in words(figure)
    assert words(figure).count("undefined") == 2  # of the comparison and of the activations


@pytest.mark.parametrize(
    ("names", "said"),
    [(["c"], "Heatmaps under observers n"), (["c", "d"], "Heatmaps under different observers same images, same")],
)
def test_a_control_of_one_comparison_speaks_of_no_others(
    listed: Callable[[int], pd.DataFrame], names: list[str], said: str
) -> None:
    table = listed(3)
    ids = table["image"].tolist()
    areas = pd.DataFrame(
        list(itertools.product(names, ids, ["ais", "activations"])), columns=["comparison", "image", "map"]
    )
    maps = {name: heatmaps(ids).assign_attrs(simulated=0) for name in names}
    assert said in words(draw_control(areas.assign(auc=0.5), maps, table, ["cat", "dog"], "n"))


@pytest.mark.parametrize("width", [120, 174])
@pytest.mark.parametrize("draw", ["heatmaps", "grid", "patches"])
def test_long_names_of_images_stay_apart(listed: Callable[[int], pd.DataFrame], draw: str, width: int) -> None:
    ids = [f"IMG_WITH_{at}_AND_A_LONG_NAME" for at in range(8)]
    table = listed(8).assign(image=ids)
    patches = pd.DataFrame({"feature_map": 1, "rank": 1, "ais": 0.1, "image": ids[:5], "activation": 1.0})
    patches = patches.assign(left=0, top=0, right=3, bottom=3)
    with style.page({"two_columns_mm": width}):
        figure = {
            "heatmaps": lambda: draw_heatmaps(heatmaps(ids), aligned(ids), table, "c", "n"),
            "grid": lambda: grid(table, range(8)),
            "patches": lambda: draw_patches(pd.concat([patches, patches.assign(rank=2)]), table, "c", "n", MADE_OF),
        }[draw]()
        style.lay_out(figure)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text().startswith("IMG_")]
    assert len(boxes) >= 6 and not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


# --- pairs ---


@pytest.mark.parametrize("silent", [False, True])
def test_explained_pairs_say_why_a_place_is_empty(listed: Callable[[int], pd.DataFrame], silent: bool) -> None:
    values = np.random.default_rng(2).random((1, 2, 2, 3))
    similar = dict.fromkeys(("human", "similarity", "similarity_retained"), ("pair", [0.5]))
    explained = xr.Dataset(
        {"heatmap": (("pair", "side", "y", "x"), values), "contribution": (("pair", "feature_map"), [[0.1, 0.2]])},
        coords={"image": ("pair", ["i00"]), "image_b": ("pair", ["i01"])},
        attrs={"resize": "whole", "ranks": 0, "n_judged": 3, **MADE_OF},
    ).assign(similar)
    squares: list[tuple[int, int, int, int] | None] = [(0, 0, 3, 3), None if silent else (1, 1, 4, 4)]
    figure = draw_explained_pairs(explained, lambda _image, _maps: squares, listed(2), "c", "n")
    assert ("left out where a map is nowhere above zero" in words(figure)) == silent


# --- saliency ---


def overlaps(ids: Sequence[str], risks: Sequence[float]) -> pd.DataFrame:
    rows = [(image, risk, size) for image, risk in zip(ids, risks, strict=True) for size in (10, 20, 30)]
    table = pd.DataFrame(rows, columns=["image", "relative_risk", "top_percent"])
    return table.assign(target_percent=table["top_percent"], baseline="observed", direction="saliency_predicts_ais")


def grid(table: pd.DataFrame, risks: Sequence[float], name: str = "gaze") -> Figure:
    ids = table["image"].tolist()
    maps = heatmaps(ids)
    values = np.random.default_rng(3).random((len(ids), 4, 6)).astype("f4")
    salience = xr.Dataset({"saliency": (("image", "y", "x"), values)}, coords=maps.coords)
    return draw_overlap_grid(maps, {name: salience}, {name: overlaps(ids, risks)}, table, [10, 20, 30], "c", "n")


def test_the_grid_says_how_many_images_it_shows_and_in_which_order(listed: Callable[[int], pd.DataFrame]) -> None:
    table = listed(9)
    figure = grid(table, [*range(8), np.nan])
    assert "6 of 9 images, from the highest to the lowest RR of gaze at 20 %." in words(figure)
    titles = [text.get_text() for text in figure.axes[0].texts if "\nRR" in text.get_text()]
    assert titles == [f"i{at:02d}\nRR {at}.0" for at in (7, 6, 4, 3, 1, 0)]
    undefined = grid(table, [np.nan] * 9)
    assert "the RR of gaze at 20 % is undefined" in words(undefined) and "RR undefined" in words(undefined)


def test_long_names_beside_the_rows_of_the_grid_stay_apart(listed: Callable[[int], pd.DataFrame]) -> None:
    figure = grid(listed(6), range(6), "a saliency model with a long name")
    style.lay_out(figure)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if "\nhighest" in text.get_text()]
    assert len(boxes) == 3 and not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))


def test_outlines_have_the_colours_of_their_meaning_in_figures_and_gallery(
    listed: Callable[[int], pd.DataFrame],
) -> None:
    figure = grid(listed(1), [1.0])
    drawn = {
        to_hex(to_rgba_array(lines.get_colors())[0]): len(lines.get_segments())
        for lines in figure.axes[0].collections
        if isinstance(lines, LineCollection)
    }
    assert list(drawn) == ["#ffffff", palette.HEATMAP, palette.SALIENCY]
    # The heatmap varies smoothly over the image, so that it has fewer outlines than the noise of the saliency map.
    assert drawn[palette.HEATMAP] < drawn[palette.SALIENCY]
    assert CONTOURS == {"heatmap": palette.HEATMAP, "saliency": palette.SALIENCY}
    said = FIGURES["overlap-grid"].reading
    names = {palette.BLUE: "Blue", palette.ORANGE: "orange"}
    assert f"{names[palette.HEATMAP]}: highest pixels of the heatmap; {names[palette.SALIENCY]}: as many of" in said


def summarised(value: float, categories: Sequence[str] = (summary.ALL_IMAGES,)) -> pd.DataFrame:
    """The same value for all measures, baselines and directions, as when the saliency map is a centre bias."""
    rows = itertools.product(
        categories, tables.BASELINES, tables.DIRECTIONS, ["precision", "recall", "relative_risk"], [10, 20, 50]
    )
    table = pd.DataFrame(rows, columns=["category", "baseline", "direction", "measure", "top_percent"])
    return table.assign(
        target_percent=table["top_percent"].where(table["measure"] == "relative_risk", 20),
        value=value,
        lower=value,
        upper=value,
        n_images=2,
        saliency="centre",
        **MADE_OF,
    )


@pytest.mark.parametrize("draw", [draw_overlap, draw_overlap_categories])
def test_curves_that_coincide_are_all_seen(draw: Callable[[pd.DataFrame, str, str], Figure]) -> None:
    figure = draw(summarised(0.5, [summary.ALL_IMAGES, "a", "b"]), "c", "n")
    for panel in figure.axes[:2]:
        by_colour = {line.get_color(): line for line in panel.lines if line.get_color() in palette.COLOURS}
        assert list(by_colour) == [palette.OBSERVED, palette.OTHER_IMAGES, palette.CENTRE_BIAS, palette.ACTIVATIONS]
        # Those drawn later are thinner by more than a printed dot.
        widths = np.array([line.get_linewidth() for line in by_colour.values()])
        assert (np.diff(widths) <= -72 / 300).all()
        assert len({line.get_zorder() for line in by_colour.values()}) == 1


@pytest.mark.parametrize("draw", [draw_overlap, draw_overlap_categories])
def test_curves_of_a_single_size_of_masks_can_be_seen(draw: Callable[[pd.DataFrame, str, str], Figure]) -> None:
    table = summarised(0.5, [summary.ALL_IMAGES, "a"])
    figure = draw(table[table["top_percent"] == 10], "c", "n")
    for panel in figure.axes[:2]:
        [observed, *_] = [line for line in panel.lines if line.get_color() == palette.OBSERVED]
        np.testing.assert_allclose(np.asarray(observed.get_xdata(), dtype=float)[:2], np.array([9.5, 10.5]))
        assert panel.get_xlim() == (0, 10.5)


def test_every_block_of_categories_has_numbers_on_its_axis() -> None:
    table = pd.concat([summarised(0.5, ["a"]).assign(saliency=name) for name in ("first", "second", "third")])
    figure = draw_overlap_categories(table, "c", "n")
    shown = [panel for panel in figure.axes if panel.get_visible()]
    assert len(shown) == 6
    assert all(any(label.get_visible() for label in panel.get_xticklabels()) for panel in shown)


def test_relative_risks_of_all_saliency_maps_lie_within_their_axes() -> None:
    low, high = summarised(0.5), summarised(4).assign(saliency="gaze")
    figure = draw_overlap(pd.concat([low, high], ignore_index=True), "c", "n")
    risks = [panel for panel in figure.axes if panel.get_ylabel() == "relative risk"]
    assert len(risks) == 2
    for panel in risks:
        bottom, top = panel.get_ylim()
        assert bottom == 0 and top > 4


def test_overlap_without_any_score_has_no_empty_axes() -> None:
    figure = draw_overlap(summarised(np.nan), "c", "n")
    assert not any(panel.axison for panel in figure.axes)
    assert all(f"{measure}: undefined" in words(figure) for measure in ("precision", "recall", "relative risk"))
    rows = draw_overlap_categories(pd.concat([summarised(0.5), summarised(np.nan, ["a"])], ignore_index=True), "c", "n")
    assert words(rows).count("undefined") == 2  # precision and recall of the category


# --- predictions ---


def row(**more: Any) -> pd.DataFrame:
    scores = {"test_full_mean": 0.2, "test_retained_mean": 0.3, "difference_mean": 0.1, "k_retained_mean": 5.0}
    rest = {"comparison": "c", "model": "n", "score": "pearson_r2", "n_folds": 2, "p_corrected": 0.2}
    return pd.DataFrame([MADE_OF | rest | scores | more])


FOLDS = pd.DataFrame({"comparison": "c", "model": "n", "test_full": [0.1, 0.3], "test_retained": [0.2, 0.4]})


def test_comparisons_are_spread_evenly_over_rows_of_three_at_most() -> None:
    for number, expected in ((3, [3]), (4, [2, 2]), (5, [3, 2]), (7, [3, 2, 2])):
        rows = pd.concat([row(comparison=f"c{at}") for at in range(number)], ignore_index=True)
        assert [len(panel.get_xticks()) for panel in draw_prediction(rows, FOLDS).axes] == expected


def test_prediction_explains_what_is_drawn_and_nothing_else() -> None:
    few = words(draw_prediction(row(), FOLDS))
    for absent in ("Ceiling", "Band", "whiskers", "Holm", "Permutation", "effect size", "interval"):
        assert absent not in few, absent
    assert "points: single folds. Δ: retained less all, mean over folds. Corrected p" in few
    ceilings = {f"noise_ceiling_{name}_mean": 0.5 for name in ("lower", "upper", "of_mean")}
    bounds = {f"test_full_boot_{side}": 0.1 for side in ("low", "high")}
    tests = {
        "difference_low": 0.02,
        "difference_high": 0.18,
        "p_corrected_holm": 0.4,
        "p_permutation_difference": 0.1,
        "effect_size": 1.0,
    }
    more = words(draw_prediction(row(**ceilings, **bounds, **tests), FOLDS))
    for present in ("Ceiling", "Band", "whiskers", "Holm", "Permutation p", "effect size", "corrected test"):
        assert present in more, present
    assert "Δ = 0.100 [0.020, 0.180]" in more
    mean_alone = words(draw_prediction(row(noise_ceiling_of_mean_mean=0.5), FOLDS))
    assert "Ceiling" in mean_alone and "Band" not in mean_alone


def test_bars_explain_what_is_drawn_and_nothing_else() -> None:
    assert "ceiling" not in words(draw_bars(row())) and "whiskers" not in words(draw_bars(row()))
    both = pd.concat([row(), row(comparison="d", noise_ceiling_of_mean_mean=0.5, test_full_boot_low=0.1)])
    shown = words(draw_bars(both))
    assert "Noise ceiling: highest score" in shown and "Without a line it is unknown." in shown and "whiskers" in shown


@pytest.mark.parametrize(
    "draw",
    [
        lambda of: draw_prediction(row(**of), FOLDS),
        lambda of: draw_prediction(row(k_retained_mean=np.nan, **of), FOLDS),
        lambda of: draw_bars(row(**of)),
        lambda of: draw_networks(described(**of), "pearson"),
        lambda of: draw_spread(
            undefined_spread().assign(**of), undefined_spread(), pd.DataFrame(columns=["quantity", "ks", "p"]), "c"
        ),
    ],
)
def test_units_are_never_called_maps(draw: Callable[[dict[str, str]], Figure]) -> None:
    assert "map" in words(draw({}))
    assert "map" not in words(draw({"weights": "units of clip.npy"}))


UNDEFINED = dict.fromkeys(
    ("test_full_mean", "test_retained_mean", "difference_mean", "k_retained_mean", "p_corrected"), np.nan
)


def test_a_prediction_without_scores_is_called_undefined() -> None:
    figure = draw_prediction(row(**UNDEFINED), FOLDS.assign(test_full=np.nan, test_retained=np.nan))
    shown = words(figure)
    assert "nan" not in shown
    assert "retained maps: undefined Δ undefined corrected p undefined" in shown
    assert "undefined" in [text.get_text() for text in figure.axes[0].texts]
    assert "nan" not in words(draw_bars(row(**UNDEFINED)))


def nan_curve() -> pd.DataFrame:
    folds = pd.DataFrame(list(itertools.product([1, 2], [1, 2, 3])), columns=["fold", "k"])
    return folds.assign(seed=1, train_score=np.nan, test_score=np.nan)


RETAINED = pd.DataFrame({"k_retained": [np.nan, np.nan], "test_retained": np.nan}).assign(**MADE_OF)
RANKINGS = pd.DataFrame({"seed": 1, "fold": 1, "feature_map": [0, 1], "ais": np.nan})


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_curves(nan_curve(), RETAINED, "c", "n", "pearson_r2"),
        lambda: draw_fold_curves({"c": nan_curve()}, {"c": RETAINED}, "n", "pearson_r2"),
        lambda: draw_importance(RANKINGS, RANKINGS.assign(**MADE_OF), "c", "n", "pearson_r2"),
        lambda: draw_elimination(
            nan_curve().assign(train_score_one_shot=np.nan, test_score_one_shot=np.nan, eliminated=True, **MADE_OF),
            "c", "n", "pearson_r2",
        ),
        lambda: draw_spread(undefined_spread(), undefined_spread(), pd.DataFrame(columns=["quantity", "ks", "p"]), "c"),
    ],
)  # fmt: skip
def test_figures_without_any_score_have_no_empty_axes(draw: Callable[[], Figure]) -> None:
    figure = draw()
    assert not any(panel.axison for panel in figure.axes if panel.get_visible())
    assert "undefined" in words(figure) and "nan" not in words(figure)


def undefined_spread() -> pd.DataFrame:
    quantities = ["mean_absolute_deviation", "gini", "ais_mean", "entropy"]
    return pd.DataFrame({name: [np.nan] * 2 for name in quantities}).assign(model="n", **MADE_OF)


def test_curves_where_no_fold_retains_a_number_say_so() -> None:
    curve = nan_curve().assign(test_score=0.5)
    shown = words(draw_curves(curve, RETAINED, "c", "n", "pearson_r2"))
    assert "retained maps: undefined" in shown and "nan" not in shown and "Random rankings" not in shown
    assert "Random rankings" in words(draw_curves(curve.assign(test_random=0.1), RETAINED, "c", "n", "pearson_r2"))


def described(**more: Any) -> pd.DataFrame:
    names = [f"{name}_{of}" for name in ("test_full", "test_retained", "share_retained") for of in ("mean", "sd")]
    return pd.DataFrame([{"comparison": "c", "model": "n", **MADE_OF, **dict.fromkeys(names, 0.5), **more}])


def test_a_network_without_scores_is_called_undefined() -> None:
    assert "undefined" in words(draw_networks(described(test_full_mean=np.nan, test_retained_mean=np.nan), "pearson"))
    assert "undefined" not in words(draw_networks(described(), "pearson"))


def test_networks_that_agree_on_no_image_have_no_empty_axes(listed: Callable[[int], pd.DataFrame]) -> None:
    table = listed(2)
    ids = table["image"].tolist()
    none = pd.DataFrame({"model": "n", "model_b": "m", "image": ids, "correlation": np.nan}).assign(**MADE_OF)
    figure = draw_agreement(
        none.assign(correlation_other_image=np.nan), {"n": heatmaps(ids), "m": heatmaps(ids)}, table, "c"
    )
    assert not any(panel.axison for panel in figure.axes) and "correlation of heatmaps (r): undefined" in words(figure)
    assert "undefined for all images" in words(figure) and "those with the highest" not in words(figure)


# --- intervals ---


def whiskers(panel: Axes, axis: int) -> list[float]:
    """The lowest and the highest end of all lines along an axis (0: x) that are drawn alone or as error bars."""
    alone = [one for one in panel.collections if isinstance(one, LineCollection)]
    bars = [bar for one in panel.containers if isinstance(one, ErrorbarContainer) for bar in one.lines[2]]
    ends = np.concatenate([np.concatenate(lines.get_segments())[:, axis] for lines in [*alone, *bars]])
    return [float(ends.min()), float(ends.max())]


def bands(panel: Axes) -> list[float]:
    """The lowest and the highest end of all bands."""
    drawn = [one for one in panel.collections if isinstance(one, PolyCollection)]
    ends = np.concatenate([np.asarray(path.vertices)[:, 1] for band in drawn for path in band.get_paths()])
    return [float(ends.min()), float(ends.max())]


@pytest.mark.parametrize(("score", "expected"), [("pearson_r2", [0.0, 1.0]), ("pearson", [-0.4, 1.0])])
def test_intervals_end_where_no_score_can_be(score: str, expected: list[float]) -> None:
    bounds = {"test_full_boot_low": -0.4, "test_full_boot_high": 1.2}
    table = row(score=score, **bounds)
    assert whiskers(draw_prediction(table, FOLDS).axes[0], 1) == pytest.approx(expected)
    assert whiskers(draw_bars(table).axes[0], 0) == pytest.approx(expected)
    networks = draw_networks(described(test_full_mean=0.4, test_full_sd=0.8), score)
    assert whiskers(networks.axes[0], 0) == pytest.approx(expected)
    # Mean 0.4, standard deviation 0.8.
    curve = pd.DataFrame({"seed": 1, "k": [1, 1, 1], "fold": [1, 2, 3], "train_score": [-0.4, 0.4, 1.2]})
    curve = pd.concat([curve, curve.assign(k=2)]).assign(test_score=0.4)
    retained = RETAINED.assign(k_retained=1.0)
    assert bands(draw_curves(curve, retained, "c", "n", score).axes[0]) == pytest.approx(expected)
    eliminated = curve.assign(train_score_one_shot=0.2, test_score_one_shot=0.2, eliminated=True, **MADE_OF)
    assert bands(draw_elimination(eliminated, "c", "n", score).axes[0]) == pytest.approx(expected)


# --- names ---


@pytest.mark.parametrize(("n", "named"), [(20, True), (21, False)])
def test_matrices_name_their_images_where_the_names_fit(n: int, named: bool) -> None:
    ids = [f"image {at:02d}" for at in range(n)]
    similar = np.full((n, n), np.nan)
    similar[0, 1] = similar[1, 0] = 1
    square = (("image", "image_b"), similar)
    matrices = xr.Dataset(
        dict.fromkeys(("people", "full", "retained"), square),
        coords={"image": ids[::-1], "image_b": ids[::-1]},
        attrs=MADE_OF | {"n_retained": 3.0},
    )
    table = pd.DataFrame({"image": ids, "category": ["a", "b"] * (n // 2) + ["a"] * (n % 2)})
    figure = draw_rsms(matrices, table, "c", "n")
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    # Where judgments are missing, images are sorted by category and name.
    assert shown == ([*ids[::2], *ids[1::2]] if named else [])
    if named:
        style.lay_out(figure)
        figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
        assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))
        assert all(box.x0 >= 0 for box in boxes)
