"""Images beside their heatmaps, and how figures say what the colours of heatmaps mean."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from alignment_importance.maps.heatmaps import place_image
from alignment_importance.report.figures import style
from alignment_importance.report.overlays import Limits, heat_colours, overlay, read_image, shared_limits
from alignment_importance.statistics import resampling

#: Images side by side, and the longest name that is written in full over one of them.
_COLUMNS, _LONGEST_ID = 5, 20

#: Categories below each other, and images of a category, each beside its heatmap.
_MOST_ROWS, _PAIRS = 10, 4

#: A colour bar is at most as high as so many rows of images.
_ROWS_OF_BAR = 3


def limits_of(heatmaps: xr.Dataset) -> Limits | None:
    """The range of all heatmaps of a dataset, where the present page wants one scale for them, otherwise None."""
    return shared_limits(heatmaps, style.heatmap_scale())


def heatmap_note(limits: Limits | None) -> str:
    """Say how the colours of heatmaps in a figure are read."""
    scale = "each over its own range" if limits is None else "one scale for all images of the comparison and network"
    return f"Heatmaps: clear (lowest) to bright (highest), {scale}; crossed out where there is none."


def heatmap_bar(figure: Figure | SubFigure, panels: np.ndarray, limits: Limits | None, *, hidden: bool = False) -> None:
    """Draw a colour bar beside panels (row, column), if their colours stand for numbers that can be compared.

    Args:
        figure: that the panels are in.
        panels: the heatmaps, among others.
        limits: see `shared_limits`; there is no bar without.
        hidden: leave no more than the bar's space, so that rows of panels with and without one are aligned.
    """
    if limits is None:
        return
    colours = mpl.cm.ScalarMappable(mpl.colors.Normalize(*limits), mpl.colors.ListedColormap(heat_colours(256)))
    shrink = min(0.8, _ROWS_OF_BAR / len(panels))
    bar = figure.colorbar(
        colours, ax=panels, aspect=15, shrink=shrink, pad=0.01, ticks=MaxNLocator(3), alpha=0 if hidden else None
    )
    bar.set_label("mean activation", fontsize=7)
    bar.outline.set_visible(False)
    if hidden:
        bar.ax.tick_params(colors="none")
        bar.ax.yaxis.label.set_color("none")


@style.styled
def draw_heatmaps(
    heatmaps: xr.Dataset, alignment: xr.DataArray, table: pd.DataFrame, comparison: str, model: str
) -> Figure:
    """A few images, evenly chosen from the best to the worst aligned, each with its heatmap.

    Images of several categories are chosen within each, and stand in a row for each.

    Args:
        heatmaps: what `heatmaps.make` returns.
        alignment: (image), the correlation of an image's similarities with people's.
        table: `image`, `file`, `sha256` and, where there are some, `category` of the images.
        comparison: its name.
        model: its name.
    """
    ranked = alignment.to_series().sort_values(ascending=False, kind="stable")
    named = table[table["image"].isin(ranked.index) & table["category"].notna()] if "category" in table else table[:0]
    categories = sorted(named["category"].unique()) if len(named) else []
    if len(categories) > 1:
        rows = {name: named.loc[named["category"] == name, "image"].tolist() for name in categories}
        return _rows_of_categories(heatmaps, ranked, rows, table, comparison, model)
    chosen, limits = resampling.evenly(ranked.index.tolist(), 2 * _COLUMNS), limits_of(heatmaps)
    n_blocks = -(-len(chosen) // _COLUMNS)
    figure = style.new_figure(0.8 + n_blocks * (0.5 + 2.8 * style.aspect(heatmaps)))
    panels = figure.subplots(2 * n_blocks, _COLUMNS, squeeze=False)
    for panel in panels.flat:
        panel.axis("off")
    for at, image in enumerate(chosen):
        block, column = divmod(at, _COLUMNS)
        photograph, covered = panels[2 * block : 2 * block + 2, column]
        rgb = read_image(table, image)
        photograph.imshow(rgb)
        photograph.set_title(
            f"{style.short(image, _LONGEST_ID)}\nr = {style.number(f'{ranked[image]:.2f}')}", fontsize=7.5
        )
        covered.imshow(overlay(rgb, place_image(heatmaps, "heatmap", image), limits))
    heatmap_bar(figure, panels, limits)
    style.title(
        figure, "Images and their heatmaps, from the best to the worst aligned", comparison, model, heatmaps.attrs
    )
    style.footnote(
        figure,
        f"{heatmap_note(limits)} r: correlation of the network's with people's similarities of an image to all others.",
    )
    return figure


def _rows_of_categories(
    heatmaps: xr.Dataset,
    ranked: pd.Series,
    images_of: Mapping[str, Sequence[str]],
    table: pd.DataFrame,
    comparison: str,
    model: str,
) -> Figure:
    """A row for every category: images from the best to the worst aligned, each beside its heatmap."""
    shown, limits = resampling.evenly(list(images_of), _MOST_ROWS), limits_of(heatmaps)
    figure = style.new_figure(0.9 + len(shown) * (0.16 + 0.73 * style.aspect(heatmaps)))
    panels = figure.subplots(len(shown), 2 * _PAIRS, squeeze=False)
    for panel in panels.flat:
        panel.axis("off")
    for row, category in zip(panels, shown, strict=True):
        members = set(images_of[category])
        for at, image in enumerate(resampling.evenly([name for name in ranked.index if name in members], _PAIRS)):
            photograph, covered = row[2 * at : 2 * at + 2]
            rgb = read_image(table, image)
            photograph.imshow(rgb)
            photograph.set_title(f"r = {style.number(f'{ranked[image]:.2f}')}", fontsize=6.5, pad=2)
            covered.imshow(overlay(rgb, place_image(heatmaps, "heatmap", image), limits))
        beside = textwrap.fill(style.short(category), 12)
        row[0].text(-0.08, 0.5, beside, transform=row[0].transAxes, ha="right", va="center", fontsize=7.5)
    heatmap_bar(figure, panels, limits)
    style.title(figure, "Images of every category and their heatmaps", comparison, model, heatmaps.attrs)
    left_out = f" {len(shown)} of {len(images_of)} categories." if len(shown) < len(images_of) else ""
    style.footnote(
        figure,
        f"In a row from the best to the worst aligned.{left_out} {heatmap_note(limits)} r: correlation of the "
        "network's with people's similarities of an image to all others.",
    )
    return figure
