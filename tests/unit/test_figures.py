from collections.abc import Callable
from pathlib import Path
from typing import Any

import image_sets
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.patches import Rectangle, StepPatch
from matplotlib.text import Text
from PIL import Image

from alignment_importance.maps.heatmaps import place_image
from alignment_importance.report.figures import style
from alignment_importance.report.figures.control import draw_control
from alignment_importance.report.figures.heatmaps import draw_heatmaps, limits_of
from alignment_importance.report.figures.importance import draw_importance
from alignment_importance.report.figures.paper import draw_bars, draw_fold_curves
from alignment_importance.report.figures.prediction import draw_curves, draw_prediction
from alignment_importance.report.overlays import overlay, shared_limits
from alignment_importance.system.errors import InputError
from benchmarks.figure import draw_speed

RANDOM = "random weights (seed 1)"
MADE_OF: dict[str, Any] = {"weights": RANDOM, "arithmetic": "float32", "ablation": "zero", "simulated": True}
PHOTOGRAPH = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def luminance(rgb: np.ndarray) -> np.ndarray:
    return rgb @ np.array([0.299, 0.587, 0.114])


# --- overlays ---


def test_where_the_heatmap_is_lowest_the_photograph_only_loses_colour() -> None:
    flat = overlay(PHOTOGRAPH, np.full((20, 30), 3.0))
    np.testing.assert_allclose(flat, 0.35 * PHOTOGRAPH + 0.65 * luminance(PHOTOGRAPH)[..., None], atol=0.51)
    ramp = np.tile(np.arange(30.0), (20, 1))
    np.testing.assert_array_equal(overlay(PHOTOGRAPH, ramp)[:, 0], flat[:, 0])


def test_the_strongest_pixel_by_hand() -> None:
    black = np.zeros((1, 3, 3), dtype=np.uint8)
    covered = overlay(black, np.array([[0.0, 5.0, 10.0]]))
    # Three quarters of the last colour of inferno, (252, 255, 164).
    np.testing.assert_allclose(covered[0, 2], [189, 191, 123], atol=1)
    assert covered[0, 0].tolist() == [0, 0, 0]
    assert covered[0, 0].sum() < covered[0, 1].sum() < covered[0, 2].sum()


def test_an_overlay_depends_on_the_order_and_spacing_of_the_values_alone() -> None:
    placed = np.random.default_rng(1).random((20, 30))
    np.testing.assert_array_equal(overlay(PHOTOGRAPH, placed), overlay(PHOTOGRAPH, 1000 * placed - 7))


def test_the_photograph_shows_through_the_heatmap() -> None:
    covered = overlay(PHOTOGRAPH, np.random.default_rng(1).random((20, 30)))
    assert np.corrcoef(luminance(covered).ravel(), luminance(PHOTOGRAPH).ravel())[0, 1] > 0.7


def test_unseen_pixels_are_faded_and_change_nothing_else() -> None:
    placed = np.random.default_rng(1).random((20, 30))
    cropped = np.where(np.arange(30) < 25, placed, np.nan)
    cropped[0, 0], cropped[0, 1] = placed[0, 0], placed[0, 1] = -1, 2  # the same range
    before, after = overlay(PHOTOGRAPH, placed), overlay(PHOTOGRAPH, cropped)
    np.testing.assert_array_equal(after[:, :25], before[:, :25])
    assert after[:, 25:].min() >= 0.6 * 255 - 1


def test_an_image_without_heatmap_is_crossed_out() -> None:
    crossed = overlay(PHOTOGRAPH, np.full((20, 30), np.nan))
    flat = overlay(PHOTOGRAPH, np.zeros((20, 30)))
    changed = (crossed != flat).any(axis=2)
    assert changed[0, 0] and changed[0, -1] and changed[-1, 0] and changed[-1, -1] and changed[9:11, 14:16].all()
    assert not changed[10, :8].any() and crossed.shape == PHOTOGRAPH.shape
    assert overlay(PHOTOGRAPH[:1, :1], np.full((1, 1), np.nan)).shape == (1, 1, 3)


