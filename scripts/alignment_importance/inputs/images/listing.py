"""Lists the images of a folder by their ids, and reads the table of their categories."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alignment_importance.inputs.delimited_text import MISSING, Text
from alignment_importance.inputs.identifiers import SUFFIXES, ImageIds, of_file
from alignment_importance.system.names import can_be_written, counted, some, visible
from alignment_importance.system.problems import Problems


def search(folder: str | Path, problems: Problems) -> dict[str, Path]:
    """Find the images of a folder: id (file name without its ending) to file, sorted by id.

    Hidden files are ignored, and subfolders are not searched.

    Errors: the folder is missing, has no images, or has other files or files with names that cannot be written; or two
    files share an id, even if only on disks that do not distinguish capital letters.
    """
    folder = Path(folder)
    if not folder.is_dir():
        problems.error(folder, "there is no such folder of images", "Correct the image set's `folder`.")
        return {}
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    files = [entry for entry in entries if not entry.is_dir()]
    if len(files) < len(entries):
        count = counted(len(entries) - len(files), "subfolder is", "subfolders are")
        problems.warn(folder, f"{count} not searched for images", "An image set is one folder.")
    strangers = [visible(file.name) for file in files if file.suffix.lower() not in SUFFIXES]
    if strangers:
        found = f"not image files by their ending ({', '.join(SUFFIXES)}): {some(strangers)}"
        problems.error(folder, found, "Move them elsewhere, or convert them.")
    unwritable = [visible(entry.name) for entry in files if not can_be_written(entry.name)]
    if unwritable:
        found = f"names that are not UTF-8 or have control characters: {some(unwritable)}"
        problems.error(folder, found, "Rename these files.")
    images = pictures(folder)
    if not images:
        remedy = f"Put them directly into this folder ({', '.join(SUFFIXES)})."
        problems.error(folder, "no image files", remedy)
    return _by_id(folder, images, problems)


def pictures(folder: Path) -> list[Path]:
    """List the files of a folder that are images by their ending, sorted by name.

    Hidden files are left out, and files with names that cannot be written, which `search` notes.
    """
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and not file.is_dir())
    return [file for file in files if can_be_written(file.name) and not file.name.startswith(".")]


def read_categories(table: str | Path, image_ids: Sequence[str], problems: Problems) -> dict[str, str | float]:
    """Read the category of each image (NaN if it has none), and note what does not fit the images."""
    path = Path(table)
    with problems.collect(path):
        text = Text(path, problems)
        text.require(["image"], ["category"])
        rows = text.table()
        places = [(f"line {line}", cell) for line, cell in rows.cells("image")]
        listed = ImageIds(image_ids).listed(problems, path, "row", places, otherwise="")
        if "category" in text.header:
            categories = (np.nan if cell.lower() in MISSING else cell for _, cell in rows.cells("category"))
            return dict(zip(listed, categories, strict=True))
        found = f"there is no column category, only {', '.join(text.header)}"
        problems.warn(path, found, "The images have no categories.", "header")
    return {}


def _by_id(folder: Path, files: list[Path], problems: Problems) -> dict[str, Path]:
    """Assign an id to every file, and note ids that are empty or cannot be told apart."""
    groups: dict[str, dict[str, list[Path]]] = {}
    for file in files:
        image = of_file(file)
        groups.setdefault(image.casefold(), {}).setdefault(image, []).append(file)
        if not image:
            problems.error(file, "its name has nothing but blanks before the ending", "Rename it.")
    for spellings in groups.values():
        for sharing in spellings.values():
            if len(sharing) > 1:
                names = " and ".join(file.name for file in sharing)
                found = f"an image's id is its file name without the ending, and these share one: {names}"
                problems.error(folder, found, "Rename or remove one of each.")
        if len(spellings) > 1:
            found = f"these ids differ only in capital letters: {' and '.join(sorted(spellings))}"
            problems.error(folder, found, "Rename or remove one; many disks and people take them for the same.")
    by_id = {image: sharing[0] for spellings in groups.values() for image, sharing in spellings.items()}
    return {image: by_id[image] for image in sorted(by_id)}
