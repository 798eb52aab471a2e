"""Image files: list a folder, decode to RGB, bring to a network's input."""

import hashlib
import io
import logging
import struct
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageOps

from alignment_importance.inputs import ids
from alignment_importance.system import logs
from alignment_importance.system.errors import InputError
from alignment_importance.system.plurals import counted
from alignment_importance.system.problems import Problems
from alignment_importance.system.tables import read_table

#: Endings of the files that are taken for images (in any case), with the decoders that may open them.
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")

#: Columns of the table of an image set.
COLUMNS = ("image", "file", "width", "height", "sha256", "category", "background")

#: How an image becomes the square that a network sees.
RESIZE_RULES = ("whole", "crop", "pad")

MID_GREY = (128, 128, 128)

#: A larger image is refused: decoded it takes gigabytes, and a small file can claim any size.
MAX_PIXELS = 100_000_000
_FAR_TOO_LARGE = f"it has far more than {MAX_PIXELS // 10**6} million pixels, and is not read; reduce it"
warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # Pillow's own word on nearly as many

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

# A PNG may hold its rotation behind the pixels, so that it must be decoded for it; one without these has none.
_ROTATION_MARKS = (b"exif", b"xmp")

_ORIENTATION = 0x0112  # of EXIF; from 5 on, width and height change places

_MOST_SHOWN = 10

logger = logging.getLogger(__name__)

Colour = tuple[int, int, int]


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


def find(folder: str | Path) -> dict[str, Path]:
    """Find the images of a folder: id (file name without its ending) to file, sorted by id.

    Hidden files are ignored, and subfolders are not searched.

    Raises:
        InputError: what `search` finds that stops the workflow.
    """
    problems = Problems()
    files = search(folder, problems)
    problems.raise_errors()
    return files


def search(folder: str | Path, problems: Problems) -> dict[str, Path]:
    """Find the images of a folder as `find` does, and note what is wrong with their names.

    Errors: the folder is missing or has no image, holds other files, or two files share an id, also if capital
    letters are not told apart, as on many disks.
    """
    folder = Path(folder)
    if not folder.is_dir():
        problems.error(folder, "this folder of images does not exist", "Correct the image set's `folder`.")
        return {}
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    files = [entry for entry in entries if not entry.is_dir()]
    if len(files) < len(entries):
        count = counted(len(entries) - len(files), "subfolder is", "subfolders are")
        problems.warn(folder, f"{count} not searched for images", "An image set is one folder.")
    strangers = [file.name for file in files if file.suffix.lower() not in SUFFIXES]
    if strangers:
        found = f"not image files by their ending ({', '.join(SUFFIXES)}): {some(strangers)}"
        problems.error(folder, found, "Move them elsewhere, or convert them.")
    images = pictures(folder)
    if not images:
        remedy = f"Put them directly into this folder ({', '.join(SUFFIXES)})."
        problems.error(folder, "no image files", remedy)
    return _by_id(folder, images, problems)