def test_an_overlay_on_a_shared_scale_by_hand() -> None:
    black = np.zeros((1, 2, 3), dtype=np.uint8)
    weak = overlay(black, np.array([[2.0, 4.0]]), limits=(0.0, 8.0))
    whole = overlay(np.zeros((1, 9, 3), dtype=np.uint8), np.arange(9.0)[None])
    np.testing.assert_array_equal(weak[0], whole[0, [2, 4]])
    # Values outside the limits have the first or the last colour.
    beyond = overlay(black, np.array([[-5.0, 50.0]]), limits=(0.0, 8.0))
    np.testing.assert_array_equal(beyond[0], whole[0, [0, 8]])


def test_a_scale_is_shared_where_the_page_says_so() -> None:
    values = np.array([[[1.0, 5.0]], [[-2.0, 3.0]], [[np.nan, np.nan]]])
    maps = xr.Dataset({"heatmap": (("image", "y", "x"), values)})
    assert shared_limits(maps, "image") is None
    assert shared_limits(maps, "set") == (-2.0, 5.0)
    assert shared_limits(maps.isel(image=[2]), "set") is None
    assert limits_of(maps) is None
    with style.page({"heatmap_scale": "set"}):
        assert limits_of(maps) == (-2.0, 5.0)


# --- figures ---


def summary(score: str = "pearson_r2") -> pd.DataFrame:
    rows = [
        {
            "comparison": comparison,
            "model": model,
            **MADE_OF,
            "weights": RANDOM if model == "other$_net$" else "ImageNet",
            "simulated": comparison == "b",
            "score": score,
            "n_folds": 4,
            "k_retained_mean": 12.4,
            "test_full_mean": 0.2,
            "test_full_sd": 0.1,
            "test_retained_mean": 0.3,
            "test_retained_sd": np.nan,
            "difference_mean": 0.1,
            "p_paired": 0.0001,
            "p_corrected": np.nan,
        }
        for model in ("net", "other$_net$")
        for comparison in ("a", "b")
    ]
    return pd.DataFrame(rows)


def fold_table() -> pd.DataFrame:
    values = {"test_full": [0.1, 0.2, np.nan, 0.3], "test_retained": [0.2, 0.3, 0.4, 0.5], "k_retained": [2, 3, 3, 5]}
    tables = [
        pd.DataFrame(values).assign(comparison=comparison, model=model)
        for comparison in ("a", "b")
        for model in ("net", "other$_net$")
    ]
    return pd.concat(tables, ignore_index=True).assign(**MADE_OF)


def curve_table() -> pd.DataFrame:
    k = np.tile(np.arange(1, 7), 4)
    return pd.DataFrame({"k": k, "train_score": np.where(k == 1, np.nan, k / 10), "test_score": k / 20})


def ranking_table() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    folds = [(seed, fold, at) for seed in ("seed-1", "seed-2") for fold in (1, 2) for at in range(8)]
    return pd.DataFrame(folds, columns=["seed", "fold", "feature_map"]).assign(ais=rng.normal(size=32))


IDS = ["$x$ 1", "é.b", "a very long name of an image indeed", "d"]


@pytest.fixture
def pictures(tmp_path: Path) -> pd.DataFrame:
    (tmp_path / "images").mkdir()
    for at, image in enumerate(IDS):
        Image.fromarray(np.roll(PHOTOGRAPH, at, axis=1)).save(tmp_path / "images" / f"{image}.png")
    return image_sets.tabulate(tmp_path / "images")


def heatmaps(simulated: bool) -> xr.Dataset:
    values = np.random.default_rng(4).random((4, 3, 3)).astype("f4")
    values[1] = np.nan
    return xr.Dataset(
        {"heatmap": (("image", "y", "x"), values)},
        coords={"image": IDS, "width": ("image", [30] * 4), "height": ("image", [20] * 4)},
        attrs={"resize": "crop", **MADE_OF, "simulated": int(simulated)},
    )


def control_table() -> pd.DataFrame:
    grid = pd.MultiIndex.from_product([["a", "b"], IDS, ["ais", "activations"]], names=["comparison", "image", "map"])
    return grid.to_frame(index=False).assign(auc=np.linspace(0, 1, 16))


FIGURES: dict[str, Callable[[pd.DataFrame], Figure]] = {
    "prediction": lambda _: draw_prediction(summary(), fold_table()),
    "curves": lambda _: draw_curves(curve_table(), fold_table(), "a", "net", "pearson_r2"),
    "importance": lambda _: draw_importance(
        ranking_table(),
        pd.DataFrame({"feature_map": range(8), "ais": [2e-5, 0, 0, -1e-6, 1e-6, 0, 0, 0]}).assign(**MADE_OF),
        "a",
        "net",
        "pearson_r2",
    ),
    "heatmaps": lambda pictures: draw_heatmaps(
        heatmaps(True), xr.DataArray([0.1, np.nan, -0.3, 0.2], coords={"image": IDS}), pictures, "a", "net"
    ),
    "control": lambda pictures: draw_control(
        control_table(), {"a": heatmaps(True), "b": heatmaps(False)}, pictures, ["cat", "dog"], "net"
    ),
}


