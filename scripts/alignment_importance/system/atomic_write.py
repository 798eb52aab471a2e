"""Where outputs are written until they are whole: folders beside their place, told from those of killed jobs."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: A file that the writer keeps locked. The system frees it with the process, however that ends.
_LOCK = "lock"


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a path of the same name as `path` in a new folder beside it, where nobody else writes.

    The folder goes in the end. Where its process is killed, it stays until somebody writes `path` again. Two processes
    that write the same at once do not meet.

    Raises:
        OSError: nothing can be made beside `path`.
    """
    remove_abandoned(path)
    folder, lock = _make_folder(path)
    try:
        yield folder / path.name
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(path: Path) -> None:
    """Remove what killed processes left beside `path`, if there is anything.

    A folder that a running process holds locked stays, and so do all where the disk knows no locks.
    """
    prefix = _prefix(path)
    for folder in sorted(path.parent.glob(".*")):
        if folder.name.startswith(prefix) and folder.is_dir():
            # Whatever goes wrong here is no reason not to write the output.
            with suppress(OSError):
                _remove_if_abandoned(folder)


def _prefix(path: Path) -> str:
    # Two dots at the end, so that no folder of `a.b` is taken for one of `a`.
    return f".{path.name}.."


def _make_folder(path: Path) -> tuple[Path, int]:
    """Make a folder and lock it."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=_prefix(path)))
        # Before the folder is locked, another process may take it for abandoned.
        with suppress(FileNotFoundError):
            lock = os.open(folder / _LOCK, os.O_CREAT | os.O_WRONLY)
            with suppress(OSError):  # no locks on this disk
                fcntl.flock(lock, fcntl.LOCK_EX)
            if (folder / _LOCK).exists():
                return folder, lock
            os.close(lock)


def _remove_if_abandoned(folder: Path) -> None:
    try:
        lock = os.open(folder / _LOCK, os.O_WRONLY)
    except FileNotFoundError:
        folder.rmdir()  # which is possible as long as it is empty: killed before it was locked
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
