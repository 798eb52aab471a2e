"""Outputs that are whole or not there: written beside their place, and moved there at the end."""

import errno
import glob
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from alignment_importance.system.errors import InputError

# Numbers of errors: nothing more fits on the disk, into a quota or into a file; and, besides, nothing may be written.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (*_FULL, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST)


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a path beside `path`; what is written there is moved to `path` at the end, or removed after an error.

    What a killed job left half written is removed when `path` is written again. Of two processes that write the same
    output at once, the one that began last succeeds.

    Raises:
        InputError: the disk is full, or nothing may be written there.
    """
    path = Path(path)
    with _folder_beside(path) as folder, explained(path, _FULL):
        partial = folder / path.name
        yield partial
        partial.replace(path)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a folder beside `path` that is moved to `path` as by `atomic`, in place of a folder that is there."""
    with atomic(path) as partial:
        partial.mkdir()
        yield partial
        if Path(path).exists():
            shutil.rmtree(path)


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """Yield a new folder beside `path`, after removing those that killed processes left."""
    # Two dots at the end, so that no folder beside `a.b` is taken for one beside `a`.
    prefix = f".{path.name}.."
    with explained(path, _FORBIDDEN):
        path.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in path.parent.glob(f"{glob.escape(prefix)}*/"):
            shutil.rmtree(abandoned, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def explained(path: Path, causes: Collection[int] = _FORBIDDEN) -> Iterator[None]:
    """Raise an error that says what to do if the block cannot write `path`.

    Args:
        path: what is written.
        causes: the system's numbers of errors to explain; others are raised as they are.

    Raises:
        InputError: one of the causes occurred.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        number = _number_of(error)
        if number not in causes:
            raise
        remedy = "Free some space" if number in _FULL else "Allow writing there"
        raise InputError(
            f"cannot be written ({os.strerror(number)}); no partial file was left behind. {remedy}, or choose "
            "another place with the key `results`.",
            where=path,
        ) from error


def _number_of(error: OSError | RuntimeError) -> int:
    """The system's number of an error, or 0 if there is none."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    # HDF5 gives the number in its message alone.
    in_message = re.search(r"errno = (\d+)", str(error))
    return int(in_message[1]) if in_message else 0
