"""Saliency maps of the images of a set, from classic models that need no weights or from a folder of the user's."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from PIL import Image

from alignment_importance import array_files, heatmaps, images, logs
from alignment_importance.errors import InputError

#: Endings of the files that can hold a saliency map.
MAP_SUFFIXES = (".png", ".npy", ".mat")

# What Pillow, NumPy, SciPy and h5py raise on files that are damaged or of another kind.
_READING_ERRORS = (SyntaxError, *array_files.READING_ERRORS)

_MOST_SHOWN = 10

logger = logging.getLogger(__name__)

Map = NDArray[np.float32]

#: Image id and its pixels, uint8 RGB (height, width, 3), to its saliency map, float32 of any size.
Provider = Callable[[str, NDArray[np.uint8]], Map]


def compute(table: pd.DataFrame, method: str, maps: str | Path | None = None) -> xr.Dataset:
    """Compute, or read, the saliency map of every image at the image's own resolution.

    Args:
        table: a row per image with `image`, `file`, `width`, `height` and `sha256`.
        method: `spectral_residual` (Hou & Zhang 2007, doi 10.1109/CVPR.2007.383267; OpenCV computes it on the image
            shrunk to 64 x 64 pixels), `fine_grained` (Montabone & Soto 2010, doi 10.1016/j.imavis.2009.06.006; OpenCV
            computes it with 8 bits, so that equal values are common) or `maps`.
        maps: for the method `maps`, a folder with a map for every image and nothing else: {image}.png (grey, 8 or
            16 bits), .npy or .mat (one array with two dimensions), of any size and scale; larger is more salient.

    Returns:
        `saliency` (image, y, x) float32, each map in the corner y = x = 0 of the largest size in the set and NaN
        beyond its image; coordinates width and height (image). A map that is the same everywhere ranks no pixel above
        another: it becomes NaN, and the log says so. Attribute: method.

    Raises:
        InputError: the method is unknown, or images or maps are missing, too many, changed or unreadable.
    """
    provider = _provider(method, maps, table["image"].tolist())
    values = np.full((len(table), table["height"].max(), table["width"].max()), np.nan, dtype=np.float32)
    problems: list[str] = []
    uniform: list[str] = []
    columns = [table[name].tolist() for name in ("image", "file", "sha256", "width", "height")]
    rows = zip(values, *columns, strict=True)
    for place, image, file, sha256, width, height in logs.progress(rows, "saliency maps", len(table)):
        try:
            images.verify(file, sha256)
            found = provider(image, images.read_image(file))
        except InputError as error:
            problems.append(str(error))
            continue
        if found.min() == found.max():
            uniform.append(image)
            continue
        place[:height, :width] = heatmaps.resample(found, width, height)
    if problems:
        raise InputError("\n".join(problems))
    if uniform:
        logger.warning("%d images have no saliency map (NaN), because it is uniform: %s", len(uniform), _some(uniform))
    return xr.Dataset(
        {"saliency": (("image", "y", "x"), values)},
        coords={
            "image": table["image"].to_numpy(dtype=object),
            "width": ("image", table["width"].to_numpy()),
            "height": ("image", table["height"].to_numpy()),
        },
        attrs={"method": method},
    )


def _provider(method: str, maps: str | Path | None, image_ids: list[str]) -> Provider:
    """Find what makes the maps, and check first what can be checked without them."""
    if method == "maps":
        if maps is None:
            raise InputError("saliency: the method `maps` needs a folder of maps. Name it as the entry's `maps`.")
        return _own_maps(Path(maps), image_ids)
    if maps is not None:
        raise InputError(f"saliency: the method {method!r} reads no folder. Remove `maps` or set `method: maps`.")
    if method not in _MODELS:
        raise InputError(f"saliency: {method!r} is no method; there are {', '.join(_MODELS)} and maps.")
    return _MODELS[method]


# --- models ---


def _spectral_residual(_image: str, rgb: NDArray[np.uint8]) -> Map:
    return _run(cv2.saliency.StaticSaliencySpectralResidual.create(), rgb)


def _fine_grained(_image: str, rgb: NDArray[np.uint8]) -> Map:
    return _run(cv2.saliency.StaticSaliencyFineGrained.create(), rgb)


_MODELS: dict[str, Provider] = {"spectral_residual": _spectral_residual, "fine_grained": _fine_grained}


def _run(model: Any, rgb: NDArray[np.uint8]) -> Map:
    """Run a model of OpenCV on the grey image, which is all that both of them use."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if grey.min() == grey.max():
        # The models divide by zero here and return rounding errors that look like a map.
        return np.zeros(grey.shape, dtype=np.float32)
    done, found = model.computeSaliency(grey)
    if not done:
        raise RuntimeError(f"OpenCV's {type(model).__name__} gave no map.")
    return np.asarray(found, dtype=np.float32)


