"""Image ids: how a file's name becomes one, and which one somebody probably meant."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from alignment_importance.system.names import nearest


def clean(name: str) -> str:
    """Bring an image id to its one spelling: no blanks around it, and letters with accents as one character (NFC).

    macOS takes such letters in file names apart (NFD), tables have them whole.
    """
    return unicodedata.normalize("NFC", name).strip()


def of_file(file: str | Path) -> str:
    """Give the image id of a file: its name without the last ending."""
    return clean(Path(file).stem)


def suggest(unknown: str, known: Iterable[str]) -> str:
    """Say which image was probably meant by an id that no image has, or nothing.

    Returns:
        a clause that begins with a semicolon and a blank, or an empty text.
    """
    ids = sorted(known)
    for image in ids:
        if image.casefold() == unknown.casefold():
            return f"; {image!r} differs from it in capital letters alone"
        if image in (unknown.rpartition(".")[0], Path(unknown).stem):
            return f"; an image id has no file ending and no folder, {image!r} would be one"
    near = nearest(unknown, ids, alike=0.75)
    return f"; did you mean {near[0]!r}?" if near else ""
