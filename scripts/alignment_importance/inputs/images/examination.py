"""Decodes every image of a set once, and reports everything that is wrong or worth knowing."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from alignment_importance.inputs.images import decoding, listing
from alignment_importance.system import logs
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import some
from alignment_importance.system.problems import Problems

#: Columns of the table of images of a set.
COLUMNS = ("image", "file", "width", "height", "sha256", "category", "background")


@dataclass(frozen=True)
class _Examined:
    """What was found out about one file: `pixels` is their shape and SHA-256, `problem` is why it is no image."""

    sha256: str = ""
    pixels: tuple[tuple[int, ...], str] = ((), "")
    size: tuple[int, int] = (0, 0)
    n_frames: int = 1
    is_transparent: bool = False
    is_uniform: bool = False
    problem: InputError | None = None


def examine(
    folder: str | Path,
    table: str | Path | None,
    background: Sequence[int] | None,
    problems: Problems,
    threads: int = 1,
) -> pd.DataFrame:
    """Decode all images of a folder, and note problems.

    Errors: those of `listing.search`, files that cannot be decoded, and a table that does not fit the images. Warnings:
    images with the same pixels, several frames or pages, transparency without a stated background, a single colour.

    Args:
        table: CSV with a row per image (`image`, and `category` where there are categories); other columns are ignored.
        background: red, green and blue (0 to 255) behind transparent pixels; None for mid grey.
        threads: number of images decoded at the same time.

    Returns:
        A row per image, sorted by image id, with the columns `COLUMNS`: width and height are in pixels, after
        the rotation that the EXIF data asks for (0 if the image cannot be decoded); category is NaN where there is
        none; background is three numbers.
    """
    red, green, blue = decoding.MID_GREY if background is None else background
    seen_through = (red, green, blue)
    files = listing.search(folder, problems)
    categories = listing.read_categories(table, list(files), problems) if table is not None else {}
    # Files that share an id with another are examined too, so that one report names every problem.
    pictures = listing.pictures(Path(folder)) if files else []
    with ThreadPoolExecutor(threads) as pool:
        examining = pool.map(partial(_examine, background=seen_through), pictures)
        results = logs.progress(examining, f"{folder}: images decoded", len(pictures))
        by_file = dict(zip(pictures, results, strict=True))
    for file, one in by_file.items():
        with problems.collect(file):
            if one.problem:
                raise one.problem
    examined = {image: by_file[file] for image, file in files.items()}
    usable = {image: one for image, one in examined.items() if one.problem is None}
    _warn(folder, usable, files, problems, background_is_stated=background is not None)
    rows = [
        (image, files[image].as_posix(), *one.size, one.sha256, categories.get(image, np.nan), f"{red} {green} {blue}")
        for image, one in examined.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _examine(file: Path, background: decoding.Colour) -> _Examined:
    """Decode one file as all jobs decode it."""
    try:
        data = decoding.read_bytes(file)
        decoded = decoding.decode(file, data, background)
    except InputError as problem:
        return _Examined(problem=problem)
    rgb = decoded.rgb
    return _Examined(
        hashlib.sha256(data).hexdigest(),
        pixels=(rgb.shape, hashlib.sha256(rgb.tobytes()).hexdigest()),
        size=(rgb.shape[1], rgb.shape[0]),
        n_frames=decoded.n_frames,
        is_transparent=decoded.is_transparent,
        is_uniform=bool((rgb == rgb[0, 0]).all()),
    )


def _warn(
    folder: str | Path,
    examined: Mapping[str, _Examined],
    files: Mapping[str, Path],
    problems: Problems,
    background_is_stated: bool,
) -> None:
    """Warn about images that have the same pixels, even in different formats, or that can be read in several ways."""

    def warn(found: str, remedy: str, which: list[str]) -> None:
        if which:
            problems.warn(folder, f"{found}: {some([files[image].name for image in which])}", remedy)

    groups: dict[tuple[tuple[int, ...], str], list[str]] = {}
    for image, one in examined.items():
        groups.setdefault(one.pixels, []).append(image)
    for same in groups.values():
        if len(same) > 1:
            remedy = "All are kept. Remove all but one if that is a mistake: test images must not be copies of others."
            warn("these images are the same, pixel by pixel", remedy, same)
    in_frames = [image for image, one in examined.items() if one.n_frames > 1]
    warn("files with several frames or pages", "The first of each is used.", in_frames)
    transparent = [image for image, one in examined.items() if one.is_transparent and not background_is_stated]
    grey = " ".join(map(str, decoding.MID_GREY))
    remedy = f"They are laid over mid grey ({grey}); state what people saw as the image set's `background`."
    warn("images with transparency, and no background is stated", remedy, transparent)
    uniform = [image for image, one in examined.items() if one.is_uniform]
    warn("images of a single colour", "Check whether they are as intended.", uniform)
