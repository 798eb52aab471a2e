"""Image ids: how a file's name becomes one, and which one somebody probably meant."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from alignment_importance.system.names import nearest

#: Endings of the files that are taken for images (in any case).
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")


def clean(name: str) -> str:
    """Bring an image id to its one spelling: no blanks around it, and letters with accents as one character (NFC).

    macOS takes such letters in file names apart (NFD), tables have them whole.
    """
    return unicodedata.normalize("NFC", name).strip()


def of_file(file: str | Path) -> str:
    """Give the image id of a file: its name without the last ending."""
    return clean(Path(file).stem)


def of_path(path: str) -> str:
    """Give the image id of a path of any system: its last part, without the ending of an image."""
    name = re.split(r"[/\\]", path)[-1]
    stem, dot, ending = name.rpartition(".")
    return clean(stem if dot + ending.lower() in SUFFIXES else name)


def suggest(unknown: str, known: Iterable[str]) -> str:
    """Say in a sentence which image was probably meant by an id that no image has; empty where none is like it."""
    ids = sorted(known)
    for image in ids:
        if image.casefold() == unknown.casefold():
            return f"{image!r} differs from it in capital letters alone."
    near = nearest(unknown, ids, alike=0.75)
    return f"Did you mean {near[0]!r}?" if near else ""
