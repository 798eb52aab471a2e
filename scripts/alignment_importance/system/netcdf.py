"""Labelled arrays on disk (NetCDF 4): the same Dataset always gives the same bytes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.system import provenance
from alignment_importance.system.atomic_write import atomic
from alignment_importance.system.tables import OF_NETWORK


def write_netcdf(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a Dataset as NetCDF 4, arrays of numbers compressed.

    A job that keeps a record (`provenance.recording`) writes it into an attribute.
    """
    if (text := provenance.text()) is not None:
        dataset = dataset.assign_attrs({provenance.NAME: text})
    encoding = {
        name: {"zlib": True, "complevel": 1, "shuffle": True, "_FillValue": None}
        for name, variable in dataset.data_vars.items()
        if np.issubdtype(variable.dtype, np.number) and variable.ndim > 1
    }
    with atomic(path) as partial:
        dataset.to_netcdf(partial, engine="h5netcdf", encoding=encoding)


#: The next float32 values of every variable along its first dimension.
Block = Mapping[str, NDArray[np.float32]]


@contextmanager
def streaming(
    dataset: xr.Dataset, dims: Mapping[str, tuple[str, ...]], path: str | Path
) -> Iterator[Callable[[Block], None]]:
    """Write a Dataset, and yield a function that writes the next block of further variables to it.

    The values at each place along the first dimension are compressed on their own, unless there is only one, so that
    reading those at some places reads no others.

    Args:
        dataset: has the first dimension of the variables.
        dims: of each of the variables; the first is one of the dataset's, or of a variable begun before.
        path: of the NetCDF. A job's record is written as by `write_netcdf`.
    """
    if (text := provenance.text()) is not None:
        dataset = dataset.assign_attrs({provenance.NAME: text})
    with atomic(path) as partial:
        dataset.to_netcdf(partial, engine="h5netcdf")
        with h5netcdf.File(partial, "a") as file:
            written = dict.fromkeys(dims, 0)

            def write(block: Block) -> None:
                for name, values in block.items():
                    start = written[name]
                    variable = file.variables[name] if start else _begin(file, name, dims[name], values.shape[1:])
                    variable[start : start + len(values)] = values
                    written[name] += len(values)

            yield write


def _begin(file: h5netcdf.File, name: str, dims: tuple[str, ...], shape: tuple[int, ...]) -> h5netcdf.Variable:
    """Create a variable whose first dimension exists already and whose others have the sizes of `shape`."""
    new = {dim: size for dim, size in zip(dims[1:], shape, strict=True) if dim not in file.dimensions}
    file.dimensions.update(new)
    if not shape:
        return file.create_variable(name, dims, np.float32)
    return file.create_variable(
        name, dims, np.float32, chunks=(1, *shape), compression="gzip", compression_opts=1, shuffle=True
    )


def read_netcdf(path: str | Path) -> xr.Dataset:
    """Read a whole Dataset into memory and close its file."""
    with open_netcdf(path) as dataset:
        return dataset.load()


def open_netcdf(path: str | Path) -> xr.Dataset:
    """Open a Dataset whose variables are read when they are used, its coordinates at once. The caller closes it.

    The devices and weights of its record are added to the job's record, and the attribute is removed.
    """
    dataset = xr.open_dataset(path, engine="h5netcdf")
    # Otherwise every image's size is looked up in the file, which takes as long as reading its map.
    for coordinate in dataset.coords.values():
        coordinate.load()
    if (text := dataset.attrs.pop(provenance.NAME, None)) is not None:
        provenance.note_source(text)
    return dataset


def origin_columns(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the columns `tables.ORIGIN`, taken from the attributes of a Dataset."""
    return {name: attributes[name] for name in OF_NETWORK} | {"simulated": bool(attributes["simulated"])}
