"""Real fixations: a table of where people looked, smoothed to a map."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs.delimited_text import MISSING, Text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.maps.saliency.computing import Map, Pixels, Provider
from alignment_importance.system.problems import Problems

#: Columns that a table of fixations must have; `observer` may be there too.
COLUMNS = ("image", "x", "y")

#: Standard deviations beyond which Gaussians are cut off: float32 holds hardly anything smaller. Where all of them are
#: cut off, the density is 0, and masks can rank pixels by their place alone.
_REACH = 12


def provider(table: pd.DataFrame, fixations: str | Path, degree: float) -> Provider:
    """Give every image the density of its own fixations (`read`, `density`), and keep the fixations beside the maps.

    Raises:
        ProblemsError: the fixations do not fit the images.
    """
    problems = Problems()
    rows = read(fixations, table, problems)
    problems.log_warnings()
    by_image = {str(image): own for image, own in rows[rows["inside"]].groupby("image")}

    def map_of(image: str, rgb: Pixels) -> Map | None:
        if image not in by_image:
            return None
        own = by_image[image]
        return density(own["x"].to_numpy(), own["y"].to_numpy(), rgb.shape[1], rgb.shape[0], float(degree))

    attributes = {"method": "fixations", "degree": float(degree)}
    return Provider(map_of, attributes, _variables(rows, table["image"].tolist()))


def read(file: str | Path, table: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Read and check a table of fixations.

    Args:
        file: table with the columns `image`, `x`, `y` and, if there are several people, `observer`. x goes right and y
            down from the image's upper left corner, in pixels of the image file (as it is seen, see
            `images.tabulate`); pixel 0 reaches from 0 to 1.
        table: `image`, `width` and `height` of the image set.
        problems: what the user should know is noted here, such as how many fixations lie outside their images.

    Returns:
        `image`, `x`, `y`, `observer` (text, empty where there is none) and `inside`: whether the fixation lies within
        its image, 0 <= x < width and 0 <= y < height. A row per fixation, in the order of the file.

    Raises:
        ProblemsError: cells that hold no number, rows without an observer, unknown images, or coordinates that cannot
            be pixels of these images (more than half of them outside, or all of them from 0 to 1).
    """
    fixations = _read_cells(Text(Path(file), problems), ImageIds(table["image"]))
    sizes = table.set_index("image")[["width", "height"]].reindex(fixations["image"].to_numpy())
    fixations["inside"] = (
        fixations["x"].ge(0) & fixations["y"].ge(0)
        & (fixations["x"].to_numpy() < sizes["width"].to_numpy())
        & (fixations["y"].to_numpy() < sizes["height"].to_numpy())
    )  # fmt: skip
    _check_scale(file, fixations, problems)
    return fixations


def pixels_along(positions: NDArray[np.float64], own_side: NDArray[np.integer], side: int) -> NDArray[np.intp]:
    """Find the pixels along an image's side on which positions fall that were measured in images of other sizes.

    In an image of its own size a position stays on its pixel: the division comes last, because position / own_side
    would be rounded.

    Args:
        positions: in pixels of their own images, from 0 to below `own_side`.
        own_side: width or height of each position's own image.
        side: width or height of the image to which the others are stretched.
    """
    return np.minimum(np.floor(positions * side / own_side).astype(np.intp), side - 1)


def density(x: NDArray, y: NDArray, width: int, height: int, degree: float) -> Map | None:
    """Smooth fixations to a density.

    Args:
        x, y: positions within an image of `width` x `height` pixels, or numbers of its pixels.
        degree: one degree of visual angle in pixels; the standard deviation of the Gaussian.

    Returns:
        (height, width), sum 1: parts of the Gaussians outside the image are cut off. None without fixations.
    """
    from scipy.ndimage import gaussian_filter  # slow to import, and needed by few jobs

    if not len(x):
        return None
    pixels = np.floor(y).astype(np.intp) * width + np.floor(x).astype(np.intp)
    counts = np.bincount(pixels, minlength=width * height).reshape(height, width)
    smooth = gaussian_filter(counts.astype(np.float64), sigma=degree, mode="constant", truncate=_REACH)
    return (smooth / smooth.sum()).astype(np.float32)


def _variables(fixations: pd.DataFrame, image_ids: list[str]) -> xr.Dataset:
    """Variables of the fixations inside their images (fixation), and of the numbers of fixations (image)."""
    index = pd.Index(image_ids, name="image")
    inside = fixations[fixations["inside"]]
    counts = {
        "n_fixations": inside.groupby("image").size(),
        "n_fixations_outside": fixations[~fixations["inside"]].groupby("image").size(),
        "n_observers": inside.groupby("image")["observer"].nunique(),
    }
    per_image = {name: ("image", count.reindex(index, fill_value=0).to_numpy()) for name, count in counts.items()}
    per_fixation = {f"fixation_{name}": ("fixation", inside[name].to_numpy()) for name in COLUMNS}
    return xr.Dataset({**per_image, **per_fixation}, coords={"image": index.to_numpy(dtype=object)})


def _read_cells(text: Text, images: ImageIds) -> pd.DataFrame:
    """Read image, x, y and observer; note cells that hold no number, and images that are not in the set."""
    text.require(COLUMNS, ["observer"])
    rows = text.table()
    if not len(rows.lines):
        text.problems.error(text.path, "there are no fixations in this table", "Give it a row for each.")
    remedy = "Give pixels or remove the row."
    numbers = {}
    for column in ("x", "y"):
        numbers[column] = rows.numbers(column, remedy)
        missing = [cell.lower() in MISSING for cell in rows.columns[column].cells]
        rows.note(rows.rows_of(column, missing), column, "there is no number", remedy)
    known = images.numbers_of(rows, "image")
    observers = rows.columns.get("observer")
    if observers is not None:
        nameless = [not cell for cell in observers.cells]
        remedy = "Name the observer of every fixation, or leave out the column."
        rows.note(rows.rows_of("observer", nameless), "observer", "there is no observer", remedy)
    text.problems.raise_errors()
    return pd.DataFrame(
        {
            "image": np.array(images.known, dtype=object)[known],
            **numbers,
            "observer": "" if observers is None else np.array(observers.cells, dtype=object)[observers.codes],
        }
    )


def _check_scale(file: str | Path, fixations: pd.DataFrame, problems: Problems) -> None:
    """Refuse coordinates that cannot be pixels of the images; say how many lie outside."""
    positions = fixations[["x", "y"]]
    if len(fixations) > 1 and positions.ge(0).all(axis=None) and positions.le(1).all(axis=None):
        remedy = "Give pixels of the image files: multiply x by the width of the image, y by its height."
        problems.fail(file, "all x and y lie between 0 and 1", remedy)
    n_outside = int((~fixations["inside"]).sum())
    lie = "lies outside its image" if n_outside == 1 else "lie outside their images"
    problem = f"{n_outside} of {len(fixations)} fixations {lie}"
    if 2 * n_outside > len(fixations):
        remedy = "Give pixels of the image files, counted from the image's upper left corner, not from the screen's."
        problems.fail(file, problem, remedy)
    if n_outside:
        problems.warn(file, problem, "It is left out." if n_outside == 1 else "They are left out.")
