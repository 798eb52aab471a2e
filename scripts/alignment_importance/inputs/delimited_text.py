"""Delimited text: CSV and TSV, with the number of the line of everything."""

import csv
import io
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.system.plurals import counted
from alignment_importance.system.problems import Problems

#: What separates the columns, by the ending of the file.
DELIMITERS = {".csv": ",", ".tsv": "\t"}

#: Spellings of a missing judgment (in any case).
MISSING = ("", "nan", "na")

_LINES_AT_ONCE = 5_000

Row = tuple[int, list[str]]


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a long table, every distinct cell once.

    Attributes:
        cells: the distinct cells, stripped of blanks.
        codes: int32 (row,), the place of each row's cell in `cells`.
    """

    cells: list[str]
    codes: NDArray[np.int32]

    def first_rows(self) -> NDArray[np.intp]:
        """Give the first row in which each of `cells` stands."""
        return _first_rows(self.codes, len(self.cells))


@dataclass(frozen=True, eq=False)
class Table:
    """A long table.

    Attributes:
        columns: by their names.
        lines: int64 (row,), the number of each row's line in the file.
    """

    columns: dict[str, Column]
    lines: NDArray[np.int64]

    def note(
        self, problems: Problems, path: Path, rows: NDArray[np.intp], column: str, found: str, remedy: str
    ) -> None:
        """Note a mistake in some rows, once, with the first of them and the number of the others."""
        if len(rows):
            more = counted(len(rows) - 1, "other line", "other lines")
            others = f" (and on {more})" if len(rows) > 1 else ""
            place = f"line {self.lines[rows[0]]}" + (f", column {column}" if column else "")
            problems.error(path, f"{found}{others}", remedy, place)


def rows(path: Path, problems: Problems) -> Iterator[Row]:
    """Yield line number and fields of every line that is not blank.

    Raises:
        Problems: the file is no delimited text in UTF-8.
    """
    delimiter = DELIMITERS[path.suffix.lower()]
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            for row in reader:
                # The first field of a line is seldom blank, and a generator for every line would take longest of all.
                if row and (row[0].strip() or any(field.strip() for field in row)):
                    yield reader.line_num, row
    except UnicodeDecodeError:
        problems.error(path, "it is not text in UTF-8", "Save it as CSV in UTF-8.")
        problems.raise_errors()
    except (csv.Error, OSError) as error:
        problems.error(path, f"it cannot be read ({error})", "Correct or replace the file.")
        problems.raise_errors()


def read_table(path: Path, header: Sequence[str], body: Iterator[Row], problems: Problems) -> Table:
    """Read the lines below the header; those with too few or too many fields are noted and left out.

    Args:
        path: the file.
        header: names of the columns, each once.
        body: the lines, as `rows` gives them; asked for only where the file must be read line by line.
        problems: where mistakes are noted.
    """
    return _read_plain(path, header) or _read_lines(path, header, body, problems)


def _read_plain(path: Path, header: Sequence[str]) -> Table | None:
    """Read a table without quotes or blank lines that has all fields in every line; None of any other.

    Millions of trials then take seconds: pandas reads them without making a Python object of every cell.
    """
    data = path.read_bytes()
    delimiter = DELIMITERS[path.suffix.lower()]
    if b'"' in data or b"\0" in data or data.count(b"\r") != data.count(b"\r\n"):
        return None
    characters = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", dtype=np.uint8)
    ends = characters[(characters == ord(delimiter)) | (characters == ord("\n"))]
    line = np.frombuffer((delimiter * (len(header) - 1) + "\n").encode(), dtype=np.uint8)
    if len(ends) % len(line) or (ends.reshape(-1, len(line)) != line).any():
        return None
    try:
        read = pd.read_csv(
            io.BytesIO(data),
            sep=delimiter,
            names=list(header),
            header=0,
            dtype=str,
            na_filter=False,
            quoting=csv.QUOTE_NONE,
            skip_blank_lines=False,
            encoding="utf-8-sig",
        )
    except UnicodeDecodeError:
        return None
    columns = {name: _merged(_column(read[name])) for name in header}
    # There may be a line without anything but delimiters, which is a blank one.
    if all("" in column.cells for column in columns.values()):
        return None
    return Table(columns, np.arange(2, len(read) + 2, dtype=np.int64))


def _column(read: pd.Series) -> Column:
    """Take a column of text."""
    codes, cells = pd.factorize(read)
    return Column([cell.strip() for cell in cells], codes.astype(np.int32))


def _first_rows(codes: NDArray[np.integer], count: int) -> NDArray[np.intp]:
    """Give the first row in which each of `count` codes stands; each must stand in one."""
    first = np.full(count, len(codes), dtype=np.intp)
    np.minimum.at(first, codes, np.arange(len(codes)))
    return first


def _read_lines(path: Path, header: Sequence[str], body: Iterator[Row], problems: Problems) -> Table:
    """Do as `read_table` does, line by line."""
    coders: list[dict[str, int]] = [_coder() for _ in header]
    codes: list[list[NDArray[np.int32]]] = [[] for _ in header]
    lines: list[NDArray[np.int64]] = []
    wrong: dict[int, list[int]] = {}
    while chunk := list(itertools.islice(body, _LINES_AT_ONCE)):
        if any(len(row) != len(header) for _, row in chunk):
            for line, row in chunk:
                if len(row) != len(header):
                    wrong.setdefault(len(row), []).append(line)
            chunk = [(line, row) for line, row in chunk if len(row) == len(header)]
        if not chunk:
            continue
        numbers_of_lines, fields = zip(*chunk, strict=True)
        lines.append(np.array(numbers_of_lines, dtype=np.int64))
        for coder, column, cells in zip(coders, codes, zip(*fields, strict=True), strict=True):
            column.append(np.fromiter(map(coder.__getitem__, cells), dtype=np.int32, count=len(cells)))
    for count, where in wrong.items():
        note_length(problems, path, where, count, len(header))
    nothing = np.empty(0, dtype=np.int32)
    named = {
        name: _merged(Column([cell.strip() for cell in coder], np.concatenate([nothing, *column])))
        for name, coder, column in zip(header, coders, codes, strict=True)
    }
    return Table(named, np.concatenate([nothing.astype(np.int64), *lines]))


def note_length(problems: Problems, path: Path, lines: Sequence[int], found: int, wanted: int) -> None:
    """Note lines with too few or too many fields, and what that is probably due to."""
    more = counted(len(lines) - 1, "other", "others")
    others = f" (and so {'has' if len(lines) == 2 else 'have'} {more})" if len(lines) > 1 else ""
    commas = path.suffix.lower() == ".csv" and found > wanted
    remedy = "Numbers need a decimal point, no comma; a name with a comma needs quotes." if commas else "Complete it."
    problems.error(
        path, f"{counted(found, 'field', 'fields')}, but the header has {wanted}{others}", remedy, f"line {lines[0]}"
    )


def numbers(table: Table, name: str, path: Path, problems: Problems) -> NDArray[np.float64]:
    """Read a column of judgments; NaN where one is missing or, which is noted, no finite number.

    Returns:
        float64 (row,).
    """
    column = table.columns[name]
    values = np.full(len(column.cells), np.nan)
    for at, cell in enumerate(column.cells):
        value = number(cell)
        if isinstance(value, str):
            wrong = np.flatnonzero(column.codes == at)
            table.note(problems, path, wrong, name, f"{cell!r} {value}", remedy_of(cell))
        else:
            values[at] = value
    return values[column.codes]


def number(cell: str) -> float | str:
    """Read a judgment: NaN where it is missing, and what is wrong with it where it is no finite number."""
    cell = cell.strip()
    if cell.lower() in MISSING:
        return np.nan
    try:
        # Python takes 1_000 for a number.
        value = np.nan if "_" in cell else float(cell)
    except ValueError:
        value = np.nan
    if np.isinf(value):
        return "is infinite"
    return "is not a number" if np.isnan(value) else value


def remedy_of(cell: str) -> str:
    """Say what to do about a cell that is no number."""
    if "," in cell:
        return "Write numbers with a decimal point, not with a comma."
    return "Leave missing judgments empty."


def _coder() -> dict[str, int]:
    """A dictionary that gives every new key the next number."""
    coder: defaultdict[str, int] = defaultdict()
    coder.default_factory = coder.__len__
    return coder


def _merged(column: Column) -> Column:
    """Make one of cells that were told apart by blanks alone."""
    cells = list(dict.fromkeys(column.cells))
    if len(cells) == len(column.cells):
        return column
    number_of = {cell: at for at, cell in enumerate(cells)}
    renumbered = np.array([number_of[cell] for cell in column.cells], dtype=np.int32)
    return Column(cells, renumbered[column.codes])
