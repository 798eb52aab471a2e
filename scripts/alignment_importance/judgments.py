"""Human similarity judgments: read each of their file forms into one labelled form."""

import csv
import logging
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from alignment_importance import array_files
from alignment_importance.errors import InputError

#: What the numbers of a file mean; a dissimilarity is negated.
KINDS = ("similarity", "dissimilarity")

#: The participant's name where a file holds one matrix or names no participants.
SINGLE_PARTICIPANT = "mean"

#: Spellings of a missing judgment (in any case).
MISSING = ("", "nan", "na")

ARRAY_SUFFIXES = (".npy", ".npz", ".mat")

# A difference below this part of the range is rounding of the program that wrote the file, not another judgment.
_ROUNDING = 1e-9

_MOST_SHOWN = 10

logger = logging.getLogger(__name__)

Matrix = NDArray[np.float64]


def read(
    path: str | Path,
    kind: str,
    image_ids: Sequence[str],
    order: str | Path | None = None,
    key: str | None = None,
) -> xr.Dataset:
    """Read judgments and label them.

    Three forms are told apart by the file's ending and header: a CSV with a square matrix (first column and header are
    image ids); a CSV of pairs (`image_a,image_b,similarity|dissimilarity[,participant]`, where several ratings of one
    pair by one participant are averaged); and an array (.npy, .npz, .mat) of shape (image, image) or (participant,
    image, image). Empty cells and NaN are missing judgments.

    Args:
        path: the file.
        kind: `similarity` or `dissimilarity`.
        image_ids: ids of all images of the set; each must have judgments, and there must be no others.
        order: for an array, the text file with the image id of each row, one per line.
        key: for a .npz or .mat with several arrays, the name of the one to read.

    Returns:
        `similarity` (participant, image, image_b) float64, larger is more similar, symmetric (the two directions of a
        pair are averaged), NaN on the diagonal and where a pair is missing; images and participants sorted.
        Attributes: kind, source (the file's name).

    Raises:
        InputError: the file cannot be used; all that is found wrong with it is named.
    """
    path = Path(path)
    if kind not in KINDS:
        raise InputError(f"{path}: kind is {kind!r}, but must be {' or '.join(KINDS)}.")
    ids = sorted(image_ids)
    if path.suffix.lower() in ARRAY_SUFFIXES:
        participants, values = _read_array(path, ids, order, key, kind)
    else:
        if order is not None or key is not None:
            raise InputError(
                f"{path}: `order` and `key` are for {', '.join(ARRAY_SUFFIXES)}; a CSV names its images itself. "
                "Remove them from the comparison."
            )
        participants, values = _read_csv(path, ids, kind)
    _check_content(path, participants, values, ids)
    return xr.Dataset(
        {"similarity": (("participant", "image", "image_b"), values if kind == "similarity" else 0.0 - values)},
        coords={
            "participant": np.array(participants, dtype=object),
            "image": np.array(ids, dtype=object),
            "image_b": np.array(ids, dtype=object),
        },
        attrs={"kind": kind, "source": path.name},
    )


def mean(judgments: xr.Dataset, image_ids: Sequence[str]) -> Matrix:
    """Average the judgments over participants.

    Args:
        judgments: what `read` returns.
        image_ids: the n images wanted, in the order wanted.

    Returns:
        float64 (n, n), the mean over those who judged a pair; NaN where no one did and on the diagonal.

    Raises:
        InputError: an image has no judgments.
    """
    ids = list(image_ids)
    unknown = sorted(set(ids) - set(judgments["image"].values.tolist()))
    if unknown:
        raise InputError(f"{judgments.attrs.get('source', 'judgments')}: no judgments of {_some(unknown)}.")
    return average(judgments["similarity"].sel(image=ids, image_b=ids).to_numpy())


def average(values: NDArray[np.float64]) -> Matrix:
    """Average (participant, ...) over the participants who judged a pair; NaN where there is none."""
    judged = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(judged, values, 0.0).sum(axis=0) / judged.sum(axis=0)


# --- CSV ---


