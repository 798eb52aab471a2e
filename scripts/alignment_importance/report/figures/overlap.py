"""Heatmaps of one comparison and network beside saliency maps."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from alignment_importance.maps.heatmaps import place_image
from alignment_importance.maps.overlap import masks
from alignment_importance.maps.overlap.summary import ALL_IMAGES
from alignment_importance.maps.saliency.computing import own_map
from alignment_importance.report.figures import style
from alignment_importance.report.overlays import read_image
from alignment_importance.statistics import resampling

#: Images side by side in the grid, and kinds of saliency map side by side in the figure of categories.
_COLUMNS = 6
_SALIENCIES = 2

#: Inches that the rows of categories share, so that they fit onto a page, and limits of a single row.
_ROWS, _LOWEST, _HIGHEST = 7.8, 0.55, 1.05

_BASELINES = {
    "observed": ("heatmap and saliency map of one image", style.OBSERVED),
    "shuffled_saliency": ("saliency maps of other images", style.OTHER_IMAGES),
    "centre_bias": ("centre bias instead of the saliency map", style.CENTRE_BIAS),
    "activations": ("activations instead of the heatmap", style.ACTIVATIONS),
}

_DIRECTIONS: dict[str, tuple[str, Literal["-", "--"]]] = {
    "saliency_predicts_ais": ("the saliency map predicts", "-"),
    "ais_predicts_saliency": ("the heatmap predicts", "--"),
}


@style.styled
def draw_overlap(summary: pd.DataFrame, comparison: str, model: str) -> Figure:
    """Precision, recall and relative risk of saliency maps and heatmaps as predictions of each other, all images.

    Args:
        summary: what `overlap.summary.summarise` returns for each saliency map, whose name is in the column `saliency`,
            and the provenance (see `style.provenance`).
        comparison: its name.
        model: its name.
    """
    everything = summary[summary["category"] == ALL_IMAGES]
    saliencies, target = everything["saliency"].unique().tolist(), _target(everything)
    figure = style.new_figure(1.6 + 2.0 * len(saliencies))
    panels = figure.subplots(len(saliencies), 3, squeeze=False, sharex="col", sharey="col")
    for row, saliency in zip(panels, saliencies, strict=True):
        one = everything[everything["saliency"] == saliency]
        for panel, measure in zip(row, ("precision", "recall"), strict=False):
            _curves(panel, one, everything, measure, target, list(_DIRECTIONS))
            panel.set_ylabel(measure)
        _relative_risks(row[2], one)
        row[0].set_title(style.short(saliency))
    for panel in panels[-1, :2]:
        panel.set_xlabel("predicting mask (% of pixels)")
    panels[-1, 2].set_xlabel("both masks (% of pixels)")
    note = (
        f"Predicted mask: {target:g} % of the pixels. Lines: means over {everything['n_images'].max()} images; "
        "relative risk: medians.\nBands and bars: 95 % bootstrap intervals."
    )
    _legend(figure, note, directions=True)
    style.title(
        figure, "Saliency maps and heatmaps as predictions of each other", comparison, model, style.provenance(summary)
    )
    return figure


@style.styled
def draw_overlap_categories(summary: pd.DataFrame, comparison: str, model: str) -> Figure:
    """Precision and recall of saliency maps as predictions of heatmaps against the threshold, for every category.

    Args:
        summary: as for `draw_overlap`.
        comparison: its name.
        model: its name.
    """
    saliencies, names, target = summary["saliency"].unique().tolist(), summary["category"].unique(), _target(summary)
    n_blocks = -(-len(saliencies) // _SALIENCIES)
    row_height = float(np.clip(_ROWS / (n_blocks * len(names)), _LOWEST, _HIGHEST))
    figure = style.new_figure(1.5 + n_blocks * (0.3 + row_height * len(names)))
    panels = figure.subplots(n_blocks * len(names), 2 * min(len(saliencies), _SALIENCIES), squeeze=False, sharex=True)
    for panel in panels.flat:
        panel.set_visible(False)
    for at, saliency in enumerate(saliencies):
        block, left = at // _SALIENCIES * len(names), 2 * (at % _SALIENCIES)
        for column, measure in zip((left, left + 1), ("precision", "recall"), strict=True):
            for row, name in enumerate(names):
                panel = panels[block + row, column]
                panel.set_visible(True)
                one = summary[(summary["saliency"] == saliency) & (summary["category"] == name)]
                _curves(panel, one, summary, measure, target, ["saliency_predicts_ais"])
                if column == 0:
                    panel.set_ylabel(f"{style.short(str(name), 18)}\n{one['n_images'].max()} images")
                if row == 0:
                    panel.set_title(f"{style.short(saliency) if column == left else ''}\n{measure}")
            panel.tick_params(labelbottom=True)
            panel.set_xlabel("threshold: predicting\nmask (% of pixels)", fontsize=7)
    note = (
        f"The highest pixels of the saliency map as a prediction of the highest {target:g} % of the heatmap.\n"
        "Lines: means over images; bands: 95 % bootstrap intervals."
    )
    _legend(figure, note, directions=False)
    style.title(
        figure, "How well saliency maps predict heatmaps, by category", comparison, model, style.provenance(summary)
    )
    return figure


@style.styled
def draw_overlap_grid(
    heatmaps: xr.Dataset,
    salience: Mapping[str, xr.Dataset],
    overlaps: Mapping[str, pd.DataFrame],
    pictures: pd.DataFrame,
    percents: Sequence[float],
    comparison: str,
    model: str,
) -> Figure:
    """Images with contours of the masks of heatmap and saliency map, and their relative risk.

    Args:
        heatmaps: what `heatmaps.make` returns.
        salience: saliency maps, open, by name.
        overlaps: what `overlap.measuring.measure` returns first, by the name of the saliency maps.
        pictures: table of the images.
        percents: sizes of the masks in per cent of the pixels.
        comparison: its name.
        model: its name.
    """
    sizes = sorted(percents)
    risks = {name: _risks(table, sizes) for name, table in overlaps.items()}
    first = next(iter(risks.values()))
    ranked = first[sizes[len(sizes) // 2]].sort_values(ascending=False, kind="stable")
    chosen = resampling.evenly(ranked.dropna().index.tolist() or ranked.index.tolist(), _COLUMNS)
    n_rows = len(sizes) * len(salience)
    figure = style.new_figure(1.1 + n_rows * (0.2 + 1.1 * style.aspect(heatmaps)))
    panels = figure.subplots(n_rows, len(chosen), squeeze=False)
    for column, image in enumerate(chosen):
        faded = _faded(read_image(pictures, image))
        placed = place_image(heatmaps, "heatmap", image)
        for block, name in enumerate(salience):
            other = np.where(np.isnan(placed), np.nan, own_map(salience[name], image))
            for at, size in enumerate(sizes):
                panel = panels[block * len(sizes) + at, column]
                panel.imshow(faded)
                _contours(panel, placed, size, style.HEATMAP)
                _contours(panel, other, size, style.SALIENCY)
                title = f"RR {style.number(f'{risks[name][size][image]:.1f}')}"
                above = f"{style.short(image, 19)}\n" if block == at == 0 else ""
                panel.set_title(above + title, fontsize=7)
    for block, name in enumerate(salience):
        for at, size in enumerate(sizes):
            panels[block * len(sizes) + at, 0].set_ylabel(f"{style.short(name, 20)}\nhighest {size:g} %", fontsize=7)
    for panel in panels.flat:
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set_visible(False)
    lines = [
        Line2D([], [], color=colour, label=f"highest pixels of the {what}", linewidth=1.5)
        for what, colour in (("heatmap", style.HEATMAP), ("saliency map", style.SALIENCY))
    ]
    note = (
        "RR: relative risk, how many times more often pixels inside the heatmap's mask lie in the saliency map's mask\n"
        f"than pixels outside it. Images from the highest to the lowest RR at {sizes[len(sizes) // 2]:g} %."
    )
    figure.legend(handles=lines, title=note, title_fontsize=7, alignment="left", loc="outside lower left", ncols=2)
    style.title(figure, "Where heatmaps and saliency maps lie", comparison, model, heatmaps.attrs)
    return figure


def _risks(table: pd.DataFrame, sizes: Sequence[float]) -> pd.DataFrame:
    """Relative risks (image, size) where both masks have one size."""
    same = (table["top_percent"] == table["target_percent"]) & table["top_percent"].isin(sizes)
    chosen = table[same & (table["baseline"] == "observed") & (table["direction"] == "saliency_predicts_ais")]
    return chosen.pivot_table(index="image", columns="top_percent", values="relative_risk", sort=False, dropna=False)


def _faded(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A paler photograph, on which coloured lines can be seen."""
    return np.round(0.55 * rgb + 0.45 * 255).astype(np.uint8)


