"""Reads the one wanted array of a NumPy, MATLAB or HDF5 file, and no other."""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray
from scipy.io.matlab import MatReadError

from alignment_importance.system import contents
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import nearest
from alignment_importance.system.problems import Problems

#: What NumPy, SciPy and h5py raise on files that are damaged or of another kind.
READING_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    MatReadError,
)

#: Endings of the files that are read.
SUFFIXES = (".npy", ".npz", ".mat", ".h5", ".hdf5")

# What arrays without real numbers hold, by NumPy's kind or MATLAB's class.
_NO_NUMBERS = {
    "O": "cells or objects",
    "V": "struct",
    "U": "text",
    "S": "text",
    "c": "complex numbers",
    "M": "dates",
    "m": "times",
    "cell": "cells or objects",
    "struct": "struct",
    "char": "text",
    "string": "text",
    "sparse": "a sparse matrix",
    "function": "a function",
    "object": "an object",
    "opaque": "an object",
}


@dataclass(frozen=True)
class Stored:
    """An array in a file; it is not read until `read` is called.

    Attributes:
        shape: its dimensions in the order in which NumPy, MATLAB or h5py show them.
        content: what it holds instead of real numbers, such as text or cells; empty if it holds real numbers.
        read: reads it.
    """

    shape: tuple[int, ...]
    content: str
    read: Callable[[], NDArray[Any]]

    def __str__(self) -> str:
        return ("x".join(map(str, self.shape)) or "single") + (f" ({self.content})" if self.content else "")


def stored(path: Path) -> dict[str, Stored]:
    """Find all arrays of a file by name, sorted: .npy (called `array`), .npz, .mat, .h5 or .hdf5 (`group/name`).

    Raises:
        one of `READING_ERRORS`: the file is damaged or of another kind.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        with path.open("rb") as stream:
            shape, of = _header(stream)
        return {"array": Stored(shape, of, lambda: np.load(path, allow_pickle=False))}
    if suffix in (".h5", ".hdf5") or (suffix == ".mat" and h5py.is_hdf5(path)):
        arrays = _in_hdf5(path)
    else:
        arrays = _in_matlab(path) if suffix == ".mat" else _in_archive(path)
    return dict(sorted(arrays.items()))


def wanted(
    path: Path,
    dimensions: Sequence[int],
    key: str | None,
    layout: str,
    problems: Problems,
    vector_remedy: str = "",
    find: Callable[[Path], dict[str, Stored]] = stored,
) -> NDArray[Any] | None:
    """Read the one array of numbers that is wanted; None if there is no such array, which is noted as an error.

    Single numbers and vectors, which have two dimensions in MATLAB too, do not count.

    Args:
        path: the file; if it cannot be read, that is noted as an error too.
        dimensions: the numbers of dimensions that the array may have.
        key: its name; None for the only such array.
        layout: how it should be saved, for messages.
        vector_remedy: what messages add for a file of vectors.
        find: finds the arrays of the file, as `stored` does.
    """
    try:
        arrays = find(path)
        fitting = [
            name
            for name, array in arrays.items()
            if not array.content and len(array.shape) in dimensions and sorted(array.shape)[-2] > 1
        ]
        name = fitting[0] if key is None and len(fitting) == 1 else key
        if name in fitting:
            values = arrays[name].read()
            if values.dtype.kind in "fiub":
                return values
            arrays[name] = replace(arrays[name], content=_NO_NUMBERS[values.dtype.kind])
    except READING_ERRORS as error:
        note_unreadable(problems, path, error)
        return None
    sizes = " or ".join({2: "two", 3: "three", 4: "four"}[number] for number in dimensions)
    what = f"there is no array of numbers called {key!r}" if key else "there is not exactly one array of numbers"
    listed = ", ".join(f"{name} {array}" for name, array in arrays.items()) or "nothing"
    close = nearest(key or "", fitting)
    if close:
        remedy = f"Did you mean {close[0]!r}?"
    elif fitting:
        remedy = "Name the one to read as `key`."
    else:
        is_vector = any(
            not array.content and max(array.shape, default=0) == np.prod(array.shape) > 1 for array in arrays.values()
        )
        remedy = f"Save one as {layout}." + vector_remedy * is_vector
    lacks = "key" if fitting and key is None else ""
    problems.error(path, f"{what} with {sizes} dimensions; there is: {listed}", remedy, lacks=lacks)
    return None


@contextmanager
def reading(path: Path, what: str, remedy: str = "Fetch it again.") -> Iterator[None]:
    """Explain that a file cannot be read as `what` it should be, where NumPy, SciPy or h5py fail on it.

    Raises:
        InputError: the block raised it, or one of `READING_ERRORS`.
    """
    try:
        yield
    except InputError:
        raise
    except READING_ERRORS as error:
        raise InputError(f"cannot be read as {what} ({error}). {remedy}", where=path) from error


def note_unreadable(problems: Problems, path: Path, error: Exception) -> None:
    """Note a file that is damaged, or not of the kind that its ending says."""
    with path.open("rb") as stream:
        what, remedy = contents.recognise(stream.read(4096))
    found = f"it cannot be read as {path.suffix} ({error})" + (f"; {what}" if what else "")
    is_damaged = path.suffix.lower().removeprefix(".") in what.lower()
    remedy = remedy or ("Save it again." if is_damaged else "Save it again, with the ending that fits its content.")
    problems.error(path, found, remedy)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], str]:
    """Read the shape and the content (see `Stored.content`) from the header of an array that NumPy saved."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(stream)
    if version not in readers:  # structs whose fields have names that are not ASCII
        return (), "struct"
    shape, _, dtype = readers[version](stream)
    return shape, _NO_NUMBERS.get(dtype.kind, "")