def _read_csv(path: Path, ids: list[str], kind: str) -> tuple[list[str], NDArray[np.float64]]:
    """Read a matrix or pairs, whichever the header shows."""
    rows = _rows(path)
    _, header = next(rows, (1, []))
    header = [name.strip() for name in header]
    if {"image_a", "image_b"} <= set(header):
        return _read_pairs(path, header, rows, ids, kind)
    if len(header) > 1 and (set(header[1:]) & set(ids)):
        return [SINGLE_PARTICIPANT], _read_matrix(path, header[1:], rows, ids, kind)[np.newaxis]
    hint = " Separate the columns by commas." if len(header) == 1 and any(mark in header[0] for mark in ";\t") else ""
    raise InputError(
        f"{path}: the header is neither that of pairs (image_a,image_b,similarity or dissimilarity, and participant if "
        f"there are several) nor that of a matrix (image ids from its second field on). It is: "
        f"{','.join(header)[:200] or '(empty)'}.{hint}"
    )


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of every line that is not blank."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream, strict=True)
            for row in reader:
                if any(field.strip() for field in row):
                    yield reader.line_num, row
    except FileNotFoundError as error:
        raise InputError(f"{path}: this file of judgments does not exist. Correct `judgments`.") from error
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error}). Save it as comma-separated UTF-8.") from error


def _read_matrix(
    path: Path, columns: list[str], rows: Iterable[tuple[int, list[str]]], ids: list[str], kind: str
) -> Matrix:
    """Read the rows of a matrix and bring them into the order of `ids`."""
    problems: list[str] = []
    row_ids: list[str] = []
    cells: list[list[float]] = []
    for line, (name, *fields) in rows:
        row_ids.append(name.strip())
        if len(fields) != len(columns):
            problems.append(f"line {line} (row {name}) has {len(fields)} values for {len(columns)} columns")
            continue
        cells.append([_number(field, f"row {name}, column {columns[at]}", problems) for at, field in enumerate(fields)])
    problems += _id_problems("column", columns, ids) + _id_problems("row", row_ids, ids)
    _refuse(path, problems)
    values = np.array(cells, dtype=np.float64)
    in_rows, in_columns = (_positions(found, ids) for found in (row_ids, columns))
    values = values[np.ix_(in_rows, in_columns)]
    _check_diagonal(path, values[np.newaxis], kind)
    return _symmetric(path, values[np.newaxis])[0]


def _read_pairs(
    path: Path, header: list[str], rows: Iterable[tuple[int, list[str]]], ids: list[str], kind: str
) -> tuple[list[str], NDArray[np.float64]]:
    """Read ratings of pairs into one matrix per participant."""
    column = _pair_columns(path, header, kind)
    number_of = {image: number for number, image in enumerate(ids)}
    problems: list[str] = []
    unknown: dict[str, int] = {}
    names: dict[str, int] = {}
    raters, first, second, ratings = array("q"), array("q"), array("q"), array("d")
    n_selves = 0
    for line, row in rows:
        if len(row) != len(header):
            problems.append(f"line {line} has {len(row)} fields, the header {len(header)}")
            continue
        a, b = row[column["image_a"]].strip(), row[column["image_b"]].strip()
        name = row[column["participant"]].strip() if "participant" in column else SINGLE_PARTICIPANT
        rating = _number(row[column[kind]], f"line {line}, column {kind}", problems)
        strangers = [image for image in (a, b) if image not in number_of]
        for image in strangers:
            unknown.setdefault(image, line)
        if not name:
            problems.append(f"line {line} has no participant")
        n_selves += a == b
        if strangers or a == b or rating != rating:
            continue
        raters.append(names.setdefault(name, len(names)))
        low, high = sorted((number_of[a], number_of[b]))
        first.append(low)
        second.append(high)
        ratings.append(rating)
    problems += [
        f"line {line} names {image!r}, which is no image of this set" for image, line in sorted(unknown.items())
    ]
    _refuse(path, problems)
    if n_selves:
        logger.info("%s: %d ratings of an image with itself are not used.", path, n_selves)
    if not names:
        raise InputError(f"{path}: there are no ratings in this file.")
    participants = sorted(names)
    place = np.argsort(np.argsort(np.array(list(names), dtype=object)))[np.array(raters)]
    values = _average_repeats(path, place, np.array(first), np.array(second), np.array(ratings), len(ids))
    return participants, values


def _pair_columns(path: Path, header: list[str], kind: str) -> dict[str, int]:
    """Give the position of each column of a pairs file, after checking that they are what they must be."""
    known = ("image_a", "image_b", *KINDS, "participant")
    strange = [name for name in header if name not in known]
    if strange:
        raise InputError(
            f"{path}: unknown column {_some(strange)}. Pairs have the columns image_a, image_b, similarity or "
            "dissimilarity, and participant if there are several; rename or remove the others."
        )
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise InputError(f"{path}: the header has {_some(repeated)} more than once.")
    found = [name for name in KINDS if name in header]
    if len(found) != 1:
        raise InputError(
            f"{path}: the header has {' and '.join(found) or 'neither similarity nor dissimilarity'}; "
            "it must have exactly one of similarity and dissimilarity."
        )
    if found != [kind]:
        raise InputError(
            f"{path}: the header says {found[0]}, but the comparison's kind is {kind}. Correct whichever is wrong."
        )
    return {name: position for position, name in enumerate(header)}


