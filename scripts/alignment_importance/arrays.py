"""Labelled arrays (NetCDF) and tables (CSV) on disk: written beside their place, moved there, the same bytes always."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.errors import InputError

#: Columns that hold names: always text, so that an image called `007` stays `007`.
TEXT_COLUMNS = ("image", "image_a", "image_b", "image_c", "odd", "participant", "file", "sha256", "category")

#: Those of them in which `NaN` is a name as well.
_NAMES = frozenset(TEXT_COLUMNS) - {"category"}


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a path beside `path`; what is written there takes its place at the end, or vanishes after an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o666 & ~_umask())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """The same as `atomic` for a folder of files. A folder that is there already is replaced."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield partial
        partial.chmod(0o777 & ~_umask())
        if path.exists():
            shutil.rmtree(path)
        partial.replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV (UTF-8, every digit of a number, NaN spelt `NaN`)."""
    with atomic(path) as partial:
        table.to_csv(partial, index=False, na_rep="NaN", lineterminator="\n", encoding="utf-8")


def read_table(path: str | Path, required_columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a CSV; columns of names (`TEXT_COLUMNS`) are text.

    Raises:
        InputError: the file is not a table or lacks one of `required_columns`.
    """
    text = dict.fromkeys(TEXT_COLUMNS, "str")
    try:
        # An image may be called NaN; only a category may be missing.
        header = pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
        unset = {column: [] if column in _NAMES else ["NaN"] for column in header}
        table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=unset, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read as a CSV table ({error}). Save it as comma-separated UTF-8."
        ) from error
    missing = [column for column in required_columns if column not in table.columns]
    if missing:
        raise InputError(
            f"{path}: column {', '.join(missing)} is missing; the header has {', '.join(map(str, table.columns))}."
        )
    return table


def write_netcdf(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a Dataset as NetCDF 4, floating-point variables compressed."""
    encoding = {
        name: {"zlib": True, "complevel": 1, "shuffle": True, "_FillValue": None}
        for name, variable in dataset.data_vars.items()
        if np.issubdtype(variable.dtype, np.floating) and variable.ndim > 1
    }
    with atomic(path) as partial:
        dataset.to_netcdf(partial, engine="h5netcdf", encoding=encoding)


def read_netcdf(path: str | Path) -> xr.Dataset:
    """Read a whole Dataset into memory and close its file."""
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        return dataset.load()


def open_netcdf(path: str | Path) -> xr.Dataset:
    """Open a Dataset whose variables are read when they are used. The caller closes it."""
    return xr.open_dataset(path, engine="h5netcdf")


def provenance(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What every table says of the network and the observers that it came from, out of the attributes of Datasets."""
    return {
        "weights": attributes["weights"],
        "arithmetic": attributes["arithmetic"],
        "simulated": bool(attributes["simulated"]),
    }


def _umask() -> int:
    """The process's mask of file permissions, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
