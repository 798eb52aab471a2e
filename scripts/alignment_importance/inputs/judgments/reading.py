"""Reads judgments of any form, and labels them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.inputs import delimited_text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import judged, quality, registry, subsets
from alignment_importance.inputs.judgments.judged import Judged, Source
from alignment_importance.system.problems import Problems

_PICKLES = (".pkl", ".pickle")


def inspect(source: Source, table: pd.DataFrame, problems: Problems) -> xr.Dataset | None:
    """Read and label judgments, and note everything wrong or doubtful.

    The form is recognised by the ending and the content of the file. Empty cells and NaN are missing judgments.

    Args:
        source: the file, and the images that the comparison uses, each of which must have judgments.
        table: `image` and `category` of all images of the set; the file may name others only with `source.images`.

    Returns:
        Two variables (participant, image, image_b), images and participants sorted: `similarity` float64, larger is
        more similar, symmetric (the two directions of a pair are averaged), NaN on the diagonal and where a pair is
        missing; `n_ratings` int32, the number of ratings or trials averaged.
        Attributes: kind; form (in words); source (the file's name); mean_over (see `Judged`); categories (empty
        for all); warnings, a line each. None if the file cannot be used.
    """
    judgments = None
    with problems.apart(source.path) as own:
        if len(table):
            judgments = _label(source, table, own)
        else:  # the check of the images says why there are none
            files_of(source, own)
    return judgments


def unjudged(source: Source, table: pd.DataFrame) -> list[str]:
    """List, sorted, the images of the comparison without judgments in the file, whatever else is wrong with it."""
    lacking: set[str] = set()
    problems = Problems()
    with problems.collect(source.path):
        files = files_of(source, problems)
        problems.raise_errors()
        wanted = set(subsets.choose(table, source.categories, source.images, source.name, problems))
        # Each round finds more: first images without a row, then, once these are left out, images with empty rows.
        while len(wanted - lacking) >= subsets.FEWEST_IMAGES:
            images = _image_ids(source, table, wanted - lacking)
            with Problems().collect(source.path):
                _read(source, files, images, Problems())
            if not images.unjudged:
                break
            lacking |= images.unjudged
    return sorted(lacking)


def _label(source: Source, table: pd.DataFrame, problems: Problems) -> xr.Dataset:
    """Read, check and label judgments, and note problems."""
    files = files_of(source, problems)
    wanted = subsets.choose(table, source.categories, source.images, source.name, problems)
    form, judgments = _read(source, files, _image_ids(source, table, wanted), problems)
    similarity = judgments.matrices if judgments.kind == "similarity" else 0.0 - judgments.matrices
    dims = ("participant", "image", "image_b")
    return xr.Dataset(
        {"similarity": (dims, similarity), "n_ratings": (dims, judgments.n_ratings)},
        coords={
            "participant": np.array(judgments.participants, dtype=object),
            "image": np.array(wanted, dtype=object),
            "image_b": np.array(wanted, dtype=object),
        },
        attrs={
            "kind": judgments.kind,
            "form": form,
            "source": source.path.name,
            "mean_over": judgments.mean_over,
            "categories": ", ".join(source.categories),
            "warnings": "\n".join(
                str(warning) if warning.where == str(source.path) else f"{Path(warning.where).name}: {warning}"
                for warning in problems.warnings
            ),
        },
    )


def files_of(source: Source, problems: Problems) -> list[Path]:
    """List the file of judgments, or the files of its folder; note files that no form can read."""
    path = source.path
    if not path.is_dir():
        _check_file(path, f"Correct `judgments` of {source.name}.", problems)
        return [path]
    files = sorted(file for file in path.iterdir() if not file.name.startswith(".") and not file.is_dir())
    if not files:
        problems.error(path, "this folder of judgments has no files", "Put a file per participant there.")
    for file in files:
        _check_file(file, "", problems)
    return files


def _image_ids(source: Source, table: pd.DataFrame, wanted: Iterable[str]) -> ImageIds:
    """Collect the ids of the set and of the wanted images; files may have others if the comparison names its images."""
    return ImageIds(
        table["image"],
        wanted,
        pass_over=source.images is not None,
        in_parts=source.path.is_dir(),
        remedy="Correct the id, add the image to the set, or name the comparison's `images`: others are ignored.",
    )


def _read(source: Source, files: Sequence[Path], images: ImageIds, problems: Problems) -> tuple[str, Judged]:
    """Read and check files, which must have one form, and return the name of the form and the judgments."""
    by_file = []
    for file in files:
        with problems.apart(file) as own:
            by_file.append(_read_file(source, file, images, own))
    problems.raise_errors()
    images.note_strangers(problems)
    forms = sorted({f"{form} ({judgments.kind})" for form, judgments in by_file})
    if len(forms) > 1:
        problems.fail(source.path, f"its files differ: {', '.join(forms)}", "Give each a folder and comparison.")
    combined = judged.combine([judgments for _, judgments in by_file], source.path, problems)
    noted = Problems()
    with noted.collect(source.path):
        combined = quality.leave_out_silent(combined, images, source.path, noted)
        quality.check(combined, images, source.path, noted)
    problems.extend(replace(problem, place=source.name_of_subset) for problem in noted)
    problems.raise_errors()
    return by_file[0][0], combined


def _read_file(source: Source, path: Path, images: ImageIds, problems: Problems) -> tuple[str, Judged]:
    """Read a file of any form, and return the name of the form and the judgments."""
    suffix = path.suffix.lower()
    participant = judged.SINGLE_PARTICIPANT if path == source.path else path.stem
    file = judged.File(path, source, participant, images, problems)
    form = next((form for form in registry.FORMS if suffix in form.suffixes and form.recognises(file)), None)
    if form is None:
        _refuse_header(file)
    if source.order is not None and not form.needs_order:
        problems.error(path, "`order` is not needed: the file names its images itself", "Remove it.")
    if source.key is not None and not form.has_parts:
        problems.error(path, "`key` is not needed: a text file holds one table", "Remove it.")
    if source.columns and suffix not in delimited_text.SUFFIXES:
        problems.error(path, "`columns` is not needed: the file is not a table", "Remove it.")
    return form.name, form.read(file)


def _refuse_header(file: judged.File) -> NoReturn:
    """Refuse a text file whose header no form recognises."""
    if file.text.own_header and all(map(_is_number, file.text.own_header)):
        found = "there are numbers alone, and no names of columns or images"
        remedy = (
            "For a matrix, add a row and a column with the ids of its images, or save it as .npy and name them with "
            "`order`; for a table, add a header, and write ids in place of numbers of images."
        )
        file.problems.fail(file.path, found, remedy, "header")
    shown = ",".join(file.text.own_header)
    shown = f"{shown[:200]}..." if len(shown) > 200 else shown or "(empty)"
    headers = "; ".join(form.header for form in registry.FORMS if form.header)
    remedy = f"{headers[0].upper()}{headers[1:]}. Map other names with `columns`."
    if "stim1_name" in file.text.own_header:
        remedy = "From Meadows, download the .mat or the tree .json, or rename the columns."
    found = f"the header does not belong to any form of judgments: {shown}"
    file.problems.fail(file.path, found, remedy, "header", lacks="columns")


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _check_file(path: Path, correct: str, problems: Problems) -> None:
    """Note a file that is empty, has an ending that no form has, or does not exist (`correct` is the remedy)."""
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        remedy = "Save the RDMs as HDF5: rdms.save('judgments.h5', file_type='hdf5')."
        problems.error(path, "a pickle can run any program when it is opened, and is therefore not read", remedy)
    elif suffix not in registry.SUFFIXES:
        remedy = f"The endings are {', '.join(registry.SUFFIXES)}."
        problems.error(path, f"no form of judgments has the ending {suffix!r}", remedy)
    elif not path.is_file():
        problems.error(path, "this file of judgments does not exist", correct)
    elif not path.stat().st_size:
        problems.error(path, "the file is empty", "Save it again.")
