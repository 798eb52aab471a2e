"""What checks of a user's inputs find: collected, reported all at once, kept as a table."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import pandas as pd

from alignment_importance.system import tables
from alignment_importance.system.errors import InputError

_MOST_SHOWN = 20

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """One thing that a check found.

    Attributes:
        level: an error stops the workflow; a warning is logged, and kept beside the results.
        where: the file, or the key of the configuration (`models.vgg16.weights`).
        place: where in the file, such as `line 3, column similarity`, or which comparison, if that uses only some of
            the file's images; empty for the whole file.
        found: what is there, as a clause without a full stop.
        remedy: what to do about it, as a sentence; of a warning, it may be what was done.
        lacks: the key of the configuration that would solve the problem and was not given, if there is one.
    """

    level: Literal["error", "warning"]
    where: str
    place: str
    found: str
    remedy: str
    lacks: str = ""

    def __str__(self) -> str:
        """Write it as a line for people, without `where`."""
        place = f"{self.place}: " if self.place else ""
        stop = "" if self.found.endswith("?") else "."
        return f"{place}{self.found}{stop} {self.remedy}".strip()


#: Columns of the table of problems.
COLUMNS = ("level", "where", "place", "found", "remedy")


class Problems:
    """Everything that checks have found so far, each thing once, in the order in which it was found."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._found: dict[Problem, None] = dict.fromkeys(problems)

    def __iter__(self) -> Iterator[Problem]:
        """Iterate over the problems in the order in which they were found."""
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def error(self, where: object, found: str, remedy: str, place: str = "", lacks: str = "") -> None:
        """Note a problem that stops the workflow, see `Problem`."""
        self._found[Problem("error", str(where), place, found, remedy, lacks)] = None

    def fail(self, where: object, found: str, remedy: str, place: str = "", lacks: str = "") -> NoReturn:
        """Note an error after which nothing more can be checked, and raise all errors.

        Raises:
            ProblemsError: with all problems, the warnings too.
        """
        self.error(where, found, remedy, place, lacks)
        raise ProblemsError(self)

    def warn(self, where: object, found: str, remedy: str, place: str = "") -> None:
        """Note something that the user should know, see `Problem`."""
        self._found[Problem("warning", str(where), place, found, remedy)] = None

    def extend(self, others: Iterable[Problem]) -> None:
        """Add what another check found."""
        self._found |= dict.fromkeys(others)

    @contextmanager
    def collect(self, where: object) -> Iterator[None]:
        """Note an `InputError` of the block instead of letting it end the check.

        Args:
            where: what the block is about, for an error that does not say it.
        """
        try:
            yield
        except ProblemsError as error:
            self.extend(error.problems)
        except InputError as error:
            self.error(error.where or where, error.found.removesuffix("."), "")

    @contextmanager
    def apart(self, where: object) -> Iterator["Problems"]:
        """Yield problems of the block's own, so that only these end it; add them to the others, see `collect`."""
        own = Problems()
        with own.collect(where):
            yield own
        self.extend(own)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop the workflow."""
        return [problem for problem in self if problem.level == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """The problems that do not stop the workflow."""
        return [problem for problem in self if problem.level == "warning"]

    def table(self) -> pd.DataFrame:
        """A row per problem with the columns `COLUMNS`, errors first."""
        rows = [[getattr(problem, column) for column in COLUMNS] for problem in [*self.errors, *self.warnings]]
        return pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)

    def log_warnings(self) -> None:
        """Log every warning."""
        for problem in self.warnings:
            logger.warning("%s: %s", problem.where, problem)

    def raise_errors(self) -> None:
        """Raise one error that lists all errors, if there are any.

        Raises:
            ProblemsError: with all problems, the warnings too.
        """
        if self.errors:
            raise ProblemsError(self)

    def conclude(self, checks: Path) -> None:
        """Log every warning, and write the table of all to `checks`, unless there are errors, which are raised.

        Raises:
            ProblemsError: with all problems, the warnings too.
        """
        self.log_warnings()
        self.raise_errors()
        tables.write_table(self.table(), checks)


class ProblemsError(InputError):
    """Several things at once that the user can correct.

    Attributes:
        problems: all of them, and the warnings that came with them.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(describe([problem for problem in self.problems if problem.level == "error"]))


def describe(problems: Iterable[Problem]) -> str:
    """Write problems for people: by file or key, a line each, the first twenty of each file or key."""
    by_where: dict[str, list[str]] = {}
    for problem in problems:
        by_where.setdefault(problem.where, []).append(str(problem))
    blocks = []
    for where, lines in by_where.items():
        more = [f"... and {len(lines) - _MOST_SHOWN} more"] if len(lines) > _MOST_SHOWN else []
        shown = lines[:_MOST_SHOWN] + more
        blocks.append(f"{where}: {shown[0]}" if len(shown) == 1 else "\n  ".join([f"{where}:", *shown]))
    return "\n".join(blocks)
