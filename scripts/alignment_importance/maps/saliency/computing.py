"""The provider that every saliency method makes, and how the maps of an image set are written to a NetCDF file."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs import images
from alignment_importance.maps import heatmaps
from alignment_importance.system import logs
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import counted, some
from alignment_importance.system.netcdf import streaming

logger = logging.getLogger(__name__)

Map = NDArray[np.float32]

#: An image's pixels, uint8 RGB (height, width, 3).
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Provider:
    """Makes the saliency maps of an image set.

    Attributes:
        map_of: takes the id and the pixels of an image and returns its saliency map (y, x), of any size and scale;
            larger is more salient. Returns None where nothing is known of the image, and raises an `InputError` where
            its map cannot be made.
        attributes: the method and its settings, for the attributes of the maps.
        variables: what else is known of the images, such as the fixations; joined by image id.
    """

    map_of: Callable[[str, Pixels], Map | None]
    attributes: Mapping[str, Any]
    variables: xr.Dataset = field(default_factory=xr.Dataset)


def write(table: pd.DataFrame, provider: Provider, path: str | Path) -> None:
    """Make the saliency map of every image at the image's own resolution and write them, one image at a time.

    The file has `saliency` (image, y, x) float32, as high and wide as the highest and the widest image; each map begins
    at y = x = 0, with NaN beyond its image. Coordinates are width and height (image); the provider's variables and
    attributes are added. A map that is missing, or uniform and so ranks no pixel, becomes NaN; the log says so.

    Raises:
        InputError: images or maps are changed, unreadable or do not fit; all of them are named.
    """
    dataset = provider.variables.assign_coords(
        image=table["image"].to_numpy(dtype=object),
        width=("image", table["width"].to_numpy()),
        height=("image", table["height"].to_numpy()),
    ).assign_attrs(**provider.attributes)
    shape = (int(table["height"].max()), int(table["width"].max()))
    with streaming(dataset, {"saliency": ("image", "y", "x")}, path) as write_next:
        for padded in _padded(table, provider, shape):
            write_next({"saliency": padded[None]})


def own_map(salience: xr.Dataset, image: str) -> Map:
    """Read the saliency map of one image from an open NetCDF: (height, width)."""
    padded = salience["saliency"].sel(image=image)
    return padded.to_numpy()[: int(padded["height"]), : int(padded["width"])]


def _padded(table: pd.DataFrame, provider: Provider, shape: tuple[int, int]) -> Iterator[Map]:
    """Yield every image's map padded to one shape; at the end, raise what was wrong and log what was missing."""
    problems: list[str] = []
    missing: list[str] = []
    for row in logs.progress(table.to_dict("records"), "saliency maps", len(table)):
        padded = np.full(shape, np.nan, dtype=np.float32)
        map2d = None  # stays None after an error; errors are raised before missing maps are logged
        try:
            map2d = provider.map_of(row["image"], images.read_listed(row))
        except InputError as error:
            problems.append(str(error))
        if map2d is None:
            missing.append(row["image"])
        elif not np.isfinite(map2d).all():
            problem = "its saliency map has values that are not finite numbers. Give every pixel a number."
            problems.append(f"{row['image']}: {problem}")
        elif map2d.min() == map2d.max():
            missing.append(row["image"])
        else:
            padded[: row["height"], : row["width"]] = heatmaps.resample(map2d, row["width"], row["height"])
        yield padded
    if problems:
        raise InputError("\n".join(problems))
    if missing:
        logger.warning(
            "%s no saliency map (NaN), because none is known or it is uniform: %s",
            counted(len(missing), "image has", "images have"),
            some(missing),
        )
