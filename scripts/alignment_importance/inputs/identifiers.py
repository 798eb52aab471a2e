"""The ids of an image set, and mistakes in naming them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from alignment_importance.inputs import ids
from alignment_importance.system.names import some
from alignment_importance.system.problems import Problems

# Likenesses are looked for in the first of many unknown ids alone: it takes a while, and no more are shown.
_MOST_GUESSED = 20


class ImageIds:
    """The ids of an image set, and those of them that a comparison is about.

    Attributes:
        known: all ids of the set, sorted.
        wanted: those of the comparison, sorted.
        unjudged: those of the comparison of which a file turned out to have no judgment.
    """

    def __init__(self, known: Iterable[str], wanted: Iterable[str] | None = None) -> None:
        """Take the ids of the set, and of the comparison if it is not about all of them."""
        self.known = sorted(known)
        self.wanted = self.known if wanted is None else sorted(wanted)
        self.unjudged: set[str] = set()
        self._known = frozenset(self.known)

    def __contains__(self, image: str) -> bool:
        """Tell whether an id is one of the set."""
        return image in self._known

    def check_known(self, problems: Problems, where: Path, found: Iterable[tuple[str, str]]) -> None:
        """Note ids that are not of this image set; `found` are places and ids."""
        unknown = [(place, image) for place, image in found if image not in self]
        for at, (place, image) in enumerate(unknown):
            remedy = _hint(ids.suggest(image, self.known)) if at < _MOST_GUESSED else ""
            remedy = remedy or "Correct the id, remove it, or add the image to the set."
            problems.error(where, f"{image!r} is no image of this set", remedy, place)

    def check_listed(self, problems: Problems, where: Path, what: str, found: Sequence[tuple[str, str]]) -> None:
        """Note ids that are unknown, listed twice or missing in a list of all images of a comparison.

        Args:
            problems: where the notes go.
            where: the file.
            what: what names an image there (`row`, `column`, `line`).
            found: place and id of each.
        """
        self.check_known(problems, where, found)
        places: dict[str, list[str]] = {}
        for place, image in found:
            places.setdefault(image, []).append(place)
        for image, several in places.items():
            if len(several) > 1:
                problems.error(where, f"{image!r} is listed {len(several)} times", "Keep one.", some(several))
        missing = [image for image in self.wanted if image not in places]
        if missing:
            self.unjudged |= set(missing)
            remedy = f"Add a {what} for each, or restrict the comparison to the images that were judged."
            problems.error(where, f"images without a {what}: {some(missing)}", remedy)


def _hint(suggestion: str) -> str:
    """Make a sentence of what `ids.suggest` appends to one."""
    hint = suggestion.removeprefix("; ")
    return hint[:1].upper() + hint[1:] + "." * (bool(hint) and not hint.endswith("?"))
