"""Alignment-importance heatmaps: averages of an image's feature maps, weighted by its AIS, and laid over the image."""

import logging

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from PIL import Image

from alignment_importance.inputs import images
from alignment_importance.system import logs, names

_IMAGES_AT_ONCE = 16

#: Rounding error in the difference of two equal correlations.
_ROUNDING = 1e-14

logger = logging.getLogger(__name__)


def make(activations: xr.Dataset, scores: xr.Dataset) -> xr.Dataset:
    """Average every image's feature maps, weighted by its image-specific Alignment Importance Scores.

    Args:
        activations: `feature_maps` (image, feature_map, y, x); the coordinates of its images, such as width and height
            in pixels, are passed on to the result. May be lazy: a few images are read at a time.
        scores: `ais` (image, feature_map). Joined by image id; the result has the images of `scores`, in their order.

    Returns:
        Three variables (image, y, x), float32, at the resolution of the maps:
        `heatmap`, the average of the maps weighted by the positive part of their scores (NaN where no score is
        positive or one is undefined); `heatmap_signed`, the sum of the maps times their scores; `activation_mean`,
        the plain mean of the maps. The attributes are those of both inputs.
    """
    ids = scores.indexes["image"]
    maps = activations["feature_maps"].sel(image=ids)
    shape = (len(ids), maps.sizes["y"], maps.sizes["x"])
    weighted, signed, mean = (np.empty(shape, dtype=np.float32) for _ in range(3))
    starts = range(0, len(ids), _IMAGES_AT_ONCE)
    for start in logs.progress(starts, "groups of images averaged", len(starts)):
        group = slice(start, start + _IMAGES_AT_ONCE)
        block = maps.isel(image=group).transpose("image", "feature_map", "y", "x").to_numpy()
        weights = scores["ais"].isel(image=group).transpose("image", "feature_map").to_numpy()
        for offset, (A, ais) in enumerate(zip(block, weights, strict=True)):
            weighted[start + offset] = weighted_average(A, np.maximum(ais, 0.0))
            signed[start + offset] = weighted_sum(A, ais)
            mean[start + offset] = A.mean(axis=0, dtype=np.float64)
    missing = [image for image, map2d in zip(ids, weighted, strict=True) if np.isnan(map2d).all()]
    if missing:
        logger.warning(
            "%d of %d images have no heatmap (NaN), because no feature map has a positive score or a score is "
            "undefined: %s",
            len(missing),
            len(ids),
            names.some(missing),
        )
    dims = ("image", "y", "x")
    return xr.Dataset(
        {"heatmap": (dims, weighted), "heatmap_signed": (dims, signed), "activation_mean": (dims, mean)},
        coords=maps["image"].coords,
        attrs={**activations.attrs, **scores.attrs},
    )


def place(map2d: np.ndarray, width: int, height: int, resize: str) -> np.ndarray:
    """Lay a map over the image's own pixels: the inverse of the preprocessing's resize.

    Args:
        map2d: (y, x), spread over the network's whole input.
        width, height: of the image, in pixels.
        resize: the rule by which the image became the network's input (see `images.input_region`).

    Returns:
        (height, width) float64: bilinear between the centres of the map's cells, the outermost values continued to
        the edge of the input, NaN where the network did not see the image.
    """
    across, along = _positions(map2d.shape, width, height, resize)
    return _interpolate(_interpolate(map2d.astype(np.float64), across).T, along).T


def cell_weights(shape: tuple[int, ...], width: int, height: int, resize: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a map's rows and columns in the rows and columns of the pixels that `place` lays it over.

    Returns:
        (height, y) and (width, x): the first times the map times the second's transpose is what `place` returns. NaN in
        the rows and columns of pixels that the network did not see.
    """
    across, along = _positions(shape, width, height, resize)
    return _interpolate(np.eye(shape[0]), across), _interpolate(np.eye(shape[1]), along)


def place_image(
    dataset: xr.Dataset, variable: str, image: str, shape: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Lay one variable of a dataset of heatmaps (`make`) over one of its images: (height, width), see `place`.

    Args:
        shape: height and width of the result, a picture of the image; None for those of the image itself.
    """
    map2d = dataset[variable].sel(image=image)
    height, width = shape or (int(map2d["height"]), int(map2d["width"]))
    return place(map2d.to_numpy(), width, height, dataset.attrs["resize"])


def resample(map2d: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Stretch or shrink a map (y, x) to (height, width) in pixels: bilinear, antialiased where it shrinks."""
    if map2d.shape == (height, width):
        return map2d
    return np.asarray(Image.fromarray(map2d).resize((width, height), Image.Resampling.BILINEAR))


def weighted_average(A: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted average of maps (feature_map, y, x); NaN if all weights are 0 but for rounding, or one is NaN."""
    total = weights.sum()
    if not total > _ROUNDING * len(weights):
        return np.full(A.shape[1:], np.nan)
    return weighted_sum(A, weights) / total


def weighted_sum(A: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum of the maps times their weights, in float64, in an order that does not depend on the number of threads."""
    return np.einsum("k,kyx->yx", weights, A, dtype=np.float64, optimize=False)


def _positions(shape: tuple[int, ...], width: int, height: int, resize: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the centres of an image's pixel rows and columns lie, counted in cells of a map (y, x); NaN if not seen."""
    left, top, right, bottom = images.input_region(width, height, resize)
    return _centres(height, top, bottom, shape[0]), _centres(width, left, right, shape[1])


def _centres(n_pixels: int, start: float, stop: float, n_cells: int) -> np.ndarray:
    """Where the centres of pixels 0..n-1 lie, counted in cells spread from pixel `start` to `stop`; NaN outside."""
    inside = (np.arange(n_pixels) + 0.5 - start) / (stop - start)
    return np.where((inside >= 0) & (inside <= 1), inside * n_cells - 0.5, np.nan)


def _interpolate(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Linear interpolation along the first axis; constant beyond the outermost values, NaN at NaN positions."""
    last = values.shape[0] - 1
    clamped = np.clip(np.nan_to_num(positions), 0, last)
    low = clamped.astype(int)
    fraction = (clamped - low)[:, None]
    result = values[low] * (1 - fraction) + values[np.minimum(low + 1, last)] * fraction
    result[np.isnan(positions)] = np.nan
    return result
