"""What a form of judgments is: a file that somebody can bring, how it is recognised and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alignment_importance.inputs.delimited_text import Text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments.judged import Judged
from alignment_importance.system.problems import Problems


@dataclass(frozen=True)
class File:
    """A file of judgments, and what the configuration says of it.

    Attributes:
        path: the file.
        kind: `similarity` or `dissimilarity`; None where the file says it.
        order: text file with the image id of each row of an array.
        key: which of several things in the file to read.
        participant: whose judgments these are, if the file does not say it.
        opened: the file as text; None where it is none.
    """

    path: Path
    kind: str | None
    order: Path | None
    key: str | None
    participant: str
    opened: Text | None = None

    @property
    def text(self) -> Text:
        """The file of a form whose files are text."""
        assert self.opened is not None
        return self.opened


@dataclass(frozen=True)
class Form:
    """A form of judgments.

    Attributes:
        name: in words, for the attribute `form` of the labelled judgments.
        suffixes: endings of its files.
        recognises: whether a file with such an ending is of this form; it may look for the ids of the images.
        read: reads such a file, and notes what is wrong with it.
        needs_order: whether its files do not name their images, so that `order` must.
        has_parts: whether `key` can choose among several things in a file.
        header: what the header of its files looks like, where they are text; for messages.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[File, ImageIds], bool]
    read: Callable[[File, ImageIds, Problems], Judged]
    needs_order: bool = False
    has_parts: bool = False
    header: str = ""
