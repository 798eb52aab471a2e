"""Saliency maps that the user brings: a folder with one file per image."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.inputs import array_files, identifiers, images
from alignment_importance.maps.saliency.computing import Map, Pixels, Provider
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import some
from alignment_importance.system.problems import Problems

#: Endings of files that can hold a saliency map.
SUFFIXES = (".png", *array_files.SUFFIXES)


def provider(table: pd.DataFrame, maps: str | Path, stretch: bool = False, key: str | None = None) -> Provider:
    """Find the file of every image's map; each is read when its turn comes.

    Args:
        maps: a folder with a map for every image and nothing else: {image}.png (grey, 8 or 16 bits), or .npy, .npz,
            .mat or .h5 (one array with two dimensions), of any size and scale; larger is more salient.
        stretch: accept maps of another aspect ratio than their image's, and stretch them.
        key: the name of the array in files that hold several.

    Returns:
        A provider that raises an `InputError` for a file that holds no map of finite numbers, or one of another aspect
        ratio.

    Raises:
        InputError: the folder does not hold exactly one map per image.
    """
    files = _find_files(Path(maps), table["image"].tolist())

    def map_of(image: str, rgb: Pixels) -> Map:
        map2d = _read_map(files[image], key)
        if not stretch:
            _check_shape(files[image], map2d.shape, rgb.shape[:2])
        return map2d

    return Provider(map_of, {"method": "maps"})


def _find_files(folder: Path, image_ids: list[str]) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError("there is no such folder of saliency maps. Correct the entry's `maps`.", where=folder)
    files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    readable = [file for file in files if file.suffix.lower() in SUFFIXES]
    by_id = {identifiers.of_file(file): file for file in readable}
    known = set(image_ids)
    problems = {
        f"not {', '.join(SUFFIXES)}": [file.name for file in files if file not in readable],
        "several maps of one image": [file.name for file in readable if by_id[identifiers.of_file(file)] != file],
        "maps of no image of this set": [file.name for file in readable if identifiers.of_file(file) not in known],
        "images without a map": [image for image in image_ids if image not in by_id],
    }
    told = [f"{what}: {some(names)}" for what, names in problems.items() if names]
    if told:
        raise InputError(
            f"there must be one saliency map per image, named by the image id. {'; '.join(told)}.", where=folder
        )
    return by_id


def _read_map(file: Path, key: str | None) -> Map:
    """Read one map of finite numbers."""
    with array_files.reading(file, "a saliency map", "Replace the file."):
        values = _read_png(file) if file.suffix.lower() == ".png" else _read_array(file, key)
    # Values too large for float32 become infinite.
    with np.errstate(over="ignore"):
        map2d = values.astype(np.float32)
    if not np.isfinite(map2d).all():
        raise InputError(
            "the saliency map has values that are NaN or infinite in float32. Give every pixel a number; if they are "
            "too large, divide all of them by the same number: the scale of a map does not matter.",
            where=file,
        )
    return map2d


def _read_png(file: Path) -> NDArray[Any]:
    """Read a grey PNG with all of its 8 or 16 bits."""
    with images.opened(file, file.read_bytes(), ("PNG",)) as opened:
        if opened.mode in ("1", "L") or opened.mode.startswith("I"):
            return np.asarray(opened)
        channels = np.asarray(opened.convert("RGBA"))
    if (channels[..., 3] != 255).any() or (channels[..., :3] != channels[..., :1]).any():
        raise ValueError("it has colours or transparency, but a map needs one number per pixel; save it in grey")
    return channels[..., 0]


def _read_array(file: Path, key: str | None) -> NDArray[Any]:
    """Read the array of numbers with two dimensions, by its name `key` where a file may hold several."""
    problems = Problems()
    only_one = file.suffix.lower() == ".npy"
    values = array_files.wanted(file, (2,), None if only_one else key, "height x width", problems)
    problems.raise_errors()
    assert values is not None
    return values


def _check_shape(file: Path, map_shape: tuple[int, ...], image_shape: tuple[int, ...]) -> None:
    """Refuse a map of another aspect ratio than its image's: it may be transposed, or belong to another image."""
    (map_height, map_width), (height, width) = map_shape, image_shape
    # Rounding the sides of the map to whole pixels explains half a pixel of each.
    if abs(map_width * height - map_height * width) <= 0.5 * (height + width):
        return
    turned = abs(map_height * height - map_width * width) <= 0.5 * (height + width)
    remedy = "Save it transposed" if turned else "Make it from this image"
    raise InputError(
        f"the map ({map_width} x {map_height}) has another aspect ratio than its image ({width} x {height}). "
        f"{remedy}, or set the entry's `stretch: true` if your maps are squares of whole images.",
        where=file,
    )
