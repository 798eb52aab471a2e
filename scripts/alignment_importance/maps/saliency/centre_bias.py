"""The centre bias: people look at the middle of a picture, whatever it shows."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.maps.saliency import fixations
from alignment_importance.maps.saliency.computing import Map, Pixels

#: Standard deviation as a part of the image's sides. Horizontally that of the baseline of Clarke & Tatler 2014,
#: doi 10.1016/j.visres.2014.06.016, over ten data sets: a variance of 0.22 where half the width is 1.
SPREAD = 0.235


def gaussian(width: int, height: int, spread: float = SPREAD) -> NDArray[np.float64]:
    """A Gaussian in the middle of an image, stretched to its sides.

    Args:
        width, height: of the image, in pixels.
        spread: standard deviation as a part of the width, and of the height.

    Returns:
        (height, width), 1 in the exact middle.
    """
    rows, columns = (np.exp(-0.5 * (((np.arange(n) + 0.5) / n - 0.5) / spread) ** 2) for n in (height, width))
    return np.outer(rows, columns)


def of_gaussian(spread: float) -> Callable[[str, Pixels], Map]:
    """A provider's function that gives every image the same Gaussian, see `gaussian`."""

    def centred(_image: str, rgb: Pixels) -> Map:
        return gaussian(rgb.shape[1], rgb.shape[0], spread).astype(np.float32)

    return centred


def of_other_images(fixated: pd.DataFrame, table: pd.DataFrame, degree: float) -> Callable[[str, Pixels], Map | None]:
    """A provider's function that gives an image where people looked in all the others, smoothed.

    Positions are taken as parts of the sides of the image that they are from.

    Args:
        fixated: see `fixations.read`.
        table: `image`, `width` and `height` of the image set.
        degree: one degree of visual angle in pixels, the standard deviation of the smoothing.
    """
    sizes = table.set_index("image")
    image = fixated["image"].to_numpy(dtype=object)
    across = fixated["x"].to_numpy() / sizes["width"].reindex(image).to_numpy()
    down = fixated["y"].to_numpy() / sizes["height"].reindex(image).to_numpy()

    def elsewhere(this: str, rgb: Pixels) -> Map | None:
        others = image != this
        height, width = rgb.shape[:2]
        return fixations.density(across[others] * width, down[others] * height, width, height, degree)

    return elsewhere
