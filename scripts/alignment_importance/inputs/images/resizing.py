"""How an image becomes the square that a network sees."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alignment_importance.inputs.images.decoding import MID_GREY
from alignment_importance.system.errors import InputError

#: Names of the rules, see `input_region`.
RESIZE_RULES = ("whole", "crop", "pad")


def input_region(width: int, height: int, resize: str) -> tuple[int, int, int, int]:
    """Give the rectangle of an image that a resize rule brings to the network's square input.

    Args:
        width: the image's width in pixels.
        height: its height.
        resize: `whole` (the whole image, squashed to a square), `crop` (the largest centred square) or `pad` (the
            smallest centred square around the image, which reaches beyond it).

    Returns:
        left, top, right, bottom in the image's own pixels; negative or beyond the image's size where it is padded.
    """
    if resize == "whole":
        return 0, 0, width, height
    if resize not in RESIZE_RULES:
        raise InputError(f"resize: {resize!r} is none of {', '.join(RESIZE_RULES)}.")
    side = min(width, height) if resize == "crop" else max(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def to_input(
    rgb: NDArray[np.uint8], size: int, resize: str, resize_in: str = "uint8"
) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Bring an image to a network's input size: bilinear, antialiased, padding in mid grey, as Pillow does it.

    Args:
        rgb: uint8 (height, width, 3).
        size: side of the square input in pixels.
        resize: the rule, see `input_region`.
        resize_in: `uint8`, in which rows and then columns are rounded to whole numbers, or `float`.

    Returns:
        (size, size, 3), from 0 to 255: uint8, or float32 that is not rounded to whole numbers.
    """
    height, width = rgb.shape[:2]
    left, top, right, bottom = input_region(width, height, resize)
    square = Image.new("RGB", (right - left, bottom - top), MID_GREY)
    square.paste(Image.fromarray(rgb), (-left, -top))
    if resize_in == "uint8":
        return np.array(square.resize((size, size), Image.Resampling.BILINEAR), dtype=np.uint8)
    colours = [colour.convert("F").resize((size, size), Image.Resampling.BILINEAR) for colour in square.split()]
    return np.stack([np.asarray(colour) for colour in colours], axis=2)
