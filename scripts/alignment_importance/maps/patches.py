"""The image patches in which the most important feature maps of a comparison are most active."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from PIL import Image

from alignment_importance.inputs import images

#: Left, upper, right and lower edge of a part of an image, in pixels; it may reach beyond the image.
Square = tuple[int, int, int, int]

#: Cells of a feature map that a patch spans in each direction.
CELLS = 3

_IMAGES_AT_ONCE = 64


def strongest(
    activations: xr.Dataset, ranking: pd.DataFrame, image_ids: Sequence[str], n_maps: int, n_patches: int
) -> pd.DataFrame:
    """Find where the highest-ranked maps are most active: one patch in each of a few images.

    Args:
        activations: `feature_maps` (image, feature_map, y, x) with coordinates width and height (image, own pixels) and
            the attribute `resize`; may be lazy, a few images are read at a time.
        ranking: `feature_map`, `ais`, `rank`; maps without a positive score are left out.
        image_ids: of the comparison.
        n_maps: how many maps at most.
        n_patches: how many images per map at most; images in which a map is nowhere above 0 are left out.

    Returns:
        A row per patch, by rank and then by activation, descending: feature_map, rank, ais, image, activation, and
        left, top, right, bottom: the square of `CELLS` cells around the strongest one, in pixels of the image; it may
        reach beyond the edges. Activations are often cut off at a highest value (ReLU6): of equal images the one with
        the higher mean comes first, and of equal cells the one with the higher neighbours is taken.
    """
    chosen = ranking[ranking["ais"] > 0].sort_values("rank")[:n_maps]
    maps = activations["feature_maps"].transpose("image", "feature_map", "y", "x")
    wanted = [maps.indexes["image"].get_loc(image) for image in image_ids]
    sizes = [(int(maps["width"][at]), int(maps["height"][at])) for at in wanted]
    rows = []
    shown = _some_maps(maps, chosen["feature_map"].to_numpy())[:, wanted]
    for ranked, values in zip(chosen[["feature_map", "rank", "ais"]].itertuples(index=False), shown, strict=True):
        peaks = values.reshape(len(values), -1).max(axis=1)
        for at in np.lexsort((-values.mean(axis=(1, 2)), -peaks))[:n_patches]:
            if peaks[at] > 0:
                cell = _strongest_cell(values[at])
                box = _square(cell, values[at].shape, sizes[at], activations.attrs["resize"])
                rows.append((*ranked, image_ids[at], float(peaks[at]), *box))
    columns = ["feature_map", "rank", "ais", "image", "activation", "left", "top", "right", "bottom"]
    return pd.DataFrame(rows, columns=columns)


def locate(activations: xr.Dataset, image: str, feature_maps: Sequence[int]) -> list[Square | None]:
    """Find where maps are most active in an image: the square around the strongest cell, None for a silent map.

    `activations` are as for `strongest`; a silent map is nowhere above 0.
    """
    of_image = activations["feature_maps"].sel(image=image)
    size, resize = (int(of_image["width"]), int(of_image["height"])), activations.attrs["resize"]
    maps = of_image.transpose("feature_map", "y", "x").to_numpy()[list(feature_maps)]
    return [
        _square(_strongest_cell(values), values.shape, size, resize) if values.max() > 0 else None for values in maps
    ]


def cut(rgb: NDArray[np.uint8], square: Square) -> NDArray[np.uint8]:
    """Cut a square out of an image (height, width, 3); white where it reaches beyond the edges."""
    left, top, right, bottom = square
    result = Image.new("RGB", (right - left, bottom - top), "white")
    result.paste(Image.fromarray(rgb), (-left, -top))
    return np.array(result)


def _some_maps(maps: xr.DataArray, chosen: NDArray[np.intp]) -> NDArray[np.float32]:
    """The `chosen` maps of all images: (feature_map, image, y, x).

    All maps are read, a few images at a time: an image's maps lie together in the file, and picking images one by one
    takes longer.
    """
    starts = range(0, maps.sizes["image"], _IMAGES_AT_ONCE)
    blocks = [maps[start : start + _IMAGES_AT_ONCE].to_numpy()[:, chosen] for start in starts]
    return np.concatenate(blocks).swapaxes(0, 1)


def _strongest_cell(values: np.ndarray) -> tuple[np.intp, ...]:
    """Row and column of the highest value of a map (y, x); if tied, of the one with the highest mean around it."""
    padded = np.pad(values.astype(np.float64), CELLS // 2)
    around = np.lib.stride_tricks.sliding_window_view(padded, (CELLS, CELLS)).mean(axis=(2, 3))
    return np.unravel_index(int(np.lexsort((-around.ravel(), -values.ravel()))[0]), values.shape)


def _square(cell: tuple[np.intp, ...], shape: tuple[int, ...], size: tuple[int, int], resize: str) -> Square:
    """The square of `CELLS` cells around a cell of a map that covers the network's input, in pixels of the image."""
    left, top, right, bottom = images.input_region(*size, resize)
    high, wide = (bottom - top) / shape[0], (right - left) / shape[1]
    middle_x, middle_y = left + (cell[1] + 0.5) * wide, top + (cell[0] + 0.5) * high
    x, y = CELLS * wide / 2, CELLS * high / 2
    return round(middle_x - x), round(middle_y - y), round(middle_x + x), round(middle_y + y)
