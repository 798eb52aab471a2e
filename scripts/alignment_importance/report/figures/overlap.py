"""Draws heatmaps of one comparison and network beside saliency maps."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from alignment_importance.maps.heatmaps import place_image, resample
from alignment_importance.maps.overlap import masks
from alignment_importance.maps.overlap.summary import ALL_IMAGES
from alignment_importance.maps.overlap.tables import of_equal_masks
from alignment_importance.maps.saliency.computing import own_map
from alignment_importance.report import palette
from alignment_importance.report.figures import style
from alignment_importance.report.figures.sheet import Sheet
from alignment_importance.report.overlays import read_image
from alignment_importance.statistics import resampling

#: Number of images in a row of the grid, number of kinds of saliency map in a row of the figure of categories, and the
#: largest number of categories in that figure.
_COLUMNS = 6
_SALIENCIES = 2
_CATEGORIES = 40

#: Height in inches of all rows of categories, so that they fit on a page, and limits of a single row.
_ROWS, _LOWEST, _HIGHEST = 7.8, 0.55, 1.05

#: The highest of these values that fits is marked on the axis of a row.
_MARKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

#: Distance from one row of categories to the next, in heights of a row; end of their names, in points from the axis.
_STEP, _LEFT = 1.3, -25

#: Labels, colours, widths and dashes of lines, and markers of points. Later lines lie over earlier ones: where curves
#: coincide, the wider ones show on both sides of the narrower ones. Dashes separate them further, in figures where
#: dashes mean nothing else.
_BASELINES: dict[str, tuple[str, str, float, Any, str]] = {
    "observed": ("heatmap and saliency map of one image", palette.OBSERVED, 2.6, "-", "o"),
    "shuffled_saliency": ("saliency maps of other images", palette.OTHER_IMAGES, 1.8, (0, (3, 2)), "s"),
    "centre_bias": ("centre bias instead of the saliency map", palette.CENTRE_BIAS, 1.1, (0, (2, 3)), "^"),
    "activations": ("activations instead of the heatmap", palette.ACTIVATIONS, 0.8, "-", "D"),
}

_DIRECTIONS: dict[str, tuple[str, Literal["-", "--"]]] = {
    "saliency_predicts_ais": ("the saliency map predicts", "-"),
    "ais_predicts_saliency": ("the heatmap predicts", "--"),
}

#: Space for text above a picture of the grid, and letters beside it, in widths of the picture.
_ABOVE, _PER_WIDTH = 0.2, 18

#: Widths of outlines, and of the white lines below them, in points.
_OUTLINE, _HALO = 1.2, 2.2


@style.styled
def draw_overlap(summary: pd.DataFrame, comparison: str, model: str) -> Figure:
    """Draw precision, recall and relative risk of saliency maps and heatmaps as predictions of each other.

    Args:
        summary: what `overlap.summary.summarise` returns for each saliency map, whose name is in the column `saliency`,
            and the provenance (see `style.provenance`).
    """
    everything = summary[summary["category"] == ALL_IMAGES]
    saliencies, target = everything["saliency"].unique().tolist(), _target(everything)
    figure = style.new_figure(1.6 + 2.0 * len(saliencies))
    panels = figure.subplots(len(saliencies), 3, squeeze=False, sharex="col", sharey="col")
    for row, saliency in zip(panels, saliencies, strict=True):
        for panel, (measure, rows) in zip(row, _aimed(everything, target).items(), strict=False):
            _directions(panel, rows[rows["saliency"] == saliency], measure, target, _highest(rows))
            panel.set_ylabel(measure)
        _relative_risks(row[2], everything[everything["saliency"] == saliency])
        row[0].set_title(style.short(saliency))
    panels[0, 2].set_ylim(bottom=0)  # after all rows are drawn, since it stops the scaling of the shared axis
    for panel in panels[-1, :2]:
        panel.set_xlabel("predicting mask\n(% of pixels)")
    panels[-1, 2].set_xlabel("both masks\n(% of pixels)")
    note = (
        f"Predicted mask: {target:g} % of the pixels. Lines: means over {everything['n_images'].max()} images; "
        "relative risk: medians. Bands and bars: 95 % bootstrap intervals."
    )
    style.key(figure, _marks(directions=True), note, columns=2)
    title = "Saliency maps and heatmaps as predictions of each other"
    style.title(figure, title, comparison, model, style.provenance(summary))
    return figure


@style.styled
def draw_overlap_categories(summary: pd.DataFrame, comparison: str, model: str) -> Figure:
    """Draw precision and recall of saliency maps as predictions of heatmaps against the threshold, by category.

    Args:
        summary: as for `draw_overlap`.
    """
    saliencies, groups = (summary[name].unique().tolist() for name in ("saliency", "category"))
    categories = [name for name in groups if name != ALL_IMAGES]
    shown = resampling.evenly(categories, _CATEGORIES)
    names = [name for name in groups if name == ALL_IMAGES or name in shown]
    target = _target(summary)
    n_blocks = -(-len(saliencies) // _SALIENCIES)
    row_height = float(np.clip(_ROWS / (n_blocks * len(names)), _LOWEST, _HIGHEST))
    figure = style.new_figure(1.5 + n_blocks * (0.6 + row_height * len(names)))
    panels = figure.subplots(n_blocks, 2 * min(len(saliencies), _SALIENCIES), squeeze=False, sharex=True)
    for panel in panels.flat[2 * len(saliencies) :]:
        panel.set_visible(False)
    for pair, saliency in zip(panels.reshape(-1, 2), saliencies, strict=False):
        for panel, (measure, rows) in zip(pair, _aimed(summary, target).items(), strict=True):
            _stack(panel, rows[rows["saliency"] == saliency], names, measure, target, _highest(rows))
            panel.set_title(f"{style.short(saliency) if panel is pair[0] else ''}\n{measure}")
            panel.set_xlabel("predicting mask\n(% of pixels)", fontsize=7)
            panel.tick_params(labelbottom=True)
    for panel in panels[:, 0]:
        for row, name in enumerate(names):
            n_images = summary.loc[summary["category"] == name, "n_images"].max()
            beside = f"{textwrap.fill(style.short(name, 18), 12)}\n{n_images} images"
            panel.annotate(
                beside, (0, 0.5 - _STEP * row), xycoords=panel.get_yaxis_transform(), xytext=(_LEFT, 0),
                textcoords="offset points", ha="right", va="center", fontsize=7.5,
            )  # fmt: skip
    note = (
        f"The highest pixels of the saliency map as a prediction of the highest {target:g} % of the heatmap. "
        "Lines: means over images; bands: 95 % bootstrap intervals."
    )
    if len(shown) < len(categories):
        note = f"{note} {style.some(len(shown), len(categories), 'categories')}."
    style.key(figure, _marks(directions=False), note, columns=2)
    title = "How well saliency maps predict heatmaps, by category"
    style.title(figure, title, comparison, model, style.provenance(summary))
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
    """Draw images with outlines of the masks of heatmap and saliency map, and their relative risk.

    Args:
        salience: saliency maps, open, by name.
        overlaps: what `overlap.measuring.measure` returns first, by the name of the saliency maps.
        percents: sizes of the masks in per cent of the pixels.
    """
    sizes = sorted(percents)
    risks = {
        name: of_equal_masks(table).pivot_table("relative_risk", "image", "top_percent", sort=False, dropna=False)
        for name, table in overlaps.items()
    }
    chosen, which = _chosen(risks, sizes[len(sizes) // 2])
    n_rows, aspect = len(sizes) * len(salience), style.aspect(heatmaps)
    figure = style.new_figure(1.2 + n_rows * (_ABOVE + 1.02 * aspect))
    panel = figure.subplots()
    sheet = Sheet(panel, n_rows, len(chosen), aspect, _ABOVE)
    lines: dict[str, list[NDArray[np.float64]]] = {palette.HEATMAP: [], palette.SALIENCY: []}
    for column, image in enumerate(chosen):
        rgb = read_image(pictures, image, sheet.pixels)
        height, width = rgb.shape[:2]
        # Coloured lines are visible on a faded picture.
        faded = np.round(0.55 * rgb + 0.45 * 255).astype(np.uint8)
        heatmap = place_image(heatmaps, "heatmap", image, (height, width))
        marked = {palette.HEATMAP: masks.masks(heatmap, sizes)}
        for block, (name, maps) in enumerate(salience.items()):
            seen = np.where(np.isnan(heatmap), np.nan, resample(own_map(maps, image), width, height))
            marked[palette.SALIENCY] = masks.masks(seen, sizes)
            for at, size in enumerate(sizes):
                title = f"RR {style.number(risks[name][size][image], '.1f')}"
                above = f"{sheet.named(image, size=7)}\n" if block == at == 0 else ""
                row = block * len(sizes) + at
                sheet.show(row, column, faded, above + title, size=7)
                for colour, mask in marked.items():
                    lines[colour] += [] if mask is None else sheet.outlines(row, column, mask[at])
    for block, name in enumerate(salience):
        for at, size in enumerate(sizes):
            words = f"{style.short(name, int(_PER_WIDTH * (aspect + _ABOVE)))}\nhighest {size:g} %"
            sheet.beside(block * len(sizes) + at, words, size=7, rotation=90)
    for colour, segments in lines.items():
        panel.add_collection(LineCollection(segments, colors="white", linewidths=_HALO), autolim=False)
        panel.add_collection(LineCollection(segments, colors=colour, linewidths=_OUTLINE), autolim=False)
    marks: dict[str, Artist] = {
        f"highest pixels of the {what}": Line2D([], [], color=colour, linewidth=1.5)
        for colour, what in ((palette.HEATMAP, "heatmap"), (palette.SALIENCY, "saliency map"))
    }
    note = (
        "RR: relative risk, how many times as often pixels inside the heatmap's mask lie in the saliency map's mask "
        f"as pixels outside it. {which}"
    )
    style.key(figure, marks, note, columns=2)
    style.title(figure, "Where heatmaps and saliency maps lie", comparison, model, heatmaps.attrs)
    return figure


def _chosen(risks: Mapping[str, pd.DataFrame], size: float) -> tuple[list[str], str]:
    """Choose a few images, evenly by their relative risk for the first kind of saliency, and describe the choice."""
    first, table = next(iter(risks.items()))
    ranked = table[size].sort_values(ascending=False, kind="stable")
    defined = ranked.dropna()
    chosen = resampling.evenly((ranked if defined.empty else defined).index.tolist(), _COLUMNS)
    count = style.some(len(chosen), len(ranked), "images").capitalize()
    by = f"RR of {style.short(first)} at {size:g} %"
    order = f"the {by} is undefined" if defined.empty else f"from the highest to the lowest {by}"
    return chosen, f"{count}, {order}."


def _target(summary: pd.DataFrame) -> float:
    """Choose the size of the predicted mask for the curves: the middle one of those with the most predicting masks."""
    curves = summary[(summary["measure"] == "precision") & (summary["top_percent"] != summary["target_percent"])]
    counts = curves["target_percent"].value_counts()
    if counts.empty:
        return float(summary["target_percent"].dropna().iloc[0])
    full = sorted(counts[counts == counts.max()].index)
    return float(full[len(full) // 2])


def _aimed(summary: pd.DataFrame, target: float) -> dict[str, pd.DataFrame]:
    """Select the rows of precision and of recall for one size of the predicted mask."""
    aimed = summary[summary["target_percent"] == target]
    return {measure: aimed[aimed["measure"] == measure] for measure in ("precision", "recall")}


def _directions(panel: Axes, aimed: pd.DataFrame, measure: str, target: float, highest: float) -> None:
    """Draw one measure against the size of the predicting mask; a colour per baseline, a line style per direction."""
    if aimed["value"].isna().all():
        style.undefined(panel, measure)
        return
    aimed = _visible(aimed)
    for baseline, (_, colour, width, *_) in _BASELINES.items():
        for direction, (_, line) in _DIRECTIONS.items():
            rows = aimed[(aimed["baseline"] == baseline) & (aimed["direction"] == direction)]
            rows = rows.sort_values("top_percent")
            panel.fill_between(rows["top_percent"], rows["lower"], rows["upper"], color=colour, alpha=0.15, linewidth=0)
            panel.plot(rows["top_percent"], rows["value"], line, color=colour, linewidth=width)
    if measure == "precision":
        panel.axhline(target / 100, color="black", linewidth=0.8, linestyle=":")
    else:
        panel.axline((0, 0), (100, 1), color="black", linewidth=0.8, linestyle=":")
    panel.set_xlim(0, aimed["top_percent"].max())
    panel.set_ylim(0, highest)


def _stack(panel: Axes, aimed: pd.DataFrame, names: list[str], measure: str, target: float, highest: float) -> None:
    """Draw one measure of the prediction by the saliency map for every category, in rows that share one panel.

    A row is 1 high and shows values from 0 to `highest`; row r begins at -r times `_STEP`.
    """
    bottoms = -_STEP * np.arange(len(names))
    aimed = _visible(aimed[aimed["direction"] == "saliency_predicts_ais"])
    values = ["value", "lower", "upper"]
    wide = aimed.pivot_table(index="category", columns=["baseline", "top_percent"], values=values, dropna=False)
    wide = wide.reindex(names)
    sizes = np.array(sorted(aimed["top_percent"].unique()))

    def in_rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shift values (category, size) into their rows, and concatenate these with NaN between them."""
        return np.pad(values / highest + bottoms[:, None], ((0, 0), (0, 1)), constant_values=np.nan).ravel()

    x = np.tile(np.append(sizes, np.nan), len(names))
    for baseline, (_, colour, width, dashes, _) in _BASELINES.items():
        value, lower, upper = (in_rows(wide[name][baseline].to_numpy()) for name in ("value", "lower", "upper"))
        panel.fill_between(x, lower, upper, color=colour, alpha=0.15, linewidth=0)
        panel.plot(x, value, color=colour, linewidth=width, linestyle=dashes, dash_capstyle="butt")
    chance = np.full_like(sizes, target / 100) if measure == "precision" else sizes / 100
    panel.plot(x, in_rows(np.tile(chance, (len(names), 1))), color="black", linewidth=0.8, linestyle=":")
    for bottom in bottoms[wide["value"].isna().to_numpy().all(axis=1)]:
        panel.text(sizes.mean(), bottom + 0.5, "undefined", ha="center", va="center", fontsize=7)
    panel.hlines(bottoms, 0, sizes.max(), color="0.15", linewidth=0.8)
    panel.vlines(np.zeros_like(bottoms), bottoms, bottoms + 1, color="0.15", linewidth=0.8)
    panel.spines[:].set_visible(False)
    mark = max(value for value in _MARKS if value <= highest)
    marks = np.concatenate([bottoms, bottoms + mark / highest])
    panel.set_yticks(marks, ["0"] * len(names) + [f"{mark:g}"] * len(names), fontsize=6.5)
    panel.set_xlim(0, sizes.max())
    panel.set_ylim(bottoms[-1] - 0.1, 1.1)


