"""Draws the pairs of images on which people and network agree and disagree most, and what explains that."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from alignment_importance.maps.heatmaps import place
from alignment_importance.maps.patches import Square, cut
from alignment_importance.report.figures import style
from alignment_importance.report.figures.heatmaps import heatmap_bar, heatmap_note, limits_of
from alignment_importance.report.figures.sheet import Sheet
from alignment_importance.report.overlays import overlay, read_image, shrunk
from alignment_importance.report.pairs import Pair, list_pairs
from alignment_importance.system.names import counted

#: Number of pairs of each kind, and of feature maps for each pair.
_PAIRS, _MAPS = 3, 3

#: Gap between the images and the patches, and between the patches of two maps, in widths of a picture.
_BEFORE, _BETWEEN = 0.25, 0.12


@style.styled
def draw_explained_pairs(
    explained: xr.Dataset,
    squares: Callable[[str, Sequence[int]], list[Square | None]],
    pictures: pd.DataFrame,
    comparison: str,
    model: str,
) -> Figure:
    """Draw the pairs with the highest and the lowest shares of the correlation of network and people.

    Args:
        explained: what `experiments.pairs.explain` returns; may be lazy.
        squares: finds where some feature maps are most active in an image, see `patches.locate`.
    """
    agreeing, disagreeing = _shown(explained)
    rows = [*agreeing, *disagreeing]
    figure = style.new_figure(0.75 + 1.02 * max(1, len(rows)))
    panel = figure.subplots()
    n_columns = 4 + _BEFORE + _MAPS * (2 + _BETWEEN) - _BETWEEN
    sheet = Sheet(panel, max(1, len(rows)), n_columns, 1, above=0.6)
    limits, silent = limits_of(explained), False
    for at, row in enumerate(rows):
        people, network = style.number(row.people, "+.1f"), style.number(row.network, "+.1f")
        share = style.number(row.share, "+.4f")
        sheet.head(at, 0, f"people {people} SD, network {network} SD, share of r {share}")
        images = [read_image(pictures, image) for image in row.images]
        for side, (image, rgb) in enumerate(zip(row.images, images, strict=True)):
            small = shrunk(rgb, sheet.pixels)
            height, width = small.shape[:2]
            heat = explained["heatmap"][row.number, side].to_numpy()
            sheet.show(at, 2 * side, small, sheet.named(image, 2, size=6), size=6)
            sheet.show(at, 2 * side + 1, overlay(small, place(heat, width, height, explained.attrs["resize"]), limits))
        strongest = [squares(image, row.maps) for image in row.images]
        silent |= any(None in places for places in strongest)
        for number, both in enumerate(zip(*strongest, strict=True)):
            title = f"map {row.maps[number]}"
            for side, square in enumerate(both):
                if square is not None:
                    column = 4 + _BEFORE + number * (2 + _BETWEEN) + side
                    sheet.show(at, column, shrunk(cut(images[side], square), sheet.pixels), title, size=6)
                    title = ""
    title = "Pairs of images that people and network agree and disagree on most"
    style.title(figure, title, comparison, model, explained.attrs)
    heatmap_bar(panel, max(1, len(rows)), limits, weight="contribution")
    if not rows:
        panel.text(0, 0, "No explained pair has a share of the correlation.", va="top")
        return figure
    ranks = ", of their ranks" if explained.attrs["ranks"] else ""
    shown = [explained["heatmap"][row.number].load() for row in rows]
    style.footnote(
        figure,
        f"Above, {counted(len(agreeing), 'pair that speaks', 'pairs that speak')} most for the alignment, below, "
        f"{len(disagreeing)} most against it, of {explained.sizes['pair']} explained. SD: similarity to people and to "
        f"the network, in standard deviations over all {explained.attrs['n_judged']} judged pairs{ranks}; the mean of "
        f"their products is r. {heatmap_note(shown, limits)} Each weighs the image's own maps by what they do for the "
        "match of its similarity to the other. "
        f"Right: where the {_MAPS} feature maps that contribute most to the agreement of the pair, or to its "
        "disagreement, are most active in both images"
        + ("; left out where a map is nowhere above zero." if silent else "."),
    )
    return figure


def _shown(explained: xr.Dataset) -> tuple[list[Pair], list[Pair]]:
    """Choose the pairs with the highest shares above zero, and the lowest below zero, the most extreme first."""
    pairs = [pair for pair in list_pairs(explained, _MAPS) if np.isfinite(pair.share)]
    pairs.sort(key=lambda pair: -pair.share)
    agreeing = [pair for pair in pairs[:_PAIRS] if pair.share > 0]
    return agreeing, [pair for pair in pairs[::-1][:_PAIRS] if pair.share < 0]
