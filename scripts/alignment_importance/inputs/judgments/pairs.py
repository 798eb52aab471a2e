"""Ratings of pairs: a long table with a row per rating."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs import delimited_text, ids
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import diagonals, judged
from alignment_importance.inputs.judgments.form import File, Form
from alignment_importance.system.plurals import counted, not_used
from alignment_importance.system.problems import Problems

#: Columns of the table; it has one of similarity and dissimilarity, and need not have participants.
COLUMNS = ("image_a", "image_b", "similarity", "dissimilarity", "participant")


def read(file: File, images: ImageIds, problems: Problems) -> judged.Judged:
    """Read ratings of pairs; several of one pair by one participant are averaged and counted.

    Ratings of an image with itself are not used, but must not contradict the kind.

    Raises:
        Problems: a header that is wrong, unknown ids, ratings that are no numbers, lines without participant.
    """
    path = file.path
    told = _kind_in(file.header, path, problems)
    kind = judged.kind_of(problems, path, told, "the header", file.kind)
    table = delimited_text.read_table(path, file.header, file.body, problems)
    rating = delimited_text.numbers(table, kind, path, problems)
    first, second = (positions(table, name, images.known, path, problems) for name in ("image_a", "image_b"))
    participants, rater = participants_of(table, path, problems)
    if not len(rating):
        problems.error(path, "there are no ratings in this file", "Add a line for every rating.")
    problems.raise_errors()
    is_own, judged_there = first == second, ~np.isnan(rating)
    extremes = diagonals.of_ratings(len(participants), rater[judged_there], is_own[judged_there], rating[judged_there])
    diagonals.check(problems, path, kind, participants, extremes)
    if is_own.any():
        found = counted(int(np.count_nonzero(is_own)), "rating is", "ratings are")
        problems.warn(path, f"{found} of an image with itself", not_used(int(np.count_nonzero(is_own))))
    wanted = positions_among(images)
    first, second = wanted[first], wanted[second]
    used = judged_there & ~is_own & (first >= 0) & (second >= 0)
    return judged.from_ratings(
        participants, rater[used], first[used], second[used], rating[used], kind, images, path, problems
    )


def check_header(
    header: Sequence[str], required: Sequence[str], known: Sequence[str], what: str, path: Path, problems: Problems
) -> None:
    """Refuse columns that are unknown, missing or there twice.

    Raises:
        Problems: all of these.
    """
    for name in dict.fromkeys(header):
        if name not in known:
            remedy = f"{what} have the columns {', '.join(known)}; rename or remove the others."
            found = f"unknown column {name!r}" if name else "a column without a name, such as numbers of rows"
            problems.error(path, found, remedy, "header")
        elif header.count(name) > 1:
            problems.error(path, f"the column {name} occurs {header.count(name)} times", "Keep one.", "header")
    missing = [name for name in required if name not in header]
    if missing:
        found = f"the column {' and '.join(missing)} is missing"
        problems.error(path, found, f"{what} need the columns {', '.join(required)}.", "header")
    problems.raise_errors()


def positions(
    table: delimited_text.Table, column: str, known: Sequence[str], path: Path, problems: Problems
) -> NDArray[np.intp]:
    """Find the images of a column: (row,) positions in `known`, −1 where an id is unknown, which is noted."""
    position = {image: at for at, image in enumerate(known)}
    cells, codes = [ids.clean(cell) for cell in table.columns[column].cells], table.columns[column].codes
    found = np.array([position.get(cell, -1) for cell in cells], dtype=np.intp)
    first_rows, counts = table.columns[column].first_rows(), np.bincount(codes, minlength=len(cells))
    unknown = [at for at in np.argsort(first_rows) if found[at] < 0]
    others = [f" and {counted(counts[at] - 1, 'other', 'others')}" if counts[at] > 1 else "" for at in unknown]
    places = [
        f"line {table.lines[first_rows[at]]}{more}, column {column}" for at, more in zip(unknown, others, strict=True)
    ]
    ImageIds(known).check_known(problems, path, zip(places, (cells[at] for at in unknown), strict=True))
    return found[codes]


def participants_of(table: delimited_text.Table, path: Path, problems: Problems) -> tuple[list[str], NDArray[np.intp]]:
    """Find the participants: their names, sorted, and (row,) positions among them.

    Where the table names none, all rows are of one. Lines with an empty name are noted.
    """
    if "participant" not in table.columns:
        return [judged.SINGLE_PARTICIPANT], np.zeros(len(table.lines), dtype=np.intp)
    column = table.columns["participant"]
    nameless = [at for at, name in enumerate(column.cells) if not name]
    rows = np.flatnonzero(np.isin(column.codes, nameless))
    table.note(problems, path, rows, "participant", "there is no participant", "Name the participant of every line.")
    names = sorted(column.cells)
    place = {name: at for at, name in enumerate(names)}
    return names, np.array([place[name] for name in column.cells], dtype=np.intp)[column.codes]


def positions_among(images: ImageIds) -> NDArray[np.intp]:
    """(known,) position of each known image among the wanted ones; −1 where it is not wanted."""
    place = {image: at for at, image in enumerate(images.wanted)}
    return np.array([place.get(image, -1) for image in images.known], dtype=np.intp)


def _kind_in(header: Sequence[str], path: Path, problems: Problems) -> str:
    """Tell from the header what the ratings are."""
    check_header(header, ("image_a", "image_b"), COLUMNS, "Pairs", path, problems)
    found = [name for name in judged.KINDS if name in header]
    if len(found) == 2:
        remedy = "Keep one of them: the other is the same judgment, or belongs into a file and a comparison of its own."
        problems.error(path, "similarity and dissimilarity are mixed: there is a column of each", remedy, "header")
    if not found:
        remedy = f"Name the column of the ratings {' or '.join(judged.KINDS)}."
        problems.error(path, "there is neither a column similarity nor a column dissimilarity", remedy, "header")
    problems.raise_errors()
    return found[0]


def _is_pairs(file: File, _images: ImageIds) -> bool:
    return {"image_a", "image_b"} <= set(file.header)


FORM = Form(
    "pairs",
    tuple(delimited_text.DELIMITERS),
    _is_pairs,
    read,
    header="pairs have image_a, image_b, similarity or dissimilarity (and participant)",
)
