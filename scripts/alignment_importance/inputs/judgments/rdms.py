"""Reads RDMs files of rsatoolbox (HDF5), by rsatoolbox itself."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from alignment_importance.inputs import array_files, ids
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import judged
from alignment_importance.inputs.judgments.form import File, Form
from alignment_importance.system.problems import Problems

#: Descriptors of RDMs that name the participant; the first one present is used.
_PARTICIPANT_DESCRIPTORS = ("participant", "subject")

#: The descriptor that rsatoolbox adds itself: the number of a pattern.
_INDEX = "index"


def _is_rdms(file: File, _images: ImageIds) -> bool:
    """Tell whether a file was saved by `rsatoolbox.rdm.RDMs.save`."""
    try:
        with h5py.File(file.path) as content:
            return {"dissimilarities", "pattern_descriptors"} <= set(content)
    except OSError:
        return False


def read(file: File, images: ImageIds, problems: Problems) -> judged.Judged:
    """Read an RDMs object with an RDM per participant; average several RDMs of one participant.

    Args:
        file: its key is the pattern descriptor that holds the image ids; None to find it. RDMs are dissimilarities;
            another kind is an error.
        images: the ids.
        problems: where mistakes are noted.

    Raises:
        ProblemsError: the file cannot be read, or no descriptor holds the image ids.
    """
    # Imported here because it takes more than a second, and few other forms need it.
    from rsatoolbox.rdm import load_rdm

    path = file.path
    kind = judged.kind_of(problems, path, "dissimilarity", "an RDMs file", file.kind)
    try:
        rdms = load_rdm(str(path), file_type="hdf5")
    except (*array_files.READING_ERRORS, AttributeError, AssertionError) as error:
        array_files.note_unreadable(problems, path, error)
        problems.raise_errors()
    descriptor = _descriptor(rdms.pattern_descriptors, file.key, images, path, problems)
    image_ids = texts(rdms.pattern_descriptors[descriptor])
    return from_rdms(
        rdms, f"pattern ({descriptor})", image_ids, _participants(rdms, file.participant), kind, images, path, problems
    )


def from_rdms(
    rdms: Any,
    what: str,
    image_ids: Sequence[str],
    participants: Sequence[str],
    kind: str,
    images: ImageIds,
    path: Path,
    problems: Problems,
) -> judged.Judged:
    """Label the matrices of an rsatoolbox.rdm.RDMs; drop their diagonals, which are zero by definition."""
    places = [(f"{what} {number}", image) for number, image in enumerate(image_ids, start=1)]
    listed = images.listed(problems, path, "pattern", places)
    problems.raise_errors()
    stack = np.array(rdms.get_matrices(), dtype=np.float64)
    stack[:, np.eye(stack.shape[-1], dtype=bool)] = np.nan
    matrices = judged.Matrices(list(participants), listed, stack, kind)
    return judged.from_matrices(matrices, images, path, problems)


def texts(values: Iterable[Any]) -> list[str]:
    """Convert the values of a descriptor to image ids or names."""
    return [ids.clean(value.decode() if isinstance(value, bytes) else str(value)) for value in values]


def _descriptor(descriptors: dict[str, Any], key: str | None, images: ImageIds, path: Path, problems: Problems) -> str:
    """Choose the pattern descriptor that holds the image ids: the one that `key` names, or the only one that fits."""
    names = sorted(descriptors)
    if key is not None and key not in names:
        problems.error(path, f"there is no pattern descriptor {key!r}", f"Its names are {', '.join(names)}.")
    fitting = [key] if key is not None else [name for name in names if _names_images(descriptors[name], images)]
    if not fitting:
        # The only other descriptor must be meant; what is wrong with its ids is noted later.
        fitting = [name for name in names if name != _INDEX]
    if len(fitting) != 1:
        remedy = "Name the one that holds the image ids as the comparison's `key`."
        problems.error(path, f"it is not clear which pattern descriptor holds the ids: {', '.join(names)}", remedy)
    problems.raise_errors()
    return fitting[0]


def _names_images(values: Iterable[Any], images: ImageIds) -> bool:
    return any(images.resolve(image) in images for image in texts(values))


def _participants(rdms: Any, participant: str) -> list[str]:
    """Name the participant of each RDM; a single one without a name is `participant`."""
    named = [name for name in _PARTICIPANT_DESCRIPTORS if name in rdms.rdm_descriptors]
    return texts(rdms.rdm_descriptors[named[0]]) if named else judged.numbered(rdms.n_rdm, participant)


FORM = Form("RDMs of rsatoolbox", (".h5", ".hdf5"), _is_rdms, read, has_parts=True)
