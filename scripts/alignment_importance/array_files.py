"""Files of plain arrays that users bring: NumPy's and MATLAB's."""

import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray
from scipy.io.matlab import MatReadError

#: What NumPy, SciPy and h5py raise on files that are damaged or of another kind.
READING_ERRORS = (OSError, ValueError, TypeError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, MatReadError)


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a .npy (called `array`), .npz or .mat file by name, with MATLAB's order of dimensions.

    Raises:
        one of `READING_ERRORS`: the file is damaged or of another kind.
    """
    if path.suffix.lower() == ".mat":
        return _read_hdf5(path) if h5py.is_hdf5(path) else _read_matlab(path)
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return {"array": loaded}
    with loaded:
        return {name: loaded[name] for name in loaded.files}


def _read_matlab(path: Path) -> dict[str, NDArray[Any]]:
    return {name: value for name, value in scipy.io.loadmat(path).items() if isinstance(value, np.ndarray)}


def _read_hdf5(path: Path) -> dict[str, NDArray[Any]]:
    """Read a MATLAB 7.3 file, which stores dimensions in reverse and text as numbers."""
    with h5py.File(path) as file:
        return {
            name: np.asarray(item[()]).T
            for name, item in file.items()
            if isinstance(item, h5py.Dataset) and item.attrs.get("MATLAB_class", b"double") != b"char"
        }
