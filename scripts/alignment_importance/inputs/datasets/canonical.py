"""What all adapters use: lists and copies images, and labels arrays of judgments with image ids."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.inputs import identifiers, images
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.errors import InputError

logger = logging.getLogger(__name__)


def list_images(folder: Path) -> dict[str, Path]:
    """List the images of a published folder by id, in the order of their file names.

    Rows of published matrices have this order: capital letters before small, and digits one by one (`10.jpg` before
    `2.jpg`), as Python and MATLAB sort. Other files and hidden files are left out.

    Raises:
        InputError: `folder` is not a folder, there are no images, or two have the same id.
    """
    if not folder.is_dir():
        raise InputError("this is not a folder. Put the data set's images into a folder of this name.", where=folder)
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
    files = [folder / name for name in names if Path(name).suffix.lower() in images.SUFFIXES]
    if not files:
        raise InputError(
            f"no image files. Put the data set's images here ({', '.join(images.SUFFIXES)}).", where=folder
        )
    if len(files) < len(names):
        logger.warning("%s: files that are not images are left out: %d.", folder, len(names) - len(files))
    by_id: dict[str, Path] = {}
    for file in files:
        other = by_id.setdefault(identifiers.of_file(file), file)
        if other != file:
            raise InputError(
                f"{other.name} and {file.name} are one image by their names. Keep the one that came with the data set.",
                where=folder,
            )
    return by_id


def copy_images(files: Mapping[str, Path], folder: Path) -> None:
    """Copy image files (id to file) into a folder, each named by its id."""
    with atomic_folder(folder) as partial:
        for image, file in files.items():
            shutil.copyfile(file, partial / f"{image}{file.suffix}")


def tabulate_pairs(
    image_ids: Sequence[str], values: NDArray[np.float64], column: str, participants: Sequence[str]
) -> pd.DataFrame:
    """Label judged pairs with image ids and participants.

    Args:
        image_ids: n images in the order of the judgments.
        values: (participant, n (n - 1) / 2) judgments in the order of the upper triangle row by row: pair (1, 2),
            (1, 3), ... (1, n), (2, 3), ... That is the order of `pdist` in SciPy, and in MATLAB, which describes
            it as the lower triangle column by column.
        column: `similarity` or `dissimilarity`.

    Returns:
        Columns image_a, image_b, `column`, participant; a row per pair and participant.
    """
    first, second = np.triu_indices(len(image_ids), k=1)
    names = np.array(image_ids, dtype=object)
    return pd.DataFrame(
        {
            "image_a": np.tile(names[first], len(participants)),
            "image_b": np.tile(names[second], len(participants)),
            column: np.asarray(values, dtype=np.float64).reshape(-1),
            "participant": np.repeat(np.array(participants, dtype=object), len(first)),
        }
    )


def tabulate_matrix(image_ids: Sequence[str], values: NDArray[np.float64]) -> pd.DataFrame:
    """Label the rows and columns of a matrix (n, n) of judgments with its n images: column image, a column per image.

    The diagonal is kept, because it shows whether the numbers are of the stated kind.
    """
    named = pd.DataFrame(values, columns=list(image_ids))
    named.insert(0, "image", list(image_ids), allow_duplicates=True)
    return named


def number_of_images(n_pairs: int) -> str:
    """Say how many images have this number of pairs, for messages."""
    n = (1 + np.sqrt(1 + 8 * n_pairs)) / 2
    return f"{round(n)} images" if n == round(n) else "no number of images"
