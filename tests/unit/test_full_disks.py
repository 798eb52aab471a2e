"""Full disks and folders that cannot be written to: the message says so, and no partial file is left."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alignment_importance.system.atomic_write import atomic, atomic_folder
from alignment_importance.system.errors import InputError
from alignment_importance.system.tables import write_table

ROOT = Path(__file__).resolve().parents[2]


def test_a_table_that_does_not_fit_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """Files of this process are limited to 1000 bytes for a while."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(
            InputError, match=r"t\.csv: cannot be written \(File too large\); no partial file was left behind"
        ):
            write_table(pd.DataFrame({"a": np.arange(5000)}), tmp_path / "t.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_that_does_not_fit_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """In a process of its own, since HDF5 keeps trying to write when the interpreter ends."""
    program = """
import os, resource, sys
sys.path.insert(0, "scripts")
import numpy as np, xarray as xr
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import write_netcdf
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
noise = np.random.default_rng(1).random((300, 300))
try:
    write_netcdf(xr.Dataset({"a": (("x", "y"), noise)}), sys.argv[1])
except InputError as error:
    print(error, flush=True)
os._exit(0)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "d.nc")]
    # HDF5 crashes the process when it cannot close its file; the message has been printed by then.
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "d.nc: cannot be written (File too large); no partial file was left behind. Free some space" in answer.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "full"), "No space left on device); no partial file was left behind. Free some space"),
        (OSError(errno.EDQUOT, "quota"), "Free some space, or choose another place with the key `results`"),
        (RuntimeError("file write failed: errno = 28, error message = ..."), "(No space left on device)"),
    ],
)
def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path: Path, error: Exception, said: str) -> None:
    (tmp_path / "t.csv").write_text("before")
    with pytest.raises(InputError) as caught, atomic(tmp_path / "t.csv") as partial:
        partial.write_text("half")
        raise error
    assert said in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]
    assert (tmp_path / "t.csv").read_text() == "before"


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_to_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(
        InputError, match=r"t\.csv: cannot be written \(.*\); .* Allow writing there, or choose another"
    ):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "t.csv")
    with pytest.raises(InputError, match="maps: cannot be written"), atomic_folder(tmp_path / "maps"):
        pass


def test_other_errors_are_not_blamed_on_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic(tmp_path / "t.csv"):
        (tmp_path / "nowhere").read_text()
