"""Real fixations: a table of where people looked, smoothed to a map."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs import ids
from alignment_importance.maps.saliency.computing import Map, Pixels, Provider
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import Problems
from alignment_importance.system.tables import read_table

#: Columns that a table of fixations must have; `observer` may be there too.
COLUMNS = ("image", "x", "y")

logger = logging.getLogger(__name__)


def provider(table: pd.DataFrame, fixations: str | Path, degree: float) -> Provider:
    """Give every image the density of its own fixations, and keep the fixations beside the maps.

    Args:
        table: `image`, `width` and `height` of the image set.
        fixations: file, see `read`.
        degree: see `density`.

    Raises:
        InputError: the fixations do not fit the images.
    """
    rows = read(fixations, table)
    by_image = {str(image): own for image, own in rows[rows["inside"]].groupby("image")}

    def map_of(image: str, rgb: Pixels) -> Map | None:
        if image not in by_image:
            return None
        own = by_image[image]
        return density(own["x"].to_numpy(), own["y"].to_numpy(), rgb.shape[1], rgb.shape[0], float(degree))

    attributes = {"method": "fixations", "degree": float(degree)}
    return Provider(map_of, attributes, _variables(rows, table["image"].tolist()))


def read(file: str | Path, table: pd.DataFrame) -> pd.DataFrame:
    """Read and check a table of fixations.

    Args:
        file: CSV with the columns `image`, `x`, `y` and, if there are several people, `observer`. x goes right and y
            down from the image's upper left corner, in pixels of the image file (as it is seen, see
            `images.tabulate`); pixel 0 reaches from 0 to 1.
        table: `image`, `width` and `height` of the image set.

    Returns:
        `image`, `x`, `y`, `observer` (text, empty where there is none) and `inside`: whether the fixation lies within
        its image, 0 <= x < width and 0 <= y < height. A row per fixation, in the order of the file.

    Raises:
        InputError: cells that hold no number, rows without an observer, unknown images, or coordinates that cannot be
            pixels of these images (more than half of them outside, or all of them from 0 to 1).
    """
    rows = read_table(file, COLUMNS)
    fixations = pd.DataFrame({"image": rows["image"].map(ids.clean).to_numpy(dtype=object)})
    for column in ("x", "y"):
        fixations[column] = pd.to_numeric(rows[column], errors="coerce").astype(np.float64)
    fixations["observer"] = rows["observer"].fillna("").astype(str).str.strip() if "observer" in rows else ""
    _check_cells(file, rows, fixations, table["image"].tolist())
    sizes = table.set_index("image")[["width", "height"]].reindex(fixations["image"].to_numpy())
    fixations["inside"] = (
        fixations["x"].ge(0) & fixations["y"].ge(0)
        & (fixations["x"].to_numpy() < sizes["width"].to_numpy())
        & (fixations["y"].to_numpy() < sizes["height"].to_numpy())
    )  # fmt: skip
    _check_scale(file, fixations)
    return fixations


def note_outside(file: str | Path, fixations: pd.DataFrame, problems: Problems) -> None:
    """Note how many of the fixations that were read lie outside their images.

    Args:
        file, fixations: what `read` took and returned.
        problems: the warning is added here.
    """
    n_outside = int((~fixations["inside"]).sum())
    if n_outside:
        lie = "lies outside its image" if n_outside == 1 else "lie outside their images"
        problems.warn(
            file,
            f"{n_outside} of {len(fixations)} fixations {lie}",
            "It is left out." if n_outside == 1 else "They are left out.",
        )


def pixels_along(positions: NDArray[np.float64], own_side: NDArray[np.integer], side: int) -> NDArray[np.intp]:
    """Find on which pixels of an image's side positions fall that were measured in images of other sizes.

    In an image of its own size a position stays on its pixel, whatever the size: the product is divided last, since
    parts of a side (position / own_side) are rounded.

    Args:
        positions: in pixels of their own images, from 0 to below `own_side`.
        own_side: width or height of the image of each.
        side: width or height of the image to which those are stretched.
    """
    return np.minimum(np.floor(positions * side / own_side).astype(np.intp), side - 1)


def density(x: NDArray, y: NDArray, width: int, height: int, degree: float) -> Map | None:
    """Smooth fixations to a density.

    Args:
        x, y: positions within an image of `width` x `height` pixels, or numbers of its pixels.
        degree: one degree of visual angle in pixels; the standard deviation of the Gaussian.

    Returns:
        (height, width), sum 1: what of the Gaussians lies outside the image is cut off. None without fixations.
    """
    from scipy.ndimage import gaussian_filter  # slow to import, and needed by few jobs

    if not len(x):
        return None
    pixels = np.floor(y).astype(np.intp) * width + np.floor(x).astype(np.intp)
    counts = np.bincount(pixels, minlength=width * height).reshape(height, width)
    smooth = gaussian_filter(counts.astype(np.float64), sigma=degree, mode="constant")
    return (smooth / smooth.sum()).astype(np.float32)


def _variables(fixations: pd.DataFrame, image_ids: list[str]) -> xr.Dataset:
    """Keep the fixations, and count them.

    Returns:
        n_fixations, n_fixations_outside and n_observers (image); fixation_image, fixation_x and fixation_y (fixation),
        those inside their images.
    """
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


def _check_cells(file: str | Path, rows: pd.DataFrame, fixations: pd.DataFrame, image_ids: list[str]) -> None:
    """Raise an error that names every cell that holds no number, and every image that is none of the set."""
    problems = Problems()
    if fixations.empty:
        raise InputError("the table has no fixations. Give it a row for each.", where=file)
    for column in ("x", "y"):
        for at in np.flatnonzero(~np.isfinite(fixations[column])).tolist():
            place = f"line {at + 2}, column {column}"
            problems.error(file, f"{rows[column].iloc[at]!r} is not a number", "Give pixels or remove the row.", place)
    if "observer" in rows:
        remedy = "Name the observer of every fixation, or leave out the column."
        for at in np.flatnonzero(fixations["observer"] == "").tolist():
            problems.error(file, "there is no observer", remedy, f"line {at + 2}, column observer")
    known = set(image_ids)
    firsts = {image: line for line, image in reversed(list(enumerate(fixations["image"].tolist(), start=2)))}
    for image, line in sorted(firsts.items(), key=lambda first: first[1]):
        if image not in known:
            hint, place = ids.suggest(image, image_ids), f"line {line}, column image"
            problems.error(file, f"{image!r} is no image of this set{hint}", "Correct or remove its rows.", place)
    problems.raise_errors()


def _check_scale(file: str | Path, fixations: pd.DataFrame) -> None:
    """Raise an error where coordinates cannot be pixels of the images; log how many lie outside."""
    n_outside = int((~fixations["inside"]).sum())
    if len(fixations) > 1 and fixations[["x", "y"]].ge(0).all(axis=None) and fixations[["x", "y"]].le(1).all(axis=None):
        raise InputError(
            "all x and y lie between 0 and 1. Give pixels of the image files: multiply x by the width of the "
            "image, y by its height.",
            where=file,
        )
    if 2 * n_outside > len(fixations):
        raise InputError(
            f"{n_outside} of {len(fixations)} fixations lie outside their images. Give pixels of the image "
            "files, counted from the image's upper left corner, not from the screen's.",
            where=file,
        )
    if n_outside:
        logger.warning(
            "%s: %d of %d fixations lie outside their images and are left out.", file, n_outside, len(fixations)
        )
