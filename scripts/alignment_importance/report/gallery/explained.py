"""Pairs of images in the gallery: what is said of them, and small pictures of what explains them."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from PIL import Image

from alignment_importance.inputs.images import input_region
from alignment_importance.report.overlays import Scale, layer, shared_limits
from alignment_importance.system import logs

#: Feature maps shown of every pair: those that contribute most to its agreement, or to its disagreement.
N_MAPS = 6

#: Places of an image at most for which it is drawn what they meet in the other; the pictures grow with the square.
MOST_PLACES = 256

#: Images whose feature maps are kept, since an image is in several pairs.
_KEPT = 128

_SIDES = ("image", "image_b")


def describe(explained: xr.Dataset, heatmaps: xr.Dataset, ids: list[str]) -> dict[str, Any]:
    """Gather what is said of the pairs of one comparison and network, ready for JSON.

    Args:
        explained: what `experiments.pairs.explain` returns; may be lazy.
        heatmaps: what `heatmaps.make` returns.
        ids: all images of the set.

    Returns:
        `grid`, rows and columns of places; `most_places`, see `MOST_PLACES`; `boxes`, for each of `ids` the rectangle
        that the grid covers (left, top, width and height, as parts of the image's), None where it is the whole image;
        `ranks`, whether these are compared; and `pairs`: for each its `images` (positions in `ids`), what `people` and
        the `network` say in standard deviations, the latter with its `retained` feature maps alone too, its `share` of
        r, its `maps` with their contributions, which of its images has a `heatmap`, and, where places are compared,
        what each place of the one image `meets` most in the other, and the other way round, by number along the rows,
        None where nothing.
    """
    positions = {image: at for at, image in enumerate(ids)}
    sizes = explained["heatmap"].sizes
    chosen = _chosen_maps(explained)
    contributions = explained["contribution"].to_numpy()
    human, similarity, retained = (
        explained[name].to_numpy() for name in ("human", "similarity", "similarity_retained")
    )
    deviations = explained.attrs["n_judged"] ** 0.5
    undefined = np.isnan(explained["heatmap"].to_numpy()).all(axis=(2, 3))
    names = zip(*(explained[side].to_numpy() for side in _SIDES), strict=True)
    return {
        "grid": [sizes["y"], sizes["x"]],
        "most_places": MOST_PLACES,
        "boxes": _boxes(heatmaps, ids),
        "ranks": bool(explained.attrs["ranks"]),
        "pairs": [
            {
                "images": [positions[image] for image in both],
                "people": _rounded(deviations * human[pair]),
                "network": _rounded(deviations * similarity[pair]),
                "retained": _rounded(deviations * retained[pair]),
                "share": _rounded(human[pair] * similarity[pair]),
                "maps": [(k, _rounded(contributions[pair, k])) for k in chosen[pair]],
                "heatmap": [int(not none) for none in undefined[pair]],
                "meets": [_strongest(met) for met in _meetings(explained, pair)],
            }
            for pair, both in enumerate(names)
        ],
    }


def draw(explained: xr.Dataset, feature_maps: xr.DataArray, folder: Path, scale: Scale) -> None:
    """Draw a picture for every pair, `folder`/{number}.webp from 0001, to be cut into maps that lie over images.

    A map has a pixel for each place, and as many of them stand side by side as it has columns. In this order: the
    heatmaps of both images; each of the maps that `describe` names, in the one and in the other; if places are
    compared, what each place of the one meets in the other, and what each of the other meets in the one, all in one
    scale, clear where the part of the similarity is negative.

    Args:
        explained: what `experiments.pairs.explain` returns; may be lazy.
        feature_maps: (image, feature_map, y, x), may be lazy.
        folder: is made.
        scale: what the colours of heatmaps span.
    """
    folder.mkdir(parents=True)
    limits, chosen = shared_limits(explained, scale), _chosen_maps(explained)
    read = functools.lru_cache(_KEPT)(lambda image: feature_maps.sel(image=image).to_numpy())
    names = list(zip(*(explained[side].to_numpy() for side in _SIDES), strict=True))
    for pair, both in enumerate(logs.progress(names, "pairs drawn", len(names))):
        tiles = [layer(heatmap, limits) for heatmap in explained["heatmap"][pair].to_numpy()]
        maps = [read(image)[chosen[pair]] for image in both]
        tiles += [layer(values) for of_map in zip(*maps, strict=True) for values in of_map]
        for met in _meetings(explained, pair):
            coloured = layer(met.reshape(len(met), -1), (0.0, met.max()))
            tiles += list(coloured.reshape(*met.shape, -1))
        picture = Image.fromarray(_side_by_side(np.stack(tiles)))
        picture.save(folder / f"{pair + 1:04d}.webp", lossless=True, method=0)


def _chosen_maps(explained: xr.Dataset) -> list[list[int]]:
    """Of each pair the maps that contribute most to its agreement, or to its disagreement; none if undefined."""
    contributions = explained["contribution"].to_numpy()
    shares = (explained["human"] * explained["similarity"]).to_numpy()
    order = np.argsort(np.where(shares < 0, 1, -1)[:, None] * contributions, axis=1, kind="stable")[:, :N_MAPS]
    defined = np.isfinite(contributions).all(axis=1)
    return [maps.tolist() if known else [] for maps, known in zip(order, defined, strict=True)]


def _meetings(explained: xr.Dataset, pair: int) -> list[NDArray[np.float32]]:
    """(place, y, x): the parts of the similarity that the places of one image have with the other, and vice versa."""
    sizes = explained["heatmap"].sizes
    n_places = sizes["y"] * sizes["x"]
    if "places" not in explained or n_places > MOST_PLACES:
        return []
    places = explained["places"][pair].to_numpy().reshape(n_places, n_places)
    return [met.reshape(n_places, sizes["y"], sizes["x"]) for met in (places, places.T)]


def _strongest(met: NDArray[np.float32]) -> list[int | None]:
    """Of each place the one that it meets most, None if all parts are negative or zero, or undefined."""
    flat = met.reshape(len(met), -1)
    return [int(at) if value > 0 else None for at, value in zip(flat.argmax(1), flat.max(1), strict=True)]


def _boxes(heatmaps: xr.Dataset, ids: list[str]) -> list[list[float] | None]:
    """The part of each image that the network saw: left, top, width, height; None where it is all of it."""
    boxes: dict[str, list[float] | None] = {}
    sizes = (heatmaps[name].to_numpy().tolist() for name in ("image", "width", "height"))
    for image, width, height in zip(*sizes, strict=True):
        left, top, right, bottom = input_region(width, height, heatmaps.attrs["resize"])
        box = [left / width, top / height, (right - left) / width, (bottom - top) / height]
        boxes[image] = None if box == [0, 0, 1, 1] else [round(part, 4) for part in box]
    return [boxes.get(image) for image in ids]


def _side_by_side(tiles: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put tiles (tile, y, x, colour) in rows of as many as each has columns; what is left of the last row is clear."""
    n_tiles, height, width, colours = tiles.shape
    rows = -(-n_tiles // width)
    filled = np.zeros((rows * width, height, width, colours), dtype=np.uint8)
    filled[:n_tiles] = tiles
    return filled.reshape(rows, width, height, width, colours).swapaxes(1, 2).reshape(rows * height, -1, colours)


def _rounded(value: float) -> float | None:
    """Three digits, which is what is shown; None if undefined."""
    return None if np.isnan(value) else float(f"{value:.3g}")
