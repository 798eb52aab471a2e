"""Reads and checks features that another tool computed, and joins them to the images of a set by id."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs import array_files, tensor_files
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.system import digests, provenance
from alignment_importance.system.names import counted, some
from alignment_importance.system.problems import Problems

#: The dimensions of an array, by layout.
_DIMENSIONS = {"maps": ("image", "map", "y", "x"), "units": ("image", "unit")}


@dataclass(frozen=True)
class Source:
    """What a configuration says about features: the keys of a model that is features in docs/configuration.md."""

    features: Path
    order: Path
    key: str | None = None
    layout: str = "maps"
    resize: str = "whole"
    middle: float = 1


def read(source: Source, table: pd.DataFrame, problems: Problems) -> xr.Dataset | None:
    """Convert features of the images of a set to the form of recorded activations.

    Args:
        table: `image`, `width` and `height` of all images of the set. Each must have features; features of other images
            are left out.

    Returns:
        In float32, `feature_maps` (image, feature_map, y, x), of which a unit is one with a single place; `readout`
        (image, unit), the mean of each map over its places; and the means of both over all images, `map_mean` and
        `unit_mean`. Coordinates and attributes are like those of `extraction.extract`. None if there are errors.
    """
    activations = None
    with problems.apart(source.features) as own:
        activations = _labelled(source, table, own)
    return activations


def pool(maps: NDArray[np.floating]) -> NDArray[np.floating]:
    """Average each map (image, feature_map, y, x) over its places; the type of the maps is kept."""
    return np.asarray(maps.mean(axis=(2, 3), dtype=np.float64).astype(maps.dtype))


def _labelled(source: Source, table: pd.DataFrame, problems: Problems) -> xr.Dataset:
    """Read and label features; raise a `ProblemsError` if they cannot be used."""
    images = ImageIds(table["image"], pass_over=True)
    otherwise = ", with its features, or take the image out of the set"
    listed = images.read_list(problems, source.order, otherwise)
    layout = " or ".join(" x ".join(dimensions) for dimensions in _DIMENSIONS.values())
    suffix = source.features.suffix.lower()
    if suffix not in (known := (*array_files.SUFFIXES, *tensor_files.SUFFIXES)):
        found = f"features are not read from a file with the ending {suffix!r}"
        problems.fail(source.features, found, f"Save them with one of {', '.join(known)}.")
    find = tensor_files.stored if suffix in tensor_files.SUFFIXES else array_files.stored
    values = array_files.wanted(source.features, (2, 4), source.key, layout, problems, find=find)
    if values is not None:
        _check_shape(source, values, len(listed), problems)
    images.note_strangers(problems)
    problems.raise_errors()
    assert values is not None  # otherwise there was an error
    rows = pd.Series(range(len(listed)), index=listed)[table["image"]]
    # Numbers that do not fit into float32 become infinite, which is noted below.
    with np.errstate(over="ignore"):
        chosen = values[rows.to_numpy()].astype(np.float32)
    _check_values(source, table["image"].tolist(), chosen, problems)
    problems.raise_errors()
    maps = chosen.reshape(*chosen.shape[:2], *(chosen.shape[2:] or (1, 1)))
    readout = pool(maps)
    _note_constant(source, table["image"].tolist(), readout, problems)
    return _described(source, table, maps, readout)


def _check_shape(source: Source, values: NDArray[np.generic], n_images: int, problems: Problems) -> None:
    """Note an array with another layout, with another number of images than the order lists, or with its maps last."""
    [layout] = [name for name, dimensions in _DIMENSIONS.items() if len(dimensions) == values.ndim]
    shape = " x ".join(map(str, values.shape))
    if layout != source.layout:
        found = f"the array is {shape}, which is {' x '.join(_DIMENSIONS[layout])}, but its `layout` is {source.layout}"
        problems.error(source.features, found, f"Set `layout: {layout}`, or take another file.")
    elif not values.size:
        problems.error(source.features, f"the array is {shape}, and holds no number", "Compute the features again.")
    elif len(values) != n_images:
        found = f"the array is {shape}, of {len(values)} images, but {source.order} lists {n_images}"
        is_turned = layout == "units" and values.shape[1] == n_images
        remedy = (
            "Transpose it, so that a row is an image." if is_turned else "Name the order file that was written with it."
        )
        problems.error(source.features, found, remedy)
    elif layout == "maps" and values.shape[1] == values.shape[2] != values.shape[3]:  # most maps are square
        found = (
            f"the array is {shape}, which is read as {counted(values.shape[1], 'map', 'maps')} of "
            f"{' x '.join(map(str, values.shape[2:]))}"
        )
        remedy = "If the maps stand last, as Keras has them, move them: np.moveaxis(array, -1, 1)."
        problems.warn(source.features, found, remedy)


def _check_values(source: Source, image_ids: list[str], values: NDArray[np.float32], problems: Problems) -> None:
    """Note values that are not finite numbers, and features that do not distinguish any images."""
    wrong = ~np.isfinite(values)
    if wrong.any():
        first = np.argwhere(wrong)[0]
        names = _DIMENSIONS[source.layout][1:]
        place = ", ".join(f"{name} {at}" for name, at in zip(names, first[1:], strict=True))
        number = counted(int(np.count_nonzero(wrong)), "value is", "values are")
        found = f"{number} NaN or infinite in float32, the first is {values[tuple(first)]}"
        problems.error(
            source.features, found, "Compute the features again.", f"image {image_ids[first[0]]!r}, {place} (from 0)"
        )
    elif (values == values[:1]).all():
        problems.error(source.features, "the features are the same for all images", "Compute the features again.")


def _note_constant(source: Source, image_ids: list[str], readout: NDArray[np.floating], problems: Problems) -> None:
    """Warn of images whose readout (image, unit) is constant, so that it has no correlations."""
    constant = [image for image, row in zip(image_ids, readout, strict=True) if (row == row[0]).all()]
    if constant:
        found = f"images with the same number in all units, or one unit: {some(constant)}"
        problems.warn(source.features, found, "Their correlations with other images are undefined.")


def _described(
    source: Source, table: pd.DataFrame, maps: NDArray[np.float32], readout: NDArray[np.floating]
) -> xr.Dataset:
    """Label maps and readout, and record their origin."""
    what = {"maps": "feature maps", "units": "units"}[source.layout]
    label, sha256 = f"{what} of {source.features.name}", digests.sha256(source.features)
    provenance.note_weights(label, sha256)
    mean = maps.mean(axis=(0, 2, 3), dtype=np.float64).astype(np.float32)
    return xr.Dataset(
        {
            "feature_maps": (("image", "feature_map", "y", "x"), maps),
            "readout": (("image", "unit"), readout),
            "map_mean": ("feature_map", mean),
            "unit_mean": ("unit", mean),
        },
        coords={
            "image": table["image"].to_numpy(dtype=str),
            "width": ("image", table["width"].to_numpy()),
            "height": ("image", table["height"].to_numpy()),
        },
        attrs={
            "weights": label,
            "weights_sha256": sha256,
            "layout": source.layout,
            "route": "pooled",
            "resize": f"{source.resize} {source.middle}" if source.middle < 1 else source.resize,
            "arithmetic": "float32",
        },
    )
