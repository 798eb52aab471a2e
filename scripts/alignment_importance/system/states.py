"""Files that stand for the state in which something was made: a digest of the state is in their name.

Beside data that are made of published files, such a file holds what was found wrong with these, for the check of all
inputs to tell with all else. Otherwise it is empty.
"""

import json
import logging
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from alignment_importance.system.problems import Problem, Problems, describe

logger = logging.getLogger(__name__)


def replace(state: Path, problems: Iterable[Problem] = ()) -> None:
    """Put a file for the present state (a name, a hyphen and the digest) in the place of those of former states."""
    name = state.name.rpartition("-")[0]
    for former in state.parent.glob(f"{name}-*"):
        former.unlink()
    lines = [json.dumps(asdict(finding)) for finding in problems]
    state.write_text("\n".join(lines), encoding="utf-8")


def read(state: Path) -> Problems:
    """What was found when data were made."""
    lines = state.read_text(encoding="utf-8").splitlines()
    return Problems(Problem(**json.loads(line)) for line in lines)


@contextmanager
def making(what: str, outputs: Iterable[Path], state: Path) -> Iterator[None]:
    """Make data of published files, and keep what is wrong with these, and the warnings, beside the data.

    With errors, those of the outputs that were not made are left empty: the job that makes them has to end well for the
    check of all inputs to run. See `discard`.

    Args:
        what: the key of the data set, for what does not say itself what it is about.
        outputs: files and folders; what has no ending is a folder.
        state: see `replace`.
    """
    problems = Problems()
    with _kept_warnings(what, problems), problems.collect(what):
        yield
    if problems.errors:
        logger.error("%s", describe(problems.errors))
        for output in outputs:
            _leave_empty(output)
    replace(state, problems)


def is_left_empty(path: Path) -> bool:
    """Whether there is nothing in a file or folder, hidden files aside."""
    if path.is_dir():
        return all(entry.name.startswith(".") for entry in path.iterdir())
    return path.stat().st_size == 0


def discard(state: Path, made: Iterable[Path]) -> None:
    """Remove what was left empty and its state, so that it is made anew in the next run."""
    for path in filter(is_left_empty, filter(Path.exists, made)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    state.unlink()


def _leave_empty(output: Path) -> None:
    if output.exists():
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.touch() if output.suffix else output.mkdir()


@contextmanager
def _kept_warnings(what: str, problems: Problems) -> Iterator[None]:
    """Note the warnings that the package logs."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            problems.warn(what, record.getMessage().removesuffix("."), "")

    package, keep = logging.getLogger(__package__), Keep(logging.WARNING)
    package.addHandler(keep)
    try:
        yield
    finally:
        package.removeHandler(keep)
