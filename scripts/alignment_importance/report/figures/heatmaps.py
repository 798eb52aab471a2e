"""Draws images beside their heatmaps; explains the colours of heatmaps, for other figures too."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from alignment_importance.maps.heatmaps import place_image
from alignment_importance.report.figures import style
from alignment_importance.report.figures.sheet import Sheet
from alignment_importance.report.overlays import Limits, heat_colours, overlay, read_image, shared_limits
from alignment_importance.statistics import resampling

#: Number of images in a row, each beside its heatmap.
_PAIRS = 4

#: Number of rows of images, and of rows for a category each.
_ROWS, _CATEGORIES = 3, 10

#: The largest height of a colour bar, in rows of images.
_ROWS_OF_BAR = 3

#: Letters that fit beside a bar of a row or two.
_LETTERS_BESIDE_ROWS = {1: 12, 2: 18}


def limits_of(heatmaps: xr.Dataset) -> Limits | None:
    """Return the range of all heatmaps of a dataset if the current page has one scale for them, else None."""
    return shared_limits(heatmaps, style.present_page().heatmap_scale)


def heatmap_note(shown: Sequence[xr.DataArray], limits: Limits | None) -> str:
    """Explain the colours of the heatmaps (image, y, x) that a figure shows."""
    scale = "each over its own range" if limits is None else "one scale for all images of the comparison and network"
    missing = any(np.isnan(maps.to_numpy()).all(axis=(1, 2)).any() for maps in shown)
    crossed_out = "; crossed out where no score is positive or one is undefined" if missing else ""
    return f"Heatmaps: clear (lowest) to bright (highest), {scale}{crossed_out}."


def heatmap_bar(panel: Axes, n_rows: int, limits: Limits | None, *, weight: str = "AIS", hidden: bool = False) -> None:
    """Draw a colour bar beside a panel of heatmaps, if they share one scale.

    Args:
        panel: the panel of the heatmaps, and perhaps of other pictures.
        n_rows: number of rows of pictures in the panel.
        limits: see `shared_limits`; without limits there is no bar.
        weight: what the maps are weighted by.
        hidden: leave only the space of the bar, so that panels with and without a bar are aligned.
    """
    if limits is None:
        return
    colours = mpl.cm.ScalarMappable(mpl.colors.Normalize(*limits), mpl.colors.ListedColormap(heat_colours(256)))
    shrink = min(0.8, _ROWS_OF_BAR / n_rows)
    bar = panel.figure.colorbar(
        colours, ax=panel, aspect=15, shrink=shrink, pad=0.01, panchor=False, ticks=MaxNLocator(3),
        alpha=0 if hidden else None,
    )  # fmt: skip
    letters = _LETTERS_BESIDE_ROWS.get(n_rows, 99)
    bar.set_label(textwrap.fill(f"activation, weighted by {weight}", letters), fontsize=7)
    bar.outline.set_visible(False)
    if hidden:
        bar.ax.tick_params(colors="none")
        bar.ax.yaxis.label.set_color("none")


def heatmap_rows(
    figure: SubFigure,
    titles: Mapping[str, str],
    heatmaps: Sequence[xr.Dataset],
    pictures: pd.DataFrame,
    aspect: float,
    above: float,
) -> list[Sheet]:
    """Draw a row of images, with titles by their ids, and below it a row of those heatmaps that each dataset has."""
    panels = figure.subplots(1 + len(heatmaps), 1)
    sheets, limits = [Sheet(panel, 1, len(titles), aspect, above) for panel in panels], list(map(limits_of, heatmaps))
    for column, (image, title) in enumerate(titles.items()):
        rgb = read_image(pictures, image, sheets[0].pixels)
        sheets[0].show(0, column, rgb, title)
        for sheet, maps, scale in zip(sheets[1:], heatmaps, limits, strict=True):
            if image in maps.indexes["image"]:
                sheet.show(0, column, overlay(rgb, place_image(maps, "heatmap", image, rgb.shape[:2]), scale))
    heatmap_bar(panels[0], 1, limits[0], hidden=True)
    for panel, scale in zip(panels[1:], limits, strict=True):
        heatmap_bar(panel, 1, scale)
    return sheets


@style.styled
def draw_heatmaps(
    heatmaps: xr.Dataset, alignment: xr.DataArray, pictures: pd.DataFrame, comparison: str, model: str
) -> Figure:
    """Draw a few images, evenly chosen from the best to the worst aligned, each beside its heatmap.

    If there are several categories, images are chosen within each, and each has a row.

    Args:
        alignment: (image), the correlation of an image's similarities with people's.
    """
    ranked = alignment.to_series().sort_values(ascending=False, kind="stable")
    rows, note = _chosen(ranked.index.tolist(), pictures)
    shown = heatmaps["heatmap"].sel(image=[image for _, images in rows for image in images])
    limits, aspect = limits_of(heatmaps), style.aspect(heatmaps)
    figure = style.new_figure(0.9 + len(rows) * (0.16 + 0.73 * aspect))
    panel = figure.subplots()
    sheet = Sheet(panel, len(rows), 2 * _PAIRS, aspect, above=0.22)
    for row, (category, images) in enumerate(rows):
        if category:
            sheet.beside(row, textwrap.fill(style.short(category), 12))
        for at, image in enumerate(images):
            rgb = read_image(pictures, image, sheet.pixels)
            named = sheet.named(image, 2, f", {style.said('r', ranked[image], '.2f')}")
            sheet.show(row, 2 * at, rgb, named)
            placed = place_image(heatmaps, "heatmap", image, rgb.shape[:2])
            sheet.show(row, 2 * at + 1, overlay(rgb, placed, limits))
    heatmap_bar(panel, len(rows), limits)
    style.title(figure, "Images and their heatmaps", comparison, model, heatmaps.attrs)
    style.footnote(
        figure,
        f"{note} {heatmap_note([shown], limits)} r: correlation of the network's similarities of an image to all "
        "others with the judgments, of their ranks if the score is of ranks.",
    )
    return figure


def _chosen(ranked: list[str], pictures: pd.DataFrame) -> tuple[list[tuple[str, list[str]]], str]:
    """Choose the rows of images, each with its category if there are several, and describe the choice."""
    listed = pictures.set_index("image")["category"].reindex(ranked).dropna()
    categories = sorted(listed.unique())
    if len(categories) < 2:
        images = resampling.evenly(ranked, _ROWS * _PAIRS)
        rows = [("", images[start : start + _PAIRS]) for start in range(0, len(images), _PAIRS)]
        count = style.some(len(images), len(ranked), "images").capitalize()
        return rows, f"{count}, from the best to the worst aligned."
    shown = resampling.evenly(categories, _CATEGORIES)
    rows = [(name, resampling.evenly(listed.index[listed == name].tolist(), _PAIRS)) for name in shown]
    count = style.some(sum(len(images) for _, images in rows), len(ranked), "images").capitalize()
    groups = style.some(len(shown), len(categories), "categories")
    return rows, f"{count} of {groups}; of each from the best to the worst aligned."
