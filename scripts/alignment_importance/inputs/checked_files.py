"""The files that were checked, by their SHA-256: what is read later must be what was checked."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from alignment_importance.system.errors import InputError

#: Columns of the table of checked files.
COLUMNS = ("file", "sha256")

_MOST_SHOWN = 10


def tabulate(sums: Mapping[str, str]) -> pd.DataFrame:
    """Make the table of some files, sorted, from SHA-256 by file."""
    return pd.DataFrame(sorted(sums.items()), columns=list(COLUMNS))


def sums_of(files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 by file, of those files that are there."""
    return {file.as_posix(): _sha256(file) for file in files if file.is_file()}


def verify(sums: Mapping[str, str], checked: pd.DataFrame) -> None:
    """Make sure that files still are what was checked.

    Args:
        sums: SHA-256 by file, as they are now.
        checked: of `tabulate`, as they were checked.

    Raises:
        InputError: names all that were not checked or changed since.
    """
    known = dict(zip(checked["file"], checked["sha256"], strict=True))
    changed = [file for file, sha256 in sums.items() if known.get(file) != sha256]
    if changed:
        more = f" and {len(changed) - _MOST_SHOWN} more" if len(changed) > _MOST_SHOWN else ""
        raise InputError(
            f"{', '.join(changed[:_MOST_SHOWN])}{more}: changed since the inputs were checked (the SHA-256 is "
            "another). Run the workflow again, so that everything is made from the same files."
        )


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
