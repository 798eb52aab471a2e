import hashlib
from pathlib import Path

import numpy as np
import xarray as xr

from alignment_importance.system.netcdf import open_netcdf, read_netcdf, write_netcdf


def _maps() -> xr.Dataset:
    values = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    values[0, 0, 0] = np.nan
    return xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y"), values)},
        coords={"image": np.array(["007", "b"], dtype=object), "width": ("image", [20, 30])},
        attrs={"weights": "random weights (seed 1)"},
    )


def test_a_dataset_comes_back_as_it_was(tmp_path: Path) -> None:
    write_netcdf(_maps(), tmp_path / "a.nc")
    read = read_netcdf(tmp_path / "a.nc")
    xr.testing.assert_identical(read.assign_coords(image=read["image"].astype(object)), _maps())
    assert read["feature_maps"].dtype == np.float32
    assert all(isinstance(image, str) for image in read["image"].to_numpy().tolist())


def test_the_same_dataset_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for name in ("a.nc", "b.nc"):
        write_netcdf(_maps(), tmp_path / name)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_an_opened_dataset_reads_what_is_asked_of_it(tmp_path: Path) -> None:
    write_netcdf(_maps(), tmp_path / "a.nc")
    with open_netcdf(tmp_path / "a.nc") as opened:
        assert opened["feature_maps"].sel(image="b").to_numpy().tolist() == [[6, 7], [8, 9], [10, 11]]
    # Coordinates are read at once, and known even when the file is gone.
    assert opened["width"].to_numpy().tolist() == [20, 30]
