"""The forms of judgments: a module of this package each, a line each here.

A form that comes first is tried first. What is none of them is an array without labels (`unlabelled_arrays`).
"""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from alignment_importance.inputs.judgments import delimited_text
from alignment_importance.inputs.judgments.identifiers import ImageIds
from alignment_importance.inputs.judgments.judged import Judged
from alignment_importance.system.problems import Problems

_TEXTS = (
    "triplets",
    "pairs",
    "matrices",
)

_FILES = (
    "meadows",
    "rdms",
)


class TextForm(Protocol):
    """A form of delimited text, which is told by the header."""

    #: What `judgments.nc` calls the form.
    NAME: str
    #: How its header looks, for messages.
    HEADER: str

    def includes(self, header: Sequence[str], images: ImageIds) -> bool:
        """Whether a header is that of this form."""

    def read(
        self,
        path: Path,
        header: Sequence[str],
        body: Iterator[delimited_text.Row],
        kind: str | None,
        images: ImageIds,
        problems: Problems,
    ) -> Judged:
        """Read the rows below the header."""


class FileForm(Protocol):
    """A form of file that names its images itself."""

    #: What `judgments.nc` calls the form.
    NAME: str
    #: Endings of its files.
    SUFFIXES: Sequence[str]

    def includes(self, path: Path) -> bool:
        """Whether a file, which may be missing, is of this form."""

    def read(self, path: Path, key: str | None, kind: str | None, images: ImageIds, problems: Problems) -> Judged:
        """Read a file; `key` names what is meant where it holds several."""


def _imported(name: str) -> Any:
    return import_module(f"{__package__}.{name}")


TEXT_FORMS: Sequence[TextForm] = [_imported(name) for name in _TEXTS]
FILE_FORMS: Sequence[FileForm] = [_imported(name) for name in _FILES]
