"""Image files decoded to RGB, as they are seen."""

import hashlib
import io
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from alignment_importance.system.errors import InputError

#: Pillow's names of the decoders that may open a file.
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")

Colour = tuple[int, int, int]

MID_GREY: Colour = (128, 128, 128)

#: A larger image is refused: decoded it takes gigabytes, and a small file can claim any size.
MAX_PIXELS = 100_000_000
_FAR_TOO_LARGE = f"it has far more than {MAX_PIXELS // 10**6} million pixels, and is not read; reduce it"
# Pillow itself warns of nearly as many.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)

#: What Pillow raises on files that are damaged, of another kind, or absurdly large.
DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True, eq=False)
class Decoded:
    """An image as it is seen.

    Attributes:
        rgb: uint8 (height, width, 3).
        n_frames: frames or pages of the file, of which this is the first.
        is_transparent: whether a pixel lets the background through.
    """

    rgb: NDArray[np.uint8]
    n_frames: int
    is_transparent: bool


def read_listed(row: Mapping[Any, Any]) -> NDArray[np.uint8]:
    """Decode an image of the table of an image set, from the very bytes that were listed.

    Args:
        row: one of `tabulate`, with file, sha256 and background.

    Returns:
        uint8 (height, width, 3).

    Raises:
        InputError: the file is gone or changed.
    """
    file = Path(row["file"])
    if not file.is_file():
        raise InputError(
            "the image was listed but is not there now. Restore it and run the workflow again.", where=file
        )
    data = read_bytes(file)
    if sha256_of(data) != row["sha256"]:
        raise InputError(
            "the image has changed since it was listed (its SHA-256 is another). "
            "Run the workflow again, so that everything is made from the same file.",
            where=file,
        )
    red, green, blue = map(int, row["background"].split())
    return decode(file, data, (red, green, blue)).rgb


def read_image(path: str | Path, background: Colour = MID_GREY) -> NDArray[np.uint8]:
    """Decode an image file to RGB, see `decode`.

    Returns:
        uint8 (height, width, 3).

    Raises:
        InputError: the file cannot be read or decoded.
    """
    return decode(path, read_bytes(path), background).rgb


def decode(path: str | Path, data: bytes, background: Colour = MID_GREY) -> Decoded:
    """Decode the first frame of an image file.

    The rotation that EXIF asks for is applied, transparency is laid over `background`, and 16-bit grey is scaled to 8.
    Embedded colour profiles are not applied.

    Args:
        path: of the file, for messages.
        data: its content.
        background: what is seen through transparent pixels.

    Raises:
        InputError: the data are no image, are damaged, or have more than `MAX_PIXELS`.
    """
    try:
        with open_limited(data) as opened:
            n_frames = getattr(opened, "n_frames", 1)
            opened.seek(0)
            rgb, is_transparent = _to_rgb(ImageOps.exif_transpose(opened), background)
    except DECODING_ERRORS as error:
        raise _undecodable(path, data, error) from error
    return Decoded(np.array(rgb, dtype=np.uint8), n_frames, is_transparent)


def read_bytes(file: str | Path) -> bytes:
    """Read the content of a file.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror}). Replace or remove the file, or correct its permissions.", where=file
        ) from error


def sha256_of(data: bytes) -> str:
    """SHA-256 of some data, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def open_limited(data: bytes, formats: tuple[str, ...] = _FORMATS) -> Image.Image:
    """Open an image without decoding it, unless it is too large to be decoded.

    Args:
        data: content of the file.
        formats: Pillow's names of the decoders that may be tried.

    Raises:
        ValueError: it has more than `MAX_PIXELS`.
        OSError: it is no image of these formats, or damaged; Pillow knows other errors besides.
    """
    try:
        opened = Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise ValueError(_FAR_TOO_LARGE) from error
    width, height = opened.size
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"it has {width} x {height} pixels, and more than {MAX_PIXELS // 10**6} million are not read; reduce it"
        )
    return opened


def _undecodable(path: str | Path, data: bytes, error: BaseException) -> InputError:
    """Say that and why a file is not an image."""
    reason = str(error).replace("cannot identify image file", "it is none, or damaged") if data else "it is empty"
    reason = reason.split(" <_io")[0]
    if isinstance(error, Image.DecompressionBombError):
        reason = _FAR_TOO_LARGE
    return InputError(
        f"cannot be decoded as an image ({reason}). Replace or remove the file; {', '.join(_FORMATS)} are read.",
        where=path,
    )


def _to_rgb(image: Image.Image, background: Colour) -> tuple[Image.Image, bool]:
    """Convert any mode that Pillow decodes to RGB without transparency, and tell whether there was any."""
    if image.mode.startswith("I"):
        return _from_integers(image).convert("RGB"), False
    if image.mode == "F":
        raise ValueError("floating-point pixels have no agreed white; save it with 8 or 16 bits")
    if not image.has_transparency_data:
        return image.convert("RGB"), False
    layered = image.convert("RGBA")
    lowest_alpha, _ = layered.getchannel("A").getextrema()
    backdrop = Image.new("RGBA", image.size, (*background, 255))
    return Image.alpha_composite(backdrop, layered).convert("RGB"), lowest_alpha < 255  # type: ignore[operator]


def _from_integers(image: Image.Image) -> Image.Image:
    """Scale grey pixels of 16 bits to 8; Pillow's own conversion would clip them at 255."""
    pixels = np.asarray(image).astype(np.int64)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError("grey pixels beyond 16 bits have no agreed white; save it with 8 or 16 bits")
    return Image.fromarray(((pixels + 128) // 257).astype(np.uint8))