def _in_archive(path: Path) -> dict[str, Stored]:
    """Find the arrays of a .npz."""

    def read(name: str) -> NDArray[Any]:
        with np.load(path, allow_pickle=False) as archive:
            return archive[name]

    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.endswith(".npy"):
                with archive.open(member) as stream:
                    name = member.removesuffix(".npy")
                    arrays[name] = Stored(*_header(stream), partial(read, name))
    return arrays


def _in_matlab(path: Path) -> dict[str, Stored]:
    """Find the variables of a MATLAB file up to version 7."""

    def read(name: str) -> NDArray[Any]:
        return scipy.io.loadmat(path, variable_names=[name])[name]

    return {
        name: Stored(shape, _NO_NUMBERS.get(kind, ""), partial(read, name))
        for name, shape, kind in scipy.io.whosmat(path)
    }


def _in_hdf5(path: Path) -> dict[str, Stored]:
    """Find the arrays of an HDF5 file. MATLAB 7.3 reverses dimensions, and stores text and objects as numbers."""
    is_matlab = path.suffix.lower() == ".mat"

    def read(name: str) -> NDArray[Any]:
        with h5py.File(path) as file:
            values = np.asarray(file[name][()])
        return values.T if is_matlab else values

    arrays = {}

    def note(name: str, item: h5py.Group | h5py.Dataset) -> None:
        # MATLAB keeps its own data under names that begin with #.
        if not isinstance(item, h5py.Dataset) or item.shape is None or name.startswith("#"):
            return
        of = _NO_NUMBERS.get(item.dtype.kind, "")
        if is_matlab:
            kind = bytes(item.attrs.get("MATLAB_class", b"double")).decode()
            of = of or _NO_NUMBERS.get(kind, "an object" if "MATLAB_object_decode" in item.attrs else "")
        empty = "MATLAB_empty" in item.attrs
        shape = item.shape[::-1] if is_matlab else item.shape
        arrays[name] = Stored((0,) if empty else shape, of, partial(read, name))

    with h5py.File(path) as file:
        file.visititems(note)
    return arrays
