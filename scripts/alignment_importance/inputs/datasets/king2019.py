"""Reads the data of King et al. 2019: two sets of 144 photographs, arranged freely by similarity.

King, Groen, Steel, Kravitz & Baker (2019). Similarity judgments and cortical visual responses reflect different
properties of object and scene categories in naturalistic images. NeuroImage 197, 368-382.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray

from alignment_importance.inputs import array_files
from alignment_importance.inputs.datasets import canonical
from alignment_importance.system import tables
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import Problems

#: Photographs in each set.
N_IMAGES = 144

logger = logging.getLogger(__name__)


def read_dissimilarities(path: Path, image_set: str, n_images: int) -> NDArray[np.float64]:
    """Read the distances between the photographs of one set, as each participant arranged them.

    Args:
        path: the .mat file with the struct `BEHAVIOR`, in which `BEHAVIOR.set1.pairwisedistances` and likewise `set2`
            are (participant, pair), with pairs in the order of MATLAB's `pdist`, see `canonical.tabulate_pairs`.
        image_set: `set1` or `set2`.

    Returns:
        float64 (participant, n_images (n_images - 1) / 2), larger is less similar.

    Raises:
        InputError: the file cannot be read, lacks the field, or has distances of another number of images.
    """
    field = f"BEHAVIOR.{image_set}.pairwisedistances"
    distances = np.atleast_2d(np.asarray(_field(path, field.split("."))))
    if distances.dtype.kind not in "fiu":
        raise InputError(
            f"{field} holds no numbers (participants x pairs), but {distances.dtype.name}. "
            "Use the file BEHAVIOR.mat of the data set.",
            where=path,
        )
    n_pairs = n_images * (n_images - 1) // 2
    if distances.ndim != 2 or distances.shape[1] != n_pairs:
        raise InputError(
            f"{field} is {' x '.join(map(str, distances.shape))} (participants x pairs; "
            f"{canonical.number_of_images(distances.shape[-1])}), but the {n_images} photographs of {image_set} have "
            f"{n_pairs} pairs. Put all photographs of the set into its folder, and nothing else.",
            where=path,
        )
    if n_images != N_IMAGES:
        logger.warning("%s: %d photographs; the published set has %d.", image_set, n_images, N_IMAGES)
    return distances.astype(np.float64)


def leave_out_silent(
    distances: NDArray[np.float64], path: Path, image_set: str
) -> tuple[NDArray[np.float64], list[str]]:
    """Leave out participants who did not arrange a set; return the others' distances, and their numbers as names.

    Raises:
        InputError: nobody arranged this set.
    """
    silent = np.isnan(distances).all(axis=1)
    digits = len(str(len(distances)))
    names = np.array([f"participant{number:0{digits}d}" for number in range(1, len(distances) + 1)])
    where = f"{path}: BEHAVIOR.{image_set}.pairwisedistances"
    if silent.all():
        raise InputError("all distances are missing (NaN). Use the file BEHAVIOR.mat of the data set.", where=where)
    if silent.any():
        logger.warning("%s: participants without any distance are left out: %s.", where, ", ".join(names[silent]))
    return distances[~silent], names[~silent].tolist()


def _field(path: Path, field: list[str]) -> Any:
    """Read a nested field of a struct from a MATLAB file of any version."""
    with array_files.reading(path, "a MATLAB file"):
        if h5py.is_hdf5(path):
            with h5py.File(path) as file:
                return np.asarray(_step_down(path, file, field)[()]).T
        return _step_down(path, scipy.io.loadmat(path, simplify_cells=True), field)


def _step_down(path: Path, content: Any, field: list[str]) -> Any:
    """Follow the names of a nested field into structs."""
    for depth, name in enumerate(field):
        known = sorted(key for key in content if not key.startswith("_")) if hasattr(content, "keys") else []
        if name not in known:
            above = ".".join(field[:depth]) or "the file"
            raise InputError(
                f"{'.'.join(field)} is missing; {above} has {', '.join(known) or 'no fields'}. "
                "Use the file BEHAVIOR.mat of the data set.",
                where=path,
            )
        content = content[name]
    return content


def make(sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path], settings: Mapping[str, Any]) -> None:
    """Write the wanted parts of the data set, see `registry.maker`."""
    problems = Problems()
    for image_set in ("set1", "set2"):
        if f"{image_set}_judgments" not in outputs:
            continue
        [folder], [file] = sources[f"{image_set}_images"], sources["judgments"]
        with problems.collect(folder):
            photographs = canonical.list_images(folder)
            with problems.collect(file):
                values = read_dissimilarities(file, image_set, len(photographs))
                values, people = leave_out_silent(values, file, image_set)
                pairs = canonical.tabulate_pairs(list(photographs), values, "dissimilarity", people)
                canonical.copy_images(photographs, outputs[f"{image_set}_images"])
                tables.write_table(pairs, outputs[f"{image_set}_judgments"])
    problems.raise_errors()
