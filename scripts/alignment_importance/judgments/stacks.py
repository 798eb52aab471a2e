"""Arrays without labels: a matrix or a stack of participants, with a file that names the images in order."""

import difflib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignment_importance import array_files, ids
from alignment_importance.findings import Findings
from alignment_importance.judgments import judged
from alignment_importance.judgments.identifiers import ImageIds


def read(
    path: Path, order: Path | None, key: str | None, kind: str | None, images: ImageIds, findings: Findings
) -> judged.Judged:
    """Read (image, image) or (participant, image, image).

    Args:
        path: .npy, .npz, .mat, .h5 or .hdf5.
        order: text file with the image id of each row, one per line.
        key: the name of the array where the file has several.
        kind: see `judged.KINDS`; an array cannot say it itself.
        images: the ids.
        findings: where mistakes are noted.

    Raises:
        Problems: the file, its array or the order cannot be used.
    """
    kind = judged.kind_of(findings, path, None, "", kind)
    if order is None:
        remedy = "Name a text file with their ids, one per line in the order of the rows, as the comparison's `order`."
        findings.error(path, "an array does not name its images", remedy)
    values = _load(path, key, findings)
    image_ids = [] if order is None else _read_order(order, images, findings)
    if order is not None and values is not None:
        _check_shape(path, order, values, len(image_ids), findings)
    findings.raise_errors()
    assert values is not None  # otherwise there was an error
    stack = values if values.ndim == 3 else values[np.newaxis]
    return judged.from_matrices(
        judged.Matrices(judged.numbered(len(stack)), image_ids, stack, kind), images, path, findings
    )


def _load(path: Path, key: str | None, findings: Findings) -> NDArray[np.float64] | None:
    """Load the one array of numbers with two or three dimensions that is wanted; None where there is none."""
    if path.suffix.lower() == ".npy" and key is not None:
        findings.error(path, "`key` has no use for a .npy, which holds one array", "Remove it from the comparison.")
    try:
        found = array_files.read(path)
    except array_files.READING_ERRORS as error:
        array_files.note_unreadable(findings, path, error)
        return None
    fitting = {
        name: value for name, value in sorted(found.items()) if value.dtype.kind in "fiub" and value.ndim in (2, 3)
    }
    if path.suffix.lower() == ".npy":
        key = "array"
    elif key is None and len(fitting) == 1:
        key = next(iter(fitting))
    if key in fitting:
        return fitting[key].astype(np.float64)
    shapes = ", ".join(f"{name} {'x'.join(map(str, values.shape))}" for name, values in fitting.items()) or "none"
    close = difflib.get_close_matches(key or "", fitting, n=1)
    what = f"there is no array of numbers called {key!r}" if key else "there is not exactly one array of numbers"
    findings.error(
        path,
        f"{what} with two or three dimensions; there are: {shapes}",
        f"Did you mean {close[0]!r}?" if close else "Name the one to read as the comparison's `key`.",
    )
    return None


def _read_order(path: Path, images: ImageIds, findings: Findings) -> list[str]:
    """Read the image ids of an array's rows."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        findings.error(path, f"the order of the images cannot be read ({error})", "It is text, one image id per line.")
        return []
    listed = [(f"line {number}", ids.clean(line)) for number, line in enumerate(lines, start=1) if line.strip()]
    images.check_listed(findings, path, "line", listed)
    return [image for _, image in listed]


def _check_shape(path: Path, order: Path, values: NDArray[np.float64], n: int, findings: Findings) -> None:
    """Note an array that is not (n, n) or (participant, n, n)."""
    if values.shape[-2:] == (n, n):
        return
    remedy = f"It must be ({n}, {n}) or (participants, {n}, {n}), participants first."
    if values.ndim == 2 and n * (n - 1) // 2 in values.shape:
        remedy += " Are these the pairs above the diagonal? scipy.spatial.distance.squareform makes matrices of them."
    findings.error(path, f"the array has the shape {values.shape}, but {order} lists {n} images", remedy)