def _average_repeats(
    path: Path,
    rater: NDArray[np.int64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    rating: Matrix,
    n_images: int,
) -> NDArray[np.float64]:
    """Average each participant's ratings of a pair; (participant, n, n), NaN where there is none."""
    # Sorted by value as well: a sum then rounds the same whatever the order of the file's rows.
    order = np.lexsort((rating, second, first, rater))
    rater, first, second, rating = rater[order], first[order], second[order], rating[order]
    new = np.ones(len(rating), dtype=bool)
    new[1:] = (np.diff(rater) != 0) | (np.diff(first) != 0) | (np.diff(second) != 0)
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, len(rating)))
    spread = rating[starts + counts - 1] - rating[starts]
    _warn_of_differing(path, int(np.count_nonzero(spread > _ROUNDING * np.abs(rating).max())))
    means = np.add.reduceat(rating, starts) / counts
    values = np.full((int(rater.max()) + 1, n_images, n_images), np.nan)
    at, low, high = rater[starts], first[starts], second[starts]
    values[at, low, high] = values[at, high, low] = means
    return values


# --- arrays ---


def _read_array(
    path: Path, ids: list[str], order: str | Path | None, key: str | None, kind: str
) -> tuple[list[str], NDArray[np.float64]]:
    """Read (image, image) or (participant, image, image) and bring it into the order of `ids`."""
    if order is None:
        raise InputError(
            f"{path}: an array does not name its images. Write their ids into a text file, one per line in the order "
            "of the array's rows, and name that file as the comparison's `order`."
        )
    row_ids = _read_order(Path(order), ids)
    values = _load(path, key)
    n = len(row_ids)
    if values.shape[-2:] != (n, n):
        raise InputError(
            f"{path}: the array has the shape {values.shape}, but {order} lists {n} images. It must be ({n}, {n}) or "
            f"(participants, {n}, {n}), participants first."
        )
    single = values.ndim == 2
    stack = values[np.newaxis] if single else values
    # Numbered with leading zeros, so that the sorted order is the array's.
    digits = len(str(len(stack)))
    participants = [SINGLE_PARTICIPANT] if single else [f"{number:0{digits}d}" for number in range(1, len(stack) + 1)]
    infinite = [
        f"participant {participants[at]}, row {row_ids[row]}, column {row_ids[column]}: {stack[at, row, column]}"
        for at, row, column in np.argwhere(np.isinf(stack))
    ]
    _refuse(path, infinite)
    sorting = _positions(row_ids, ids)
    stack = stack[:, sorting][:, :, sorting]
    _check_diagonal(path, stack, kind)
    return participants, _symmetric(path, stack)


