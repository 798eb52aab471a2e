"""Reads the data of Peterson et al. 2018: six categories of 120 photographs, with mean similarity ratings (0 to 10).

Peterson, Abbott & Griffiths (2018). Evaluating (and improving) the correspondence between deep neural networks and
human representations. Cognitive Science 42, 2648-2669.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment_importance.inputs import array_files
from alignment_importance.inputs.datasets import canonical
from alignment_importance.inputs.datasets.forms.peterson2018 import CATEGORIES
from alignment_importance.system import tables
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import Problems

#: Photographs in each category.
N_IMAGES = 120

logger = logging.getLogger(__name__)


def read_similarities(path: Path, category: str, n_images: int) -> NDArray[np.float64]:
    """Read the mean ratings of one category.

    Args:
        path: hsim_peterson.npz with a matrix per category, by name, or the .mat file of one category, with one square
            matrix or one that has `sim` in its name. Rows and columns are in the order of the sorted file names.
        category: one of `CATEGORIES`.

    Returns:
        float64 (n_images, n_images), larger is more similar; NaN on a diagonal that is 0 throughout.

    Raises:
        InputError: the file cannot be read, has no such matrix or several, or one of another size.
    """
    with array_files.reading(path, path.suffix):
        arrays = array_files.stored(path)
        name = _name_of_matrix(path, category, arrays)
        values = arrays[name].read()
    if values.shape != (n_images, n_images):
        raise InputError(
            f"{name} is {' x '.join(map(str, values.shape))}, but there are {n_images} photographs of "
            f"{category}. Its rows are matched by the sorted file names: put all photographs into the folder, and no "
            "other images.",
            where=path,
        )
    if n_images != N_IMAGES:
        logger.warning("%s: %d photographs; the published category has %d.", category, n_images, N_IMAGES)
    values = values.astype(np.float64)
    if not np.any(np.diagonal(values)):
        # Nobody rated a photograph as dissimilar to itself: these zeros are empty cells.
        logger.warning("%s: the diagonal of %s is 0 throughout, and is treated as empty.", path, name)
        np.fill_diagonal(values, np.nan)
    return values


def _name_of_matrix(path: Path, category: str, arrays: Mapping[str, array_files.Stored]) -> str:
    square = [
        name
        for name, array in arrays.items()
        if not array.content and len(array.shape) == 2 and array.shape[0] == array.shape[1] > 1
    ]
    if path.suffix.lower() == ".mat":
        fitting = [name for name in square if "sim" in name.lower()] or square
        wanted = "a square matrix of its own, or one with 'sim' in its name"
    else:
        fitting = [name for name in CATEGORIES[category] if name in square]
        wanted = f"a square matrix called {' or '.join(CATEGORIES[category])}"
    if len(fitting) != 1:
        shapes = ", ".join(f"{name} {array}" for name, array in arrays.items())
        raise InputError(
            f"{category} needs {wanted}, and {len(fitting)} fit. The file has: {shapes or 'nothing'}.", where=path
        )
    return fitting[0]


def make(sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path], settings: Mapping[str, Any]) -> None:
    """Write the wanted parts of the data set, see `registry.maker`."""
    problems = Problems()
    for category in CATEGORIES:
        if f"{category}_judgments" not in outputs:
            continue
        [folder], [file] = sources[f"{category}_images"], sources[f"{category}_judgments"]
        with problems.collect(folder):
            photographs = canonical.list_images(folder)
            with problems.collect(file):
                values = read_similarities(file, category, len(photographs))
                canonical.copy_images(photographs, outputs[f"{category}_images"])
                matrix = canonical.tabulate_matrix(list(photographs), values)
                tables.write_table(matrix, outputs[f"{category}_judgments"])
    problems.raise_errors()
