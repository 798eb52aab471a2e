"""Arranges pictures in rows and columns of one panel."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.textpath import TextPath
from numpy.typing import NDArray

from alignment_importance.report.figures import style
from alignment_importance.report.overlays import outline

#: Gap between the pictures of a row, in widths of a picture.
_GAP = 0.08

#: Inches that names of rows, and gaps, may take of a figure's width; the fewest letters of a name.
_BESIDE, _FEWEST = 0.9, 5


class Sheet:
    """Pictures in rows and columns of one panel, with text above and beside them.

    A panel for each picture would have axes, ticks and a place in the layout, which take far longer to draw than the
    picture.

    Attributes:
        pixels: number of pixels of the longer side of a picture, at the resolution of the page.
    """

    def __init__(self, panel: Axes, n_rows: int, n_columns: float, aspect: float, above: float) -> None:
        """Divide an empty panel.

        Args:
            panel: its axes are set to span the pictures; its unit is the width of a picture.
            n_rows, n_columns: numbers of rows and columns of pictures.
            aspect: height of the place of each picture, in widths.
            above: space for text above each picture, in widths.
        """
        self._panel, self._aspect, self._above = panel, aspect, above
        inches = panel.figure.bbox.width / panel.figure.dpi
        self.pixels = math.ceil(max(1, aspect) * inches / n_columns * style.present_page().dpi)
        self._points = 72 * (inches - _BESIDE) / n_columns
        panel.axis("off")
        panel.set(xlim=(0, n_columns * (1 + _GAP) - _GAP), ylim=(n_rows * (aspect + above), 0), anchor="NW")

    def show(self, row: int, column: float, picture: NDArray[np.uint8], title: str = "", size: float = 6.5) -> None:
        """Show a picture as large as its place allows, with a title of `size` points above it.

        The title begins where the place does: above a narrow picture it would run into the next one.
        """
        height, width = picture.shape[:2]
        left, top, pixel = self._place(row, column, height, width)
        self._panel.imshow(picture, extent=(left, left + pixel * width, top + pixel * height, top))
        if title:
            self._panel.text(column * (1 + _GAP), top - 0.02, title, va="bottom", fontsize=size)

    def named(self, image: str, columns: float = 1, more: str = "", size: float = 6.5) -> str:
        """Return the name of an image, so short that with `more` behind it, in `size` points, it fits above columns."""
        letters = len(image)
        while letters > _FEWEST and _width(style.short(image, letters) + more, size) > columns * self._points:
            letters -= 1
        return style.short(image, letters) + more

    def outlines(self, row: int, column: float, mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
        """Return the outlines of a mask of a picture's pixels, in units of the panel: lines (point, x and y)."""
        left, top, pixel = self._place(row, column, *mask.shape)
        points, starts = outline(mask)
        return np.split((left, top) + pixel * points, starts[:-1])[1:]

    def head(self, row: int, column: float, words: str, colour: str = "0.15") -> None:
        """Write text at the upper edge of a row, above the title of the picture in a column."""
        at = column * (1 + _GAP), row * (self._aspect + self._above) + 0.12
        self._panel.text(*at, words, va="top", fontsize=7.5, color=colour)

    def beside(self, row: int, words: str, size: float = 7.5, rotation: float = 0) -> None:
        """Write text of `size` points to the left of a row."""
        middle = self._top(row) + self._aspect / 2
        self._panel.text(-0.06, middle, words, ha="right", va="center", fontsize=size, rotation=rotation)

    def _place(self, row: int, column: float, height: int, width: int) -> tuple[float, float, float]:
        """Return the left and upper edge of a picture and the side of its pixels, in units of the panel."""
        pixel = min(1 / width, self._aspect / height)
        left = column * (1 + _GAP) + (1 - pixel * width) / 2
        return left, self._top(row) + (self._aspect - pixel * height) / 2, pixel

    def _top(self, row: int) -> float:
        """Return the upper edge of the pictures of a row."""
        return row * (self._aspect + self._above) + self._above


def _width(text: str, size: float) -> float:
    """The width in points of a text in a font of `size` points."""
    return float(TextPath((0, 0), text, size).get_extents().width)