def _read_order(path: Path, ids: list[str]) -> list[str]:
    """Read the image ids of an array's rows."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the order of the images cannot be read ({error}).") from error
    row_ids = [line.strip() for line in lines if line.strip()]
    _refuse(path, _id_problems("line", row_ids, ids))
    return row_ids


def _load(path: Path, key: str | None) -> NDArray[np.float64]:
    """Load the one array of numbers with two or three dimensions that is wanted."""
    if path.suffix.lower() == ".npy" and key is not None:
        raise InputError(f"{path}: `key` is for .npz and .mat; a .npy holds one array. Remove it from the comparison.")
    try:
        found = array_files.read(path)
    except array_files.READING_ERRORS as error:
        raise InputError(f"{path}: cannot be read as {path.suffix} ({error}).") from error
    fitting = {
        name: value for name, value in sorted(found.items()) if value.dtype.kind in "fiub" and value.ndim in (2, 3)
    }
    shapes = ", ".join(f"{name} {'x'.join(map(str, values.shape))}" for name, values in fitting.items()) or "none"
    if key is None and len(fitting) == 1:
        key = next(iter(fitting))
    if key not in fitting:
        what = f"has no array of numbers called {key!r}" if key else "does not hold exactly one array of numbers"
        raise InputError(
            f"{path}: {what} with two or three dimensions. It has: {shapes}. Name the one to read as the comparison's "
            "`key`."
        )
    return fitting[key].astype(np.float64)


# --- checks shared by the forms ---


def _number(field: str, where: str, problems: list[str]) -> float:
    """Read one judgment; NaN where it is missing or, with a problem noted, no finite number."""
    text = field.strip()
    if text.lower() in MISSING:
        return np.nan
    try:
        value = float(text)
    except ValueError:
        problems.append(f"{where}: {text!r} is not a number (leave missing judgments empty)")
        return np.nan
    if np.isinf(value):
        problems.append(f"{where}: {text} is infinite (leave missing judgments empty)")
        return np.nan
    return value


def _id_problems(what: str, found: list[str], ids: list[str]) -> list[str]:
    """Say where the ids of rows, columns or lines are not those of the images, once each."""
    known = set(ids)
    seen: set[str] = set()
    twice: list[str] = []
    for image in found:
        if image in seen:
            twice.append(image)
        seen.add(image)
    unknown = [image for image in found if image not in known]
    missing = [image for image in ids if image not in seen]
    problems = []
    if twice:
        problems.append(f"{what} ids that stand twice: {_some(sorted(set(twice)))}")
    if unknown:
        problems.append(f"{what} ids that are no image of this set: {_some(unknown)}")
    if missing:
        problems.append(f"images without a {what}: {_some(missing)}")
    return problems


def _positions(found: list[str], ids: list[str]) -> list[int]:
    """Say where each of `ids` stands in `found`."""
    position = {image: at for at, image in enumerate(found)}
    return [position[image] for image in ids]


def _check_diagonal(path: Path, stack: NDArray[np.float64], kind: str) -> None:
    """Refuse a matrix whose diagonal shows that it is of the other kind."""
    sign = 1.0 if kind == "similarity" else -1.0
    on_diagonal = np.eye(stack.shape[-1], dtype=bool)
    diagonal, others = (sign * stack[:, mask] for mask in (on_diagonal, ~on_diagonal))
    diagonal, others = diagonal[~np.isnan(diagonal)], others[~np.isnan(others)]
    if not diagonal.size or not others.size or others.min() == others.max():
        return
    if diagonal.max() <= others.min():
        other = next(name for name in KINDS if name != kind)
        extreme = "smallest" if kind == "similarity" else "largest"
        raise InputError(
            f"{path}: kind is {kind}, but the diagonal holds the {extreme} values, as in a {other}. "
            f"Set kind: {other}, or leave the diagonal empty (NaN) if its numbers mean nothing."
        )


def _symmetric(path: Path, stack: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average the two directions of each pair of (participant, n, n); NaN on the diagonal."""
    mirrored = stack.transpose(0, 2, 1)
    with np.errstate(invalid="ignore"):
        scale = np.nanmax(np.abs(stack)) if not np.isnan(stack).all() else 0.0
        differing = np.triu(np.abs(stack - mirrored) > _ROUNDING * scale, k=1)
    _warn_of_differing(path, int(np.count_nonzero(differing)))
    values = (stack + mirrored) / 2
    values = np.where(np.isnan(stack), mirrored, np.where(np.isnan(mirrored), stack, values))
    values[:, np.eye(stack.shape[-1], dtype=bool)] = np.nan
    return values


def _warn_of_differing(path: Path, n_pairs: int) -> None:
    if n_pairs:
        logger.warning(
            "%s: pairs that one participant judged several times (in both directions, or repeatedly) with different "
            "values, which are averaged: %d.",
            path,
            n_pairs,
        )


def _check_content(path: Path, participants: list[str], values: NDArray[np.float64], ids: list[str]) -> None:
    """Refuse images that no one judged and judgments that are all the same."""
    mean_of_all = average(values)
    unjudged = [image for image, judged in zip(ids, ~np.isnan(mean_of_all), strict=True) if not judged.any()]
    if unjudged:
        raise InputError(f"{path}: images without any judgment: {_some(unjudged)}. Add judgments or remove the images.")
    if np.nanmin(mean_of_all) == np.nanmax(mean_of_all):
        raise InputError(
            f"{path}: all judgments are the same ({np.nanmax(mean_of_all):g}), so nothing can be aligned with them."
        )
    flat = [name for name, own in zip(participants, values, strict=True) if len(np.unique(own[~np.isnan(own)])) < 2]
    if flat:
        logger.warning("%s: participants whose judgments do not tell any two pairs apart: %s.", path, _some(flat))


def _refuse(path: Path, problems: list[str]) -> None:
    """Raise one error with all problems of a file (the first of them, if there are many)."""
    if problems:
        more = [f"... and {len(problems) - _MOST_SHOWN} more"] if len(problems) > _MOST_SHOWN else []
        shown = "\n".join(f"  {problem}" for problem in problems[:_MOST_SHOWN] + more)
        raise InputError(f"{path}: correct these and run again:\n{shown}")


def _some(names: Sequence[str]) -> str:
    """Name the first few of many."""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(names[:_MOST_SHOWN]) + more
