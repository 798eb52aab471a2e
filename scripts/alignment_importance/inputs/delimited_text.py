"""Reads the tables that users bring, delimited text, and keeps the line number of every row for messages.

Files are in UTF-8, or in UTF-16 with a byte order mark. The header shows what separates the columns: commas,
semicolons, tabs or blanks. Blanks around a field and empty lines are ignored, and any field may be quoted. Row names,
as R and pandas write them, are ignored with a warning.
"""

import codecs
import csv
import io
import itertools
import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import getitem
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignment_importance.system import contents
from alignment_importance.system.names import counted, suggestion
from alignment_importance.system.problems import Problems

#: Endings of tables as text.
SUFFIXES = (".csv", ".tsv", ".txt")

#: Spellings of a missing number (in any case).
MISSING = ("", "nan", "na")

# Control characters: no table needs them, and names in the results cannot contain them.
_CONTROL = bytes({*range(32), 127} - set(b"\t\n\r"))

# How many cells of a column messages quote that should be numbers and are not.
_MOST_TOLD = 10

Row = tuple[int, list[str]]


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a long table, which stores every distinct cell once.

    Attributes:
        cells: the distinct cells, without blanks around them, in the order in which they first occur.
        codes: int32 (row,), the index of each row's cell in `cells`.
    """

    cells: list[str]
    codes: NDArray[np.int32]

    def first_rows(self) -> NDArray[np.intp]:
        """Find the first row that has each of `cells`."""
        # A cell that is new has a code larger than all before it.
        return np.flatnonzero(np.diff(np.maximum.accumulate(self.codes), prepend=-1))


class Text:
    """A text file, read as far as the header of its table.

    Attributes:
        path: the file.
        problems: where mistakes are noted.
        own: the names of columns in the file, by their names here, where they differ.
        separator: what separates the columns; one blank means any number of blanks.
        header: the names of the columns here, without blanks around them.
        own_header: their names in the file.
    """

    def __init__(self, path: Path, problems: Problems, own: Mapping[str, str] | None = None) -> None:
        """Read a file as far as its header.

        Raises:
            ProblemsError: the file is not text, lacks a column that `own` names, or has two that would have one name.
        """
        self.path, self.problems, self.own = path, problems, own or {}
        self._data = _in_utf8(path, problems)
        first_line = next(filter(bytes.strip, io.BytesIO(self._data)), b"").decode()
        self.separator = _separator(first_line)
        _, header = next(self._lines(), (1, []))
        self.own_header = [name.strip() for name in header]
        self.header = self._renamed(self.own_header)
        # The first number that was read with a decimal point, and with a decimal comma, by the mark.
        self._with_mark: dict[str, str] = {}

    def rows(self) -> Iterator[Row]:
        """Yield line number and fields of every line below the header that is not blank.

        Raises:
            ProblemsError: quotes that are not closed.
        """
        return itertools.islice(self._lines(), 1, None)

    def lines(self) -> list[tuple[int, str]]:
        """Return the number and the content of every line that is not blank, not divided into fields."""
        stripped = enumerate(map(str.strip, re.split(r"\r\n?|\n", self._data.decode())), start=1)
        return [(number, _unquoted(line)) for number, line in stripped if line]

    def check_header(self, required: Sequence[str], known: Sequence[str], what: str) -> None:
        """Refuse missing and repeated columns, and unknown ones unless the user has said which column is which.

        Args:
            required: columns that must be there.
            known: all columns that may be there.
            what: what the table holds, for messages.

        Raises:
            ProblemsError: all of these.
        """
        names = list(dict.fromkeys(filter(None, self.header)))
        unknown = [name for name in names if name not in known]
        if unknown and self.own:
            self.problems.warn(self.path, f"other columns: {', '.join(unknown)}", "They are not used.", "header")
        elif unknown:
            columns = "unknown column" if len(unknown) == 1 else "unknown columns"
            remedy = (
                f"{what} have the columns {', '.join(known)}; rename or remove the others, or say with `columns` which "
                f"is which. Once it names one, such as {{{known[0]}: {known[0]}}}, other columns are ignored."
            )
            found = f"{columns} {', '.join(map(repr, unknown))}"
            self.problems.error(self.path, found, remedy, "header", lacks="columns")
        self.require(required, [name for name in names if name in known], f"{what} need")

    def require(self, required: Sequence[str], used: Sequence[str] = (), need: str = "It needs") -> None:
        """Refuse a header in which columns are missing or repeated.

        Raises:
            ProblemsError: all of these.
        """
        for name in dict.fromkeys([*used, *required]):
            if (times := self.header.count(name)) > 1:
                found = f"the column {self.called(name)} occurs {times} times"
                self.problems.error(self.path, found, "Keep one.", "header")
        missing = [name for name in required if name not in self.header]
        if missing:
            columns = "column" if len(required) == 1 else "columns"
            remedy = f"{need} the {columns} {', '.join(required)}; the header has {', '.join(self.own_header)}."
            found = f"the column {missing[0]} is" if len(missing) == 1 else f"the columns {', '.join(missing)} are"
            self.problems.error(self.path, f"{found} missing", remedy, "header")
        self.problems.raise_errors()

    def called(self, name: str) -> str:
        """Return the name in the file of a column, for messages."""
        return self.own.get(name, name)

    def table(self) -> "Table":
        """Read the rows below the header; note and leave out lines with too few or too many fields."""
        columns, lines = self._read_rows()
        header = self.header
        if is_longer := len(columns) > len(header):
            # R's write.table names no column of row names; others end every line with a separator.
            header = ["", *header] if any(columns[-1].cells) else [*header, ""]
        for at, (name, column) in enumerate(zip(header, columns, strict=True)):
            if name or not any(column.cells):
                continue
            are_distinct = at == 0 and len(column.cells) == len(lines)
            if are_distinct and (not is_longer or all(map(str.isdecimal, column.cells))):
                found = "the lines begin with row names, as R and pandas write them"
                self.problems.warn(self.path, found, "These are not used.")
            elif is_longer:
                self.note_length(lines.tolist(), len(columns))
            else:
                self.problems.error(self.path, f"column {at + 1} has no name", "Name or remove it.", "header")
        return Table(self, {name: column for name, column in zip(header, columns, strict=True) if name}, lines)

    def note_length(self, lines: Sequence[int], found: int) -> None:
        """Note lines with too few or too many fields, and the likely reason."""
        wanted = len(self.header)
        is_comma = self.separator == "," and found > wanted
        remedy = "Numbers need a decimal point; a name with a comma needs quotes." if is_comma else "Complete it."
        told = f"{counted(found, 'field', 'fields')}, but the header has {wanted}{_also(len(lines) - 1)}"
        self.problems.error(self.path, told, remedy, f"line {lines[0]}")

    def number(self, cell: str, place: str) -> float | str:
        """Read a number: NaN if it is missing; if it is not a finite number, return what is wrong with it.

        In a file separated by semicolons a comma is a decimal comma, as spreadsheets write it. A file in which some
        numbers have a decimal point and others a comma, which may divide thousands, is noted as an error.

        Args:
            place: of the cell, for messages.
        """
        cell = cell.strip()
        if cell.lower() in MISSING:
            return np.nan
        mark = "," if self.separator == ";" and cell.count(",") == 1 and "." not in cell else "."
        try:
            # Python reads 1_000 as a number.
            value = np.nan if "_" in cell else float(cell.replace(mark, "."))
        except ValueError:
            value = np.nan
        if math.isinf(value):
            return "is infinite"
        if math.isnan(value):
            return "is not a number"
        if mark in cell and mark not in self._with_mark:
            self._note_mark(mark, f"{cell!r} on {place}")
        return value

    def _note_mark(self, mark: str, number: str) -> None:
        """Note the first number with a decimal comma, or with a point."""
        self._with_mark[mark] = number
        if len(self._with_mark) == 2:
            point, comma = self._with_mark["."], self._with_mark[","]
            found = f"some numbers have a decimal point ({point}), others a decimal comma ({comma})"
            self.problems.error(self.path, found, "Write all with a decimal point.")
        elif mark == ",":
            self.problems.warn(self.path, "numbers have decimal commas", "They are read as such.")

    def _renamed(self, header: list[str]) -> list[str]:
        """Replace the user's own names of columns by their names here."""
        names = {theirs: ours for ours, theirs in self.own.items()}
        missing = [theirs for theirs in names if theirs not in header]
        for theirs in missing:
            found = f"there is no column {theirs!r}, which `columns` gives as {names[theirs]}"
            self.problems.error(self.path, found, suggestion(theirs, header), "header")
        taken = [theirs for theirs, ours in names.items() if ours in header and ours not in names]
        for theirs in taken:
            found = f"`columns` maps {theirs} onto {names[theirs]}, which the file has already"
            remedy = f"Rename or remove the column {names[theirs]}, or leave it out of `columns`."
            self.problems.error(self.path, found, remedy, "header")
        if missing or taken:
            self.problems.raise_errors()
        return [names.get(name, name) for name in header]

    def _lines(self) -> Iterator[Row]:
        """Yield the number and the fields of every line that is not blank."""
        lines: Iterable[str] = io.TextIOWrapper(io.BytesIO(self._data), "utf-8", newline="")
        if self.separator == " ":
            lines = (line.strip() for line in lines)
        reader = csv.reader(lines, delimiter=self.separator, skipinitialspace=True, strict=True)
        try:
            for row in reader:
                # The first field is seldom blank; a generator expression for every line would take most of the time.
                if row and (row[0].strip() or any(field.strip() for field in row)):
                    yield reader.line_num, row
        except csv.Error as error:
            self.problems.fail(
                self.path, f"it cannot be read ({error})", "Check its quotes.", f"line {reader.line_num}"
            )

    def _read_rows(self) -> tuple[list[Column], NDArray[np.int64]]:
        """Read the rows below the header as columns, with the line of each row; note rows of other lengths."""
        # By row length: a coder per field, codes, line numbers. Cells repeat and would take far more memory than codes.
        read: dict[int, tuple[list[dict[str, int]], array[int], array[int]]] = {}
        for number, row in self.rows():
            if len(row) not in read:
                read[len(row)] = [_coder() for _ in row], array("i"), array("q")
            coders, codes, lines = read[len(row)]
            codes.extend(map(getitem, coders, row))
            lines.append(number)
        width = len(self.header) + (set(read) == {len(self.header) + 1})
        for length, (_, _, lines) in read.items():
            if length != width:
                self.note_length(lines, length)
        coders, codes, lines = read.get(width, ([{}] * width, array("i"), array("q")))
        by_column = np.array(codes, dtype=np.int32).reshape(len(lines), width).T
        columns = [_column(own, coder) for own, coder in zip(by_column, coders, strict=True)]
        return columns, np.array(lines, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Table:
    """A long table.

    Attributes:
        text: the file.
        columns: by name.
        lines: int64 (row,), the line number of each row in the file.
    """

    text: Text
    columns: dict[str, Column]
    lines: NDArray[np.int64]

    def note(self, rows: NDArray[np.intp], column: str, found: str, remedy: str) -> None:
        """Note a mistake in some rows as one problem, which names the first row and counts the others."""
        if len(rows):
            self._note(rows[0], len(rows), self.text.called(column), found, remedy)

    def rows_of(self, name: str, marked: Sequence[bool]) -> NDArray[np.intp]:
        """Find the rows whose cell in a column is one of the `marked` ones; `marked` is in the order of its `cells`."""
        return np.flatnonzero(np.array(marked, dtype=bool)[self.columns[name].codes])

    def cells(self, name: str) -> list[tuple[int, str]]:
        """Return the line number and the content of every cell of a column."""
        column = self.columns[name]
        return [(line, column.cells[code]) for line, code in zip(self.lines.tolist(), column.codes, strict=True)]

    def numbers(self, name: str, missing: str) -> NDArray[np.float64]:
        """Read a column of numbers (row,): NaN where one is missing; what is not a finite number is noted, and NaN too.

        Args:
            missing: what the message advises for cells that are meant to have no number.
        """
        column, called = self.columns[name], self.text.called(name)
        first, count = column.first_rows(), np.bincount(column.codes)
        places = [self._place(row, called) for row in first]
        read = [self.text.number(cell, place) for cell, place in zip(column.cells, places, strict=True)]
        wrong = [at for at, value in enumerate(read) if isinstance(value, str)]
        if wrong:
            for at in wrong[:_MOST_TOLD]:
                cell = column.cells[at]
                self._note(first[at], count[at], called, f"{cell!r} {read[at]}", remedy_of(cell, missing))
            if others := wrong[_MOST_TOLD:]:
                self._note(first[others[0]], count[others].sum(), called, "further cells are not numbers", missing)
        return np.array([np.nan if isinstance(value, str) else value for value in read])[column.codes]

    def _note(self, first: int, count: int, column: str, found: str, remedy: str) -> None:
        """Note a mistake in `count` rows, of which `first` is the first."""
        self.text.problems.error(self.text.path, f"{found}{_also(count - 1)}", remedy, self._place(first, column))

    def _place(self, row: int, column: str) -> str:
        return f"line {self.lines[row]}, column {column}"


def _also(number: int) -> str:
    """Count the other lines with the same mistake."""
    return f" (also on {counted(number, 'other line', 'other lines')})" if number else ""


def remedy_of(cell: str, missing: str) -> str:
    """Say what to do about a cell that is not a number; `missing` where the cell gives no better hint."""
    return "Write numbers with a decimal point, not with a comma." if "," in cell else missing


def _in_utf8(path: Path, problems: Problems) -> bytes:
    """Read a text file and return it in UTF-8 without a byte order mark."""
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.fail(path, f"it cannot be read ({error.strerror})", "Restore the file, or correct its path.")
    what, other_remedy = contents.recognise(data)
    if other_remedy:
        problems.fail(path, what, other_remedy)
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    data = data.removeprefix(codecs.BOM_UTF8)
    remedy = 'Save it as "CSV UTF-8", as spreadsheets call it.'
    try:
        if is_wide:
            data = data.decode("utf-16").encode()
        else:
            data.decode()
    except UnicodeDecodeError as error:
        problems.fail(path, what or "it is not text in UTF-8", remedy, _line_of(data, error.start))
    if len(data.translate(None, _CONTROL)) < len(data):
        at = next(at for at, character in enumerate(data) if character in _CONTROL)
        found = f"there is an invisible character, {chr(data[at])!r}"
        problems.fail(path, found, f"Remove it. {remedy}", _line_of(data, at))
    return data


def _line_of(data: bytes, at: int) -> str:
    """Name the line that a byte is on."""
    number = data.count(b"\n", 0, at) + 1
    return f"line {number}"


def _separator(header: str) -> str:
    """Find what separates the columns: tabs, if any; else commas or semicolons, the more frequent; or blanks."""
    marks = Counter(re.sub(r'"[^"]*"', "x", header).strip("\r\n "))
    if marks["\t"]:
        return "\t"
    if marks[","] or marks[";"]:
        return "," if marks[","] >= marks[";"] else ";"
    return " " if marks[" "] else ","


def _unquoted(line: str) -> str:
    """Remove the quotes around a whole line."""
    return line[1:-1].replace('""', '"') if len(line) > 1 and line[0] == line[-1] == '"' else line


def _column(codes: NDArray[np.integer], cells: Iterable[str]) -> Column:
    """Make a column; cells that differ in the blanks around them alone become one."""
    coder = _coder()
    renumbered = np.array([coder[cell.strip()] for cell in cells], dtype=np.int32)
    return Column(list(coder), renumbered[codes])


def _coder() -> dict[str, int]:
    """Make a dictionary that assigns the next number to every new key."""
    return defaultdict(itertools.count().__next__)
