"""Describes a form of judgments: how its files are recognised and read."""

from collections.abc import Callable
from dataclasses import dataclass

from alignment_importance.inputs.judgments.judged import File, Judged


@dataclass(frozen=True)
class Form:
    """A form of judgments.

    Attributes:
        name: its name in the attribute `form` of the labelled judgments.
        suffixes: endings of its files.
        recognises: tells whether a file with such an ending has this form; it may look for image ids in the file.
        read: reads such a file, notes what is wrong with it, and raises a ProblemsError if it cannot be used.
        needs_order: whether `order` must name the images, because the files do not.
        has_parts: whether a file can hold several arrays, tasks or descriptors, among which `key` chooses.
        header: what the header of text files looks like, for messages.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[File], bool]
    read: Callable[[File], Judged]
    needs_order: bool = False
    has_parts: bool = False
    header: str = ""
