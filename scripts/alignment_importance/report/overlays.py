"""Lays heatmaps, and outlines of masks, over their images."""

import logging
from pathlib import Path
from typing import Literal, cast

import contourpy
import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from alignment_importance.inputs import images
from alignment_importance.maps.heatmaps import place_image
from alignment_importance.system import logs

# The share of its colour that an image keeps, and the highest opacity of a heatmap.
_COLOUR_KEPT = np.float32(0.35)
_STRONGEST = 0.75

#: The colours of heatmaps (strength, red and green and blue), 0 to 255, from the lowest to the highest value.
_HEAT = 255 * mpl.colormaps["inferno"](np.arange(256))[:, :3].astype(np.float32)

#: Number of steps to which the strength of a heatmap is rounded in a layer.
_STEPS = 63

#: Weights of red, green and blue in the brightness of a pixel.
_BRIGHTNESS = np.array([0.299, 0.587, 0.114], dtype=np.float32)

#: Compression level of PNG files (zlib): higher levels take up to four times as long and save a tenth.
COMPRESSION = 2

#: The values of the first and of the last colour.
Limits = tuple[float, float]

#: Whether the colours of heatmaps span the range of each image, or that of all images of a set.
Scale = Literal["image", "set"]

logger = logging.getLogger(__name__)


def overlay(rgb: NDArray[np.uint8], placed: NDArray[np.float64], limits: Limits | None = None) -> NDArray[np.uint8]:
    """Lay a heatmap over its image, which is desaturated but stays recognisable.

    Colour and opacity increase with the heatmap. Pixels that the network did not see (NaN) are faded. An image without
    a heatmap (all NaN) is crossed out.

    Args:
        rgb: uint8 (height, width, 3).
        placed: (height, width), see `heatmaps.place`.
        limits: values of the first and of the last colour, see `shared_limits`; None for the range of this heatmap.

    Returns:
        uint8 (height, width, 3).
    """
    pale = rgb.astype(np.float32)
    grey = np.einsum("yxc,c->yx", pale, _BRIGHTNESS)
    pale = _COLOUR_KEPT * pale + (1 - _COLOUR_KEPT) * grey[..., None]
    seen = ~np.isnan(placed)
    if not seen.any():
        return _crossed_out(_to_bytes(pale))
    colour, opacity = _heat(_strength(placed, limits))
    mixed = pale + (colour - pale) * opacity[..., None]
    return _to_bytes(np.where(seen[..., None], mixed, 0.4 * pale + 0.6 * 255))


def layer(values: NDArray[np.floating], limits: Limits | None = None) -> NDArray[np.uint8]:
    """Colour a heatmap of any size, for another program to lay it over a picture.

    Args:
        values: (y, x); transparent where they are NaN.
        limits: see `overlay`.

    Returns:
        uint8 (y, x, 4), red, green, blue and opacity.
    """
    # Rounding to steps that are hardly visible reduces files to a quarter.
    colour, opacity = _heat(np.rint(_STEPS * _strength(values, limits)) / _STEPS)
    return _to_bytes(np.concatenate([colour, 255 * opacity[..., None]], axis=-1))


def _strength(values: NDArray[np.floating], limits: Limits | None) -> NDArray[np.float64]:
    """Scale the values (y, x) of a heatmap from 0, the first colour, to 1, the last; 0 where they are NaN."""
    seen = ~np.isnan(values)
    low, high = limits or (values[seen].min(initial=np.inf), values[seen].max(initial=-np.inf))
    strength: NDArray[np.float64] = np.where(seen, values - low, 0.0) / (high - low if high > low else 1.0)
    return strength.clip(0, 1)


