"""A square matrix as text: the header and the first column are image ids."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alignment_importance.inputs import delimited_text, ids
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import judged
from alignment_importance.inputs.judgments.form import File, Form
from alignment_importance.system.plurals import counted
from alignment_importance.system.problems import Problems


def read(file: File, images: ImageIds, problems: Problems) -> judged.Judged:
    """Read a matrix; rows and columns in any order.

    The first cell of the header may say `similarity` or `dissimilarity`; anything else in it means nothing.

    Raises:
        Problems: ids that are wrong, missing or there twice, and cells that are no numbers.
    """
    path, header = file.path, file.header
    corner = header[0].lower()
    told = corner if corner in judged.KINDS else None
    kind = judged.kind_of(problems, path, told, "the first cell of the header", file.kind)
    columns = [ids.clean(name) for name in header[1:]]
    rows: list[tuple[str, str]] = []
    cells: list[list[float]] = []
    lengths: dict[int, list[int]] = {}
    for line, (name, *fields) in file.body:
        image = ids.clean(name)
        rows.append((f"line {line}", image))
        if len(fields) == len(columns):
            cells.append(_numbers(path, fields, line, image, columns, problems))
        else:
            lengths.setdefault(len(fields) + 1, []).append(line)
    if list(lengths) == [len(header) + 1] and not cells:
        found = "the header has one field fewer than every line: that above the ids of the rows"
        problems.error(path, found, "Begin it with a field such as `image`, as R's write.csv does.", "header")
        problems.raise_errors()
    for count, lines in lengths.items():
        delimited_text.note_length(problems, path, lines, count, len(header))
    named = [(f"column {at}", name) for at, name in enumerate(columns, start=2)]
    for place, name in named:
        if not name:
            problems.error(path, "a column without a name", "Name its image, or remove it.", f"header, {place}")
    images.check_listed(problems, path, "column", [(place, name) for place, name in named if name])
    images.check_listed(problems, path, "row", rows)
    _check_same(problems, path, columns, [image for _, image in rows])
    problems.raise_errors()
    position = {image: at for at, (_, image) in enumerate(rows)}
    values = np.array(cells, dtype=np.float64)[[position[image] for image in columns]]
    found_there = judged.Matrices([judged.SINGLE_PARTICIPANT], columns, values[np.newaxis], kind)
    return judged.from_matrices(found_there, images, path, problems)


def _numbers(
    path: Path, fields: Sequence[str], line: int, row: str, columns: Sequence[str], problems: Problems
) -> list[float]:
    """Read the cells of a row; NaN where one is missing or, which is noted, no number."""
    values = []
    for column, field in zip(columns, fields, strict=True):
        value = delimited_text.number(field)
        if isinstance(value, str):
            place = f"line {line} (row {row}), column {column}"
            problems.error(path, f"{field.strip()!r} {value}", delimited_text.remedy_of(field), place)
            value = np.nan
        values.append(value)
    return values


def _check_same(problems: Problems, path: Path, columns: Sequence[str], rows: Sequence[str]) -> None:
    """Note a matrix that is not square: rows and columns of other images."""
    lacking = sorted((set(columns) ^ set(rows)) - {""})
    if lacking:
        shape = f"{counted(len(rows), 'row', 'rows')} and {counted(len(columns), 'column', 'columns')}"
        found = f"{shape} are not of the same images; only one has: "
        problems.error(path, found + ", ".join(lacking[:10]), "A matrix has a row and a column for every image.")


def _is_matrix(file: File, images: ImageIds) -> bool:
    """Whether the header names images, even if misspelt."""
    names = [ids.clean(name) for name in file.header[1:]]
    return any(name in images or ids.suggest(name, images.known) for name in names)


FORM = Form(
    "matrix",
    tuple(delimited_text.DELIMITERS),
    _is_matrix,
    read,
    header="a matrix has image ids from its second field on",
)
