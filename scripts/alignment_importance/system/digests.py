"""SHA-256 of files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd


def sha256(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tabulate(files: Iterable[Path]) -> pd.DataFrame:
    """A row per file, sorted: file, sha256."""
    rows = sorted((file.as_posix(), sha256(file)) for file in files)
    return pd.DataFrame(rows, columns=["file", "sha256"])