# --- a folder of maps ---


def _own_maps(folder: Path, image_ids: list[str]) -> Provider:
    """Find the file of every image's map.

    Raises:
        InputError: the folder is not one map per image.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: this folder of saliency maps does not exist. Correct the entry's `maps`.")
    files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    readable = [file for file in files if file.suffix.lower() in MAP_SUFFIXES]
    by_id: dict[str, Path] = {file.stem: file for file in readable}
    problems = {
        f"not {', '.join(MAP_SUFFIXES)}": [file.name for file in files if file not in readable],
        "several maps of one image": [file.name for file in readable if by_id[file.stem] != file],
        "maps of no image of this set": [file.name for file in readable if file.stem not in set(image_ids)],
        "images without a map": [image for image in image_ids if image not in by_id],
    }
    found = [f"{what}: {_some(names)}" for what, names in problems.items() if names]
    if found:
        raise InputError(
            f"{folder}: there must be one saliency map per image, named by the image id. {'; '.join(found)}."
        )

    def read(image: str, rgb: NDArray[np.uint8]) -> Map:
        map2d = _read_map(by_id[image])
        _warn_of_another_shape(by_id[image], map2d.shape, rgb.shape[:2])
        return map2d

    return read


def _read_map(file: Path) -> Map:
    """Read one map.

    Raises:
        InputError: the file holds no map of finite numbers.
    """
    try:
        values = _read_png(file) if file.suffix.lower() == ".png" else _read_array(file)
    except _READING_ERRORS as error:
        raise InputError(f"{file}: cannot be read as a saliency map ({error}). Replace the file.") from error
    map2d = values.astype(np.float32)
    if not np.isfinite(map2d).all():
        raise InputError(f"{file}: the saliency map has values that are not finite numbers. Give every pixel a number.")
    return map2d


def _read_png(file: Path) -> NDArray[Any]:
    """Read a grey PNG with all of its 8 or 16 bits."""
    with Image.open(file, formats=("PNG",)) as opened:
        if opened.mode in ("1", "L") or opened.mode.startswith("I"):
            return np.asarray(opened)
        channels = np.asarray(opened.convert("RGBA"))
    if (channels[..., 3] != 255).any() or (channels[..., :3] != channels[..., :1]).any():
        raise ValueError("it has colours or transparency, but a map needs one number per pixel; save it in grey")
    return channels[..., 0]


def _read_array(file: Path) -> NDArray[Any]:
    """Read the only array of numbers with two dimensions."""
    found = [
        values
        for values in array_files.read(file).values()
        if values.dtype.kind in "fiub" and values.ndim == 2 and values.size
    ]
    if len(found) != 1:
        raise ValueError(f"it holds {len(found)} arrays of numbers with two dimensions, not one")
    return found[0]


def _warn_of_another_shape(file: Path, map_shape: tuple[int, ...], image_shape: tuple[int, ...]) -> None:
    """Say when a map is not an enlarged or reduced image: it may be transposed, or of another image."""
    (map_height, map_width), (height, width) = map_shape, image_shape
    # Rounding the sides of the map to whole pixels explains half a pixel of each.
    if abs(map_width * height - map_height * width) > 0.5 * (height + width):
        logger.warning(
            "%s: the map (%d x %d) has another aspect ratio than its image (%d x %d) and is stretched to it.",
            file,
            map_width,
            map_height,
            width,
            height,
        )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(names[:_MOST_SHOWN]) + more
