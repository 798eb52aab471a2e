"""What every method of saliency makes, and how the maps of an image set are written to a NetCDF file."""

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
from alignment_importance.system.names import some
from alignment_importance.system.netcdf import streaming
from alignment_importance.system.plurals import counted

logger = logging.getLogger(__name__)

Map = NDArray[np.float32]

#: An image's pixels, uint8 RGB (height, width, 3).
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Provider:
    """What makes saliency maps.

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

    The file has `saliency` (image, y, x) float32, each map in the corner y = x = 0 of the largest size in the set and
    NaN beyond its image; coordinates width and height (image); and the provider's variables and attributes. A map that
    is the same everywhere ranks no pixel above another: it becomes NaN, and the log says so. So does a missing one.

    Raises:
        InputError: images or maps that are changed, unreadable or not fitting; all of them are named.
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
    one = salience["saliency"].sel(image=image)
    return one.to_numpy()[: int(one["height"]), : int(one["width"])]


def _padded(table: pd.DataFrame, provider: Provider, shape: tuple[int, int]) -> Iterator[Map]:
    """Yield every image's map in the corner of an array of one shape; at the end, tell what was wrong or missing."""
    problems: list[str] = []
    missing: list[str] = []
    for row in logs.progress(table.to_dict("records"), "saliency maps", len(table)):
        padded = np.full(shape, np.nan, dtype=np.float32)
        map2d = None  # stays so after an error, which is raised before missing maps are told
        try:
            map2d = provider.map_of(row["image"], images.read_listed(row))
        except InputError as error:
            problems.append(str(error))
        if map2d is None:
            missing.append(row["image"])
        elif not np.isfinite(map2d).all():
            found = "its saliency map has values that are not finite numbers. Give every pixel a number."
            problems.append(f"{row['image']}: {found}")
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
