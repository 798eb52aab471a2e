"""Decodes image files to RGB, as a viewer would see them."""

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError

from alignment_importance.inputs.images import layouts
from alignment_importance.system import contents
from alignment_importance.system.errors import InputError

#: The formats that are read, by Pillow's names.
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")

Colour = tuple[int, int, int]

MID_GREY: Colour = (128, 128, 128)

#: Larger images are refused: decoding them takes gigabytes, and a small file can claim any size.
MAX_PIXELS = 100_000_000
# Pillow warns of sizes close to this limit.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)
# Embedded texts and profiles of megabytes are not used, and are no reason to refuse a PNG.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 2**27

#: The transposition that makes an image upright, by the orientation in its EXIF data.
_TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

#: What Pillow raises on files that are damaged, of another kind, or far too large.
_DECODING_ERRORS = (
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
    """A decoded image.

    Attributes:
        rgb: uint8 (height, width, 3).
        n_frames: how many frames or pages the file has; this is the first.
        is_transparent: whether the background shows through any pixel.
    """

    rgb: NDArray[np.uint8]
    n_frames: int
    is_transparent: bool


def read_listed(row: Mapping[Any, Any]) -> NDArray[np.uint8]:
    """Decode a listed image, after making sure that its file has not changed.

    Args:
        row: a row of the table that `examine` makes, with file, sha256 and background.

    Returns:
        uint8 (height, width, 3).

    Raises:
        InputError: the file is missing or has changed.
    """
    file = Path(row["file"])
    if not file.is_file():
        raise InputError("the image was listed, but is missing now. Restore it and run the workflow again.", where=file)
    data = read_bytes(file)
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        raise InputError(
            "the image has changed since it was listed (its SHA-256 differs). "
            "Run the workflow again, so that everything is made from the same file.",
            where=file,
        )
    red, green, blue = map(int, row["background"].split())
    return decode(file, data, (red, green, blue)).rgb


def decode(path: str | Path, data: bytes, background: Colour = MID_GREY) -> Decoded:
    """Decode the first frame of an image file.

    Rotates the image as its EXIF data says, lays transparency over `background`, and scales 16 bits to 8. Embedded
    colour profiles are not applied.

    Args:
        path, data: see `opened`, also for what is raised.
        background: the colour that shows through transparent pixels.
    """
    with opened(path, data) as image:
        n_frames = getattr(image, "n_frames", 1)
        image.seek(0)
        rgb, is_transparent = _to_rgb(_upright(image), background)
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


@contextmanager
def opened(path: str | Path, data: bytes, formats: tuple[str, ...] = _FORMATS) -> Iterator[ImageFile.ImageFile]:
    """Open an image without decoding its pixels yet.

    Args:
        path: of the file, for messages.
        data: its content.
        formats: formats to try, by Pillow's names.

    Raises:
        InputError: the data is not an image of these formats, is damaged (even if that only turns out in the block), is
            displayed differently by different programs, or has more than `MAX_PIXELS`.
    """
    try:
        with _open(data, formats) as image:
            yield image
    except InputError as refused:
        raise InputError(f"is not read as an image: {refused.found}", where=path) from refused
    except _DECODING_ERRORS as error:
        what, remedy = _explained(data, formats, error)
        remedy = remedy or f"Replace or remove the file; {', '.join(formats)} can be read."
        raise InputError(f"cannot be decoded as an image ({what}). {remedy}", where=path) from error


def _open(data: bytes, formats: tuple[str, ...]) -> ImageFile.ImageFile:
    """Open an image, and refuse one that is too large or that programs display differently."""
    if data[:4] in TiffImagePlugin.PREFIXES:
        layouts.check_tiff(data)
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        found = f"it has far more than {MAX_PIXELS // 10**6} million pixels, and is not read. Reduce it."
        raise InputError(found) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InputError(
            f"it has {width} x {height} pixels, and more than {MAX_PIXELS // 10**6} million are not read. Reduce it."
        )
    layouts.check_opened(image, data)
    return image


def _explained(data: bytes, formats: tuple[str, ...], error: BaseException) -> tuple[str, str]:
    """Explain why a file cannot be decoded, or which unreadable kind of file it is, and what to do about it."""
    if not isinstance(error, UnidentifiedImageError):
        return str(error), ""
    for name in formats:
        open_as, accepts = Image.OPEN[name]
        if accepts and accepts(data[:16]):
            # Pillow does not pass on why the decoder refused the file.
            try:
                open_as(io.BytesIO(data), "")
            except _DECODING_ERRORS as refused:
                return f"it is damaged: {refused}", ""
    what, remedy = contents.recognise(data)
    return what or "it is not an image, or is damaged", remedy


def _upright(image: ImageFile.ImageFile) -> Image.Image:
    """Rotate an image as its EXIF data says; ignore EXIF data that is damaged or has no valid orientation.

    The orientation in XMP, which Pillow uses where EXIF has none, is ignored: few programs use it.
    """
    image.info.pop("xmp", None)
    image.load()
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except _DECODING_ERRORS:
        return image
    turned = _TURNED.get(orientation) if isinstance(orientation, int) else None
    return image if turned is None else image.transpose(turned)


def _to_rgb(image: Image.Image, background: Colour) -> tuple[Image.Image, bool]:
    """Convert an image of any mode to RGB without transparency; also tell whether it had any."""
    if image.mode.startswith("I"):
        image = _from_16_bits(image)
    if image.mode == "P" and 3 * image.getextrema()[1] >= len(image.getpalette() or ()):  # type: ignore[operator]
        raise InputError("some pixels have colours that its palette lacks. Save it again.")
    if not image.has_transparency_data:
        return image.convert("RGB"), False
    layered = image.convert("RGBA")
    lowest_alpha, _ = layered.getchannel("A").getextrema()
    backdrop = Image.new("RGBA", image.size, (*background, 255))
    return Image.alpha_composite(backdrop, layered).convert("RGB"), lowest_alpha < 255  # type: ignore[operator]


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Scale grey pixels of 16 bits to 8 bits (Pillow would clip them at 255); one grey may be marked as transparent."""
    pixels = np.asarray(image).astype(np.int64)
    grey = Image.fromarray(((pixels + 128) // 257).astype(np.uint8))
    if "transparency" not in image.info:
        return grey
    alpha = np.where(pixels == image.info["transparency"], 0, 255).astype(np.uint8)
    return Image.merge("LA", (grey, Image.fromarray(alpha)))
