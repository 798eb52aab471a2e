from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from drawing import IDS, Drawn, write_heatmaps
from matplotlib.figure import Figure

from alignment_importance.report import figures
from alignment_importance.report.figures import overlap as overlap_figures
from alignment_importance.system.netcdf import write_netcdf
from alignment_importance.system.tables import read_table, write_table
from measure_overlap import measure_overlap
from plot_overlap import plot_overlap
from plot_overlap_grid import plot_overlap_grid


@pytest.fixture
def measured(listed: Path, tmp_path: Path) -> Path:
    """A folder with heatmaps, two kinds of saliency map and their tables."""
    rng = np.random.default_rng(1)
    write_heatmaps(tmp_path / "heatmaps.nc", rng.random((2, 2, 2)), simulated=True)
    categories = read_table(listed).assign(category=["b", "a"])
    write_table(categories, tmp_path / "categories.csv")
    for name in ("one", "two"):
        maps = xr.Dataset(
            {"saliency": (("image", "y", "x"), rng.random((2, 10, 12), dtype=np.float32))},
            coords={"image": IDS, "width": ("image", [12, 6]), "height": ("image", [8, 10])},
        )
        write_netcdf(maps, tmp_path / f"{name}.nc")
        measure_overlap(
            heatmaps=tmp_path / "heatmaps.nc",
            saliency=tmp_path / f"{name}.nc",
            images=tmp_path / "categories.csv",
            top_percent=[10, 20, 50],
            target_percent=[20],
            relative_risk_percent=[10, 20],
            spread=0.235,
            resamples=20,
            seed=1,
            overlaps=tmp_path / f"{name}.csv",
            scores=tmp_path / f"{name} scores.csv",
            summary=tmp_path / f"{name} summary.csv",
        )
    return tmp_path


def lines_of(figure: Figure, panel: int) -> list[np.ndarray]:
    return [np.asarray(line.get_ydata(), dtype=float) for line in figure.axes[panel].lines]


def test_what_is_measured_is_drawn_per_saliency_map_and_category(
    measured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: dict[Path, Figure] = {}
    monkeypatch.setattr(figures, "save", lambda figure, png, pdf: saved.update({png: figure}))
    plot_overlap(
        summaries={"first": measured / "one summary.csv", "second": measured / "two summary.csv"},
        comparison="a.b",
        model="net.1",
        outputs={name: (measured / f"{name}.png", measured / f"{name}.pdf") for name in ("overlap", "categories")},
    )
    table = read_table(measured / "two.csv")
    expected = table.query("baseline == 'observed' and direction == 'saliency_predicts_ais' and target_percent == 20")
    overview = saved[measured / "overlap.png"]
    means = expected.groupby("top_percent")["precision"].mean().to_numpy()
    # The second row of three panels.
    assert any(len(line) == 3 and line == pytest.approx(means) for line in lines_of(overview, 3))
    assert overview.axes[3].get_title(loc="left") == "second"
    by_category = saved[measured / "categories.png"]
    # All images, a and b; precision and recall of two kinds of map. The recall of the second in category b is the last.
    assert len(by_category.axes) == 3 * 4
    recall = expected[expected["image"] == IDS[0]]["recall"].to_numpy()
    assert any(len(line) == 3 and line == pytest.approx(recall) for line in lines_of(by_category, 11))
    for figure in saved.values():
        shown = "\n".join(text.get_text() for text in figure.findobj() if hasattr(text, "get_text"))
        assert "a.b (simulated observers), net.1 (random weights (seed 1))" in shown


@pytest.mark.parametrize("n_categories", [2, 11])
def test_many_categories_fit_onto_a_page(measured: Path, n_categories: int) -> None:
    summary = read_table(measured / "one summary.csv").query("category == 'a'")
    both = [summary.assign(saliency=name) for name in ("first", "second")]
    rows = [table.assign(category=f"category {at}") for table in both for at in range(n_categories)]
    figure = overlap_figures.categories(pd.concat(rows, ignore_index=True), "a.b", "net.1")
    assert len(figure.axes) == 4 * n_categories
    assert figure.get_figheight() < 10
    figure.draw_without_rendering()
    shown = [panel.get_position() for panel in figure.axes[::4]]
    assert min(place.height for place in shown) * figure.get_figheight() > 0.3  # inches


def test_the_grid_shows_both_masks_and_their_relative_risk(measured: Path, listed: Path, drawn: Drawn) -> None:
    plot_overlap_grid(
        heatmaps=measured / "heatmaps.nc",
        saliency={"first": measured / "one.nc", "second": measured / "two.nc"},
        overlaps={"first": measured / "one.csv", "second": measured / "two.csv"},
        images=listed,
        percents=[10, 20],
        comparison="a.b",
        model="net.1",
        png=measured / "g.png",
        pdf=measured / "g.pdf",
    )
    table = read_table(measured / "two.csv").query(
        "top_percent == 20 and target_percent == 20 and baseline == 'observed' and direction == 'ais_predicts_saliency'"
    )
    # Two kinds of map, two sizes, two images; the last row is the second kind at 20 %.
    assert len(drawn.figure.axes) == 8
    titles = sorted(panel.get_title(loc="left") for panel in drawn.figure.axes[6:])
    assert titles == sorted(f"RR {risk:.1f}" for risk in table["relative_risk"])
    for panel in drawn.figure.axes:
        assert len(panel.collections) == 2
    assert "a.b (simulated observers), net.1 (random weights (seed 1))" in drawn.texts()
