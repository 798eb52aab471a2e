"""Labelled arrays (NetCDF) and tables (CSV) on disk: written beside their place, moved there, the same bytes always."""

import errno
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.system import atomic_write
from alignment_importance.system import provenance as record
from alignment_importance.system.errors import InputError

# What the system says when nothing more fits on a disk, into a quota, or into a file; and when nothing may be written.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (*_FULL, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST)

#: Columns that hold names: always text, so that an image called `007` stays `007`.
TEXT_COLUMNS = ("image", "image_a", "image_b", "image_c", "odd", "participant", "file", "sha256", "category")

#: Those of them in which `NaN` is a name as well.
_NAMES = frozenset(TEXT_COLUMNS) - {"category"}


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a path beside `path`; what is written there takes its place at the end, or vanishes after an error.

    What a job left that was killed before the end vanishes when `path` is written again, see `partials`.

    Raises:
        InputError: the disk is full, or nothing may be written there.
    """
    path = Path(path)
    with _beside(path) as partial, _telling(path, _FULL):
        yield partial
        partial.replace(path)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """The same as `atomic` for a folder of files. A folder that is there already is replaced."""
    path = Path(path)
    with _beside(path) as partial, _telling(path, _FULL):
        partial.mkdir()
        yield partial
        if path.exists():
            shutil.rmtree(path)
        partial.replace(path)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV (UTF-8, every digit of a number, NaN spelt `NaN`).

    A job that keeps a record (`provenance.recording`) names it in the last column.
    """
    if (named := record.digest()) is not None:
        digest, file = named
        table = table.assign(**{record.NAME: digest})
        _keep_record(file)
    with atomic(path) as partial:
        table.to_csv(partial, index=False, na_rep="NaN", lineterminator="\n", encoding="utf-8")


def read_table(path: str | Path, required_columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a CSV; columns of names (`TEXT_COLUMNS`) are text.

    Raises:
        InputError: the file is not there, is not a table or lacks one of `required_columns`.
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
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}). Restore the file, or correct its path."
        ) from error
    if not isinstance(table.index, pd.RangeIndex):
        # Pandas takes the first fields for names of the rows.
        raise InputError(
            f"{path}: its lines have more fields than its header. Give every column a name, or quote commas."
        )
    missing = [column for column in required_columns if column not in table.columns]
    if missing:
        raise InputError(
            f"{path}: column {', '.join(missing)} is missing; the header has {', '.join(map(str, table.columns))}. "
            "Rename or add it; columns are separated by commas."
        )
    if record.NAME in table.columns:
        record.note_digests(table.pop(record.NAME).dropna().astype(str))
    return table


def write_netcdf(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a Dataset as NetCDF 4, arrays of numbers compressed.

    A job that keeps a record (`provenance.recording`) writes it into an attribute.
    """
    if (text := record.text()) is not None:
        dataset = dataset.assign_attrs({record.NAME: text})
    encoding = {
        name: {"zlib": True, "complevel": 1, "shuffle": True, "_FillValue": None}
        for name, variable in dataset.data_vars.items()
        if np.issubdtype(variable.dtype, np.number) and variable.ndim > 1
    }
    with atomic(path) as partial:
        dataset.to_netcdf(partial, engine="h5netcdf", encoding=encoding)


def write_streamed(
    dataset: xr.Dataset,
    dims: Mapping[str, tuple[str, ...]],
    blocks: Iterable[Mapping[str, NDArray[np.float32]]],
    path: str | Path,
) -> None:
    """Write a Dataset and more variables that come in blocks and are never in memory as a whole.

    Every place along the first dimension is compressed by itself, so that who needs some of them reads no others.

    Args:
        dataset: has the first dimension of the variables.
        dims: of each of the variables, all with the same first dimension.
        blocks: of every variable the next places along its first dimension, float32.
        path: of the NetCDF. Its record is named as by `write_netcdf`.
    """
    if (text := record.text()) is not None:
        dataset = dataset.assign_attrs({record.NAME: text})
    with atomic(path) as partial:
        dataset.to_netcdf(partial, engine="h5netcdf")
        with h5netcdf.File(partial, "a") as file:
            start = 0
            for block in blocks:
                for name, values in block.items():
                    variable = file.variables[name] if start else _begin(file, name, dims[name], values.shape[1:])
                    variable[start : start + len(values)] = values
                start += len(values)


def _begin(file: h5netcdf.File, name: str, dims: tuple[str, ...], shape: tuple[int, ...]) -> h5netcdf.Variable:
    """Make a variable of which the first dimension is there already and the others have this shape."""
    new = {dim: size for dim, size in zip(dims[1:], shape, strict=True) if dim not in file.dimensions}
    file.dimensions.update(new)
    return file.create_variable(
        name, dims, np.float32, chunks=(1, *shape), compression="gzip", compression_opts=1, shuffle=True
    )


def read_netcdf(path: str | Path) -> xr.Dataset:
    """Read a whole Dataset into memory and close its file."""
    with open_netcdf(path) as dataset:
        return dataset.load()


def open_netcdf(path: str | Path) -> xr.Dataset:
    """Open a Dataset whose variables are read when they are used. The caller closes it.

    Its record becomes part of that of the job, and is no attribute any more.
    """
    dataset = xr.open_dataset(path, engine="h5netcdf")
    if (text := dataset.attrs.pop(record.NAME, None)) is not None:
        record.note_source(text)
    return dataset


def provenance(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What every table says of the network and the observers that it came from, out of the attributes of Datasets."""
    return {
        "weights": attributes["weights"],
        "arithmetic": attributes["arithmetic"],
        "simulated": bool(attributes["simulated"]),
    }


def _keep_record(file: Path) -> None:
    """Write the job's record where its digest leads to; what is there already is the same."""
    if file.exists():
        atomic_write.remove_abandoned(file)
        return
    with atomic(file) as partial:
        partial.write_text(str(record.text()), encoding="utf-8")


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Yield a path beside `path`, whose folder is made if need be."""
    with ExitStack() as stack:
        with _telling(path, _FORBIDDEN):
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = stack.enter_context(atomic_write.beside(path))
        yield partial


@contextmanager
def _telling(path: Path, causes: Collection[int]) -> Iterator[None]:
    """Say what to do about an error of the system with one of these numbers."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        # HDF5 tells the number in its message alone.
        in_message = re.search(r"errno = (\d+)", str(error))
        number = getattr(error, "errno", None) or (int(in_message[1]) if in_message else 0)
        if number not in causes:
            raise
        remedy = "Free some space" if number in _FULL else "Allow writing there"
        raise InputError(
            f"{path}: cannot be written ({os.strerror(number)}), and no part of it is left. {remedy}, or choose "
            "another place with the key `results`."
        ) from error