def number_of_points(axes: Axes) -> list[int]:
    return [len(np.asarray(one.get_offsets())) for one in axes.collections if isinstance(one, PathCollection)]


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("name", FIGURES)
def test_figures_save_the_same_bytes_twice_and_leave_the_style_alone(
    name: str, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    before = mpl.rcParams.copy()
    for stem in ("one", "two"):
        with style.page({"pdf": True}):
            style.save(FIGURES[name](pictures), tmp_path / f"{stem}.png")
    assert mpl.rcParams == before
    for ending in ("png", "pdf"):
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()
    pdf = (tmp_path / "one.pdf").read_bytes()
    assert b"CreationDate" not in pdf and b"/Type3" not in pdf
    with Image.open(tmp_path / "one.png") as png:
        assert png.width >= 1400


@pytest.mark.parametrize("name", FIGURES)
def test_figures_say_what_is_simulated_and_random(name: str, pictures: pd.DataFrame) -> None:
    shown = texts(FIGURES[name](pictures))
    assert "simulated observers" in shown and RANDOM in shown


def test_figures_of_real_data_claim_nothing_else(pictures: pd.DataFrame) -> None:
    real = heatmaps(False).assign_attrs(weights="ImageNet")
    shown = texts(draw_control(control_table(), {"a": real, "b": real}, pictures, ["cat", "dog"], "net"))
    assert "simulated" not in shown and "random" not in shown
    table = fold_table().assign(simulated=False, weights="ImageNet")
    shown = texts(draw_curves(curve_table(), table, "a", "net", "spearman"))
    assert "simulated" not in shown and "random" not in shown


@pytest.mark.parametrize(
    ("score", "label"), [("pearson_r2", "R²"), ("pearson", "Pearson r"), ("spearman", "Spearman ρ")]
)
def test_the_axis_is_that_of_the_score(score: str, label: str) -> None:
    assert f"({label})" in texts(draw_prediction(summary(score), fold_table()))
    assert f"({label})" in texts(draw_curves(curve_table(), fold_table(), "a", "net", score))


def test_prediction_shows_means_folds_and_tests() -> None:
    figure = draw_prediction(summary(), fold_table())
    assert len(figure.axes) == 2
    heights = sorted({round(bar.get_height(), 3) for bar in figure.axes[0].patches})  # type: ignore[attr-defined]
    assert heights == [0.2, 0.3]
    assert number_of_points(figure.axes[0]).count(4) == 4
    shown = texts(figure)
    assert "12 maps retained" in shown and "corrected p undefined" in shown and "other$_net$" in shown


@pytest.mark.parametrize("width", [120, 174])
def test_titles_of_panels_stay_on_the_page(width: int) -> None:
    made_of = {"weights": RANDOM, "arithmetic": "bfloat16, images resized in float", "ablation": "mean"}
    with style.page({"two_columns_mm": width}):
        figure = draw_prediction(summary().assign(**made_of), fold_table())
        style.lay_out(figure)
    titles = [text for text in figure.findobj(Text) if "replaced by their means" in text.get_text().replace("\n", " ")]
    assert len(titles) == 2
    assert all(title.get_window_extent().x1 <= figure.bbox.x1 for title in titles)


def test_curves_show_the_mean_and_the_retained_number() -> None:
    figure = draw_curves(curve_table(), fold_table(), "a", "net", "pearson_r2")
    lines = {line.get_label(): np.asarray(line.get_ydata(), dtype=float) for line in figure.axes[0].lines}
    assert lines["test"] == pytest.approx(np.arange(1, 7) / 20)
    assert lines["test, all maps"] == pytest.approx([0.3, 0.3])
    assert "retained: 3 maps on average" in texts(figure)
    long = draw_curves(curve_table(), fold_table(), "a" * 30, "a network with a long name", "pearson_r2")
    long.draw_without_rendering()
    [legend] = (each.get_window_extent() for each in long.findobj(Legend))
    heading = long.texts[0].get_window_extent()
    assert long.texts[0].get_text().startswith("Alignment of the k")
    assert not heading.overlaps(legend) and max(heading.x1, legend.x1) <= long.bbox.x1


@pytest.mark.parametrize("unit", ["images", "pairs (leaky)"])
def test_scores_of_split_pairs_are_called_leaky(unit: str) -> None:
    table, rows = fold_table().assign(unit=unit), summary().assign(unit=unit)
    for figure in (
        draw_prediction(rows, table),
        draw_curves(curve_table(), table, "a", "net", "pearson_r2"),
        draw_bars(rows),
        draw_fold_curves({"a": curve_table().assign(seed=1, fold=1)}, {"a": table}, "net", "pearson_r2"),
    ):
        said = " ".join(texts(figure).split())
        assert ("every image stands on both sides of the split" in said) == (unit != "images")


def test_importance_counts_the_maps() -> None:
    shown = texts(FIGURES["importance"](pd.DataFrame()))
    assert "help: 2" in shown and "hinder: 1" in shown and "change nothing: 5" in shown


def test_importance_has_a_bar_as_wide_as_the_others_for_every_map() -> None:
    figure = FIGURES["importance"](pd.DataFrame())
    helping, hindering = (patch for patch in figure.axes[0].patches if isinstance(patch, StepPatch))
    for bars, drawn in ((helping, {1: 2e-5, 2: 1e-6}), (hindering, {8: -1e-6})):
        values, edges, _ = bars.get_data()
        assert edges.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]
        assert {rank: value for rank, value in enumerate(values, start=1) if not np.isnan(value)} == drawn


