"""Image ids: made from file names, and found in the cells of users' files that refer to the images of a set."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs.delimited_text import Table, Text
from alignment_importance.system.names import counted, nearest, some
from alignment_importance.system.problems import Problems

#: Endings of image files, in upper or lower case.
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")

#: Number of unknown ids for which a similar one is suggested: suggestions are slow, and messages show no more.
MOST_GUESSED = 20

#: Another way to deal with images without judgments.
_RESTRICT = ", or restrict the comparison to the images that were judged"


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


class ImageIds:
    """The ids of an image set, and those among them that a comparison uses.

    Attributes:
        known: all ids of the set, sorted.
        wanted: the ids of the comparison, sorted.
        numbers: a number for each known id, in their order, and then for each unknown id that was ignored.
        unjudged: ids of the comparison for which a file turned out to have no judgment.
    """

    def __init__(
        self,
        known: Iterable[str],
        wanted: Iterable[str] | None = None,
        *,
        pass_over: bool = False,
        in_parts: bool = False,
        remedy: str = "Correct the id, remove it, or add the image to the set.",
    ) -> None:
        """Store the ids of the set, and those of the comparison if it does not use all of them.

        Args:
            wanted: None for all.
            pass_over: whether images outside the set are ignored; if not, they are mistakes.
            in_parts: whether a file may cover only some of the wanted images.
            remedy: what to do about an id that is not in the set and similar to none of its ids.
        """
        self.known = sorted(known)
        self.wanted = self.known if wanted is None else sorted(wanted)
        self.numbers = {image: number for number, image in enumerate(self.known)}
        self.unjudged: set[str] = set()
        self._known = frozenset(self.known)
        self._pass_over, self._in_parts, self._remedy = pass_over, in_parts, remedy
        self._strangers: dict[Path, dict[str, None]] = {}
        self._spelt: dict[Path, dict[str, str]] = {}

    def __contains__(self, image: str) -> bool:
        return image in self._known

    def resolve(self, cell: str) -> str:
        """Return the id that a cell refers to; the cell holds an id, or the name or path of an image file."""
        image = clean(cell)
        return named if image not in self and (named := of_path(image)) in self else image

    def find(self, problems: Problems, where: Path, cells: Iterable[tuple[str, str]]) -> list[str]:
        """Return the ids that cells of a file (place and content of each) refer to, and note those not in the set."""
        image_ids, n_unknown = [], 0
        for place, cell in cells:
            image = self.resolve(cell)
            image_ids.append(image)
            if image in self:
                self._note_spelling(problems, where, place, image, clean(cell))
            elif self._pass_over:
                self.numbers.setdefault(image, len(self.numbers))
                self._strangers.setdefault(where, {})[image] = None
            elif not image:
                problems.error(where, "no image is named", "Name one, or remove what belongs to no image.", place)
            else:
                n_unknown += 1
                hint = suggest(of_path(image), self.known) if n_unknown <= MOST_GUESSED else ""
                problems.error(where, f"{image!r} is not an image of this set", hint or self._remedy, place)
        return image_ids

    def numbers_of(self, table: Table, column: str) -> NDArray[np.intp]:
        """Look up the images of a column: their `numbers` (row,), −1 where an id is unknown, which is noted."""
        distinct, called = table.columns[column], table.text.called(column)
        lines, counts = table.lines[distinct.first_rows()], np.bincount(distinct.codes)
        others = [f" and {counted(count - 1, 'other', 'others')}" if count > 1 else "" for count in counts]
        places = [f"line {line}{other}, column {called}" for line, other in zip(lines, others, strict=True)]
        image_ids = self.find(table.text.problems, table.text.path, zip(places, distinct.cells, strict=True))
        return np.array([self.numbers.get(image, -1) for image in image_ids], dtype=np.intp)[distinct.codes]

    def listed(
        self,
        problems: Problems,
        where: Path,
        what: str,
        cells: Sequence[tuple[str, str]],
        otherwise: str = _RESTRICT,
    ) -> list[str]:
        """Resolve a list of all images of a comparison as `find` does, and note ids that are repeated or missing.

        Args:
            problems, where, cells: see `find`.
            what: what holds an id there (`row`, `column`, `line`).
            otherwise: what can be done instead of adding the missing images.
        """
        image_ids = self.find(problems, where, cells)
        places: dict[str, list[str]] = {}
        for (place, _), image in zip(cells, image_ids, strict=True):
            places.setdefault(image, []).append(place)
        for image, several in places.items():
            if len(several) > 1:
                problems.error(where, f"{image!r} is listed {len(several)} times", "Keep one.", some(several))
        missing = [image for image in self.wanted if image not in places]
        if missing and not self._in_parts:
            self.unjudged |= set(missing)
            remedy = f"Add a {what} for each{otherwise}."
            problems.error(where, f"images without a {what}: {some(missing)}", remedy)
        return image_ids

    def read_list(self, problems: Problems, file: Path, otherwise: str = _RESTRICT) -> list[str]:
        """Read a list of all images of a comparison, see `listed`: an id per line, or the column `image` of a table.

        Raises:
            ProblemsError: the file is not text.
        """
        text = Text(file, problems)
        lines = text.lines()
        # The word may itself be an id, or part of one that contains blanks: image 01.png, perhaps not of this set.
        ids_if_list = lines[:1] if len(text.header) == 1 else lines
        is_table = "image" in text.header and not any(self.resolve(line) in self for _, line in ids_if_list)
        cells = text.table().cells("image") if is_table else lines
        return self.listed(problems, file, "line", [(f"line {number}", cell) for number, cell in cells], otherwise)

    def note_strangers(self, problems: Problems) -> None:
        """Warn about the images that were ignored."""
        for where, strangers in self._strangers.items():
            problems.warn(where, f"images outside this set: {some(list(strangers))}", "They are left out.")

    def _note_spelling(self, problems: Problems, where: Path, place: str, image: str, cell: str) -> None:
        """Warn that ids are written as file names, and note where two of these would be one image."""
        if cell == image:
            return
        if where not in self._spelt:
            found = f"ids are written as file names, such as {cell!r} for {image!r}"
            problems.warn(where, found, "The last part is used, without its ending.")
        other = self._spelt.setdefault(where, {}).setdefault(image, cell)
        if other != cell:
            found = f"{other!r} and {cell!r} would both be the image {image!r}"
            problems.error(where, found, "Write the ids of the images.", place)
