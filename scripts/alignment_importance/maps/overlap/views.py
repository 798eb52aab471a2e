"""What the network saw of an image, and where people looked in it."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs import images
from alignment_importance.maps.saliency.fixations import pixels_along

#: Most pixels that the frame for all images may have.
_MOST_PIXELS = 2**20


class View:
    """The part of images of one size that the network saw: the pixels that count."""

    def __init__(self, width: int, height: int, resize: str) -> None:
        """Find what a resize rule leaves of images of this size, see `images.input_region`."""
        left, top, right, bottom = images.input_region(width, height, resize)
        self.rows, self.columns = slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width))
        #: Height and width of the whole image, and of what the network saw.
        self.image_shape = height, width
        self.shape = self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def crop(self, map2d: NDArray[np.floating]) -> NDArray[np.floating]:
        """Cut what the network saw out of a map of the whole image."""
        return map2d[self.rows, self.columns]


def common_frame(views: Iterable[View]) -> tuple[int, int]:
    """Height and width of the most common view, made smaller if it has more than about a million pixels."""
    counts = Counter(view.shape for view in views)
    height, width = min(counts, key=lambda shape: (-counts[shape], shape))
    shrink = min(1.0, (_MOST_PIXELS / (height * width)) ** 0.5)
    return max(1, int(height * shrink)), max(1, int(width * shrink))


class Fixations:
    """Where people looked, in pixels of the images that they saw."""

    def __init__(self, saliency: xr.Dataset, image_ids: list[str]) -> None:
        """Take the fixations within the given images from a dataset of saliency maps, which may have none."""
        if "fixation_x" not in saliency:
            self.image = np.array([], dtype=object)
            self._x = self._y = np.zeros(0)
            self._width = self._height = np.zeros(0, dtype=np.intp)
            return
        image = saliency["fixation_image"].to_numpy().astype(object)
        wanted = np.isin(image.astype(str), np.array(image_ids, dtype=str))
        self.image = image[wanted]
        self._x, self._y = (saliency[f"fixation_{axis}"].to_numpy()[wanted] for axis in "xy")
        sizes = saliency[["width", "height"]].sel(image=xr.DataArray(self.image, dims="fixation"))
        self._width, self._height = (sizes[side].to_numpy() for side in ("width", "height"))

    def places(self, chosen: NDArray[np.bool_], view: View) -> tuple[NDArray[np.intp], NDArray]:
        """Places of the chosen fixations among the pixels of a view, and the images that they are from.

        Fixations of an image of another size are placed as if that image were stretched to the view's image.
        """
        height, width = view.image_shape
        x = pixels_along(self._x[chosen], self._width[chosen], width)
        y = pixels_along(self._y[chosen], self._height[chosen], height)
        rows, columns = view.rows, view.columns
        seen = (x >= columns.start) & (x < columns.stop) & (y >= rows.start) & (y < rows.stop)
        places = (y[seen] - rows.start) * view.shape[1] + x[seen] - columns.start
        return places, self.image[chosen][seen]
