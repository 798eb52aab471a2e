"""Arrays without labels: a matrix or a stack of participants, with a file that names the images in order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs import array_files
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import judged
from alignment_importance.inputs.judgments.form import File, Form
from alignment_importance.system.names import nearest
from alignment_importance.system.plurals import counted
from alignment_importance.system.problems import Problems

# What NumPy's kinds of arrays that hold no numbers are called by who made them.
_OTHER_KINDS = {"O": "cells or objects", "V": "struct", "U": "text", "S": "text", "c": "complex numbers"}

_FROM_PAIRS = " Are these the pairs above the diagonal? scipy.spatial.distance.squareform makes matrices of them."

_MOVE_PARTICIPANTS = "np.moveaxis(array, -1, 0), or permute(array, [3 1 2]) in MATLAB, moves them there from the end."


def read(file: File, images: ImageIds, problems: Problems) -> judged.Judged:
    """Read (image, image) or (participant, image, image).

    Args:
        file: its order names a text file with the image id of each row, its key the array where there are several. Its
            kind must be given.
        images: the ids.
        problems: where mistakes are noted.

    Raises:
        Problems: the file, its array or the order cannot be used.
    """
    path, order = file.path, file.order
    values = _load(path, file.key, problems)
    kind = judged.kind_of(problems, path, None, "", file.kind)
    image_ids = _read_order(order, path, images, problems)
    if order is not None and image_ids is not None and values is not None:
        _check_shape(path, order, values, len(image_ids), problems)
    problems.raise_errors()
    assert values is not None and image_ids is not None  # otherwise there was an error
    stack = values if values.ndim == 3 else values[np.newaxis]
    return judged.from_matrices(
        judged.Matrices(judged.numbered(len(stack), file.participant), image_ids, stack, kind), images, path, problems
    )


def _read_order(order: Path | None, path: Path, images: ImageIds, problems: Problems) -> list[str] | None:
    """Read the image ids of an array's rows; None where they cannot be read."""
    what = "text with their ids, one per line in the order of the rows, or a table with the column `image`"
    if order is None:
        problems.error(path, "an array does not name its images", f"Name a file as the comparison's `order`: {what}.")
        return None
    if not order.is_file():
        problems.error(order, "this file of image ids does not exist", f"Correct the comparison's `order`: {what}.")
        return None
    return images.read_list(problems, order)


def _load(path: Path, key: str | None, problems: Problems) -> NDArray[np.float64] | None:
    """Load the one array of numbers with two or three dimensions that is wanted; None where there is none.

    Raises:
        Problems: the file cannot be read.
    """
    is_single = path.suffix.lower() == ".npy"
    if is_single and key is not None:
        problems.error(path, "`key` has no use for a .npy, which holds one array", "Remove it from the comparison.")
    try:
        found = array_files.read(path)
    except array_files.READING_ERRORS as error:
        array_files.note_unreadable(problems, path, error)
        # What it should hold besides cannot be known: it may be a file of rsatoolbox, which needs no order and no kind.
        problems.raise_errors()
        raise AssertionError("raise_errors raises where there is an error") from error
    fitting = {name: values for name, values in sorted(found.items()) if _fits(values)}
    if len(fitting) == 1 and (key is None or is_single):
        key = next(iter(fitting))
    if key in fitting:
        return fitting[key].astype(np.float64)
    what = f"there is no array of numbers called {key!r}" if key else "there is not exactly one array of numbers"
    there = ", ".join(_described(name, found[name]) for name in sorted(found)) or "nothing"
    problems.error(path, f"{what} with two or three dimensions; there is: {there}", _remedy(key, fitting, found))
    return None


def _fits(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "fiub" and values.ndim in (2, 3)


def _described(name: str, values: NDArray[Any]) -> str:
    """Name an array with its shape, and with what it is of if not of numbers."""
    kind = _OTHER_KINDS.get(values.dtype.kind)
    shape = "x".join(map(str, values.shape)) or "single"
    return f"{name} {shape}" + (f" ({kind})" if kind else "")


def _remedy(key: str | None, fitting: Mapping[str, NDArray[Any]], found: Mapping[str, NDArray[Any]]) -> str:
    """Say what to do about a file without the array that is wanted."""
    close = nearest(key or "", fitting)
    if close:
        return f"Did you mean {close[0]!r}?"
    if fitting:
        return "Name the one to read as the comparison's `key`."
    has_vector = any(values.dtype.kind in "fiub" and values.ndim == 1 for values in found.values())
    return "Save one as images x images, or participants x images x images." + _FROM_PAIRS * has_vector


def _check_shape(path: Path, order: Path, values: NDArray[np.float64], n: int, problems: Problems) -> None:
    """Note an array that is not (n, n) or (participant, n, n)."""
    if values.shape == (n, n, n) and _is_symmetric(values, 0, 1) and not _is_symmetric(values, 1, 2):
        found = f"of {n} x {n} x {n} numbers the first two dimensions are images, by their symmetry"
        problems.error(path, found, f"Participants must come first. {_MOVE_PARTICIPANTS}")
        return
    if values.shape[-2:] == (n, n):
        return
    remedy = f"It must be ({n}, {n}) or (participants, {n}, {n}), participants first."
    if values.ndim == 3 and values.shape[:2] == (n, n):
        remedy += f" {_MOVE_PARTICIPANTS}"
    if values.ndim == 2 and n * (n - 1) // 2 in values.shape:
        remedy += _FROM_PAIRS
    problems.error(
        path, f"the array has the shape {values.shape}, but {order} lists {counted(n, 'image', 'images')}", remedy
    )


def _is_symmetric(values: NDArray[np.float64], one: int, other: int) -> bool:
    return np.allclose(values, np.swapaxes(values, one, other), rtol=0, atol=judged.ROUNDING, equal_nan=True)


def _is_array(_file: File, _images: ImageIds) -> bool:
    """Whatever no other form has recognised is an array."""
    return True


FORM = Form("array", (".npy", ".npz", ".mat", ".h5", ".hdf5"), _is_array, read, needs_order=True, has_parts=True)
