"""Reads trials that show three images and ask for one of them: a long table with a row per trial."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs.delimited_text import MISSING, Table
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import judged, pairs
from alignment_importance.system.names import counted, not_used


@dataclass(frozen=True)
class Design:
    """The design of a trial.

    Attributes:
        trials: the name of such trials, in the plural.
        images: the columns of the three images.
        answer: the column of the answer.
        shown: the pairs of the three images (0, 1, 2) that were compared, by the answer that judges a pair alike.
        kind_stated_by: what, in messages, says that larger numbers mean similarity, see `by` of `judged.kind_of`.
    """

    trials: str
    images: tuple[str, str, str]
    answer: str
    shown: dict[int, tuple[int, int]]
    kind_stated_by: str


def are_in(file: judged.File, design: Design, *signs: set[str]) -> bool:
    """Tell whether a header is that of a table of trials.

    Args:
        design: the columns of its images and its answer are enough.
        signs: sets of columns of which one is enough, as are the columns of the images, in case others are misspelt.
            Columns named like an image do not count here, since a matrix has such columns.
    """
    columns = set(file.text.header)
    strange = columns.difference(file.images.known)
    return {*design.images, design.answer} <= columns or any(sign <= strange for sign in (set(design.images), *signs))


def read(file: judged.File, design: Design) -> tuple[judged.Judged, NDArray[np.intp]]:
    """Count how often each pair was compared, and how often it was judged alike.

    The similarity of a pair is the share of its trials in which it was judged alike; NaN if it was never compared. Each
    participant has similarities, but the mean gives all trials equal weight: it is the share over everyone's trials.

    A trial may show images that the comparison does not use.

    Returns:
        The judgments; and (3,), how often the image of each column was the answer.

    Raises:
        ProblemsError: a wrong header, unknown ids, an image twice in a trial, an answer that is none of its images,
            lines without a participant.
    """
    images, problems = file.images, file.problems
    required = (*design.images, design.answer)
    file.text.check_header(required, (*required, "participant"), design.trials.capitalize())
    kind = judged.kind_of(file, "similarity", design.kind_stated_by)
    table = file.text.table()
    three = np.stack([images.numbers_of(table, name) for name in design.images])
    answer = _answers(table, three, images, design)
    participants, rater = pairs.participants_of(table, file.participant)
    if not len(table.lines):
        problems.error(file.path, f"there are no {design.trials} in this file", "Add a line for every trial.")
    problems.raise_errors()
    judged.check_size(problems, file.path, len(participants), len(images.wanted))
    shown, alike = _count(pairs.wanted(three, images), answer, rater, len(participants), len(images.wanted), design)
    with np.errstate(invalid="ignore"):
        judgments = judged.Judged(participants, alike / shown, shown, kind, mean_over="trials")
    return judgments, np.bincount(answer[answer >= 0], minlength=3)


def _answers(table: Table, three: NDArray[np.intp], images: ImageIds, design: Design) -> NDArray[np.intp]:
    """Read which of the three images is the answer: (row,) 0, 1 or 2; −1 for a missing or (noted) wrong answer.

    An answer is the id of an image, or the name of its column unless that is the id of another image.
    """
    unknown = (three < 0).any(axis=0)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        same = np.flatnonzero((three[first] == three[second]) & ~unknown)
        columns = " and ".join(table.text.called(design.images[at]) for at in (first, second))
        table.note(same, columns, "an image occurs twice in a trial", "Correct or remove the line.")
    options = sorted(design.shown)
    column = table.columns[design.answer]
    cells = [images.resolve(cell) for cell in column.cells]
    # An answer is compared with the images of its own trial; a missing answer is not an unknown id.
    given = np.array([images.numbers.get(cell, -1) for cell in cells], dtype=np.intp)[column.codes]
    matches = three[options] == given
    for at, option in enumerate(options):
        name = design.images[option]
        called = {name, table.text.called(name)} - set(images.numbers)
        matches[at, table.rows_of(design.answer, [cell in called for cell in cells])] = True
    is_missing = [cell.lower() in MISSING and cell not in images.numbers for cell in cells]
    missing = table.rows_of(design.answer, is_missing)
    wrong = np.setdiff1d(np.flatnonzero(~matches.any(axis=0) & ~unknown), missing)
    if len(wrong):
        known = list(images.numbers)
        possible = ", ".join(known[at] for at in three[options, wrong[0]])
        found = f"the answer {cells[column.codes[wrong[0]]]!r} is none of {possible}"
        table.note(wrong, design.answer, found, "Write the id of the image that was chosen.")
    if len(missing):
        found = counted(len(missing), "trial has no answer", "trials have no answer")
        table.text.problems.warn(table.text.path, found, not_used(len(missing)))
    return np.where(matches.any(axis=0), np.array(options)[matches.argmax(axis=0)], -1)


def _count(
    three: NDArray[np.intp],
    answer: NDArray[np.intp],
    rater: NDArray[np.intp],
    n_participants: int,
    n_images: int,
    design: Design,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Count the trials that compared each pair, and those that judged it alike: (participant, n, n) each."""
    shown, alike = (np.zeros((n_participants, n_images, n_images), dtype=np.int32) for _ in range(2))
    for option, (first, second) in design.shown.items():
        low, high = np.minimum(three[first], three[second]), np.maximum(three[first], three[second])
        used = (answer >= 0) & (low >= 0)
        for counts, chosen in ((shown, used), (alike, used & (answer == option))):
            cells = np.ravel_multi_index((rater[chosen], low[chosen], high[chosen]), counts.shape)
            counts += np.bincount(cells, minlength=counts.size).astype(np.int32).reshape(counts.shape)
    return shown + shown.transpose(0, 2, 1), alike + alike.transpose(0, 2, 1)