def _contours(panel: Axes, map2d: NDArray[np.floating], size: float, colour: tuple[float, float, float]) -> None:
    """The outline of a map's highest pixels, if it has any."""
    found = masks.masks(map2d, [size])
    if found is None or not found[0].any() or found[0].all():
        return
    # A frame of pixels outside, so that outlines are closed at the edge of the image.
    padded = np.pad(found[0].astype(float), 1)
    height, width = map2d.shape
    x, y = np.arange(-1, width + 1).clip(-0.5, width - 0.5), np.arange(-1, height + 1).clip(-0.5, height - 0.5)
    lines = panel.contour(x, y, padded, levels=[0.5], colors=[colour], linewidths=1.2)
    lines.set_path_effects([patheffects.withStroke(linewidth=2.2, foreground="white")])


def _target(summary: pd.DataFrame) -> float:
    """The size of the predicted mask of the curves: the middle one of those that all sizes predict."""
    curves = summary[(summary["measure"] == "precision") & (summary["top_percent"] != summary["target_percent"])]
    counts = curves["target_percent"].value_counts()
    if counts.empty:
        return float(summary["target_percent"].dropna().iloc[0])
    full = sorted(counts[counts == counts.max()].index)
    return float(full[len(full) // 2])


def _curves(
    panel: Axes,
    summary: pd.DataFrame,
    summary_of_all: pd.DataFrame,
    measure: str,
    target: float,
    directions: Sequence[str],
) -> None:
    """One measure against the size of the predicting mask; a colour per baseline, a line style per direction."""
    aimed = summary[(summary["measure"] == measure) & (summary["target_percent"] == target)]
    for baseline, (_, colour) in _BASELINES.items():
        for direction in directions:
            rows = aimed[(aimed["baseline"] == baseline) & (aimed["direction"] == direction)]
            rows = rows.sort_values("top_percent")
            panel.fill_between(rows["top_percent"], rows["lower"], rows["upper"], color=colour, alpha=0.15, linewidth=0)
            panel.plot(rows["top_percent"], rows["value"], _DIRECTIONS[direction][1], color=colour, linewidth=1.2)
    if measure == "precision":
        panel.axhline(target / 100, color="black", linewidth=0.8, linestyle=":")
    else:
        panel.axline((0, 0), (100, 1), color="black", linewidth=0.8, linestyle=":")
    panel.set_xlim(0, aimed["top_percent"].max())
    panel.set_ylim(0, _highest(summary_of_all, measure, target))


def _highest(summary: pd.DataFrame, measure: str, target: float) -> float:
    """The upper end of an axis that all groups of images share."""
    aimed = summary[(summary["measure"] == measure) & (summary["target_percent"] == target)]
    highest = aimed["upper"].max()
    return 1.05 * float(highest) if highest > 0 else 1.0


def _relative_risks(panel: Axes, summary: pd.DataFrame) -> None:
    """Median and interval of the relative risk where both masks have one size, and so both directions one value."""
    rows = summary[(summary["measure"] == "relative_risk") & (summary["direction"] == "saliency_predicts_ais")]
    sizes = sorted(rows["top_percent"].unique())
    for at, (baseline, (_, colour)) in enumerate(_BASELINES.items()):
        one = rows[rows["baseline"] == baseline].set_index("top_percent").reindex(sizes)
        places = np.arange(len(sizes)) + 0.18 * (at - 1.5)
        panel.vlines(places, one["lower"], one["upper"], color=colour)
        panel.plot(places, one["value"], "o", color=colour, markersize=4, clip_on=False, zorder=3)
    panel.axhline(1, color="black", linewidth=0.8, linestyle=":")
    panel.set_xticks(range(len(sizes)), [f"{size:g}" for size in sizes])
    panel.set_xlim(-0.6, len(sizes) - 0.4)
    panel.set_ylim(bottom=0)
    panel.set_ylabel("relative risk")


def _legend(figure: Figure, note: str, *, directions: bool) -> None:
    """Say below a figure what lines and colours mean, and how numbers came about."""
    lines = [Line2D([], [], color=colour, label=label) for label, colour in _BASELINES.values()]
    if directions:
        lines += [Line2D([], [], color="black", linestyle=style, label=label) for label, style in _DIRECTIONS.values()]
    lines.append(Line2D([], [], color="black", linestyle=":", linewidth=0.8, label="chance"))
    figure.legend(handles=lines, title=note, title_fontsize=7, alignment="left", loc="outside lower left", ncols=2)
