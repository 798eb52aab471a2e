"""Check everything that a configuration names, and report everything that is wrong at once."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.checks import inputs
from alignment_importance.system import tables
from alignment_importance.system.names import counted
from alignment_importance.system.problems import Problems

logger = logging.getLogger("alignment_importance.check")


def check(configuration: Mapping[str, Any], threads: int, checks: Path) -> None:
    """Write a row for every error and warning.

    Args:
        checks: table to write, with the columns level, where, place, found, remedy.

    Raises:
        ProblemsError: lists all errors.
    """
    problems = Problems()
    inputs.check(configuration, problems, threads)
    tables.write_table(problems.table(), checks)
    problems.log_warnings()
    logger.info(
        "%s, %s; the table of all of them is %s.",
        counted(len(problems.errors), "error", "errors"),
        counted(len(problems.warnings), "warning", "warnings"),
        checks,
    )
    problems.raise_errors()


if __name__ == "__main__":
    run(check, globals()["snakemake"])