@pytest.mark.parametrize("sign", [1, -1])
def test_bars_of_a_few_maps_that_all_help_or_all_hinder_end_below_the_legend(sign: int) -> None:
    rankings = pd.DataFrame({"seed": "s", "fold": 1, "feature_map": range(3), "ais": [3.0, 2.5, 2.0]})
    rankings["ais"] *= sign
    figure = draw_importance(rankings, rankings.assign(**MADE_OF), "a", "net", "pearson_r2")
    panel, legend = figure.axes[0], figure.axes[0].get_legend()
    assert legend is not None
    _, highest = panel.transData.transform((0, max(0, 3 * sign)))
    assert legend.get_window_extent().y0 > highest


def test_bars_of_folds_that_agree_alike_are_wide_enough_to_be_seen() -> None:
    scores = {1: [1, 2, 3, 4, 5], 2: [1, 2, 3, 5, 4], 3: [1, 2, 4, 3, 5]}  # rho 0.9, 0.9 and 0.8
    rows = [("s", fold, at, ais) for fold, all_ais in scores.items() for at, ais in enumerate(all_ais)]
    rankings = pd.DataFrame(rows, columns=["seed", "fold", "feature_map", "ais"])
    everything = rankings.query("fold == 1").assign(**MADE_OF)
    figure = draw_importance(rankings, everything, "a", "net", "pearson_r2")
    widths = [bar.get_width() for bar in figure.axes[1].patches if isinstance(bar, Rectangle)]
    assert widths == pytest.approx([1 / 40] * 40)
    assert "of one seed: median 0.90" in texts(figure) and "different seeds" not in texts(figure)


def test_importance_without_agreement_to_show(tmp_path: Path) -> None:
    folds = ranking_table().query("seed == 'seed-1'")
    everything = folds.query("fold == 1")[["feature_map", "ais"]].assign(ais=0.0, **MADE_OF)
    one, constant = folds.query("fold == 1"), folds.assign(ais=folds["ais"].where(folds["fold"] == 1, 0.0))
    for rankings in (one, constant):
        figure = draw_importance(rankings, everything, "a", "net", "pearson_r2")
        style.save(figure, tmp_path / "one.png")
        assert "change nothing: 8" in texts(figure) and "median" not in texts(figure)


def test_heatmaps_goes_from_the_best_to_the_worst_image(pictures: pd.DataFrame) -> None:
    figure = FIGURES["heatmaps"](pictures)
    titles = [text.get_text() for text in figure.axes[0].texts if ", r " in text.get_text()]
    assert titles == ["d, r = 0.20", "$x$ 1, r = 0.10", "a very long n…indeed, r = −0.30", "é.b, r undefined"]
    assert "All 4 images, from the best to the worst aligned." in " ".join(texts(figure).split())


