"""Small files of the forms in which public data sets are published, for the tests of their adapters."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import scipy.io
from numpy.typing import NDArray
from PIL import Image


def write_images(folder: Path, names: Sequence[str]) -> None:
    """Write images of 16 x 16 pixels of noise, all different."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        noise = np.random.default_rng([len(names), number]).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)


def similarities(n: int, seed: int = 1) -> NDArray[np.float64]:
    """A symmetric matrix of ratings from 0 to 10 with 10 on its diagonal."""
    values = np.random.default_rng(seed).uniform(0, 10, (n, n))
    values = (values + values.T) / 2
    np.fill_diagonal(values, 10)
    return values


def write_peterson2018(folder: Path, names: Mapping[str, Sequence[str]]) -> dict[str, NDArray[np.float64]]:
    """Write a folder per category, with its images in images/, and hsim_peterson.npz; return the matrices."""
    matrices = {category: similarities(len(files), seed) for seed, (category, files) in enumerate(names.items())}
    for category, files in names.items():
        write_images(folder / category / "images", files)
    np.savez(folder / "hsim_peterson.npz", **matrices)  # type: ignore[arg-type]
    return matrices


def write_king2019(folder: Path, n_images: int, participants: int = 2) -> dict[str, NDArray[np.float64]]:
    """Write BEHAVIOR.mat and both folders of images; return the distances (participant, pair) by set."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    distances = {
        name: random.uniform(0, 1, (participants, n_images * (n_images - 1) // 2)) for name in ("set1", "set2")
    }
    scipy.io.savemat(
        folder / "BEHAVIOR.mat",
        {"BEHAVIOR": {name: {"pairwisedistances": values} for name, values in distances.items()}},
    )
    for name in distances:
        write_images(folder / "images" / name, [f"{name} photo {number:03d}.jpg" for number in range(n_images)])
    return distances


OBJECTS = ("aardvark", "bat1", "bat2", "camera1", "sea_lion", *(f"object{number:02d}" for number in range(11)))


def write_things(folder: Path) -> NDArray[np.float64]:
    """Write all files of THINGS with 16 objects instead of 1854 and 3 instead of 48; return the embedding."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "unique_id.txt").write_text("".join(f"{name}\n" for name in OBJECTS), encoding="utf-8")
    write_images(folder / "images", [f"{name}.jpg" for name in OBJECTS])
    (folder / "trainset.txt").write_text("0 1 2\n4 3 0\n", encoding="utf-8")
    (folder / "validationset.txt").write_text("15 0 1\n", encoding="utf-8")
    embedding = np.random.default_rng(4).uniform(0, 2, (len(OBJECTS), 3))
    lines = ["".join(f"{value:.6f} " for value in row) + "\n" for row in embedding]
    (folder / "spose_embedding_49d_sorted.txt").write_text("".join(lines), encoding="utf-8")
    words = np.array(["camera", "sea lion", "aardvark"], dtype=object).reshape(-1, 1)
    scipy.io.savemat(folder / "words48.mat", {"words48": words})
    rdm = np.array([[0, 0.5, 0.25], [0.5, 0, 0.125], [0.25, 0.125, 0]])
    scipy.io.savemat(folder / "RDM48_triplet.mat", {"RDM48_triplet": rdm})
    return np.round(embedding, 6)
