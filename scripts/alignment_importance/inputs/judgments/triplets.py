"""Odd-one-out triplets: a long table with a row per trial."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs import delimited_text, ids
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import judged, pairs
from alignment_importance.inputs.judgments.form import File, Form
from alignment_importance.system.plurals import counted, not_used
from alignment_importance.system.problems import Problems

_IMAGES = ("image_a", "image_b", "image_c")

#: Columns of the table; it need not have participants.
COLUMNS = (*_IMAGES, "odd", "participant")


def read(file: File, images: ImageIds, problems: Problems) -> judged.Judged:
    """Count how often the images of a pair were kept together when they were shown with a third.

    A trial shows three pairs; the one without the odd image is kept together, the other two are not. The similarity of
    a pair is the share of the trials with this pair in which it was kept together (Hebart et al. 2020, doi
    10.1038/s41562-020-00951-3); a pair that was never shown has none (NaN). Of several participants each has shares of
    their own, but the mean is over trials: it is the share over the trials of all.

    The third image of a trial may be one that the comparison is not about.

    Raises:
        Problems: a header that is wrong, unknown ids, an image twice in a triplet, an odd image that is none of the
            three, lines without participant.
    """
    path = file.path
    pairs.check_header(file.header, COLUMNS[:-1], COLUMNS, "Triplets", path, problems)
    told = "an odd-one-out (the share of trials in which a pair was kept together)"
    kind = judged.kind_of(problems, path, "similarity", told, file.kind)
    table = delimited_text.read_table(path, file.header, file.body, problems)
    triplets = np.stack([pairs.positions(table, name, images.known, path, problems) for name in _IMAGES])
    odd = _odd(table, triplets, images, path, problems)
    participants, rater = pairs.participants_of(table, path, problems)
    if not len(table.lines):
        problems.error(path, "there are no triplets in this file", "Add a line for every trial.")
    problems.raise_errors()
    judged.check_size(problems, path, len(participants), len(images.wanted))
    shown, kept = _count(triplets, odd, rater, len(participants), images)
    with np.errstate(invalid="ignore"):
        return judged.Judged(participants, kept / shown, shown, kind, mean_over="trials")


def _odd(
    table: delimited_text.Table, triplets: NDArray[np.intp], images: ImageIds, path: Path, problems: Problems
) -> NDArray[np.intp]:
    """(row,) which of the three images is the odd one (0, 1, 2); −1 where the answer is missing."""
    unknown = (triplets < 0).any(axis=0)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        same = np.flatnonzero((triplets[one] == triplets[other]) & ~unknown)
        columns = f"{_IMAGES[one]} and {_IMAGES[other]}"
        table.note(problems, path, same, columns, "an image occurs twice in a triplet", "Correct or remove the line.")
    answers = table.columns["odd"]
    position = {image: at for at, image in enumerate(images.known)}
    cells = [ids.clean(cell) for cell in answers.cells]
    # Which of several images is meant is seen from the triplet; a missing answer must not be taken for an unknown id.
    given = np.array([position.get(cell, -1) for cell in cells], dtype=np.intp)[answers.codes]
    is_missing = np.array([cell.lower() in delimited_text.MISSING and cell not in images for cell in cells], dtype=bool)
    missing = is_missing[answers.codes] if len(cells) else np.zeros(0, dtype=bool)
    matches = triplets == given
    wrong = np.flatnonzero(~matches.any(axis=0) & ~missing & ~unknown)
    if len(wrong):
        cell = cells[answers.codes[wrong[0]]]
        shown = ", ".join(images.known[at] for at in triplets[:, wrong[0]])
        found = f"the odd image {cell!r} is none of the three ({shown})"
        table.note(problems, path, wrong, "odd", found, "Write the id of the image that was chosen as the odd one.")
    if missing.any():
        found = counted(int(np.count_nonzero(missing)), "triplet has no odd image", "triplets have no odd image")
        problems.warn(path, found, not_used(int(np.count_nonzero(missing))))
    return np.where(missing, -1, matches.argmax(axis=0))


def _count(
    triplets: NDArray[np.intp], odd: NDArray[np.intp], rater: NDArray[np.intp], n_participants: int, images: ImageIds
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Count, (participant, n, n) each, the trials that showed a pair and those that kept it together."""
    n = len(images.wanted)
    wanted = pairs.positions_among(images)[triplets]
    shown, kept = (np.zeros((n_participants, n, n), dtype=np.int32) for _ in range(2))
    for one, other, third in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        low, high = np.minimum(wanted[one], wanted[other]), np.maximum(wanted[one], wanted[other])
        used = (odd >= 0) & (low >= 0)
        for counts, chosen in ((shown, used), (kept, used & (odd == third))):
            cells = np.ravel_multi_index((rater[chosen], low[chosen], high[chosen]), counts.shape)
            counts += np.bincount(cells, minlength=counts.size).astype(np.int32).reshape(counts.shape)
    return shown + shown.transpose(0, 2, 1), kept + kept.transpose(0, 2, 1)


def _is_triplets(file: File, _images: ImageIds) -> bool:
    return set(_IMAGES) <= set(file.header) or "odd" in file.header


FORM = Form(
    "odd-one-out triplets",
    tuple(delimited_text.DELIMITERS),
    _is_triplets,
    read,
    header="triplets have image_a, image_b, image_c, odd (and participant)",
)
