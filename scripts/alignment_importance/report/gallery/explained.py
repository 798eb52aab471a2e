"""Describes the explained pairs of images for the gallery, and draws small pictures for them."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from PIL import Image

from alignment_importance.inputs.images import input_region
from alignment_importance.report.overlays import Scale, layer, shared_limits
from alignment_importance.report.pairs import list_pairs
from alignment_importance.system import logs

#: Number of feature maps shown for each pair, those that contribute most to its agreement, or disagreement.
N_MAPS = 6

#: Places of images are compared up to this number: the size of pictures grows with its square.
MOST_PLACES = 256

#: Number of images whose feature maps are kept in memory: an image can be in several pairs.
_KEPT = 128


def describe(explained: xr.Dataset, heatmaps: xr.Dataset, ids: list[str]) -> dict[str, Any]:
    """Describe the pairs of one comparison and network, for JSON.

    Args:
        explained: what `experiments.pairs.explain` returns; may be lazy.
        heatmaps: what `heatmaps.make` returns.
        ids: all images of the set.

    Returns:
        `grid`, rows and columns of places; `most_places`, see `MOST_PLACES`; `boxes`, for each of `ids` the rectangle
        that the grid covers (left, top, width and height, as shares of the image's), None if it is the whole image;
        `ranks`, whether ranks are compared; and `pairs`: for each its `images` (positions in `ids`), its similarity in
        standard deviations according to `people`, the `network` and its `retained` feature maps alone, its `share` of
        r, its `maps` with their contributions, which of its images has a `heatmap`, and, if places are compared, which
        place of the other image each place `meets` most, in both directions, numbered along the rows, None if none.
    """
    positions = {image: at for at, image in enumerate(ids)}
    sizes = explained["heatmap"].sizes
    contributions = explained["contribution"].to_numpy()
    undefined = np.isnan(explained["heatmap"].to_numpy()).all(axis=(2, 3))
    return {
        "grid": [sizes["y"], sizes["x"]],
        "most_places": MOST_PLACES,
        "boxes": _boxes(heatmaps, ids),
        "ranks": bool(explained.attrs["ranks"]),
        "pairs": [
            {
                "images": [positions[image] for image in pair.images],
                "people": _rounded(pair.people),
                "network": _rounded(pair.network),
                "retained": _rounded(pair.retained),
                "share": _rounded(pair.share),
                "maps": [(k, _rounded(contributions[pair.number, k])) for k in pair.maps],
                "heatmap": [int(not missing) for missing in undefined[pair.number]],
                "meets": [_strongest(met) for met in _meetings(explained, pair.number)],
            }
            for pair in list_pairs(explained, N_MAPS)
        ],
    }


def draw(explained: xr.Dataset, feature_maps: xr.DataArray, folder: Path, scale: Scale) -> None:
    """Draw a picture for every pair, `folder`/{number}.webp from 0001, which the page cuts into maps.

    A map has a pixel for each place; a row of the picture has as many maps as a map has columns. Their order: the
    heatmaps of both images; each of the maps that `describe` names, in the one and in the other image; if places are
    compared, what each place of the one image meets in the other, and the other way round, all on one scale, clear
    where the part of the similarity is negative.

    Args:
        explained: what `experiments.pairs.explain` returns; may be lazy.
        feature_maps: (image, feature_map, y, x), may be lazy.
        folder: the folder to make.
    """
    folder.mkdir(parents=True)
    limits, pairs = shared_limits(explained, scale), list_pairs(explained, N_MAPS)
    read = functools.lru_cache(_KEPT)(lambda image: feature_maps.sel(image=image).to_numpy())
    for pair in logs.progress(pairs, "pairs drawn", len(pairs)):
        tiles = [layer(heatmap, limits) for heatmap in explained["heatmap"][pair.number].to_numpy()]
        maps = [read(image)[pair.maps] for image in pair.images]
        tiles += [layer(values) for of_map in zip(*maps, strict=True) for values in of_map]
        for met in _meetings(explained, pair.number):
            coloured = layer(met.reshape(len(met), -1), (0.0, met.max()))
            tiles += list(coloured.reshape(*met.shape, -1))
        picture = Image.fromarray(_side_by_side(np.stack(tiles)))
        picture.save(folder / f"{pair.number + 1:04d}.webp", lossless=True, method=0)


def _meetings(explained: xr.Dataset, pair: int) -> list[NDArray[np.float32]]:
    """Return the parts of the similarity of each place of one image with the other, and vice versa: (place, y, x)."""
    sizes = explained["heatmap"].sizes
    n_places = sizes["y"] * sizes["x"]
    if "places" not in explained or n_places > MOST_PLACES:
        return []
    places = explained["places"][pair].to_numpy().reshape(n_places, n_places)
    return [met.reshape(n_places, sizes["y"], sizes["x"]) for met in (places, places.T)]


def _strongest(met: NDArray[np.float32]) -> list[int | None]:
    """Find the place that each place meets most; None if no part of the similarity is positive."""
    flat = met.reshape(len(met), -1)
    return [int(at) if value > 0 else None for at, value in zip(flat.argmax(1), flat.max(1), strict=True)]


def _boxes(heatmaps: xr.Dataset, ids: list[str]) -> list[list[float] | None]:
    """Return the part of each image that the network saw: left, top, width, height; None if it is the whole image."""
    boxes: dict[str, list[float] | None] = {}
    sizes = (heatmaps[name].to_numpy().tolist() for name in ("image", "width", "height"))
    for image, width, height in zip(*sizes, strict=True):
        left, top, right, bottom = input_region(width, height, heatmaps.attrs["resize"])
        box = [left / width, top / height, (right - left) / width, (bottom - top) / height]
        boxes[image] = None if box == [0, 0, 1, 1] else [round(part, 4) for part in box]
    return [boxes.get(image) for image in ids]


def _side_by_side(tiles: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Arrange tiles (tile, y, x, colour) in rows of as many as a tile has columns; the end of the last row is clear."""
    n_tiles, height, width, colours = tiles.shape
    rows = -(-n_tiles // width)
    filled = np.zeros((rows * width, height, width, colours), dtype=np.uint8)
    filled[:n_tiles] = tiles
    return filled.reshape(rows, width, height, width, colours).swapaxes(1, 2).reshape(rows * height, -1, colours)


def significant(value: float) -> float:
    """Round to the three significant digits that the page shows."""
    return float(f"{value:.3g}")


def _rounded(value: float) -> float | None:
    """Round as `significant`; None if undefined."""
    return None if np.isnan(value) else significant(value)
