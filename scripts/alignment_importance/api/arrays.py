"""Reads and checks the arrays that the library's functions are called with, and joins them by the images' names."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import xarray as xr

from alignment_importance.inputs import folds, identifiers
from alignment_importance.inputs.judgments import quality
from alignment_importance.inputs.judgments.diagonals import are_least_alike
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import counted, some

Maps = np.ndarray | torch.Tensor | xr.DataArray

Judgments = np.ndarray | torch.Tensor | pd.DataFrame | xr.DataArray

_PROCESSOR = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Named:
    """An array whose first dimension is images.

    Attributes:
        array: float32 or float64.
        names: names of the images; None if they have none.
        device: the device that computes with it.
    """

    array: np.ndarray
    names: list[str] | None
    device: torch.device


def read_maps(maps: object) -> Named:
    """Read feature maps (image, feature_map, y, x) or units (image, unit); named dimensions may be in any order.

    Raises:
        TypeError: `maps` is not an array of numbers.
        InputError: other dimensions, two images of one name, or values that are not finite.
    """
    if isinstance(maps, xr.DataArray):
        maps = maps.transpose(_images_of(maps), "feature_map", ..., "y", "x", missing_dims="ignore")
    elif not isinstance(maps, np.ndarray | torch.Tensor):
        raise TypeError(f"maps must be an array of NumPy, xarray or PyTorch, not {type(maps).__name__}")
    values = _numbers_of(maps, "maps")
    if values.ndim not in (2, 4) or not values.size:
        raise InputError(f"{_shape(values)} is not (image, feature_map, y, x) or (image, unit)", where="maps")
    names = _names(maps.indexes.get(maps.dims[0]), "maps") if isinstance(maps, xr.DataArray) else None
    wrong = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
    if len(wrong):
        images = [(names or default_names(len(values)))[image] for image in wrong]
        raise InputError(f"NaN or infinite values in the images {some(images)}", where="maps")
    return Named(values, names, maps.device if isinstance(maps, torch.Tensor) and maps.is_cuda else _PROCESSOR)


def read_judgments(judgments: object) -> Named:
    """Read judgments (image, image) into float64, NaN on the diagonal.

    Raises:
        TypeError: `judgments` is not an array or table of numbers.
        InputError: not symmetric, infinite, dissimilarities, or rows and columns that are not of the same images.
    """
    if not isinstance(judgments, np.ndarray | torch.Tensor | pd.DataFrame | xr.DataArray):
        kinds = "an array of NumPy, xarray or PyTorch, or a pandas.DataFrame"
        raise TypeError(f"judgments must be {kinds}, not {type(judgments).__name__}")
    human = _numbers_of(judgments, "judgments").astype(np.float64)
    if human.ndim != 2 or human.shape[0] != human.shape[1]:
        raise InputError(f"{_shape(human)} is not (image, image)", where="judgments")
    rows, columns = (_names(labels, "judgments") for labels in _labels_of(judgments))
    if (rows is None) != (columns is None):
        raise InputError("rows or columns alone have names; name both, or neither", where="judgments")
    if rows is not None and columns is not None:
        human = human[:, _places(rows, columns, "the rows of judgments", "their columns")]
    own = human.diagonal().copy()
    np.fill_diagonal(human, np.nan)
    if are_least_alike("similarity", own, human):
        raise InputError(
            "the diagonal (images with themselves) holds the smallest values, as in dissimilarities. Give "
            "similarities, such as the negative, or NaN on the diagonal if its numbers mean nothing.",
            where="judgments",
        )
    _check_symmetric(human, rows or default_names(len(human)))
    return Named(human, rows, _PROCESSOR)


def join(network: Named, people: Named) -> tuple[list[str], np.ndarray]:
    """The names of the images in the order of the maps, and their judgments (image, image).

    Raises:
        InputError: the images differ, too few pairs were judged, or the judgments allow no score.
    """
    human = people.array
    if network.names is not None and people.names is not None:
        order = _places(network.names, people.names, "maps", "judgments")
        human = human[np.ix_(order, order)]
    elif len(network.array) != len(human):
        found = f"maps are of {len(network.array)} images and judgments of {len(human)}"
        raise InputError(f"{found}. Give the same images in the same order, or name the images of both.")
    n_judged = folds.n_judged(folds.whole(human))
    if n_judged < folds.MIN_PAIRS:
        found = f"{counted(n_judged, 'pair was', 'pairs were')} judged"
        raise InputError(f"{found}, but a score needs {folds.MIN_PAIRS}", where="judgments")
    if wrong := quality.unusable(human):
        raise InputError("{}. {}".format(*wrong), where="judgments")
    return network.names or people.names or default_names(len(human)), human


def default_names(count: int) -> list[str]:
    """Names for images that have none: 0, 1, 2, …"""
    return [str(number) for number in range(count)]


def name_of(label: object) -> str:
    """An image's name as text, cleaned like the ids of the workflow."""
    return identifiers.clean(label.decode() if isinstance(label, bytes) else str(label))


