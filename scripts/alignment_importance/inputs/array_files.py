"""Files of plain arrays that users bring: NumPy's and MATLAB's."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray
from scipy.io.matlab import MatReadError

from alignment_importance.system import contents
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


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a .npy (called `array`), .npz, .mat, .h5 or .hdf5 file by name (`group/name` in HDF5).

    Dimensions have the order in which NumPy, MATLAB or h5py show them.

    Raises:
        one of `READING_ERRORS`: the file is damaged or of another kind.
    """
    if path.suffix.lower() == ".mat":
        return _read_matlab_hdf5(path) if h5py.is_hdf5(path) else _read_matlab(path)
    if path.suffix.lower() in (".h5", ".hdf5"):
        return _read_hdf5(path)
    if path.suffix.lower() == ".npy":
        with path.open("rb") as stream:
            return {"array": np.lib.format.read_array(stream, allow_pickle=False)}
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        raise ValueError("it holds one array without a name")
    with loaded:
        return {name: loaded[name] for name in loaded.files}


def note_unreadable(problems: Problems, path: Path, error: Exception) -> None:
    """Note a file that is damaged or not what its ending says."""
    with path.open("rb") as stream:
        what, remedy = contents.recognise(stream.read(4096))
    # What NumPy says of pickles tells how to open them all the same, which can run any program.
    reason = "it holds Python objects, which are not read, or is damaged" if "pickle" in str(error) else str(error)
    found = f"it cannot be read as {path.suffix} ({reason})" + (f"; {what}" if what else "")
    problems.error(path, found, remedy or "Save it again, with the ending that fits its content.")


def _read_matlab(path: Path) -> dict[str, NDArray[Any]]:
    return {name: value for name, value in scipy.io.loadmat(path).items() if isinstance(value, np.ndarray)}


def _read_hdf5(path: Path) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}

    def keep(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            found[name] = np.asarray(item[()])

    with h5py.File(path) as file:
        file.visititems(keep)
    return found


def _read_matlab_hdf5(path: Path) -> dict[str, NDArray[Any]]:
    """Read a MATLAB 7.3 file, which stores dimensions in reverse and text as numbers."""
    with h5py.File(path) as file:
        return {
            name: np.asarray(item[()]).T
            for name, item in file.items()
            if isinstance(item, h5py.Dataset) and item.attrs.get("MATLAB_class", b"double") != b"char"
        }