def bars_of(figure: Figure) -> list[Axes]:
    return [panel for panel in figure.axes if panel.get_label() == "<colorbar>"]


@pytest.mark.parametrize("categories", [False, True])
def test_heatmaps_on_one_scale_have_a_colour_bar_and_their_place_on_it(
    pictures: pd.DataFrame, categories: bool
) -> None:
    table = pictures.assign(category=["a", "b", "a", "b"]) if categories else pictures
    maps, alignment = heatmaps(True), xr.DataArray([0.4, 0.3, 0.2, 0.1], dims="image", coords={"image": IDS})
    maps["heatmap"][0] /= 10
    own = draw_heatmaps(maps, alignment, table, "a", "net")
    assert not bars_of(own)
    assert "each over its own range" in " ".join(texts(own).split())
    with style.page({"heatmap_scale": "set"}):
        limits = limits_of(maps)
        figure = draw_heatmaps(maps, alignment, table, "a", "net")
    assert limits is not None
    [bar] = bars_of(figure)
    assert bar.get_ylim() == pytest.approx(limits)
    assert bar.get_ylabel().split() == ["activation,", "weighted", "by", "AIS"]
    style.lay_out(figure)
    assert bar.yaxis.label.get_window_extent().height <= 1.5 * bar.get_window_extent().height
    assert "one scale for all images" in " ".join(texts(figure).split())
    # The weakest heatmap is drawn on the shared scale, not over its own range.
    placed = place_image(maps, "heatmap", IDS[0])
    expected = overlay(image_sets.read_image(pictures["file"][0]), placed, limits)
    drawn = [np.asarray(picture.get_array()) for panel in figure.axes for picture in panel.get_images()]
    assert any(picture.shape == expected.shape and (picture == expected).all() for picture in drawn)


def test_control_on_one_scale_has_a_bar_for_each_comparison_and_aligned_rows(pictures: pd.DataFrame) -> None:
    with style.page({"heatmap_scale": "set"}):
        figure = FIGURES["control"](pictures)
    assert len(bars_of(figure)) == 3
    figure.draw_without_rendering()
    rows = [panel for panel in figure.axes if panel.get_images()]
    assert [len(panel.get_images()) for panel in rows] == [4, 4, 4]
    assert len({round(panel.get_position().x0, 2) for panel in rows}) == 1
    assert len({round(panel.get_position().width, 2) for panel in rows}) == 1


def test_heatmaps_refuses_a_changed_image(pictures: pd.DataFrame) -> None:
    Image.fromarray(PHOTOGRAPH[::-1]).save(pictures["file"][0])
    with pytest.raises(InputError, match="changed"):
        FIGURES["heatmaps"](pictures)


def test_control_shows_the_activations_once(pictures: pd.DataFrame) -> None:
    figure = FIGURES["control"](pictures)
    areas = figure.axes[-1]
    assert [label.get_text() for label in areas.get_yticklabels()] == ["a", "b", "activations\nwithout AIS"]
    assert number_of_points(areas) == [4, 4, 4]
    labels = [label.get_text() for label in areas.get_xticklabels()]
    assert labels == ["0\n(dog)", "0.5", "1\n(cat)"]


def test_speed_shows_a_bar_for_each_other_way_and_a_line_for_each_work() -> None:
    summary = pd.DataFrame(
        {
            "network": ["vgg16", "pooled", "pooled", "pooled"],
            "work": ["leave_one_out", "leave_one_out", "leave_one_out", "curves"],
            "against": ["captum", "nothing", "nothing", "nothing"],
            "n_images": [92, 92, 184, 92],
            "ours_seconds": [1.0, 0.1, 0.4, 0.5],
            "other_seconds": [20.0, np.nan, np.nan, np.nan],
            "ratio": [20.0, np.nan, np.nan, np.nan],
            "ours_peak_mb": [500.0, 300.0, 310.0, 300.0],
        }
    )
    figure = draw_speed(summary)
    ratios, times, memory = figure.axes
    assert texts(figure).count("20×") == 1
    assert [text.get_text() for text in ratios.get_yticklabels()] == ["vgg16, leave one out, 92 images, against captum"]
    assert [line.get_label() for line in times.get_lines()[:2]] == ["leave one out", "curves"]
    assert list(np.asarray(memory.get_lines()[0].get_ydata())) == [300, 310]
