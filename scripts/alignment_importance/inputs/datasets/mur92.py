"""Reads the data of Mur et al. 2013: 92 photographs of objects, arranged freely by 16 participants.

Images, and the dissimilarities of human and monkey inferior temporal (IT) cortex: Kriegeskorte et al. 2008, Neuron 60,
1126-1141. Judgments: Mur et al. 2013, Frontiers in Psychology 4, 128.
Both are read from the files of the public repository rsagroup/rsatoolbox (demos/92imageData); none of them is
part of this project.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pooch
import scipy.io
from numpy.typing import NDArray
from PIL import Image

from alignment_importance.inputs.datasets import canonical
from alignment_importance.system import digests, tables
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.errors import InputError

#: Environment variable: a folder that holds the files, directly or in a subfolder mur92.
FOLDER_VARIABLE = "ALIGNMENT_IMPORTANCE_DATA"

ORIGIN = (
    "https://raw.githubusercontent.com/rsagroup/rsatoolbox/f1f83cadb7243492a1aae7460466e0f0140b20ac/demos/92imageData/"
)

JUDGMENTS_FILE = "92_behavRDMs.mat"
IMAGES_FILE = "Kriegeskorte_Neuron2008_supplementalData.mat"

#: SHA-256 of the files.
CHECKSUMS = {
    JUDGMENTS_FILE: "7a8e118c144c3840adeeeef6ea0706a0be2b3e80df719af15fbb56fc62562f5f",
    IMAGES_FILE: "06f21214399a5d43dc264eed19a7f4b8daf11c8622a59eec3e106064ce5e3504",
}

#: Names of the neural dissimilarities (1 - Pearson's r of response patterns) in the file of images.
NEURAL = {"human_it": "hITvisStim_316vx", "monkey_it": "mIT_674neurons"}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Photograph:
    """One image.

    Attributes:
        image: the id: its number in the order of the RDMs (from 01) and its category, as in `13-human-face`.
        category: one of six, such as `human face`.
        rgb: uint8 (175, 175, 3).
    """

    image: str
    category: str
    rgb: NDArray[np.uint8]


def locate(source: Path | None = None) -> dict[str, Path]:
    """Find the two files by name, or download and cache them if neither `source` nor `FOLDER_VARIABLE` names a folder.

    Args:
        source: a folder that holds the files; None for that of `FOLDER_VARIABLE`.

    Raises:
        InputError: files are not where they should be, have another checksum, or cannot be downloaded.
    """
    variable = os.environ.get(FOLDER_VARIABLE)
    if source is not None:
        return _from_folder([source], "the data set's `source`")
    if variable:
        return _from_folder([Path(variable), Path(variable) / "mur92"], f"the variable {FOLDER_VARIABLE}")
    return _download()


def read_photographs(path: Path) -> Iterator[Photograph]:
    """Read the photographs in the order of the RDMs, which is also the order of their ids."""
    stimuli = scipy.io.loadmat(path)["stimuli_92objs"].ravel()
    digits = len(str(len(stimuli)))
    for number, stimulus in enumerate(stimuli, start=1):
        category = str(stimulus["category"].item())
        yield Photograph(f"{number:0{digits}d}-{category.replace(' ', '-')}", category, stimulus["image"])


def read_judgments(path: Path, image_ids: list[str]) -> pd.DataFrame:
    """Read every participant's dissimilarity of every pair of images: image_a, image_b, dissimilarity, participant.

    Args:
        path: the file of RDMs.
        image_ids: in the order of the RDMs.
    """
    rdms = scipy.io.loadmat(path)["rdms_behav_92"].ravel()
    pairs = np.triu_indices(len(image_ids), k=1)
    values = np.stack([rdm["RDM"][pairs] for rdm in rdms])
    participants = [_participant(str(rdm["name"].item())) for rdm in rdms]
    return canonical.tabulate_pairs(image_ids, values, "dissimilarity", participants)


def read_neural(path: Path, image_ids: list[str]) -> dict[str, pd.DataFrame]:
    """Read the dissimilarities of responses in human IT (fMRI) and monkey IT (neurons), which are not judgments.

    Args:
        path: the file of images, which holds each RDM as a vector over pairs in the order of MATLAB's `pdist`.
        image_ids: in the order of the RDMs.

    Returns:
        By key of `NEURAL`: columns image_a, image_b, dissimilarity, participant. The only participant has the
        name of the RDM in the file, which is an average over people or monkeys.
    """
    rdms = {str(rdm["name"].item()): rdm["RDM"] for rdm in scipy.io.loadmat(path)["RDMs_mIT_hIT_fig1"].ravel()}
    return {
        key: canonical.tabulate_pairs(image_ids, rdms[name], "dissimilarity", [name]) for key, name in NEURAL.items()
    }


def _participant(name: str) -> str:
    """Shorten `simJudge | subject7` to `subject07`."""
    subject = name.rsplit("|", 1)[-1].strip()
    stem = subject.rstrip("0123456789")
    return f"{stem}{int(subject[len(stem) :]):02d}"


def _from_folder(folders: list[Path], said_by: str) -> dict[str, Path]:
    """Find the first folder that holds all files, and check them."""
    for folder in folders:
        files = {name: folder / name for name in CHECKSUMS}
        if all(file.is_file() for file in files.values()):
            break
    else:
        found = f"this folder, given by {said_by}, does not hold the files of mur92. {_advice()}"
        raise InputError(found, where=folders[0])
    changed = [
        f"{file} (SHA-256 {digest}, expected {CHECKSUMS[name]})"
        for name, file in files.items()
        if (digest := digests.sha256(file)) != CHECKSUMS[name]
    ]
    if changed:
        raise InputError(f"mur92: not the published files: {'; '.join(changed)}. {_advice()}")
    logger.info("mur92: using the files in %s", folder)
    return files


def _download() -> dict[str, Path]:
    """Download the files, or find them in the cache of an earlier run."""
    files = pooch.create(path=pooch.os_cache("alignment-importance"), base_url=ORIGIN, registry=CHECKSUMS)
    try:
        return {name: Path(files.fetch(name)) for name in CHECKSUMS}
    except (OSError, ValueError) as error:  # no network; another checksum
        raise InputError(f"mur92: the files cannot be downloaded ({error}). {_advice()}") from error


def _advice() -> str:
    return (
        f"The files are {' and '.join(CHECKSUMS)}, from {ORIGIN} - put both into one folder and name it as `source` of "
        f"the data set mur92 in the configuration or in the environment variable {FOLDER_VARIABLE}."
    )


def make(sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path], settings: Mapping[str, Any]) -> None:
    """Find or download the files; write photographs, their table, judgments and neural RDMs, see `registry.maker`."""
    files = locate(Path(settings["source"]) if settings["source"] else None)
    rows = []
    with atomic_folder(outputs["images"]) as folder:
        for photograph in read_photographs(files[IMAGES_FILE]):
            Image.fromarray(photograph.rgb).save(folder / f"{photograph.image}.png")
            rows.append((photograph.image, photograph.category))
    listed = pd.DataFrame(rows, columns=["image", "category"])
    image_ids = listed["image"].tolist()
    tables.write_table(listed, outputs["table"])
    tables.write_table(read_judgments(files[JUDGMENTS_FILE], image_ids), outputs["judgments"])
    for name, pairs in read_neural(files[IMAGES_FILE], image_ids).items():
        tables.write_table(pairs, outputs[name])
