"""The centre bias: people look at the middle of a picture, whatever it shows."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.maps.saliency import fixations as fixation_tables
from alignment_importance.maps.saliency.computing import Map, Pixels, Provider
from alignment_importance.system.problems import Problems

#: Standard deviation as a share of the image's sides: horizontally, that of the baseline of Clarke & Tatler 2014,
#: doi 10.1016/j.visres.2014.06.016, over ten data sets: a variance of 0.22 where half the width is 1.
SPREAD = 0.235


def provider(
    table: pd.DataFrame, fixations: str | Path | None = None, degree: float | None = None, spread: float = SPREAD
) -> Provider:
    """Give every image a Gaussian; or, with fixations, their density in all other images.

    Args:
        fixations: file, see `fixations.read`.
        degree: one degree of visual angle in pixels; needed with fixations.
        spread: of the Gaussian, see `gaussian`.

    Raises:
        ProblemsError: the fixations do not fit the images.
    """
    if fixations is None:
        return Provider(
            lambda _image, rgb: gaussian(rgb.shape[1], rgb.shape[0], spread).astype(np.float32),
            {"method": "centre_bias", "spread": spread},
        )
    assert degree is not None
    problems = Problems()
    rows = fixation_tables.read(fixations, table, problems)
    problems.log_warnings()
    return _of_other_images(rows, table, float(degree))


def gaussian(width: int, height: int, spread: float = SPREAD) -> NDArray[np.float64]:
    """Make a Gaussian (height, width), 1 in the exact middle; its standard deviation is `spread` of each side.

    Pixels at the same distance from the middle, in units of the sides, have the same value to the bit, so that masks
    and ROC curves treat them as ties.
    """
    rows, columns = (2 * np.arange(n) + 1 - n for n in (height, width))  # in half pixels
    # Sums of whole numbers are exact.
    squares = np.add.outer((width * rows) ** 2, (height * columns) ** 2)
    return np.exp(-0.5 * squares / (2 * width * height * spread) ** 2)


def _of_other_images(fixations: pd.DataFrame, table: pd.DataFrame, degree: float) -> Provider:
    """Give every image the density of the fixations of all other images, these being stretched to its size."""
    inside = fixations[fixations["inside"]]
    image, x, y = (inside[column].to_numpy() for column in fixation_tables.COLUMNS)
    sizes = table.set_index("image").reindex(image)
    own_width, own_height = (sizes[side].to_numpy() for side in ("width", "height"))

    def map_of(this: str, rgb: Pixels) -> Map | None:
        others = image != this
        height, width = rgb.shape[:2]
        columns = fixation_tables.pixels_along(x[others], own_width[others], width)
        rows = fixation_tables.pixels_along(y[others], own_height[others], height)
        return fixation_tables.density(columns, rows, width, height, degree)

    return Provider(map_of, {"method": "centre_bias", "degree": degree})
