"""Reads a square matrix from text: the header and the first column are image ids."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alignment_importance.inputs import delimited_text, identifiers
from alignment_importance.inputs.delimited_text import Row, Text
from alignment_importance.inputs.identifiers import MOST_GUESSED
from alignment_importance.inputs.judgments import judged
from alignment_importance.system.names import counted
from alignment_importance.system.problems import Problems


def read(file: judged.File) -> judged.Judged:
    """Read a matrix with rows and columns in any order.

    The first cell of the header may say `similarity` or `dissimilarity`; anything else there is ignored.

    Raises:
        ProblemsError: wrong, missing or repeated ids, and cells that are not numbers.
    """
    path, text, images, problems = file.path, file.text, file.images, file.problems
    lines = list(text.rows())
    header = _header(text, lines)
    corner = header[0].lower()
    stated = corner if corner in judged.KINDS else None
    kind = judged.kind_of(file, stated, "the first cell of the header")
    named = [(f"column {at}", name) for at, name in enumerate(header[1:], start=2)]
    for place, name in named:
        if not name:
            problems.error(path, "a column without a name", "Name its image, or remove it.", f"header, {place}")
    columns = images.listed(problems, path, "column", [(place, name) for place, name in named if name])
    rows = images.listed(problems, path, "row", [(f"line {line}", fields[0]) for line, fields in lines])
    _check_same(problems, path, columns, rows)
    lengths: dict[int, list[int]] = {}
    for line, fields in lines:
        if len(fields) != len(header):
            lengths.setdefault(len(fields), []).append(line)
    for length, where in lengths.items():
        text.note_length(where, length)
    complete = {
        row: _numbers(text, line, fields, header)
        for row, (line, fields) in zip(rows, lines, strict=True)
        if len(fields) == len(header)
    }
    problems.raise_errors()
    values = np.array([complete[image] for image in columns], dtype=np.float64)
    return judged.from_matrices(file, [file.participant], columns, values[np.newaxis], kind)


def _header(text: Text, lines: Sequence[Row]) -> list[str]:
    """Return the header; add the first field where R's write.table leaves it out."""
    if not lines or any(len(fields) != len(text.header) + 1 for _, fields in lines):
        return text.header
    found = "the header has one field fewer than the lines, as R writes it: that above the ids of the rows"
    text.problems.warn(text.path, found, "The first field of each line is used as its image id.", "header")
    return ["", *text.header]


def _numbers(text: Text, line: int, fields: Sequence[str], header: Sequence[str]) -> list[float]:
    """Read the cells of a row: NaN for missing numbers, and for cells that are not numbers, which are noted."""
    values, row = [], f"line {line} (row {fields[0].strip()})"
    for column, field in zip(header[1:], fields[1:], strict=True):
        place = f"{row}, column {column}"
        value = text.number(field, place)
        if isinstance(value, str):
            remedy = delimited_text.remedy_of(field, "Leave missing judgments empty.")
            text.problems.error(text.path, f"{field.strip()!r} {value}", remedy, place)
            value = np.nan
        values.append(value)
    return values


def _check_same(problems: Problems, path: Path, columns: Sequence[str], rows: Sequence[str]) -> None:
    """Note a matrix whose rows and columns are not of the same images."""
    lacking = sorted((set(columns) ^ set(rows)) - {""})
    if lacking:
        shape = f"{counted(len(rows), 'row', 'rows')} and {counted(len(columns), 'column', 'columns')}"
        found = f"{shape} are not of the same images; only one has: "
        problems.error(path, found + ", ".join(lacking[:10]), "A matrix has a row and a column for every image.")


def _is_matrix(file: judged.File) -> bool:
    """Tell whether the header names half of the images, or four (no table of trials would), perhaps misspelt."""
    images = file.images
    names = [images.resolve(name) for name in file.text.header]
    unknown = [name for name in names if name not in images]
    likely = [name for name in unknown[:MOST_GUESSED] if identifiers.suggest(name, images.known)]
    return len(names) - len(unknown) + len(likely) >= min(4, len(images.wanted) / 2)


FORM = judged.Form("matrix", _is_matrix, read, header="a matrix has image ids from its second field on")
