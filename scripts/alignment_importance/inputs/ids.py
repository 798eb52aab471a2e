"""Image ids: made from file names, and suggested in place of unknown ones."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from alignment_importance.system.names import nearest

#: Endings of image files, in upper or lower case.
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")


def clean(name: str) -> str:
    """Normalise an image id: strip blanks around it, and compose letters with accents (Unicode NFC).

    macOS decomposes such letters in file names (NFD), while tables usually hold them composed.
    """
    return unicodedata.normalize("NFC", name).strip()


def of_file(file: str | Path) -> str:
    """Return the image id of a file: its name without the last ending."""
    return clean(Path(file).stem)


def of_path(path: str) -> str:
    """Return the image id of a path from any operating system: its last part, without the ending of an image file."""
    name = re.split(r"[/\\]", path)[-1]
    stem, dot, ending = name.rpartition(".")
    return clean(stem if dot + ending.lower() in SUFFIXES else name)


def suggest(unknown: str, known: Iterable[str]) -> str:
    """Suggest in a sentence which image an unknown id may mean; empty if no id is similar."""
    ids = sorted(known)
    for image in ids:
        if image.lower() == unknown.lower():
            return f"{image!r} differs from it only in capital letters."
    near = nearest(unknown, ids, alike=0.75)
    return f"Did you mean {near[0]!r}?" if near else ""
