"""All figures of a comparison and network: files in, figures out, joined by image id."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from drawing import IDS, Drawn, files, write_heatmaps
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from alignment_importance.maps.overlap import summary
from alignment_importance.report.figures.overlap import draw_overlap_categories
from alignment_importance.system.netcdf import read_netcdf, write_netcdf
from alignment_importance.system.tables import write_table
from plot_comparison import plot_comparison

KINDS = [
    "curves",
    "importance",
    "heatmaps",
    "rsms",
    "patches",
    "pairs-explained",
    "overlap",
    "overlap-categories",
    "overlap-grid",
]
ORIGIN: dict[str, Any] = {
    "weights": "random weights (seed 1)",
    "arithmetic": "float32",
    "ablation": "zero",
    "simulated": True,
}
ATTRIBUTES = ORIGIN | {"resize": "whole", "simulated": 1}
NAMES = "a.b (simulated observers), net.1 (random weights (seed 1))"

BASELINES = ["observed", "shuffled_saliency", "centre_bias", "activations"]
DIRECTIONS = ["saliency_predicts_ais", "ais_predicts_saliency"]


def overlap_table(seed: int) -> pd.DataFrame:
    """Overlaps of both images at two sizes."""
    rows = itertools.product(IDS, BASELINES, DIRECTIONS, [10, 20])
    table = pd.DataFrame(rows, columns=["image", "baseline", "direction", "top_percent"])
    risks = np.random.default_rng(seed).random(len(table)) * 4
    return table.assign(target_percent=table["top_percent"], relative_risk=risks)


def summary_table(seed: int, categories: Sequence[str] = (summary.ALL_IMAGES, "a", "b")) -> pd.DataFrame:
    """Means of three measures over images of some categories, at three sizes of the predicting mask."""
    measures = ["precision", "recall", "relative_risk"]
    rows = itertools.product(categories, BASELINES, DIRECTIONS, measures, [10, 20, 50])
    table = pd.DataFrame(rows, columns=["category", "baseline", "direction", "measure", "top_percent"])
    table["value"] = np.random.default_rng(seed).random(len(table))
    bounds = {"lower": table["value"] - 0.1, "upper": table["value"] + 0.1}
    return table.assign(target_percent=20, n_images=2, **bounds, **ORIGIN)


@pytest.fixture
def given(listed: Path, folds: Path, tmp_path: Path) -> dict[str, Any]:
    """The arguments of the script, with files of two seeds and two kinds of saliency map."""
    rng = np.random.default_rng(1)
    for seed in (1, 2):
        curve = pd.DataFrame({"fold": 1, "k": [1, 2, 3], "train_score": np.nan, "test_score": [0.1, 0.2, 0.2 * seed]})
        write_table(curve, tmp_path / f"curves/seed-{seed}.csv")
        ranking = pd.DataFrame({"fold": [1] * 3 + [2] * 3, "feature_map": [0, 1, 2] * 2, "ais": [3, 2, 1, 3, 2, 1]})
        ranking["ais"] *= 3 - 2 * seed  # times 1, then times -1
        write_table(ranking, tmp_path / f"rankings/seed-{seed}.csv")
    everything = pd.DataFrame({"feature_map": [0, 1, 2], "ais": [0.5, 0, -1], "rank": [1, 2, 3]})
    write_table(everything.assign(**ORIGIN), tmp_path / "all.csv")
    write_heatmaps(tmp_path / "heatmaps.nc", np.arange(8.0).reshape(2, 2, 2), simulated=True)
    scores = xr.Dataset({"alignment": ("image", [0.25, 0.5])}, coords={"image": IDS[::-1]})
    write_netcdf(scores, tmp_path / "scores.nc")
    matrices = {name: (("image", "image_b"), [[np.nan, 1.0], [1.0, np.nan]]) for name in ("people", "full", "retained")}
    square = xr.Dataset(matrices, coords={"image": IDS, "image_b": IDS}, attrs=ATTRIBUTES | {"n_retained": 2.0})
    write_netcdf(square, tmp_path / "rsms.nc")
    explained = xr.Dataset(
        {
            "contribution": (("pair", "feature_map"), [[0.1, -0.2, 0.3]]),
            "heatmap": (("pair", "side", "y", "x"), rng.random((1, 2, 2, 2), dtype=np.float32)),
            "human": ("pair", [0.5]),
            "similarity": ("pair", [-0.25]),
            "similarity_retained": ("pair", [0.25]),
        },
        coords={"side": ["image", "image_b"], "image": ("pair", IDS[:1]), "image_b": ("pair", IDS[1:])},
        attrs=ATTRIBUTES | {"n_judged": 4, "ranks": 1},
    )
    write_netcdf(explained, tmp_path / "pairs.nc")
    sizes = {"image": IDS, "width": ("image", [12, 6]), "height": ("image", [8, 10])}
    maps = rng.random((2, 3, 2, 2), dtype=np.float32)
    recorded = xr.Dataset({"feature_maps": (("image", "feature_map", "y", "x"), maps)}, coords=sizes, attrs=ATTRIBUTES)
    write_netcdf(recorded, tmp_path / "activations.nc")
    for seed, name in enumerate(("first", "second")):
        values = (("image", "y", "x"), rng.random((2, 10, 12), dtype=np.float32))
        write_netcdf(xr.Dataset({"saliency": values}, coords=sizes), tmp_path / f"{name}.nc")
        write_table(overlap_table(seed), tmp_path / f"{name}-overlap.csv")
        write_table(summary_table(seed), tmp_path / f"{name}-summary.csv")
    return {
        "curves": [tmp_path / f"curves/seed-{seed}.csv" for seed in (1, 2)],
        "rankings": [tmp_path / f"rankings/seed-{seed}.csv" for seed in (1, 2)],
        "all_ranking": tmp_path / "all.csv",
        "prediction": folds,
        **{name: tmp_path / f"{name}.nc" for name in ("heatmaps", "scores", "rsms", "pairs", "activations")},
        "images": listed,
        "saliency": {name: tmp_path / f"{name}.nc" for name in ("first", "second")},
        "overlaps": {name: tmp_path / f"{name}-overlap.csv" for name in ("first", "second")},
        "summaries": {name: tmp_path / f"{name}-summary.csv" for name in ("first", "second")},
        "page": {"heatmap_scale": "image"},
        "score": "pearson",
        "percents": [10, 20],
        "comparison": "a.b",
        "model": "net.1",
        "png": files(tmp_path, KINDS),
        "overlays": tmp_path / "overlays",
    }


def lines_of(figure: Figure, panel: int) -> list[np.ndarray]:
    return [np.asarray(line.get_ydata(), dtype=float) for line in figure.axes[panel].lines]


def test_every_kind_of_figure_names_its_comparison_and_network(given: dict[str, Any], drawn: Drawn) -> None:
    plot_comparison(**given)
    assert list(drawn) == KINDS
    for kind in set(KINDS) - {"importance"}:  # its table says nothing about observers
        assert NAMES in drawn.texts(kind), kind
    assert "net.1 (random weights (seed 1))" in drawn.texts("importance")


def test_patches_say_what_ablated_maps_are_replaced_by(given: dict[str, Any], drawn: Drawn) -> None:
    """The ranking of the patches' maps depends on it, although the activations do not."""
    write_netcdf(read_netcdf(given["heatmaps"]).assign_attrs(ablation="mean"), given["heatmaps"])
    plot_comparison(**given)
    assert "ablated maps replaced by their means" in " ".join(drawn.texts("patches").split())


