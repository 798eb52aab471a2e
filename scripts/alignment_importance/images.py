"""Image files: list and check a folder, decode to RGB, bring to a network's input."""

import hashlib
import logging
import struct
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageOps

from alignment_importance import arrays, logs
from alignment_importance.errors import InputError

#: Endings of the files that are taken for images (in any case), with the decoders that may open them.
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")

#: Columns of the table of an image set.
COLUMNS = ("image", "file", "width", "height", "sha256", "category")

#: How an image becomes the square that a network sees.
RESIZE_RULES = ("whole", "crop", "pad")

MID_GREY = (128, 128, 128)

# What Pillow raises on files that are damaged, of another kind, or absurdly large.
_DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)

logger = logging.getLogger(__name__)


def find(folder: str | Path) -> dict[str, Path]:
    """Find the images of a folder: id (file name without its ending) to file, sorted by id.

    Hidden files are ignored, and subfolders are not searched.

    Raises:
        InputError: the folder is missing or has no image, holds other files, or two files share an id.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: this folder of images does not exist. Correct the image set's `folder`.")
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    files = [entry for entry in entries if not entry.is_dir()]
    if not files:
        raise InputError(f"{folder}: no image files. Put them directly into this folder ({_endings()}).")
    if len(files) < len(entries):
        logger.warning("%s: %d subfolders are not searched for images.", folder, len(entries) - len(files))
    strangers = [file.name for file in files if file.suffix.lower() not in SUFFIXES]
    if strangers:
        raise InputError(
            f"{folder}: not image files by their ending ({_endings()}): {', '.join(strangers)}. "
            "Move them elsewhere, or convert them."
        )
    by_id: dict[str, list[Path]] = {}
    for file in files:
        by_id.setdefault(file.stem, []).append(file)
    twice = [" and ".join(file.name for file in group) for group in by_id.values() if len(group) > 1]
    if twice:
        raise InputError(
            f"{folder}: an image's id is its file name without the ending, and these share one: {'; '.join(twice)}. "
            "Rename or remove one of each."
        )
    return {image: by_id[image][0] for image in sorted(by_id)}


def tabulate(folder: str | Path, table: str | Path | None = None) -> pd.DataFrame:
    """Decode and list every image of a folder.

    Args:
        folder: folder of image files.
        table: CSV with a row per image (`image`, and `category` where there are categories); other columns are ignored.

    Returns:
        A row per image, sorted by image id, with the columns `COLUMNS`: width and height in pixels as the image is
        seen (after the rotation that its EXIF data asks for), category NaN where there is none.

    Raises:
        InputError: what `find` raises, files that cannot be decoded (all of them are named), or a table whose ids are
            not those of the images.
    """
    files = find(folder)
    categories = _read_categories(table, list(files)) if table is not None else {}
    rows = []
    problems = []
    for image, file in logs.progress(files.items(), "images checked", total=len(files)):
        try:
            height, width = read_image(file).shape[:2]
        except InputError as error:
            problems.append(str(error))
            continue
        category = categories.get(image, np.nan)
        rows.append((image, file.as_posix(), width, height, _sha256(file), category))
    if problems:
        raise InputError("\n".join(problems))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_image(path: str | Path, background: tuple[int, int, int] = MID_GREY) -> NDArray[np.uint8]:
    """Decode an image file (the first frame of several) to RGB.

    The rotation that EXIF asks for is applied, transparency is laid over `background`, and 16-bit grey is scaled to 8.
    Embedded colour profiles are not applied.

    Returns:
        uint8 (height, width, 3).

    Raises:
        InputError: the file cannot be decoded.
    """
    try:
        with Image.open(path, formats=_FORMATS) as opened:
            image = _to_rgb(ImageOps.exif_transpose(opened), background)
    except _DECODING_ERRORS as error:
        reason = "it is empty" if Path(path).is_file() and Path(path).stat().st_size == 0 else str(error)
        raise InputError(
            f"{path}: cannot be decoded as an image ({reason}). Replace or remove the file; "
            f"{', '.join(_FORMATS)} are read."
        ) from error
    return np.array(image, dtype=np.uint8)


def verify(file: str | Path, sha256: str) -> None:
    """Check that a file still is the one that was listed.

    Raises:
        InputError: it is gone or changed.
    """
    if not Path(file).is_file():
        raise InputError(f"{file}: the image was listed but is not there now. Restore it and run the workflow again.")
    if _sha256(Path(file)) != sha256:
        raise InputError(
            f"{file}: the image has changed since it was listed (its SHA-256 is another). "
            "Run the workflow again, so that everything is made from the same file."
        )


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


def _to_rgb(image: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    """Convert any mode that Pillow decodes to RGB without transparency."""
    if image.mode.startswith("I"):
        return _from_integers(image).convert("RGB")
    if image.mode == "F":
        raise ValueError("floating-point pixels have no agreed white; save it with 8 or 16 bits")
    if not image.has_transparency_data:
        return image.convert("RGB")
    backdrop = Image.new("RGBA", image.size, (*background, 255))
    return Image.alpha_composite(backdrop, image.convert("RGBA")).convert("RGB")


def _from_integers(image: Image.Image) -> Image.Image:
    """Scale grey pixels of 16 bits to 8; Pillow's own conversion would clip them at 255."""
    pixels = np.asarray(image).astype(np.int64)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError("grey pixels beyond 16 bits have no agreed white; save it with 8 or 16 bits")
    return Image.fromarray(((pixels + 128) // 257).astype(np.uint8))


def _read_categories(table: str | Path, image_ids: list[str]) -> dict[str, str | float]:
    """Read each image's category (NaN where it is empty or there is no such column)."""
    rows = arrays.read_table(table, ["image"])
    listed = rows["image"].tolist()
    problems = [
        f"{what}: {', '.join(map(str, found))}"
        for what, found in (
            ("listed twice", sorted(set(rows["image"][rows["image"].duplicated()].astype(str)))),
            ("no such image", sorted(set(map(str, listed)) - set(image_ids))),
            ("images without a row", sorted(set(image_ids) - set(listed))),
        )
        if found
    ]
    if problems:
        raise InputError(
            f"{table}: the table does not fit the images; {'; '.join(problems)}. "
            "It needs one row per image, with the file name without its ending in the column `image`."
        )
    if "category" not in rows:
        return {}
    return {image: category or np.nan for image, category in zip(listed, rows["category"], strict=True)}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _endings() -> str:
    return ", ".join(SUFFIXES)
