"""Reads RDMs files of rsatoolbox (HDF5), with rsatoolbox itself."""

from collections.abc import Iterable, Sequence
from typing import Any

import h5py
import numpy as np

from alignment_importance.inputs import array_files, identifiers
from alignment_importance.inputs.judgments import judged


def _is_rdms(file: judged.File) -> bool:
    """Tell whether a file was saved by `rsatoolbox.rdm.RDMs.save`."""
    try:
        with h5py.File(file.path) as content:
            return {"dissimilarities", "pattern_descriptors"} <= set(content)
    except OSError:
        return False


def read(file: judged.File) -> judged.Judged:
    """Read an RDMs object with an RDM per participant; average several RDMs of one participant.

    Args:
        file: its key is the pattern descriptor that holds the image ids; None to find it. RDMs are dissimilarities;
            another kind is an error.

    Raises:
        ProblemsError: the file cannot be read, or no descriptor holds the image ids.
    """
    # Imported here because rsatoolbox takes more than a second, and most forms do not need it.
    from rsatoolbox.rdm import load_rdm

    kind = judged.kind_of(file, "dissimilarity", "an RDMs file")
    try:
        rdms = load_rdm(str(file.path), file_type="hdf5")
    except (*array_files.READING_ERRORS, AttributeError, AssertionError) as error:
        array_files.note_unreadable(file.problems, file.path, error)
        file.problems.raise_errors()
    descriptor = _descriptor(file, rdms.pattern_descriptors)
    image_ids = texts(rdms.pattern_descriptors[descriptor])
    named = [rdms.rdm_descriptors[name] for name in ("participant", "subject") if name in rdms.rdm_descriptors]
    participants = texts(named[0]) if named else judged.numbered(rdms.n_rdm, file.participant)
    return from_rdms(file, rdms, f"pattern ({descriptor})", image_ids, participants, kind)


def from_rdms(
    file: judged.File, rdms: Any, what: str, image_ids: Sequence[str], participants: Sequence[str], kind: str
) -> judged.Judged:
    """Label matrices of an rsatoolbox.rdm.RDMs (`what` is a pattern in messages); drop diagonals, always zero."""
    places = [(f"{what} {number}", image) for number, image in enumerate(image_ids, start=1)]
    listed = file.images.listed(file.problems, file.path, "pattern", places)
    file.problems.raise_errors()
    stack = np.array(rdms.get_matrices(), dtype=np.float64)
    stack[:, np.eye(stack.shape[-1], dtype=bool)] = np.nan
    return judged.from_matrices(file, participants, listed, stack, kind)


def texts(values: Iterable[Any]) -> list[str]:
    """Convert the values of a descriptor to image ids or names."""
    return [identifiers.clean(value.decode() if isinstance(value, bytes) else str(value)) for value in values]


def _descriptor(file: judged.File, descriptors: dict[str, Any]) -> str:
    """Choose the pattern descriptor that holds the image ids: the one that `key` names, or the only one that fits."""
    key, path, problems = file.source.key, file.path, file.problems
    names = sorted(descriptors)
    if key is not None and key not in names:
        problems.error(path, f"there is no pattern descriptor {key!r}", f"Its names are {', '.join(names)}.")
    resolve = file.images.resolve
    hold_ids = [name for name in names if any(resolve(cell) in file.images for cell in texts(descriptors[name]))]
    fitting = [key] if key is not None else hold_ids
    if not fitting:
        # No descriptor has known ids: one that stands alone, beside the number that rsatoolbox adds, must be meant, and
        # mistakes in its ids are noted later.
        fitting = [name for name in names if name != "index"]
    if len(fitting) != 1:
        remedy = "Name the one that holds the image ids as the comparison's `key`."
        problems.error(path, f"it is not clear which pattern descriptor holds the ids: {', '.join(names)}", remedy)
    problems.raise_errors()
    return fitting[0]


FORM = judged.Form("RDMs of rsatoolbox", _is_rdms, read, (".h5", ".hdf5"), has_parts=True)
