"""What readers of judgments are, take and return, and the conversion of ratings and matrices to what they return."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs.delimited_text import SUFFIXES, Text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import diagonals
from alignment_importance.system.names import counted, some
from alignment_importance.system.problems import Problems

#: What the numbers of a file may mean; dissimilarities are negated.
KINDS = ("similarity", "dissimilarity")

#: The participant's name where a file holds one matrix or names no participants.
SINGLE_PARTICIPANT = "mean"

#: A difference below this share of the largest value is due to rounding by the program that wrote the file.
ROUNDING = 1e-9

#: Matrices (participant, image, image) with more cells would not fit into the memory of the job.
MOST_CELLS = 50_000_000


@dataclass(frozen=True)
class Source:
    """What a configuration says about the judgments of a comparison.

    Attributes:
        path: the file, or a folder with a file per participant, named after the participant.
        kind, order, key, columns, categories, images: the keys of a comparison in docs/configuration.md.
        name: name of the comparison in messages, such as `comparisons.tools`.
    """

    path: Path
    kind: str | None = None
    order: Path | None = None
    key: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    categories: Sequence[str] = ()
    images: Sequence[str] | Path | None = None
    name: str = "the comparison"

    @property
    def name_of_subset(self) -> str:
        """The name if the comparison uses only some images: others may read the same file. Otherwise empty."""
        return self.name if self.categories or self.images is not None else ""

    @classmethod
    def of(cls, comparison: str, entry: Mapping[str, Any]) -> "Source":
        """Make the source of a comparison from its entry in the configuration."""
        order, images = entry["order"], entry["images"]
        return cls(
            path=Path(entry["judgments"]),
            kind=entry["kind"],
            order=Path(order) if order else None,
            key=entry["key"],
            columns=entry["columns"],
            categories=entry["categories"],
            images=Path(images) if isinstance(images, str) else images,
            name=f"comparisons.{comparison}",
        )


@dataclass(frozen=True)
class File:
    """A file of judgments, and the problems found in it.

    Attributes:
        source: what the configuration says about it; its path may be that of the file's folder.
        participant: name of the participant, if the file does not give one.
        images: the ids of the set, and those of the comparison.
    """

    path: Path
    source: Source
    participant: str
    images: ImageIds
    problems: Problems

    @cached_property
    def text(self) -> Text:
        """The text file, for forms that are text."""
        return Text(self.path, self.problems, self.source.columns)


@dataclass(frozen=True, eq=False)
class Judged:
    """The judgments of a file.

    Attributes:
        participants: their names, sorted.
        matrices: float64 (participant, n, n) for the n images of the comparison, sorted; the file's own numbers,
            symmetric, NaN on the diagonal and where a pair was not judged.
        n_ratings: int32 of the same shape, the number of ratings or trials averaged.
        kind: what a larger value means, see `KINDS`.
        mean_over: what counts once in the mean of a pair: `participants` who judged it, or `trials` that showed it.
    """

    participants: list[str]
    matrices: NDArray[np.float64]
    n_ratings: NDArray[np.int32]
    kind: str
    mean_over: str = "participants"


@dataclass(frozen=True)
class Form:
    """A form of judgments.

    Attributes:
        name: its name in the attribute `form` of the labelled judgments.
        recognises: tells whether a file with one of the endings has this form; it may look for image ids in the file.
        read: reads such a file, notes what is wrong with it, and raises a ProblemsError if it cannot be used.
        suffixes: endings of its files; those of text, if nothing else is said.
        needs_order: whether `order` must name the images, because the files do not.
        has_parts: whether a file can hold several arrays, tasks or descriptors, among which `key` chooses.
        header: what the header of text files looks like, for messages.
    """

    name: str
    recognises: Callable[[File], bool]
    read: Callable[[File], Judged]
    suffixes: tuple[str, ...] = SUFFIXES
    needs_order: bool = False
    has_parts: bool = False
    header: str = ""


def kind_of(file: File, stated: str | None, by: str) -> str:
    """Take from the file or the configuration what a larger number means; it is never guessed from the numbers.

    If neither says so, or they contradict each other, an error is noted and the returned kind is meaningless.

    Args:
        stated: what the file says; None if it says nothing.
        by: the part of the file that says so, such as `the header`.
    """
    if stated and file.source.kind and stated != file.source.kind:
        found = f"{by} says {stated}, but the comparison's `kind` is {file.source.kind}"
        file.problems.error(file.path, found, "Correct whichever is wrong.")
    elif not stated and not file.source.kind:
        remedy = f"Set the comparison's `kind` to {' or '.join(KINDS)}: it is not guessed from the numbers."
        found = "neither the file nor the configuration says what a larger number means"
        file.problems.error(file.path, found, remedy, lacks="kind")
    return stated or file.source.kind or ""


def numbered(count: int, participant: str) -> list[str]:
    """Name the participants of a file without names: `participant`, or for several, numbers with leading zeros.

    The name of the file's participant, if it has one, precedes the numbers.
    """
    if count == 1:
        return [participant]
    prefix = "" if participant == SINGLE_PARTICIPANT else f"{participant}-"
    return [f"{prefix}{number:0{len(str(count))}d}" for number in range(1, count + 1)]


#: What to do about too many participants in a table.
AVERAGE_TABLE = "Leave out the column `participant`: all ratings of a pair are then averaged together."

_AVERAGE_MATRICES = (
    "Save the mean of the participants as a single matrix, or compare fewer images (`images`, `categories`)."
)


def check_size(problems: Problems, path: Path, n_participants: int, n_images: int, remedy: str = AVERAGE_TABLE) -> None:
    """Refuse too many images for one matrix, or too many participants for a matrix each (with `remedy`).

    Raises:
        ProblemsError: their matrices would not fit into memory.
    """
    if n_participants * n_images**2 <= MOST_CELLS:
        return
    if n_images**2 > MOST_CELLS:
        most = math.isqrt(MOST_CELLS)
        found = f"a matrix of {n_images} images does not fit into memory"
        remedy = f"Name {most} of them at most with the comparison's `images`, or fewer of its `categories`."
    else:
        found = f"a matrix of {n_images} images for each of {n_participants} participants does not fit into memory"
    problems.fail(path, found, remedy)


def from_matrices(
    file: File, participants: Sequence[str], image_ids: Sequence[str], stack: NDArray[np.float64], kind: str
) -> Judged:
    """Sort matrices by image id, and average the two directions of each pair.

    Wanted images that the matrices lack are not judged (NaN).

    Args:
        participants: a name for each matrix; a name that occurs twice is one participant who judged twice.
        image_ids: ids of the rows and, in the same order, of the columns.
        stack: (participant, row, column).

    Raises:
        ProblemsError: infinite values, halves filled with zeros, or diagonals that contradict the kind.
    """
    path, problems, wanted = file.path, file.problems, file.images.wanted
    _refuse_infinite(file, participants, image_ids, stack)
    _refuse_halves(file, participants, stack)
    off_diagonal = ~np.eye(len(image_ids), dtype=bool)
    own, others = [np.diagonal(matrix) for matrix in stack], [matrix[off_diagonal] for matrix in stack]
    diagonals.check(problems, path, kind, participants, own, others)
    check_size(problems, path, len(participants), len(wanted), _AVERAGE_MATRICES)
    position = {image: at for at, image in enumerate(image_ids)}
    at = np.array([position.get(image, -1) for image in wanted])
    stack = stack[:, at][:, :, at]
    stack[:, at < 0] = stack[:, :, at < 0] = np.nan
    values, counts, largest, n_differing = _symmetric(stack)
    if n_differing:
        pairs = counted(n_differing, "pair has", "pairs have")
        found = f"{pairs} another value in the other direction (largest difference {largest:g})"
        problems.warn(path, found, "The two directions are averaged.", file.source.name_of_subset)
    return Judged(*_by_participant(participants, values, counts), kind)


def combine(files: Sequence[Judged], path: Path, problems: Problems) -> Judged:
    """Combine the judgments of several files of one form and kind; average judgments of a participant in several.

    Raises:
        ProblemsError: their matrices do not fit into memory.
    """
    first = files[0]
    if len(files) == 1:
        return first
    names = [name for file in files for name in file.participants]
    check_size(problems, path, len(names), first.matrices.shape[-1])
    values = np.concatenate([file.matrices for file in files])
    counts = np.concatenate([file.n_ratings for file in files])
    return Judged(*_by_participant(names, values, counts), first.kind, first.mean_over)


def from_ratings(
    file: File,
    participants: Sequence[str],
    rater: NDArray[np.intp],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    rating: NDArray[np.float64],
    kind: str,
) -> Judged:
    """Average each participant's ratings of a pair, in either direction, and warn if they differ.

    Args:
        participants: names, sorted.
        rater: (rating,) position in `participants`.
        first: (rating,) position of an image in `file.images.wanted`.
        second: (rating,) position of the other image, which differs from the first.
        rating: (rating,) without NaN.
    """
    n = len(file.images.wanted)
    check_size(file.problems, file.path, len(participants), n)
    values = np.full((len(participants), n, n), np.nan)
    cell = np.ravel_multi_index((rater, np.minimum(first, second), np.maximum(first, second)), values.shape)
    # Sorted by value too, so that a sum rounds alike whatever the order of the rows in the file.
    order = np.lexsort((rating, cell))
    cell, rating = cell[order], rating[order]
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    counts = np.diff(starts, append=len(rating))
    spread = rating[starts + counts - 1] - rating[starts]
    differing = spread > ROUNDING * np.abs(rating).max(initial=0)
    n_differing = len(np.unique(cell[starts][differing] % n**2))
    if n_differing:
        pairs = counted(n_differing, "pair was", "pairs were")
        found = f"{pairs} rated differently by one participant (largest difference {spread.max():g})"
        remedy = "Each participant's ratings of a pair, in either direction, are averaged."
        file.problems.warn(file.path, found, remedy, file.source.name_of_subset)
    n_ratings = np.zeros(values.shape, dtype=np.int32)
    at, low, high = np.unravel_index(cell[starts], values.shape)
    values[at, low, high] = values[at, high, low] = np.add.reduceat(rating, starts) / counts
    n_ratings[at, low, high] = n_ratings[at, high, low] = counts
    return Judged(list(participants), values, n_ratings, kind)


def _refuse_infinite(
    file: File, participants: Sequence[str], image_ids: Sequence[str], stack: NDArray[np.float64]
) -> None:
    for at, row, column in np.argwhere(np.isinf(stack)):
        place = f"row {image_ids[row]}, column {image_ids[column]}"
        if len(participants) > 1:
            place = f"participant {participants[at]}, {place}"
        found = f"{stack[at, row, column]:g} is infinite"
        file.problems.error(file.path, found, "Missing judgments are NaN.", place)
    file.problems.raise_errors()


def _refuse_halves(file: File, participants: Sequence[str], stack: NDArray[np.float64]) -> None:
    """Refuse matrices with one half full of zeros: averaged with the other half, the zeros would count as judgments."""
    lower = np.tri(stack.shape[-1], k=-1, dtype=bool)
    halves = {"below": (lower, lower.T), "above": (lower.T, lower)}
    for side, (half, other) in halves.items():
        is_told = np.nan_to_num(stack[:, other]) != 0
        empty = (stack[:, half] == 0).all(axis=1) & is_told.any(axis=1)
        whose = [name for name, is_empty in zip(participants, empty, strict=True) if is_empty]
        if whose:
            of = f" of these participants: {some(whose)}" if len(participants) > 1 else ""
            found = f"all values {side} the diagonal are 0, and those on the other side are not{of}"
            remedy = "If only half of the matrix was filled in, leave the other half empty (NaN)."
            file.problems.error(file.path, found, remedy)
    file.problems.raise_errors()


def _symmetric(
    stack: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int32], float, int]:
    """Average the two directions of each pair of (participant, n, n).

    Returns:
        The averages (NaN on the diagonal), the number of ratings of each, the largest difference of two directions, and
        how many pairs differ in any matrix. A symmetric matrix has one rating of every pair, any other matrix two.
    """
    mirrored = stack.transpose(0, 2, 1)
    known, known_mirrored = ~np.isnan(stack), ~np.isnan(mirrored)
    scale = np.max(np.abs(stack), where=known, initial=0.0)
    with np.errstate(invalid="ignore"):
        differences = np.triu(np.abs(stack - mirrored), k=1)
        differing = differences > ROUNDING * scale
    values = np.where(known & known_mirrored, (stack + mirrored) / 2, np.where(known, stack, mirrored))
    asymmetric = differing.any(axis=(1, 2))[:, np.newaxis, np.newaxis]
    counts = (known | known_mirrored) + (known & known_mirrored & asymmetric).astype(np.int32)
    diagonal = np.eye(stack.shape[-1], dtype=bool)
    values[:, diagonal], counts[:, diagonal] = np.nan, 0
    largest = float(np.max(differences, where=differing, initial=0.0))
    return values, counts, largest, int(np.count_nonzero(differing.any(axis=0)))


def _by_participant(
    names: Sequence[str], values: NDArray[np.float64], counts: NDArray[np.int32]
) -> tuple[list[str], NDArray[np.float64], NDArray[np.int32]]:
    """Sort matrices by participant, and average those of one participant, weighted by numbers of ratings."""
    participants = sorted(set(names))
    if len(participants) == len(names):
        order = sorted(range(len(names)), key=lambda at: names[at])
        return participants, values[order], counts[order]
    sums = np.zeros((len(participants), *values.shape[1:]))
    totals = np.zeros(sums.shape, dtype=np.int32)
    for name, own, number in zip(names, values, counts, strict=True):
        at = participants.index(name)
        sums[at] += np.where(number > 0, own, 0.0) * number
        totals[at] += number
    with np.errstate(invalid="ignore"):
        return participants, sums / totals, totals