def pictures(folder: Path) -> list[Path]:
    """The files of a folder that are images by their ending, sorted by name. Hidden ones are ignored."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and not file.is_dir())
    return [file for file in files if not file.name.startswith(".")]


def _by_id(folder: Path, files: list[Path], problems: Problems) -> dict[str, Path]:
    """Give every file its id, and note ids that cannot be told apart or written into a table."""
    groups: dict[str, dict[str, list[Path]]] = {}
    for file in files:
        image = ids.of_file(file)
        groups.setdefault(image.casefold(), {}).setdefault(image, []).append(file)
        if not image or not image.isprintable():
            problems.error(file, f"{image!r} cannot be an image id", "Give the file a name of visible characters.")
    for spellings in groups.values():
        for sharing in spellings.values():
            if len(sharing) > 1:
                names = " and ".join(file.name for file in sharing)
                found = f"an image's id is its file name without the ending, and these share one: {names}"
                problems.error(folder, found, "Rename or remove one of each.")
        if len(spellings) > 1:
            found = f"these ids differ in capital letters alone: {' and '.join(sorted(spellings))}"
            problems.error(folder, found, "Rename or remove one; many disks and people take them for the same.")
    by_id = {image: sharing[0] for spellings in groups.values() for image, sharing in spellings.items()}
    return {image: by_id[image] for image in sorted(by_id)}


def tabulate(
    folder: str | Path, table: str | Path | None = None, background: Sequence[int] | None = None
) -> pd.DataFrame:
    """List every image of a folder, with the size that its header tells; `image_checks` decodes them.

    Args:
        folder: folder of image files.
        table: CSV with a row per image (`image`, and `category` where there are categories); other columns are ignored.
        background: red, green and blue (0 to 255) of what is seen through transparent pixels; mid grey when None.

    Returns:
        A row per image, sorted by image id, with the columns `COLUMNS`: width and height in pixels as the image is
        seen (after the rotation that its EXIF data asks for), category NaN where there is none, background as three
        numbers.

    Raises:
        InputError: what `find` raises, files that are no images (all of them are named), or a table whose ids are
            not those of the images.
    """
    problems = Problems()
    files = search(folder, problems)
    categories = read_categories(table, list(files), problems) if table is not None else {}
    backdrop = " ".join(map(str, MID_GREY if background is None else background))
    rows = []
    for image, file in logs.progress(files.items(), "images listed", total=len(files)):
        with problems.collect(file):
            data = read_bytes(file)
            width, height = _size(file, data)
            category = categories.get(image, np.nan)
            rows.append((image, file.as_posix(), width, height, sha256_of(data), category, backdrop))
    problems.raise_errors()
    return pd.DataFrame(rows, columns=list(COLUMNS))


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


def to_input(rgb: NDArray[np.uint8], size: int, resize: str) -> NDArray[np.uint8]:
    """Bring an image to a network's input size: bilinear, antialiased, padding in mid grey.

    Args:
        rgb: uint8 (height, width, 3).
        size: side of the square input in pixels.
        resize: the rule, see `input_region`.

    Returns:
        uint8 (size, size, 3).
    """
    height, width = rgb.shape[:2]
    left, top, right, bottom = input_region(width, height, resize)
    square = Image.new("RGB", (right - left, bottom - top), MID_GREY)
    square.paste(Image.fromarray(rgb), (-left, -top))
    return np.array(square.resize((size, size), Image.Resampling.BILINEAR), dtype=np.uint8)


def _size(path: Path, data: bytes) -> tuple[int, int]:
    """Width and height in pixels as the image is seen, decoded only where its rotation cannot be known before."""
    try:
        with open_limited(data) as opened:
            if opened.format == "PNG" and not any(mark in data.lower() for mark in _ROTATION_MARKS):
                return opened.size
            # Of a TIFF, Pillow gives the size as it is seen.
            turned = opened.format != "TIFF" and opened.getexif().get(_ORIENTATION, 1) >= 5
            width, height = opened.size
    except DECODING_ERRORS as error:
        raise _undecodable(path, data, error) from error
    return (height, width) if turned else (width, height)


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


def read_categories(table: str | Path, image_ids: Sequence[str], problems: Problems) -> dict[str, str | float]:
    """Read each image's category (NaN where it is empty or there is no such column), and note what does not fit."""
    with problems.collect(table):
        rows = read_table(table, ["image"])
        listed = rows["image"].map(ids.clean)
        _compare_ids(table, listed, image_ids, problems)
        if "category" in rows:
            return {image: category or np.nan for image, category in zip(listed, rows["category"], strict=True)}
        found = f"there is no column category, only {', '.join(map(str, rows.columns))}"
        problems.warn(table, found, "The images have no categories.", "header")
    return {}


def _compare_ids(table: str | Path, listed: pd.Series, image_ids: Sequence[str], problems: Problems) -> None:
    """Note rows of a table that are not those of the images."""
    for what, names in (
        ("listed twice", sorted(set(listed[listed.duplicated()]))),
        ("no such image", sorted(set(listed) - set(image_ids))),
        ("images without a row", sorted(set(image_ids) - set(listed))),
    ):
        if names:
            hint = ids.suggest(names[0], image_ids) if what == "no such image" else ""
            problems.error(
                table,
                f"the table does not fit the images; {what}: {some(names)}{hint}",
                "It needs one row per image, with the file name without its ending in the column `image`.",
            )


def some(names: Sequence[str]) -> str:
    """Name the first ten of many."""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(names[:_MOST_SHOWN]) + more