def test_without_saliency_its_figures_are_left_out(given: dict[str, Any], drawn: Drawn, tmp_path: Path) -> None:
    plot_comparison(**given | {"saliency": {}, "overlaps": {}, "summaries": {}} | {"png": files(tmp_path, KINDS[:6])})
    assert list(drawn) == KINDS[:6]


def test_curves_are_averaged_over_the_folds_of_all_seeds(given: dict[str, Any], drawn: Drawn, tmp_path: Path) -> None:
    plot_comparison(**given | {"png": files(tmp_path, ["curves"])})
    lines = {line.get_label(): np.asarray(line.get_ydata(), dtype=float) for line in drawn["curves"].axes[0].lines}
    assert lines["test"] == pytest.approx(np.array([0.1, 0.2, 0.3]))
    shown = drawn.texts("curves")
    assert "retained: 3 maps on average" in shown and "alignment (Pearson r)" in shown


def test_folds_of_a_seed_are_told_from_those_of_others(given: dict[str, Any], drawn: Drawn, tmp_path: Path) -> None:
    plot_comparison(**given | {"png": files(tmp_path, ["importance"])})
    shown = drawn.texts("importance")
    assert "of one seed: median 1.00" in shown and "of different seeds: median −1.00" in shown
    assert "help: 1" in shown and "AIS (loss of Pearson r without the map)" in shown


