"""Read judgments from any of their forms into the labelled form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.inputs import delimited_text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.inputs.judgments import judged, quality, registry, subsets
from alignment_importance.inputs.judgments.form import File
from alignment_importance.inputs.judgments.judged import Judged
from alignment_importance.system.problems import Problems

_PICKLES = (".pkl", ".pickle")


@dataclass(frozen=True)
class Source:
    """What a configuration says of the judgments of a comparison.

    Attributes:
        path: the file, or a folder with a file per participant, who is called like it.
        kind: `similarity` or `dissimilarity`; None where the file says it.
        columns: what a table calls its columns, by the names that they have in docs/judgments.md.
        order: for an array, the text file with the image id of each row, one per line.
        key: of several arrays in a file, the name of the one to read; of RDMs, the pattern descriptor with the ids; of
            Meadows, the task.
        categories: the comparison is about the images of these; empty for all.
        images: it is about these: ids, or a text file with one id per line; None for all. Where they are named, the
            file may be about images that are not of the set: these are passed over.
        name: of the comparison in messages, such as `comparisons.tools`.
    """

    path: Path
    kind: str | None = None
    order: Path | None = None
    key: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    categories: Sequence[str] = ()
    images: Sequence[str] | Path | None = None
    name: str = "the comparison"


def read(source: Source, table: pd.DataFrame) -> xr.Dataset:
    """Read judgments and label them.

    The forms of `registry` recognise the file by its ending and content. Empty cells and NaN are missing judgments.

    Args:
        source: the file, and the images that the comparison is about. Each of these must have judgments.
        table: `image` and `category` of all images of the set; the file must name no others.

    Returns:
        Two variables (participant, image, image_b), images and participants sorted: `similarity` float64, larger is
        more similar, symmetric (the two directions of a pair are averaged), NaN on the diagonal and where a pair is
        missing; `n_ratings` int32, how many ratings or trials that is the mean of.
        Attributes: kind; form (in words); source (the file's name); mean_over (`averages.UNITS`); categories (empty if
        they do not matter); warnings, a line each.

    Raises:
        Problems: the file cannot be used; all that is found wrong with it is named.
    """
    problems = Problems()
    dataset = _label(source, table, problems)
    problems.log_warnings()
    return dataset


def inspect(source: Source, table: pd.DataFrame, problems: Problems) -> xr.Dataset | None:
    """Read and label judgments, and note all that is wrong or doubtful; None where the file cannot be used."""
    own = Problems()
    judgments = None
    with own.collect(source.path):
        if len(table):
            judgments = _label(source, table, own)
        else:  # why there is no image, the check of the images says
            files_of(source, own)
    problems.extend(own)
    return judgments


def unjudged(source: Source, table: pd.DataFrame) -> list[str]:
    """Name the images of the comparison of which the file has no judgment, sorted; whatever else is wrong with it."""
    found: set[str] = set()
    problems = Problems()
    with problems.collect(source.path):
        files = files_of(source, problems)
        problems.raise_errors()
        wanted = set(subsets.choose(table, source.categories, source.images, source.name, problems))
        # A matrix may lack the rows of some images, and have nothing but empty cells in those of others.
        while len(wanted - found) >= subsets.FEWEST_IMAGES:
            images = _image_ids(source, table, wanted - found)
            with Problems().collect(source.path):
                _read(source, files, images, Problems())
            if not images.unjudged:
                break
            found |= images.unjudged
    return sorted(found)


def _label(source: Source, table: pd.DataFrame, problems: Problems) -> xr.Dataset:
    """Read, check and label; what is found on the way goes to `problems`.

    Raises:
        Problems: the judgments cannot be used.
    """
    files = files_of(source, problems)
    wanted = subsets.choose(table, source.categories, source.images, source.name, problems)
    form, found = _read(source, files, _image_ids(source, table, wanted), problems)
    similarity = found.matrices if found.kind == "similarity" else 0.0 - found.matrices
    dims = ("participant", "image", "image_b")
    return xr.Dataset(
        {"similarity": (dims, similarity), "n_ratings": (dims, found.n_ratings)},
        coords={
            "participant": np.array(found.participants, dtype=object),
            "image": np.array(wanted, dtype=object),
            "image_b": np.array(wanted, dtype=object),
        },
        attrs={
            "kind": found.kind,
            "form": form,
            "source": source.path.name,
            "mean_over": found.mean_over,
            "categories": ", ".join(source.categories),
            "warnings": "\n".join(
                str(warning) if warning.where == str(source.path) else f"{Path(warning.where).name}: {warning}"
                for warning in problems.warnings
            ),
        },
    )


def files_of(source: Source, problems: Problems) -> list[Path]:
    """The file of judgments, or the files of the folder; what no form can read is noted."""
    path = source.path
    if not path.is_dir():
        _check_file(path, f"Correct `judgments` of {source.name}.", problems)
        return [path]
    files = sorted(file for file in path.iterdir() if not file.name.startswith(".") and not file.is_dir())
    if not files:
        problems.error(path, "there is no file in this folder of judgments", "Put a file per participant there.")
    for file in files:
        _check_file(file, "", problems)
    return files


def _image_ids(source: Source, table: pd.DataFrame, wanted: Iterable[str]) -> ImageIds:
    """The ids of the set; where the comparison names its images, a file may be about images that are not of the set."""
    return ImageIds(
        table["image"],
        wanted,
        pass_over=source.images is not None,
        in_parts=source.path.is_dir(),
        remedy="Correct the id, add the image to the set, or name the comparison's `images`: others are passed over.",
    )


def _read(source: Source, files: Sequence[Path], images: ImageIds, problems: Problems) -> tuple[str, Judged]:
    """Read and check files of any form, and name the form.

    Raises:
        Problems: they cannot be used.
    """
    read = []
    for file in files:
        own = Problems()
        with own.collect(file):
            read.append(_read_file(source, file, images, own))
        problems.extend(own)
    problems.raise_errors()
    images.note_strangers(problems)
    forms = sorted({f"{form} ({found.kind})" for form, found in read})
    if len(forms) > 1:
        problems.fail(source.path, f"its files differ: {', '.join(forms)}", "Give each a folder and comparison.")
    found = judged.together([found for _, found in read], source.path, problems)
    quality.check(found, images, source.path, problems)
    return read[0][0], found


def _read_file(source: Source, path: Path, images: ImageIds, problems: Problems) -> tuple[str, Judged]:
    """Read a file of any form, and name the form.

    Raises:
        Problems: it cannot be used.
    """
    is_text = path.suffix.lower() in delimited_text.SUFFIXES
    text = delimited_text.Text(path, problems, source.columns) if is_text else None
    participant = judged.SINGLE_PARTICIPANT if path == source.path else path.stem
    file = File(path, source.kind, source.order, source.key, participant, text)
    form = registry.form_of(file, images)
    if form is None:
        _refuse_header(file, problems)
    if file.order is not None and not form.needs_order:
        problems.error(path, "`order` has no use for a file that names its images itself", "Remove it.")
    if file.key is not None and not form.has_parts:
        problems.error(path, "`key` has no use for text, which holds one table", "Remove it.")
    if source.columns and not is_text:
        problems.error(path, "`columns` has no use for a file that is no table", "Remove it.")
    return form.name, form.read(file, images, problems)


def _refuse_header(file: File, problems: Problems) -> NoReturn:
    """Raise what is wrong with the header of a text file that no form recognises."""
    shown = ",".join(file.text.header)
    shown = f"{shown[:200]}..." if len(shown) > 200 else shown or "(empty)"
    headers = "; ".join(form.header for form in registry.FORMS if form.header)
    remedy = f"{headers[0].upper()}{headers[1:]}. Other names can be told by `columns`."
    if "stim1_name" in file.text.header:
        remedy = "Of Meadows take the download .mat or the tree .json, or rename the columns."
    found = f"the header is that of no form of judgments: {shown}"
    problems.fail(file.path, found, remedy, "header", lacks="columns")


def _check_file(path: Path, correct: str, problems: Problems) -> None:
    """Note a file that is not there, that is empty, or that no form has the ending of."""
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        remedy = "Save the RDMs as HDF5: rdms.save('judgments.h5', file_type='hdf5')."
        problems.error(path, "a pickle can run any program when it is opened, and is not read", remedy)
    elif suffix not in registry.SUFFIXES:
        remedy = f"The endings are {', '.join(registry.SUFFIXES)}."
        problems.error(path, f"no form of judgments has the ending {suffix!r}", remedy)
    elif not path.is_file():
        problems.error(path, "this file of judgments does not exist", correct)
    elif not path.stat().st_size:
        problems.error(path, "the file is empty", "Save it again.")
