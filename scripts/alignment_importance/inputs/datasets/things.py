"""Reads the similarity data of THINGS: odd-one-out choices among 1854 objects, their embeddings, and the 48-object RDM.

Hebart et al. (2019), PLoS ONE 14, e0223792 (images); Hebart et al. (2020), Nature Human Behaviour 4, 1173-1185 (49
dimensions, 48-object RDM); Hebart et al. (2023), eLife 12, e82580 (4.7 million choices, 66 dimensions); Muttenthaler et
al. (2022), NeurIPS 35 (VICE).
"""

import csv
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.io
from numpy.typing import NDArray

from alignment_importance.inputs import array_files, images
from alignment_importance.inputs.datasets import canonical
from alignment_importance.system import atomic_write, tables
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import counted, some
from alignment_importance.system.problems import Problems

#: Numbers of objects: in the whole data set, and in the subset with choices for all triplets.
N_OBJECTS, N_DENSE = 1854, 48

#: Columns of the released table of choices: three objects, counted from 1, and which of the three is the odd one.
RELEASE_COLUMNS = ("image1", "image2", "image3", "choice")

_FETCH = "Fetch it again."
_ONE_RELEASE = "Use this file and the ids of the objects from one release."

logger = logging.getLogger(__name__)


def read_objects(path: Path) -> list[str]:
    """Read the ids of the objects in the order in which the data set numbers them.

    Args:
        path: `unique_id.txt` with one id per line, or a table (.tsv, .csv) with a column uniqueID.

    Raises:
        InputError: there are fewer than three, one is listed twice, or a line of a table has none.
    """
    lines = _lines(path)
    if path.suffix.lower() in (".tsv", ".csv"):
        rows = csv.DictReader(lines, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        if "uniqueID" not in (rows.fieldnames or ()):
            header = ", ".join(rows.fieldnames or ["nothing"])
            raise InputError(f"the header has no column uniqueID, but {header}. {_FETCH}", where=path)
        objects = []
        for row in rows:
            objects.append((row["uniqueID"] or "").strip())
            if not objects[-1]:
                found = f"line {rows.line_num}: there is no uniqueID. {_FETCH}"
                raise InputError(found, where=path)
    else:
        objects = [line.strip() for line in lines if line.strip()]
    twice = sorted({name for name in objects if objects.count(name) > 1})
    if len(objects) < 3 or twice:
        problem = f"are listed twice: {some(twice)}" if twice else f"are only {len(objects)}"
        raise InputError(f"the ids of the objects {problem}. Use unique_id.txt of the data set.", where=path)
    if len(objects) != N_OBJECTS:
        logger.warning("%s: %d objects; the published data set has %d.", path, len(objects), N_OBJECTS)
    return objects


def find_images(folder: Path, objects: Sequence[str]) -> dict[str, Path]:
    """Find one image of every object, by its id: `ID.jpg`, `ID_01b.jpg`, or the latter in a folder `ID`.

    `_01b` is the photograph shown in the odd-one-out task, `ID.jpg` its name in the public-domain release.

    Raises:
        InputError: names objects without an image.
    """
    by_object, missing = {}, []
    for name in objects:
        places = [name, f"{name}_01b", f"{name}/{name}_01b"]
        files = [folder / f"{place}{suffix}" for place in places for suffix in images.SUFFIXES]
        file = next(filter(os.path.isfile, files), None)
        if file is None:
            missing.append(name)
        else:
            by_object[name] = file
    if missing:
        raise InputError(
            f"no image of {len(missing)} of {len(objects)} objects: {some(missing)}. Looked for ID.jpg, ID_01b.jpg and "
            "ID/ID_01b.jpg, with other endings too.",
            where=folder,
        )
    return by_object


def read_triplets(paths: Sequence[Path], objects: Sequence[str]) -> pd.DataFrame:
    """Read the odd-one-out choices of all participants.

    Args:
        paths: either text files (`trainset.txt`, `validationset.txt`) of three object numbers per choice, counted from
            0, the last of which is the odd one; or the released table (.csv) with the columns `RELEASE_COLUMNS`,
            separated by tabs or commas, counted from 1.
        objects: ids in the order in which the objects are numbered.

    Returns:
        Columns image_a, image_b, image_c, odd (the id of the odd one); a row per choice.

    Raises:
        InputError: a file cannot be read, or has numbers that are not of objects; names the first such choice.
    """
    problems = Problems()
    by_file = []
    for path in paths:
        with problems.collect(path):
            by_file.append(_read_choices(path, len(objects)))
            logger.info("%s: %d choices", path, len(by_file[-1]))
    problems.raise_errors()
    numbers = np.concatenate(by_file)
    columns = dict(zip(("image_a", "image_b", "image_c"), numbers.T, strict=True)) | {"odd": numbers[:, 2]}
    names = pd.Index(objects)
    return pd.DataFrame({name: pd.Categorical.from_codes(codes, names) for name, codes in columns.items()})


def read_embedding(path: Path, n_objects: int) -> NDArray[np.float64]:
    """Read an embedding of the objects (SPoSE, VICE).

    Args:
        path: a text file with a row per object, separated by blanks, tabs or commas; a .npy; or a .npz with one matrix
            or, as VICE writes it, `pruned_loc`.

    Returns:
        float64 (n_objects, dimension). A transposed matrix is transposed back.

    Raises:
        InputError: the file cannot be read, or neither its rows nor its columns are the objects.
    """
    values = _read_matrix(path, "pruned_loc")
    if values.shape[0] != n_objects and values.shape[1] == n_objects:
        logger.info("%s: dimensions x objects (%d x %d), transposed.", path, *values.shape)
        values = values.T
    if values.shape[0] != n_objects or not np.isfinite(values).all():
        problem = "has missing or infinite numbers" if values.shape[0] == n_objects else "has no row per object"
        raise InputError(
            f"the embedding, {' x '.join(map(str, values.shape))}, {problem}; there are {n_objects} objects. "
            + _ONE_RELEASE,
            where=path,
        )
    return values


def embedding_similarities(embedding: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the similarity of objects as both models define it: the dot product of their vectors (object, dimension).

    The diagonal is NaN.
    """
    similarities = embedding @ embedding.T
    np.fill_diagonal(similarities, np.nan)
    return similarities


def read_dense_objects(path: Path, objects: Sequence[str]) -> list[str]:
    """Read the objects of the 48-object RDM, in its order.

    Args:
        path: `words48.mat` with the cell array `words48`, or a text file with one word per line. A word is the id with
            blanks for underscores; if several objects have one name, it lacks the number and means the first of them
            (`camera` is `camera1`).

    Raises:
        InputError: words that are not objects, or several words for one object.
    """
    named = {word: _object_called(word, set(objects)) for word in _words(path)}
    strangers = [word for word, name in named.items() if name is None]
    if strangers:
        raise InputError(f"words that are not objects: {some(strangers)}. {_ONE_RELEASE}", where=path)
    known = [name for name in named.values() if name is not None]
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        raise InputError(f"several words mean the same object: {some(twice)}. {_ONE_RELEASE}", where=path)
    numbered = [f"{word} is {name}" for word, name in named.items() if name not in (word, word.replace(" ", "_"))]
    if numbered:
        logger.warning("%s: %s.", path, ", ".join(numbered))
    if len(known) != N_DENSE:
        logger.warning("%s: %d objects; the published RDM has %d.", path, len(known), N_DENSE)
    return known


def read_dense_rdm(path: Path, n_objects: int) -> NDArray[np.float64]:
    """Read the 48-object RDM: 1 minus the share of choices in which a pair was kept together.

    Args:
        path: .mat, .npy or .npz with one matrix, or `RDM48_triplet` among several.

    Returns:
        float64 (n_objects, n_objects).

    Raises:
        InputError: the file cannot be read or the matrix has another size.
    """
    values = _read_matrix(path, "RDM48_triplet")
    if values.shape != (n_objects, n_objects):
        raise InputError(
            f"the RDM is {' x '.join(map(str, values.shape))}, but its list of words has {n_objects}. Use the "
            "files of one release.",
            where=path,
        )
    return values


def _object_called(word: str, objects: set[str]) -> str | None:
    name = word.replace(" ", "_")
    return next((candidate for candidate in (word, name, f"{name}1") if candidate in objects), None)


def _words(path: Path) -> list[str]:
    """Read a list of words from the lines of a text file or the cells of an array."""
    if path.suffix.lower() != ".mat":
        return [line.strip() for line in _lines(path) if line.strip()]
    with array_files.reading(path, ".mat"):
        content = scipy.io.loadmat(path, simplify_cells=True)
    if "words48" not in content:
        known = ", ".join(sorted(key for key in content if not key.startswith("_"))) or "nothing"
        raise InputError(f"has no cell array words48, but {known}. {_FETCH}", where=path)
    return [str(word) for word in np.atleast_1d(content["words48"])]


def _read_choices(path: Path, n_objects: int) -> NDArray[np.int64]:
    """Read one file of choices: (choice, 3) object numbers counted from 0, the odd one last."""
    release = path.suffix.lower() == ".csv"
    with array_files.reading(path, "three numbers per choice"):
        raw = _read_release(path) if release else _read_numbers(path)
    if raw.ndim != 2 or raw.shape[1] != 3 or not len(raw):
        raise InputError(
            f"is {' x '.join(map(str, raw.shape))}, but a choice is three object numbers. {_FETCH}", where=path
        )
    with np.errstate(invalid="ignore"):  # NaN becomes some integer, which differs from it below
        numbers = raw.astype(np.int64)
    first = 1 if release else 0
    strange = (numbers != raw).any(axis=1) | ((numbers < first) | (numbers >= n_objects + first)).any(axis=1)
    same = (numbers[:, [0, 0, 1]] == numbers[:, [1, 2, 2]]).any(axis=1)
    for bad, what in (
        (strange, f"not of objects (counted from {first} to {n_objects - 1 + first})"),
        (same & ~strange, "not of three objects"),
    ):
        if bad.any():
            at = int(np.argmax(bad))
            raise InputError(
                f"{counted(int(bad.sum()), 'choice is', 'choices are')} {what}, the first of them choice "
                f"{at + 1}: "
                f"{', '.join(f'{number:g}' for number in raw[at].tolist())}. {_ONE_RELEASE}",
                where=path,
            )
    return numbers - first


def _read_numbers(path: Path) -> NDArray[np.float64]:
    """Read rows of numbers separated by commas, or by blanks and tabs, which are ignored at the end of a line."""
    with path.open(encoding="utf-8") as stream:
        separator = "," if "," in stream.readline() else r"\s+"
    return pd.read_csv(path, sep=separator, header=None).to_numpy(dtype=np.float64)


def _read_release(path: Path) -> NDArray[np.float64]:
    """Read the released table: (choice, 3) object numbers counted from 1, the odd one moved to the end."""
    with path.open(encoding="utf-8-sig") as stream:
        header = stream.readline().rstrip("\r\n")
    separator = "\t" if "\t" in header else ","
    missing = [name for name in RELEASE_COLUMNS if name not in header.split(separator)]
    if missing:
        raise InputError(f"the header lacks {', '.join(missing)}; it is: {header[:200]}. {_FETCH}", where=path)
    table = pd.read_csv(path, sep=separator, usecols=list(RELEASE_COLUMNS), encoding="utf-8-sig")
    choice = table["choice"].to_numpy()
    if not np.isin(choice, (1, 2, 3)).all():
        at = int(np.argmax(~np.isin(choice, (1, 2, 3))))
        raise InputError(f"line {at + 2}: the choice is {choice[at]}, but must be 1, 2 or 3. {_FETCH}", where=path)
    shown = table[list(RELEASE_COLUMNS[:3])].to_numpy(dtype=np.float64)
    # The columns of the two objects that were kept together, then of the odd one.
    order = np.array([[1, 2, 0], [0, 2, 1], [0, 1, 2]])[choice.astype(np.int64) - 1]
    return np.take_along_axis(shown, order, axis=1)


def _read_matrix(path: Path, name: str) -> NDArray[np.float64]:
    """Read a matrix of numbers: the only one in a file, or the one with this name."""
    with array_files.reading(path, "a matrix of numbers"):
        if path.suffix.lower() not in array_files.SUFFIXES:
            return _read_numbers(path)
        arrays = array_files.stored(path)
        fitting = [key for key, array in arrays.items() if not array.content and len(array.shape) == 2]
        if name not in fitting and len(fitting) != 1:
            known = ", ".join(f"{key} {array}" for key, array in arrays.items()) or "nothing"
            raise InputError(f"needs one matrix of numbers, or one called {name}. It has: {known}.", where=path)
        return arrays[name if name in fitting else fitting[0]].read().astype(np.float64)


def _lines(path: Path) -> list[str]:
    with array_files.reading(path, "text"):
        return path.read_text(encoding="utf-8-sig").splitlines()


def make(sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path], settings: Mapping[str, Any]) -> None:
    """Write the wanted parts of the data set, see `registry.maker`."""
    [objects_file], [images] = sources["objects"], sources["images"]
    objects = read_objects(objects_file)
    problems = Problems()
    if "images" in outputs:
        with problems.collect(images):
            canonical.copy_images(find_images(images, objects), outputs["images"])
    if "triplets" in outputs:
        with problems.collect(images):
            tables.write_table(read_triplets(sources["triplets"], objects), outputs["triplets"])
    if "embedding" in outputs:
        [file] = sources["embedding"]
        with problems.collect(file):
            _make_embedding(file, objects, outputs["embedding"], outputs["order"])
    if "dense_judgments" in outputs:
        [words], [file] = sources["dense_objects"], sources["dense_rdm"]
        with problems.collect(words):
            dense = read_dense_objects(words, objects)
            with problems.collect(images):
                canonical.copy_images(find_images(images, dense), outputs["dense_images"])
            with problems.collect(file):
                rdm = read_dense_rdm(file, len(dense))
                tables.write_table(canonical.tabulate_matrix(dense, rdm), outputs["dense_judgments"])
    problems.raise_errors()


def _make_embedding(file: Path, objects: Sequence[str], similarities: Path, order: Path) -> None:
    """Write the similarities of objects computed from an embedding, and the object id of each row."""
    embedding = read_embedding(file, len(objects))
    with atomic_write.atomic(similarities) as partial:
        np.save(partial, embedding_similarities(embedding))
    with atomic_write.atomic(order) as partial:
        partial.write_text("".join(f"{name}\n" for name in objects), encoding="utf-8")