def _images_of(maps: xr.DataArray) -> Hashable:
    """The dimension of images: the one called `image`, or the first."""
    first = "image" if "image" in maps.dims else next(iter(maps.dims), "image")
    if first in ("feature_map", "unit", "y", "x"):
        found = f"none of the dimensions {', '.join(map(str, maps.dims))} is called image"
        raise InputError(f"{found}. Rename the one of images.", where="maps")
    return first


def _numbers_of(array: np.ndarray | torch.Tensor | pd.DataFrame | xr.DataArray, what: str) -> np.ndarray:
    """Convert to float32 if that holds the numbers exactly, otherwise to float64; NaN where they are masked."""
    if isinstance(array, torch.Tensor):
        array = array.detach().cpu()
        # NumPy has no bfloat16.
        array = array.float() if array.dtype == torch.bfloat16 else array
    if isinstance(array, pd.DataFrame):
        wrong = [str(name) for name, of in array.dtypes.items() if of.kind not in "fiub"]
        if wrong:
            remedy = "Names of images belong in its index, as pandas.read_csv(file, index_col=0) reads them."
            raise TypeError(f"{what} must be real numbers, and these columns are not: {some(wrong)}. {remedy}")
        # This also converts pandas' own types, which NumPy would take for objects.
        array = array.to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.asanyarray(array)
    if values.dtype.kind not in "fiub":
        raise TypeError(f"{what} must be real numbers, not {values.dtype}")
    values = values.astype(np.float32 if np.can_cast(values.dtype, np.float32) else np.float64)
    return values.filled(np.nan) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)


def _labels_of(matrix: np.ndarray | torch.Tensor | pd.DataFrame | xr.DataArray) -> Sequence[pd.Index | None]:
    """Labels of the rows and of the columns; None without labels."""
    if isinstance(matrix, pd.DataFrame):
        return matrix.index, matrix.columns
    if isinstance(matrix, xr.DataArray):
        return [matrix.indexes.get(dimension) for dimension in matrix.dims]
    return None, None


def _names(labels: pd.Index | None, where: str) -> list[str] | None:
    """Labels as text, which must be unique."""
    if labels is None:
        return None
    names = pd.Index([name_of(label) for label in labels])
    if names.has_duplicates:
        raise InputError(f"several images are called {some(names[names.duplicated()].unique().tolist())}", where=where)
    return names.tolist()


def _places(wanted: list[str], available: list[str], wanted_by: str, available_in: str) -> np.ndarray:
    """Positions of the wanted names among the available ones; both must be the same set of names."""
    lacking = [
        f"{owner} have images that {other} lack: {some(sorted(set(own) - set(others)))}"
        for owner, own, other, others in (
            (wanted_by, wanted, available_in, available),
            (available_in, available, wanted_by, wanted),
        )
        if set(own) - set(others)
    ]
    if lacking:
        raise InputError(f"{', and '.join(lacking)}. Take the same of both, by the same names.")
    return pd.Index(available).get_indexer(pd.Index(wanted))


def _check_symmetric(human: np.ndarray, names: list[str]) -> None:
    """Refuse judgments that are infinite, or differ between the two directions of a pair."""
    rounding = 1e-8 * np.abs(human[np.isfinite(human)]).max(initial=0)
    wrong = np.argwhere(np.isinf(human) | ~np.isclose(human, human.T, atol=rounding, equal_nan=True))
    if len(wrong):
        first, second = wrong[0]
        found = ", ".join(
            f"of {names[row]} and {names[column]} it is {human[row, column]:g}"
            for row, column in ((first, second), (second, first))
        )
        raise InputError(
            f"{found}. Judgments are finite, or NaN, and symmetric: average both directions, or copy them to the other "
            "half of the matrix if one half alone holds them.",
            where="judgments",
        )


def _shape(values: np.ndarray) -> str:
    """The shape of an array, for messages."""
    return " x ".join(map(str, values.shape)) or "a single number"
