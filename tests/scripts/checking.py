"""The table of checked files that `check_inputs` would have written."""

from collections.abc import Iterable
from pathlib import Path

from alignment_importance.inputs import checked_files
from alignment_importance.system.tables import write_table


def list_checked(table: Path, files: Iterable[Path]) -> Path:
    """Write the table for some files as they are now."""
    write_table(checked_files.tabulate(checked_files.sums_of(files)), table)
    return table
