"""Figures of networks, comparisons and interactions: what is drawn is what the tables say."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import image_sets
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from alignment_importance.experiments import spread
from alignment_importance.report.figures import style
from alignment_importance.report.figures.interactions import draw_elimination, draw_pairs, draw_shapley
from alignment_importance.report.figures.networks import draw_agreement, draw_networks, draw_spread, draw_transfer
from alignment_importance.report.figures.patches import draw_patches
from alignment_importance.report.figures.rsms import draw_rsms, joints, order_of_images

RANDOM = "random weights (seed 1)"
LONG = "a comparison with a long name"
PROVENANCE: dict[str, Any] = {"weights": RANDOM, "arithmetic": "float32", "ablation": "zero", "simulated": True}
IDS = ["007", "b", "c", "d"]


def texts(figure: Figure) -> str:
    figure.draw_without_rendering()
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def line(panel: Axes, label: str) -> np.ndarray:
    [found] = [each for each in panel.lines if each.get_label() == label]
    return np.asarray(found.get_ydata(), dtype=float)


@pytest.fixture
def pictures(tmp_path: Path) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    (tmp_path / "images").mkdir()
    for image in IDS:
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(tmp_path / "images" / f"{image}.png")
    return image_sets.tabulate(tmp_path / "images")


def save_twice(figures_made: Iterator[Figure], folder: Path) -> None:
    """Save two figures of the same data, which must have the same bytes."""
    for number, figure in enumerate(figures_made):
        with style.page({"pdf": True}):
            style.save(figure, folder / f"{number}.png")
    assert (folder / "0.png").read_bytes() == (folder / "1.png").read_bytes()
    assert (folder / "0.pdf").read_bytes() == (folder / "1.pdf").read_bytes()


def assert_apart(figure: Figure) -> None:
    """The title overlaps no legend, and neither goes beyond the right edge of the figure."""
    figure.draw_without_rendering()
    box = figure.texts[0].get_window_extent()
    legends = figure.findobj(Legend)
    assert legends
    assert box.x1 <= figure.bbox.x1
    for legend in legends:
        assert not box.overlaps(legend.get_window_extent())
        assert legend.get_window_extent().x1 <= figure.bbox.x1


# --- similarity matrices ---


def matrices(people: np.ndarray) -> xr.Dataset:
    rng = np.random.default_rng(3)
    others = {name: rng.random((4, 4)) for name in ("full", "retained")}
    return xr.Dataset(
        {
            "people": (("image", "image_b"), people),
            **{name: (("image", "image_b"), values + values.T) for name, values in others.items()},
        },
        coords={"image": IDS, "image_b": IDS},
        attrs={"n_retained": 7.0, **PROVENANCE},
    )


def judged() -> np.ndarray:
    """Judgments (image, image) by which images 0 and 2 are alike, and so are 1 and 3."""
    people = np.array([[0, 1, 9, 2], [1, 0, 3, 8], [9, 3, 0, 4], [2, 8, 4, 0]], dtype=float)
    np.fill_diagonal(people, np.nan)
    return people


def test_matrices_share_an_order_in_which_alike_images_are_neighbours(pictures: pd.DataFrame) -> None:
    drawn = draw_rsms(matrices(judged()), pictures, "c", "n")
    shown = [np.asarray(panel.images[0].get_array(), dtype=float) for panel in drawn.axes[:3]]
    neighbours = {frozenset(pair) for pair in ((0, 2), (1, 3))}
    order = order_of_images(judged(), np.array([""] * 4), IDS)[0].tolist()
    assert {frozenset(order[:2]), frozenset(order[2:])} == neighbours
    # The judgments 1, 2, 3, 4, 8, 9 are the percentiles 0, 20, ... 100.
    expected = np.full((4, 4), np.nan)
    ranked = dict(zip([1, 2, 3, 4, 8, 9], [0, 20, 40, 60, 80, 100], strict=True))
    for i in range(4):
        for j in range(4):
            if i != j:
                expected[i, j] = ranked[int(judged()[order[i], order[j]])]
    np.testing.assert_allclose(shown[0], expected)
    text = texts(drawn)
    assert "7 retained maps" in text
    assert f"c (simulated observers), n ({RANDOM})" in text
    full = matrices(judged())["full"].to_numpy()
    pairs = np.triu_indices(4, k=1)
    r = np.corrcoef(full[pairs], judged()[pairs])[0, 1]
    assert f"r with judgments = {r:.2f}".replace("-", "−") in text


def test_with_missing_judgments_images_go_by_category(pictures: pd.DataFrame) -> None:
    people = judged()
    people[0, 1] = people[1, 0] = np.nan
    order, tree = order_of_images(people, np.array(["z", "y", "z", "y"]), IDS)
    assert tree is None
    assert order.tolist() == [1, 3, 0, 2]
    drawn = draw_rsms(matrices(people), pictures.assign(category=["z", "y", "z", "y"]), "c", "n")
    assert "by category and name" in texts(drawn) and "by name" in texts(
        draw_rsms(matrices(people), pictures, "c", "n")
    )
    # Where there is no tree, there is no space for one: matrices stand within 0.3 inches of the heading.
    [title] = [text for text in drawn.axes[0].findobj(Text) if text.get_text() == "judgments"]
    assert drawn.texts[0].get_window_extent().y0 - title.get_window_extent().y1 < 0.3 * drawn.dpi
    assert np.isnan(np.asarray(drawn.axes[0].images[0].get_array(), dtype=float)[0, 2])


def test_lines_of_the_tree_join_the_images_in_their_order() -> None:
    """Images 2 and 0 are joined at height 1, images 1 and 3 at 2, and the two pairs at 6."""
    tree = np.array([[2, 0, 1, 2], [1, 3, 2, 2], [4, 5, 6, 4]], dtype=float)
    expected = [
        [(0, 0), (0, 1), (1, 1), (1, 0)],
        [(2, 0), (2, 2), (3, 2), (3, 0)],
        [(0.5, 1), (0.5, 6), (2.5, 6), (2.5, 2)],
    ]
    np.testing.assert_array_equal(joints(tree), expected)


def test_lines_of_a_tree_as_deep_as_there_are_images() -> None:
    """Each image joins all those before it."""
    n_images = 3000
    joined = np.concatenate([[0], n_images + np.arange(n_images - 2)])
    numbers = np.arange(1.0, n_images)
    lines = joints(np.stack([joined, numbers, numbers, numbers + 1], axis=1))
    np.testing.assert_array_equal(lines[:, 2], np.stack([numbers, numbers], axis=1))


def test_lines_of_the_tree_of_many_images_leave_space_between_them(pictures: pd.DataFrame) -> None:
    n_images = 300
    values = np.random.default_rng(4).random((n_images, n_images))
    ids = [f"i{number:03}" for number in range(n_images)]
    data = xr.Dataset(
        dict.fromkeys(("people", "full", "retained"), (("image", "image_b"), values + values.T)),
        coords={"image": ids, "image_b": ids},
        attrs={"n_retained": 7.0, **PROVENANCE},
    )
    drawn = draw_rsms(data, pictures, "c", "n")
    drawn.draw_without_rendering()
    found = [lines for panel in drawn.axes for lines in panel.collections if isinstance(lines, LineCollection)]
    tree = max(found, key=lambda lines: len(lines.get_segments()))
    assert len(tree.get_segments()) == n_images - 1
    assert tree.axes is not None
    points = 72 * tree.axes.get_window_extent().width / drawn.dpi
    assert np.max(tree.get_linewidth()) < 0.5 * points / n_images


def test_nothing_retained_is_said(pictures: pd.DataFrame) -> None:
    data = matrices(judged()).assign_attrs(n_retained=np.nan)
    data["retained"][:] = np.nan
    text = texts(draw_rsms(data, pictures, "c", "n"))
    assert "retained maps (none)" in text
    assert "r with judgments undefined" in text


# --- patches ---


def test_patches_are_cut_from_their_images(pictures: pd.DataFrame, tmp_path: Path) -> None:
    rows = [(5, 1, 0.25, "007", 3.0, 2, 1, 12, 11), (5, 1, 0.25, "c", 2.0, -4, 14, 6, 24)]
    columns = ["feature_map", "rank", "ais", "image", "activation", "left", "top", "right", "bottom"]
    table = pd.DataFrame(rows, columns=columns)
    drawn = draw_patches(table, pictures, "c", "n", PROVENANCE)
    first, second = (np.asarray(picture.get_array()) for picture in drawn.axes[0].images)
    rgb = image_sets.read_image(tmp_path / "images/007.png")
    np.testing.assert_array_equal(first, rgb[1:11, 2:12])
    rgb = image_sets.read_image(tmp_path / "images/c.png")
    assert (second[:, :4] == 255).all()
    assert (second[6:] == 255).all()
    np.testing.assert_array_equal(second[:6, 4:], rgb[14:20, 0:6])
    assert "1. map 5, AIS 2.5e−01" in texts(drawn)
    assert "The 1 feature map of highest AIS over all images" in words(drawn) and "in the 2 images" in words(drawn)
    save_twice((draw_patches(table, pictures, "c", "n", PROVENANCE) for _ in range(2)), tmp_path)
    assert "No feature map" in texts(draw_patches(table.iloc[:0], pictures, "c", "n", PROVENANCE))


# --- networks ---


def side_by_side() -> pd.DataFrame:
    """The summary of two networks and two comparisons."""
    rows = []
    for comparison, simulated in (("c", True), ("d", False)):
        for at, (model, weights) in enumerate((("n", "ImageNet"), ("m", RANDOM))):
            scores = {f"{name}_mean": 0.1 * (at + 1) for name in ("test_full", "test_retained", "share_retained")}
            sds = {f"{name}_sd": 0.02 for name in ("test_full", "test_retained", "share_retained")}
            made_of = {"weights": weights, "arithmetic": "float32", "ablation": "zero", "simulated": simulated}
            rows.append({"comparison": comparison, "model": model, **made_of, **scores, **sds})
    return pd.DataFrame(rows)


def test_networks_stand_side_by_side() -> None:
    drawn = draw_networks(side_by_side(), "pearson_r2")
    widths = [bar.get_bbox().width for bar in drawn.axes[1].patches if isinstance(bar, Rectangle)]
    assert widths == pytest.approx([10, 20, 10, 20])
    text = texts(drawn)
    assert [label.get_text() for label in drawn.axes[0].get_yticklabels()] == ["n", f"m ({RANDOM})"] * 2
    assert {entry.get_text() for entry in drawn.legends[0].get_texts()} == {"all maps", "maps retained"}
    assert "c (simulated observers)" in text
    assert "d (simulated" not in text
    assert "test alignment (R²)" in text
    leaky = side_by_side().assign(unit="pairs (leaky)")
    assert "leaky" in texts(draw_networks(leaky, "pearson_r2"))
    assert "leaky" not in text


def test_a_network_without_scores_is_undefined_in_its_row() -> None:
    table = side_by_side()
    table.loc[1, ["test_full_mean", "test_retained_mean"]] = np.nan
    drawn = draw_networks(table, "pearson_r2")
    [said] = [one for one in drawn.axes[0].texts if one.get_text() == " undefined"]
    assert said.get_position()[1] == drawn.axes[0].get_yticks()[1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("width", [120, 174])
def test_what_is_said_of_networks_leaves_room_for_their_scores(width: int) -> None:
    table = side_by_side().assign(arithmetic="bfloat16, images resized in float", ablation="mean")
    with style.page({"two_columns_mm": width}):
        drawn = draw_networks(table[table["comparison"] == "c"], "pearson_r2")
        style.lay_out(drawn)
    assert_apart(drawn)
    assert all(panel.get_window_extent().height > 0.5 * drawn.dpi for panel in drawn.axes)


def spreads(models: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    by_image, by_map = {}, {}
    for number, model in enumerate(models):
        ais = np.random.default_rng(number).normal(size=(4, 9))
        scores = xr.Dataset({"ais": (("image", "feature_map"), ais)}, coords={"image": IDS})
        by_image[model], by_map[model] = spread.over_maps(scores), spread.over_images(scores)
    tables = [
        pd.concat([table.assign(model=model, **PROVENANCE) for model, table in tables.items()])
        for tables in (by_image, by_map)
    ]
    return tables[0], tables[1], spread.differences(by_image, by_map)


def test_distributions_are_those_of_the_values() -> None:
    by_image, by_map, tests = spreads(["n", "m"])
    drawn = draw_spread(by_image, by_map, tests, "c")
    for panel, (quantity, over) in zip(drawn.axes, spread.QUANTITIES.items(), strict=True):
        table = by_image if over == "image" else by_map
        first = panel.lines[0]
        np.testing.assert_allclose(
            np.asarray(first.get_xdata(), dtype=float), np.sort(table.loc[table["model"] == "n", quantity])
        )
        n = len(np.asarray(first.get_ydata()))
        np.testing.assert_allclose(np.asarray(first.get_ydata(), dtype=float), np.arange(1, n + 1) / n)
        assert f"D = {tests.loc[tests['quantity'] == quantity, 'ks'].iloc[0]:.2f}, p" in panel.get_title(loc="left")
    assert f"m ({RANDOM})" in texts(drawn)
    three = draw_spread(*spreads([f"network {letter} with a long name" for letter in "nmo"]), LONG)
    assert_apart(three)
    assert "between networks" in words(three)
    assert {panel.get_title(loc="left")[:4] for panel in three.axes} == {"D = "}
    many = draw_spread(*spreads([f"network {number}" for number in range(12)]), "c")
    looks = {(line.get_color(), line.get_linestyle()) for line in many.axes[0].lines}
    assert len(looks) == 12
    undefined = draw_spread(by_image, by_map, tests.assign(ks=np.nan, p=np.nan), "c")
    assert {panel.get_title(loc="left") for panel in undefined.axes} == {"D undefined, p undefined"}


def heatmaps() -> dict[str, xr.Dataset]:
    by_model = {}
    for number, model in enumerate(("n", "m")):
        values = np.random.default_rng(number).random((4, 3, 3))
        by_model[model] = xr.Dataset(
            {"heatmap": (("image", "y", "x"), values)},
            coords={"image": IDS, "width": ("image", [30] * 4), "height": ("image", [20] * 4)},
            attrs={"resize": "whole", **PROVENANCE},
        )
    return by_model


def agreeing(correlations: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"model": "n", "model_b": "m", "image": IDS, "correlation": correlations, "correlation_other_image": 0.1}
    ).assign(**PROVENANCE)


def test_images_of_most_and_least_agreement_are_shown(pictures: pd.DataFrame, tmp_path: Path) -> None:
    table = agreeing([0.5, np.nan, -0.25, 0.75])
    drawn = draw_agreement(table, heatmaps(), pictures, "c")
    titles = [text.get_text() for text in drawn.findobj(Text) if "\nr = " in text.get_text()]
    assert [title.splitlines() for title in titles] == [
        ["agree most", "d", "r = 0.75"],
        ["", "007", "r = 0.50"],
        ["", "c", "r = −0.25"],
    ]
    assert "3 of 4 images, those with the highest and the lowest r." in words(drawn)
    text = texts(drawn)
    assert "r = −0.25" in text
    assert "0.33" in text
    save_twice((draw_agreement(table, heatmaps(), pictures, "c") for _ in range(2)), tmp_path)
    nothing = draw_agreement(agreeing([np.nan] * 4), heatmaps(), pictures, "c")
    assert "undefined for all images" in texts(nothing)


def test_intervals_of_the_mean_agreement_are_those_of_students_t(pictures: pd.DataFrame) -> None:
    """Of 0.5, 0.5 and 0.8: mean 0.6, standard error 0.1, and the quantile 0.975 for two degrees of freedom 4.302653."""
    drawn = draw_agreement(agreeing([0.5, np.nan, 0.5, 0.8]), heatmaps(), pictures, "c")
    whiskers = drawn.axes[-1].findobj(LineCollection)
    assert isinstance(whiskers[0], LineCollection)
    assert whiskers[0].get_segments()[0][:, 1] == pytest.approx([0.6 - 0.4302653, 0.6 + 0.4302653])


def test_names_of_neighbouring_images_do_not_run_into_each_other(tmp_path: Path) -> None:
    ids = [f"house & home {number}" for number in range(6)]
    (tmp_path / "images").mkdir()
    for number, image in enumerate(ids):
        side = (30, 20) if number % 2 else (20, 30)
        Image.new("RGB", side).save(tmp_path / "images" / f"{image}.png")
    values = (("image", "y", "x"), np.random.default_rng(1).random((6, 3, 3)))
    sides = {"width": ("image", [20, 30] * 3), "height": ("image", [30, 20] * 3)}
    maps = xr.Dataset({"heatmap": values}, coords={"image": ids, **sides}, attrs={"resize": "whole", **PROVENANCE})
    table = pd.DataFrame({"image": ids, "correlation": np.linspace(1, 0, 6), "correlation_other_image": 0.1})
    figure = draw_agreement(
        table.assign(**PROVENANCE), {"n": maps, "m": maps}, image_sets.tabulate(tmp_path / "images"), "c"
    )
    style.lay_out(figure)
    titles = [text for text in figure.findobj(Text) if "\nr = " in text.get_text()]
    boxes = [title.get_window_extent() for title in titles]
    assert len(boxes) == 6
    assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))


LEAKY = "Pairs were split, which is leaky: every image stands on both sides of the split."


def words(figure: Figure) -> str:
    """All texts of a figure on one line."""
    return " ".join(texts(figure).split())


def transferred() -> pd.DataFrame:
    rows = [
        (source, target, 1, fold, 0.2, 0.2 + own, 0.2 + gain + 0.01 * fold)
        for source, target, own, gain in (("c", "d", 0.1, -0.05), ("d", "c", 0.3, np.nan))
        for fold in (-1, 1)
    ]
    columns = ["source", "target", "seed", "fold", "test_full", "test_retained", "test_transferred"]
    table = pd.DataFrame(rows, columns=columns).assign(**PROVENANCE)
    return table.assign(simulated=table["target"] == "d", source_simulated=table["source"] == "d")


def test_transfer_shows_gains_and_on_the_diagonal_the_own_ranking() -> None:
    table = transferred()
    drawn = draw_transfer(table, "n", "pearson_r2")
    shown = np.asarray(drawn.axes[0].images[0].get_array(), dtype=float)
    panel = drawn.axes[0]
    labels = [[label.get_text() for label in each] for each in (panel.get_yticklabels(), panel.get_xticklabels())]
    assert all(sorted(each) == ["c", "d\n(simulated observers)"] for each in labels)
    names, targets = ([label[0] for label in each] for each in labels)
    by_name = pd.DataFrame(shown, index=names, columns=targets)
    assert by_name.loc["c", "d"] == pytest.approx(-0.05)
    assert by_name.loc["d", "d"] == pytest.approx(0.1)
    assert by_name.loc["c", "c"] == pytest.approx(0.3)
    assert by_name.isna().to_numpy().tolist() == [[row == "d" and target == "c" for target in targets] for row in names]
    text = texts(drawn)
    assert "−0.050\n± 0.014" in text
    assert "undefined" in text
    assert "Images of a test set are never used" in words(drawn)
    pairs = words(draw_transfer(table.assign(unit="pairs (leaky)"), "n", "pearson_r2"))
    assert "Pairs of a test set are never used" in pairs and LEAKY in pairs and "images" not in pairs


# --- interactions ---


def eliminated(removed: bool = True) -> pd.DataFrame:
    scores = {"train_score": [np.nan, 0.6, 0.4], "test_score": [0.1, 0.3, 0.2]}
    one_shot = {"train_score_one_shot": [0.1, 0.3, 0.4], "test_score_one_shot": [0.1, 0.1, 0.2]}
    folds = [
        pd.DataFrame({"k": [1, 2, 3], "feature_map": [2, 0, 1], "eliminated": [False, removed, True], "fold": fold})
        for fold in (1, 2)
    ]
    return pd.concat([fold.assign(**scores, **one_shot, **PROVENANCE) for fold in folds])


def test_elimination_stands_beside_the_ranking() -> None:
    drawn = draw_elimination(eliminated(), "c", "n", "pearson_r2")
    train, test = drawn.axes[:2]
    np.testing.assert_allclose(line(train, "one map at a time, scored again"), [np.nan, 0.6, 0.4])
    np.testing.assert_allclose(line(test, "one ranking by AIS"), [0.1, 0.1, 0.2])
    # Both panels mark the k of the highest training score: 2 by elimination, 3 by the ranking.
    marked = [
        [float(value) for value in np.asarray(each.get_xdata())]
        for panel in (train, test)
        for each in panel.lines
        if each.get_marker() == "v"
    ]
    assert marked == [[2], [3], [2], [3]]
    assert_apart(draw_elimination(eliminated(), LONG, "a network with a long name", "pearson_r2"))
    text = texts(drawn)
    assert "time was up" not in text
    assert f"c (simulated observers), n ({RANDOM})" in text
    assert "test images" in text and "leaky" not in text
    pairs = words(draw_elimination(eliminated().assign(unit="pairs (leaky)"), "c", "n", "pearson_r2"))
    assert "test pairs" in pairs and LEAKY in pairs and "images" not in pairs
    assert "after 2 of 4 removals" in texts(draw_elimination(eliminated(False), "c", "n", "pearson"))


def paired(last: float) -> pd.DataFrame:
    first, second = [9, 9, 4], [4, 7, 7]
    table = pd.DataFrame({"feature_map": first, "feature_map_b": second, "interaction": [0.1, -0.3, last]})
    return table.assign(ais=[0.3, 0.3, 0.2], ais_b=[0.2, 0.1, 0.1], ais_pair=[0.6, 0.1, 0.2], **PROVENANCE)


def test_the_matrix_is_symmetric_and_in_the_order_of_importance() -> None:
    drawn = draw_pairs(paired(0.2), "c", "n", "pearson_r2")
    shown = np.asarray(drawn.axes[0].images[0].get_array(), dtype=float)
    np.testing.assert_allclose(shown, [[np.nan, 0.1, -0.3], [0.1, np.nan, 0.2], [-0.3, 0.2, np.nan]])
    assert [label.get_text() for label in drawn.axes[0].get_yticklabels()] == ["9", "4", "7"]
    assert "3 feature maps of highest AIS" in texts(drawn)
    unfinished = draw_pairs(paired(np.nan), "c", "n", "pearson_r2")
    # Even without a limit of time, a score may be undefined.
    told = "Grey: the diagonal, and 1 of 3 pairs without a score (undefined, or not reached in the time given)."
    assert told in words(unfinished)
    assert "Grey: the diagonal." in words(drawn)
    np.testing.assert_allclose(unfinished.axes[0].images[0].get_cmap().get_bad(), [0.75, 0.75, 0.75, 1])
    assert np.asarray(unfinished.axes[0].images[0].get_array()).shape == (3, 3)


def test_labels_of_pairs_lie_within_the_narrowest_figure() -> None:
    with style.page({"two_columns_mm": 120}):
        drawn = draw_pairs(paired(0.2), "c", "n", "spearman")
        style.lay_out(drawn)
    beside = drawn.axes[1]
    assert beside.get_xlabel().startswith("sum")
    assert beside.xaxis.label.get_window_extent().x1 <= drawn.bbox.x1


def sampled() -> pd.DataFrame:
    table = pd.DataFrame({"feature_map": [2, 0, 1], "shapley": [0.3, 0.1, 0.2], "standard_error": 0.05})
    return table.assign(n_permutations=20, undefined=0.125, **PROVENANCE)


RANKING = pd.DataFrame({"feature_map": [0, 1, 2], "ais": [-1.0, 1.0, 3.0]})


def test_shapley_values_stand_against_ais_by_map() -> None:
    drawn = draw_shapley(sampled(), RANKING, "c", "n", "pearson_r2")
    points = drawn.axes[0].lines[0]
    found = dict(zip(np.asarray(points.get_xdata()).tolist(), np.asarray(points.get_ydata()).tolist(), strict=True))
    assert found == {3.0: 0.3, -1.0: 0.1, 1.0: 0.2}
    text = texts(drawn)
    assert "Spearman ρ = 1.00, 3 feature maps" in text
    assert "over 20 random orders" in text
    assert "12 %" in text


@pytest.mark.parametrize(
    "draw",
    [
        lambda made_of: draw_transfer(transferred().assign(**made_of), "clip", "pearson"),
        lambda made_of: draw_elimination(eliminated().assign(**made_of), "c", "clip", "pearson"),
        lambda made_of: draw_pairs(paired(0.2).assign(**made_of), "c", "clip", "pearson"),
        lambda made_of: draw_shapley(sampled().assign(**made_of), RANKING, "c", "clip", "pearson"),
    ],
)
def test_figures_call_units_so_and_say_how_they_were_ablated(draw: Callable[[dict[str, str]], Figure]) -> None:
    of_maps, of_units = (words(draw({"weights": weights})) for weights in ("maps of clip.npy", "units of clip.npy"))
    assert "map" in of_maps.replace("maps of clip.npy", "") and "unit" not in of_maps
    assert "map" not in of_units.lower() and "unit" in of_units.replace("units of clip.npy", "")
    replaced = words(draw({"ablation": "mean"}))
    assert f"({RANDOM}, ablated maps replaced by their means)" in replaced and "replaced" not in of_maps