def test_images_are_joined_by_id_and_ordered_by_alignment(given: dict[str, Any], drawn: Drawn, tmp_path: Path) -> None:
    plot_comparison(**given | {"png": files(tmp_path, ["heatmaps"])})
    [panel] = drawn["heatmaps"].axes
    assert [text.get_text() for text in panel.texts] == ["007, r = 0.50", "é b.c, r = 0.25"]
    shapes = [np.asarray(picture.get_array()).shape for picture in panel.images]
    assert shapes == [(8, 12, 3), (8, 12, 3), (10, 6, 3), (10, 6, 3)]


def test_pairs_are_drawn_with_what_people_and_the_network_say(
    given: dict[str, Any], drawn: Drawn, tmp_path: Path
) -> None:
    plot_comparison(**given | {"png": files(tmp_path, ["pairs-explained"])})
    shown = drawn.texts("pairs-explained")
    # 0.5 and -0.25 are entries of vectors of length 1 over 4 pairs: their mean square is 1/4, so one SD is 0.5.
    assert "people +1.0 SD, network −0.5 SD, share of r −0.1250" in shown
    assert "007" in shown and "é b.c" in shown and "of their ranks" in shown
    # People and network disagree about the pair: maps are sorted by contribution, the lowest first.
    titles = [text.get_text() for text in drawn["pairs-explained"].axes[0].texts]
    assert [title for title in titles if title.startswith("map")] == ["map 1", "map 0", "map 2"]
    # Both images with their heatmaps, and for each of three maps a patch of both images.
    assert len(drawn["pairs-explained"].axes[0].images) == 4 + 6


def test_the_text_about_a_pair_has_room_above_the_names_of_its_images(
    given: dict[str, Any], drawn: Drawn, tmp_path: Path
) -> None:
    explained = read_netcdf(given["pairs"])
    write_netcdf(xr.concat([explained] * 2, "pair", data_vars="minimal"), given["pairs"])
    # Pictures are smallest beside a colour bar.
    page = {"heatmap_scale": "set", "dpi": 72}
    plot_comparison(**given | {"png": files(tmp_path, ["pairs-explained"]), "page": page})
    said, *names = (text.get_window_extent() for text in drawn["pairs-explained"].axes[0].texts)
    # Letters that reach below the line, which these names lack, take two points more.
    assert all(said.y0 - name.y1 > 4 for name in names)


def test_pairs_whose_shares_are_undefined_are_not_shown(given: dict[str, Any], drawn: Drawn, tmp_path: Path) -> None:
    explained = read_netcdf(given["pairs"])
    write_netcdf(explained.assign(similarity=explained["similarity"] * np.nan), given["pairs"])
    plot_comparison(**given | {"png": files(tmp_path, ["pairs-explained"])})
    assert "No explained pair has a share of the correlation." in drawn.texts("pairs-explained")