def _heat(strength: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return colours (y, x, 3), 0 to 255, and opacities (y, x), 0 to 1."""
    return _HEAT[np.minimum(256 * strength, 255).astype(np.uint8)], (_STRONGEST * strength).astype(np.float32)


def shared_limits(heatmaps: xr.Dataset, scale: Scale) -> Limits | None:
    """Return the range of all heatmaps if they share one scale; None if each has its own, or all are undefined.

    Args:
        heatmaps: what `heatmaps.make` returns. Values stay within this range when maps are enlarged.
    """
    values = heatmaps["heatmap"].to_numpy()
    if scale == "image" or np.isnan(values).all():
        return None
    return float(np.nanmin(values)), float(np.nanmax(values))


def heat_colours(n: int) -> list[str]:
    """Return n colours of heatmaps over mid grey, from the lowest to the highest value, as #rrggbb."""
    grey = np.full((1, n, 3), 128, dtype=np.uint8)
    return [mpl.colors.to_hex(colour / 255) for colour in overlay(grey, np.linspace(0, 1, n)[None])[0]]


def draw_overlays(heatmaps: xr.Dataset, table: pd.DataFrame, folder: Path, scale: Scale) -> None:
    """Draw every image with its heatmap into `folder`/{image}.png, at the size of the image.

    The log names images without a heatmap, and the limits of the scale if heatmaps share one.

    Args:
        heatmaps: what `heatmaps.make` returns.
        table: `image`, `file` and `sha256` of the images.
        folder: exists.
    """
    ids, limits = heatmaps.indexes["image"], shared_limits(heatmaps, scale)
    if limits:
        logger.info("colours of all overlays: from %.6g (clear) to %.6g (bright)", *limits)
    for image in logs.progress(ids, "overlays", len(ids)):
        if np.isnan(heatmaps["heatmap"].sel(image=image)).all():
            logger.warning("no heatmap, crossed out: %s", image)
        covered = overlay(read_image(table, image), place_image(heatmaps, "heatmap", image), limits)
        Image.fromarray(covered).save(folder / f"{image}.png", compress_level=COMPRESSION)


def read_image(table: pd.DataFrame, image: str, longest: int | None = None) -> NDArray[np.uint8]:
    """Read one of the listed images as (height, width, 3), and shrink it if it is too large.

    Args:
        table: `image`, `file` and `sha256` of the images.
        longest: the most pixels of the longer side; None for any number.
    """
    rgb = images.read_listed(table[table["image"] == image].iloc[0].to_dict())
    return rgb if longest is None else shrunk(rgb, longest)


def shrunk(rgb: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """Shrink a picture until no side exceeds `longest`; never enlarge it."""
    height, width = rgb.shape[:2]
    if max(height, width) <= longest:
        return rgb
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


def outline(mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Draw closed lines around the pixels of a mask (y, x).

    They run through the midpoints of pixel edges, and cut off corners.

    Returns:
        Points (point, x and y), in pixels from the upper left corner of the picture, one line after the other, each
        ending where it began; and the index of the first point of each line, and the index after the last point.
    """
    # A margin closes lines at the edge of the picture, and shifts all lines by a pixel.
    padded = np.pad(mask.astype(np.float64), 1)
    generator = contourpy.contour_generator(z=padded, line_type=contourpy.LineType.ChunkCombinedOffset)
    [points], [starts] = cast(tuple[list[NDArray[np.float64] | None], list[NDArray | None]], generator.lines(0.5))
    if points is None or starts is None:
        return np.zeros((0, 2)), np.zeros(1, dtype=np.intp)
    return points - 0.5, starts.astype(np.intp)


def _crossed_out(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(rgb)
    draw = ImageDraw.Draw(image)
    right, bottom = image.width - 1, image.height - 1
    thin = max(1, min(image.size) // 60)
    for colour, width in (("white", 3 * thin), ("black", thin)):
        draw.line((0, 0, right, bottom), fill=colour, width=width)
        draw.line((0, bottom, right, 0), fill=colour, width=width)
    return np.array(image)


def _to_bytes(values: np.ndarray) -> NDArray[np.uint8]:
    return np.rint(values).astype(np.uint8)
