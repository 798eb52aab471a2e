"""Draws outlines of masks."""

from typing import cast

import contourpy
import numpy as np
from numpy.typing import NDArray


def outline(mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Draw closed lines around the pixels of a mask (y, x).

    They run through the midpoints of pixel edges, and cut off corners.

    Returns:
        Points (point, x and y), in pixels from the upper left corner of the picture, one line after the other, each
        ending where it began; and the index of the first point of each line, and the index after the last point.
    """
    # A margin closes lines at the edge of the picture, and shifts all lines by a pixel.
    padded = np.pad(mask.astype(np.float64), 1)
    generator = contourpy.contour_generator(z=padded, line_type=contourpy.LineType.ChunkCombinedOffset)
    [points], [starts] = cast(tuple[list[NDArray[np.float64] | None], list[NDArray | None]], generator.lines(0.5))
    if points is None or starts is None:
        return np.zeros((0, 2)), np.zeros(1, dtype=np.intp)
    return points - 0.5, starts.astype(np.intp)