def test_overlap_is_drawn_per_saliency_map_and_category(given: dict[str, Any], drawn: Drawn, tmp_path: Path) -> None:
    plot_comparison(**given | {"png": files(tmp_path, ["overlap", "overlap-categories"])})
    table = summary_table(1).query("baseline == 'observed' and direction == 'saliency_predicts_ais'")
    means = table.query(f"measure == 'precision' and category == '{summary.ALL_IMAGES}'")["value"].to_numpy()
    # With three panels in a row, panel 3 is the first of the second row.
    overview = drawn["overlap"]
    assert any(len(line) == 3 and line == pytest.approx(means) for line in lines_of(overview, 3))
    assert overview.axes[3].get_title(loc="left") == "second"
    # A panel each for precision and recall of two kinds of map, with rows for all images, for a and for b.
    by_category = drawn["overlap-categories"]
    assert len(by_category.axes) == 4
    recall = table.query("measure == 'recall'")
    curve = recall.set_index(["category", "top_percent"])["value"]
    both = pd.concat([summary_table(0), summary_table(1)])
    highest = 1.05 * both.loc[both["measure"] == "recall", "upper"].max()
    expected = [
        [curve[category, size] / highest - 1.3 * row for size in (10, 20, 50)] + [np.nan]
        for row, category in enumerate((summary.ALL_IMAGES, "a", "b"))
    ]
    observed = by_category.axes[3].lines[0]
    np.testing.assert_allclose(np.asarray(observed.get_ydata(), dtype=float), np.ravel(expected))


@pytest.mark.parametrize("n_categories", [2, 11])
def test_many_categories_fit_onto_a_page(n_categories: int) -> None:
    names = [f"category {at}" for at in range(n_categories)]
    both = [summary_table(1, names).assign(saliency=name) for name in ("first", "second")]
    figure = draw_overlap_categories(pd.concat(both, ignore_index=True), "a.b", "net.1")
    assert len(figure.axes) == 4
    assert figure.get_figheight() < 10
    figure.draw_without_rendering()
    panel = figure.axes[0]
    row = np.diff(panel.transData.transform([(0, 0), (0, 1)])[:, 1]) / figure.dpi
    assert row > 0.3  # inches
    named = [text.get_text() for text in panel.texts]
    assert named == [f"category {at}\n2 images" for at in range(n_categories)]
    assert all(text.get_window_extent().x0 >= 0 for text in panel.texts)


def test_only_some_of_very_many_categories_are_drawn() -> None:
    names = [summary.ALL_IMAGES, *(f"category {at:03}" for at in range(79))]
    figure = draw_overlap_categories(summary_table(1, names).assign(saliency="first"), "a.b", "net.1")
    named = [text.get_text().partition("\n")[0] for text in figure.axes[0].texts]
    assert named == [summary.ALL_IMAGES, *(f"category {at:03}" for at in range(0, 79, 2))]
    assert figure.get_figheight() < 30
    assert any("40 of 79 categories." in text.get_text().replace("\n", " ") for text in figure.findobj(Text))


def test_the_grid_shows_both_masks_and_their_relative_risk(given: dict[str, Any], drawn: Drawn, tmp_path: Path) -> None:
    plot_comparison(**given | {"png": files(tmp_path, ["overlap-grid"])})
    table = overlap_table(1).query(
        "top_percent == 20 and baseline == 'observed' and direction == 'saliency_predicts_ais'"
    )
    # Two kinds of map, two sizes, two images; the last row is the second kind at 20 %.
    [panel] = drawn["overlap-grid"].axes
    assert len(panel.images) == 8
    titles = [text for text in panel.texts if text.get_text().startswith("RR")]
    lowest = max(text.get_position()[1] for text in titles)
    last = sorted(text.get_text() for text in titles if text.get_position()[1] > lowest - 0.9)
    assert last == sorted(f"RR {risk:.1f}" for risk in table["relative_risk"])


def test_every_heatmap_is_laid_over_its_image(given: dict[str, Any], drawn: Drawn) -> None:
    plot_comparison(**given)
    for image, size in zip(IDS, ((12, 8), (6, 10)), strict=True):
        with Image.open(given["overlays"] / f"{image}.png") as overlay:
            assert overlay.size == size
