"""Tables on disk (CSV): the same table always gives the same bytes, and names stay text."""

import shutil
from pathlib import Path

import pandas as pd

from alignment_importance.system import provenance
from alignment_importance.system.atomic_write import atomic, explained

#: Columns that say what network a table came from; `ORIGIN` adds whether its observers are simulated.
OF_NETWORK = ("weights", "arithmetic", "ablation")
ORIGIN = (*OF_NETWORK, "simulated")

#: Columns that hold names: always text, so that an image called `007` stays `007`.
TEXT_COLUMNS = (
    "image", "image_a", "image_b", "image_c", "odd", "item", "participant", "category", "comparison", "source",
    "control", "model", "model_b", "weights", "file", "sha256", "where",
)  # fmt: skip

#: Columns of names in which `NaN` is a name, too.
_NAMES = frozenset(TEXT_COLUMNS) - {"category"}


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV (UTF-8, every digit of a number, NaN spelt `NaN`).

    A job that keeps a record (`provenance.recording`) names it in the last column.
    """
    with atomic(path) as partial:
        if (named := provenance.digest()) is not None:
            digest, file = named
            # Copied, since pandas warns of a further column in a table whose many columns were added one by one.
            table = table.copy().assign(**{provenance.NAME: digest})
            _keep_record(file, partial.with_name("record"))
        table.to_csv(partial, index=False, na_rep="NaN", lineterminator="\n", encoding="utf-8")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV; columns of names (`TEXT_COLUMNS`) are text."""
    # An image may be called NaN; among names only a category may be missing.
    header = pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
    unset = {column: [] if column in _NAMES else ["NaN"] for column in header}
    text = dict.fromkeys(TEXT_COLUMNS, "str")
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=unset, encoding="utf-8-sig")
    if provenance.NAME in table.columns:
        provenance.note_digests(table.pop(provenance.NAME).dropna().astype(str))
    return table


def _keep_record(file: Path, partial: Path) -> None:
    """Write the job's record to `file`, by way of a path that no other job writes to.

    Several jobs may write the same record at the same time.
    """
    if not file.exists():
        with explained(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(str(provenance.text()), encoding="utf-8")
            shutil.move(partial, file)
