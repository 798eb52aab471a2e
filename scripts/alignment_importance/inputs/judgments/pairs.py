"""Reads ratings of pairs: a long table with a row per rating."""

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs.delimited_text import Table, Text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import diagonals, judged
from alignment_importance.system.names import counted, not_used

#: Columns of the table, with either similarity or dissimilarity; participants are optional.
COLUMNS = ("image_a", "image_b", "similarity", "dissimilarity", "participant")


def read(file: judged.File) -> judged.Judged:
    """Read ratings of pairs; a participant's repeated ratings of a pair are averaged and counted.

    Ratings of an image with itself are not used, but must not contradict the kind.

    Raises:
        ProblemsError: a wrong header, unknown ids, ratings that are not numbers, lines without a participant.
    """
    path, images, problems = file.path, file.images, file.problems
    kind = judged.kind_of(file, _kind_in(file.text), "the header")
    table = file.text.table()
    rating = table.numbers(kind, "Leave missing judgments empty.")
    first, second = (images.numbers_of(table, name) for name in ("image_a", "image_b"))
    participants, rater = participants_of(table, file.participant)
    if not len(rating):
        problems.error(path, "there are no ratings in this file", "Add a line for every rating.")
    problems.raise_errors()
    is_own = first == second
    own, others = (
        diagonals.by_participant(len(participants), rater[chosen], rating[chosen]) for chosen in (is_own, ~is_own)
    )
    diagonals.check(problems, path, kind, participants, own, others)
    if is_own.any():
        found = counted(int(np.count_nonzero(is_own)), "rating is", "ratings are")
        problems.warn(path, f"{found} of an image with itself", not_used(int(np.count_nonzero(is_own))))
    first, second = wanted(first, images), wanted(second, images)
    used = ~np.isnan(rating) & ~is_own & (first >= 0) & (second >= 0)
    return judged.from_ratings(file, participants, rater[used], first[used], second[used], rating[used], kind)


def participants_of(table: Table, participant: str) -> tuple[list[str], NDArray[np.intp]]:
    """Return the names of the participants, sorted, and the position (row,) of each row's participant among them.

    If the table names none, all rows belong to `participant`. Lines with an empty name are noted.
    """
    if "participant" not in table.columns:
        return [participant], np.zeros(len(table.lines), dtype=np.intp)
    column = table.columns["participant"]
    nameless = table.rows_of("participant", [not name for name in column.cells])
    table.note(nameless, "participant", "there is no participant", "Name the participant of every line.")
    names = sorted(column.cells)
    place = {name: at for at, name in enumerate(names)}
    return names, np.array([place[name] for name in column.cells], dtype=np.intp)[column.codes]


def wanted(numbers: NDArray[np.intp], images: ImageIds) -> NDArray[np.intp]:
    """Convert image numbers (`ImageIds.numbers`) to positions among the wanted images, −1 for images not wanted."""
    place = {image: at for at, image in enumerate(images.wanted)}
    return np.array([place.get(image, -1) for image in images.numbers], dtype=np.intp)[numbers]


def _kind_in(text: Text) -> str:
    """Read from the header whether the ratings are similarities or dissimilarities."""
    text.check_header(("image_a", "image_b"), COLUMNS, "Pairs")
    kinds = [name for name in judged.KINDS if name in text.header]
    if len(kinds) == 2:
        remedy = "Keep one of them: the other is the same judgment, or belongs in a file and a comparison of its own."
        found = "similarity and dissimilarity are mixed: there is a column of each"
        text.problems.fail(text.path, found, remedy, "header")
    if not kinds:
        remedy = f"Name the column of the ratings {' or '.join(judged.KINDS)}."
        found = "there is neither a column similarity nor a column dissimilarity"
        text.problems.fail(text.path, found, remedy, "header", lacks="columns")
    return kinds[0]


FORM = judged.Form(
    "pairs",
    lambda file: {"image_a", "image_b"} <= set(file.text.header),
    read,
    header="pairs have image_a, image_b, similarity or dissimilarity (and participant)",
)
