"""Draws the image patches that drive the most important feature maps of one comparison and network most."""

import functools
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from alignment_importance.maps.patches import cut
from alignment_importance.report.figures import style
from alignment_importance.report.figures.sheet import Sheet
from alignment_importance.report.overlays import read_image, shrunk
from alignment_importance.system.names import counted

#: Number of feature maps in a row, and the gap between them, in widths of a patch.
_COLUMNS, _BETWEEN = 2, 0.3


@style.styled
def draw_patches(
    table: pd.DataFrame, pictures: pd.DataFrame, comparison: str, model: str, provenance: Mapping[str, Any]
) -> Figure:
    """Draw the parts of images in which the most important feature maps are most active.

    Args:
        table: see `patches.strongest`.
        provenance: attributes that describe the network and the observers.
    """
    maps = table.groupby("rank", sort=True)
    n_rows = max(1, -(-maps.ngroups // _COLUMNS))
    n_patches = int(maps.size().max()) if len(table) else 1
    figure = style.new_figure(1.05 + 0.95 * n_rows)
    panel = figure.subplots()
    sheet = Sheet(panel, n_rows, _COLUMNS * (n_patches + _BETWEEN) - _BETWEEN, 1, above=0.58)
    # An image can drive several maps.
    read = functools.cache(functools.partial(read_image, pictures))
    for at, (rank, rows) in enumerate(maps):
        row, first = at // _COLUMNS, at % _COLUMNS * (n_patches + _BETWEEN)
        about = f"{rank}. map {rows['feature_map'].iloc[0]}, AIS {style.number(rows['ais'].iloc[0], '.1e')}"
        sheet.head(row, first, about)
        boxes = rows[["left", "top", "right", "bottom"]].to_numpy(int)
        for column, (name, box) in enumerate(zip(rows["image"], boxes, strict=True)):
            patch = shrunk(cut(read(name), (box[0], box[1], box[2], box[3])), sheet.pixels)
            sheet.show(row, first + column, patch, sheet.named(name, size=6), size=6)
    style.title(figure, "Image patches that drive the most important feature maps most", comparison, model, provenance)
    if len(table):
        which, where = counted(maps.ngroups, "feature map", "feature maps"), counted(n_patches, "image", "images")
        style.footnote(
            figure,
            f"The {which} of highest AIS over all images; of each, where it is most active in the {where} that drive "
            "it most, strongest first: the square of 3 cells of the map around the place, white beyond the image. The "
            "network sees more of the image there than the square, but nothing outside a crop.",
        )
    else:
        panel.text(0, 0, "No feature map has a positive score and is active.", va="top")
    return figure
