"""Reads arrays without labels: a matrix, or one per participant, with a file that names the images in order."""

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs import array_files
from alignment_importance.inputs.judgments import judged
from alignment_importance.system.names import counted

_FROM_PAIRS = " Are these the pairs above the diagonal? scipy.spatial.distance.squareform makes matrices of them."

_MOVE_PARTICIPANTS = "np.moveaxis(array, -1, 0), or permute(array, [3 1 2]) in MATLAB, moves them there from the end."


def read(file: judged.File) -> judged.Judged:
    """Read an array (image, image) or (participant, image, image).

    Args:
        file: `order` names a text file with the image id of each row, `key` the array if there are several, and `kind`
            must be given.

    Raises:
        ProblemsError: the file, its array or the order cannot be used.
    """
    values = _load(file)
    kind = judged.kind_of(file, None, "")
    image_ids = _read_order(file)
    if image_ids is not None and values is not None:
        _check_shape(file, values, len(image_ids))
    file.problems.raise_errors()
    assert values is not None and image_ids is not None  # otherwise there was an error
    stack = values if values.ndim == 3 else values[np.newaxis]
    return judged.from_matrices(file, judged.numbered(len(stack), file.participant), image_ids, stack, kind)


def _read_order(file: judged.File) -> list[str] | None:
    """Read the image ids of the rows; None if they cannot be read."""
    order, problems = file.source.order, file.problems
    if order is None:
        what = "text with their ids, one per line in the order of the rows, or a table with the column `image`"
        remedy = f"Name a file as the comparison's `order`: {what}."
        problems.error(file.path, "an array does not name its images", remedy, lacks="order")
        return None
    return file.images.read_list(problems, order)


def _load(file: judged.File) -> NDArray[np.float64] | None:
    """Load the wanted array of numbers, with two or three dimensions; None, and an error noted, if there is none."""
    path, key, problems = file.path, file.source.key, file.problems
    if key is not None and path.suffix.lower() == ".npy":
        problems.error(path, "`key` is not needed: a .npy holds one array", "Remove it from the comparison.")
        key = None
    layout = "images x images, or participants x images x images"
    values = array_files.wanted(path, (2, 3), key, layout, problems, _FROM_PAIRS)
    return None if values is None else values.astype(np.float64)


def _check_shape(file: judged.File, values: NDArray[np.float64], n: int) -> None:
    """Note an array that is not (n, n) or (participant, n, n)."""
    if values.shape == (n, n, n) and _is_symmetric(values, 0, 1) and not _is_symmetric(values, 1, 2):
        found = f"of {n} x {n} x {n} numbers the first two dimensions are images, by their symmetry"
        file.problems.error(file.path, found, f"Participants must come first. {_MOVE_PARTICIPANTS}")
        return
    if values.shape[-2:] == (n, n):
        return
    remedy = f"It must be ({n}, {n}) or (participants, {n}, {n}), participants first."
    if values.ndim == 3 and values.shape[:2] == (n, n):
        remedy += f" {_MOVE_PARTICIPANTS}"
    if values.ndim == 2 and n * (n - 1) // 2 in values.shape:
        remedy += _FROM_PAIRS
    found = f"the array has the shape {values.shape}, but {file.source.order} lists {counted(n, 'image', 'images')}"
    file.problems.error(file.path, found, remedy)


def _is_symmetric(values: NDArray[np.float64], axis: int, other_axis: int) -> bool:
    return np.allclose(values, np.swapaxes(values, axis, other_axis), rtol=0, atol=judged.ROUNDING, equal_nan=True)


#: Comes last in the registry, because it takes every file that no other form recognises.
FORM = judged.Form("array", lambda _: True, read, array_files.SUFFIXES, needs_order=True, has_parts=True)
