"""Resizes an image to the square input of a network."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alignment_importance.inputs.images.decoding import MID_GREY
from alignment_importance.system.errors import InputError

#: Names of the rules, see `input_region`.
RESIZE_RULES = ("whole", "crop", "pad")


def input_region(width: int, height: int, resize: str) -> tuple[int, int, int, int]:
    """Find the rectangle of an image that a resize rule scales to the square input of a network.

    Args:
        width, height: the image's size in pixels.
        resize: `whole` (the whole image, squashed to a square), `crop` (the largest centred square) or `pad` (the
            smallest centred square around the image, which extends beyond it). A number after the rule, as in
            `crop 0.875`, selects the middle of this rectangle, with that share of its sides.

    Returns:
        left, top, right, bottom in pixels of the image; negative or beyond the size of the image where it is padded.

    Raises:
        InputError: there is no such rule.

    Example:
        >>> input_region(300, 200, "crop"), input_region(300, 200, "crop 0.5")
        ((50, 0, 250, 200), (100, 50, 200, 150))
    """
    rule, _, share = resize.partition(" ")
    if rule not in RESIZE_RULES:
        raise InputError(f"resize: {resize!r} is none of {', '.join(RESIZE_RULES)}.")
    side = min(width, height) if rule == "crop" else max(width, height)
    across, down = (width, height) if rule == "whole" else (side, side)
    across, down = (max(round(length * float(share or 1)), 1) for length in (across, down))
    left, top = (width - across) // 2, (height - down) // 2
    return left, top, left + across, top + down


def to_input(
    rgb: NDArray[np.uint8], size: int, resize: str, resize_in: str = "uint8", interpolation: str = "bilinear"
) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Resize an image to the input size of a network with Pillow, antialiased, padded with mid grey.

    Args:
        rgb: uint8 (height, width, 3).
        size: side of the square input, in pixels.
        resize: the rule, see `input_region`.
        resize_in: `uint8` (values are rounded to whole numbers after the rows and after the columns), or `float`.
        interpolation: a filter of Pillow, `bilinear` or `bicubic`.

    Returns:
        (size, size, 3), from 0 to 255: uint8, or float32 without rounding.
    """
    height, width = rgb.shape[:2]
    left, top, right, bottom = input_region(width, height, resize)
    square = Image.new("RGB", (right - left, bottom - top), MID_GREY)
    square.paste(Image.fromarray(rgb), (-left, -top))
    chosen = Image.Resampling[interpolation.upper()]
    if resize_in == "uint8":
        return np.array(square.resize((size, size), chosen), dtype=np.uint8)
    colours = [colour.convert("F").resize((size, size), chosen) for colour in square.split()]
    # A bicubic filter overshoots near edges.
    return np.stack([np.asarray(colour) for colour in colours], axis=2).clip(0, 255)