def _visible(curves: pd.DataFrame) -> pd.DataFrame:
    """Curves as they are drawn: that of a single size, which would be no line, is as wide as a tenth of the size."""
    if len(curves["top_percent"].unique()) > 1:
        return curves
    return pd.concat([curves.assign(top_percent=curves["top_percent"] * share) for share in (0.95, 1.05)])


def _highest(aimed: pd.DataFrame) -> float:
    """Return the upper end of an axis that all groups of images share."""
    highest = aimed["upper"].max()
    return 1.05 * float(highest) if highest > 0 else 1.0


def _relative_risks(panel: Axes, summary: pd.DataFrame) -> None:
    """Draw median and interval of the relative risk for masks of equal sizes, which is the same in both directions."""
    rows = summary[(summary["measure"] == "relative_risk") & (summary["direction"] == "saliency_predicts_ais")]
    if rows["value"].isna().all():
        style.undefined(panel, "relative risk")
        return
    sizes = sorted(rows["top_percent"].unique())
    for at, (baseline, (_, colour, *_, marker)) in enumerate(_BASELINES.items()):
        points = rows[rows["baseline"] == baseline].set_index("top_percent").reindex(sizes)
        places = np.arange(len(sizes)) + 0.18 * (at - 1.5)
        panel.vlines(places, points["lower"], points["upper"], color=colour)
        panel.plot(places, points["value"], marker, color=colour, markersize=4, clip_on=False, zorder=3)
    panel.axhline(1, color="black", linewidth=0.8, linestyle=":")
    panel.set_xticks(range(len(sizes)), [f"{size:g}" for size in sizes])
    panel.set_xlim(-0.6, len(sizes) - 0.4)
    panel.set_ylabel("relative risk")


def _marks(*, directions: bool) -> dict[str, Artist]:
    """Make the entries of a legend of curves, and with `directions` of points."""
    marks: dict[str, Artist] = {}
    for label, colour, width, dashes, marker in _BASELINES.values():
        of_points = {"marker": marker} if directions else {"linestyle": dashes}
        marks[label] = Line2D([], [], color=colour, linewidth=width, **of_points)
    if directions:
        marks |= {label: Line2D([], [], color="black", linestyle=line) for label, line in _DIRECTIONS.values()}
    return marks | {"chance": Line2D([], [], color="black", linestyle=":", linewidth=0.8)}
