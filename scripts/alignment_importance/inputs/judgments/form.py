"""Describes a form of judgments: how its files are recognised and read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alignment_importance.inputs.delimited_text import Text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments.judged import Judged
from alignment_importance.system.problems import Problems


@dataclass(frozen=True)
class File:
    """A file of judgments, and what the configuration says about it.

    Attributes:
        path: the file.
        kind: `similarity` or `dissimilarity`; None if the file itself says so.
        order: text file with the image id of each row of an array.
        key: which of several items in the file to read.
        participant: name of the participant, if the file does not give one.
        opened: the text file; None if the file is not text.
    """

    path: Path
    kind: str | None
    order: Path | None
    key: str | None
    participant: str
    opened: Text | None = None

    @property
    def text(self) -> Text:
        """The text file, for forms that are text."""
        assert self.opened is not None
        return self.opened


@dataclass(frozen=True)
class Form:
    """A form of judgments.

    Attributes:
        name: its name in the attribute `form` of the labelled judgments.
        suffixes: endings of its files.
        recognises: tells whether a file with such an ending has this form; it may look for the ids of the images.
        read: reads such a file, and notes what is wrong with it.
        needs_order: whether `order` must name the images, because files do not.
        has_parts: whether a file can hold several items, among which `key` chooses.
        header: what the header of text files looks like, for messages.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[File, ImageIds], bool]
    read: Callable[[File, ImageIds, Problems], Judged]
    needs_order: bool = False
    has_parts: bool = False
    header: str = ""
