"""The parts of images that drive the most important feature maps of one comparison and network most."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from alignment_importance.report.figures import style
from alignment_importance.report.overlays import read_image

#: Feature maps side by side.
_COLUMNS = 2

_LONGEST_ID = 12


@style.styled
def draw_patches(
    table: pd.DataFrame, pictures: pd.DataFrame, comparison: str, model: str, provenance: Mapping[str, Any]
) -> Figure:
    """The parts of images in which the most important feature maps are most active.

    Args:
        table: see `patches.strongest`.
        pictures: `image`, `file`, `sha256` of the images.
        comparison: its name.
        model: its name.
        provenance: attributes that say what the network and the observers are.
    """
    maps = table.groupby("rank", sort=True)
    n_rows = max(1, -(-maps.ngroups // _COLUMNS))
    figure = style.new_figure(1.1 + 0.95 * n_rows)
    cells = np.asarray(figure.subfigures(n_rows, _COLUMNS, squeeze=False), dtype=object)
    n_patches = int(maps.size().max()) if len(table) else 1
    seen: dict[str, NDArray[np.uint8]] = {}
    for part, (rank, rows) in zip(cells.flat, maps, strict=False):
        about = f"{rank}. map {rows['feature_map'].iloc[0]}, AIS {rows['ais'].iloc[0]:.1e}"
        part.suptitle(style.number(about), x=0.01, ha="left", fontsize=7.5, fontweight="normal")
        for panel, (_, row) in zip(part.subplots(1, n_patches, squeeze=False)[0], rows.iterrows(), strict=False):
            name = str(row["image"])
            if name not in seen:
                seen[name] = read_image(pictures, name)
            panel.imshow(_cut(seen[name], *row[["left", "top", "right", "bottom"]].astype(int)))
            panel.set_title(style.short(name, _LONGEST_ID), fontsize=6, pad=2)
        for panel in part.axes:
            panel.axis("off")
    if not len(table):
        cells[0, 0].text(0.01, 0.5, "No feature map has a positive score and is active.")
    style.title(figure, "Image patches that drive the most important feature maps most", comparison, model, provenance)
    style.footnote(
        figure,
        "Maps by AIS over all images; of each the images with the highest activation, strongest first, and the square "
        "of 3 cells of the map around it. The network sees more of the image at that place than the square.",
    )
    return figure


def _cut(rgb: NDArray[np.uint8], left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
    """A part of an image; white where it reaches beyond the edges."""
    result = np.full((bottom - top, right - left, 3), 255, dtype=np.uint8)
    height, width = rgb.shape[:2]
    rows, columns = slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width))
    result[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = rgb[rows, columns]
    return result
