from pathlib import Path

import numpy as np
import xarray as xr

from alignment_importance.system.netcdf import read_netcdf, write_netcdf
from make_heatmaps import make_heatmaps


def test_files_in_file_out_the_same_bytes(tmp_path: Path) -> None:
    ids = ["né 1", "b.c"]
    sizes = {"image": ids, "width": ("image", [5, 6]), "height": ("image", [7, 8])}
    maps = xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), np.arange(16, dtype=np.float32).reshape(2, 2, 2, 2))},
        coords=sizes,
        attrs={"resize": "pad"},
    )
    ais = xr.Dataset({"ais": (("image", "feature_map"), [[1.0, 1.0], [-1.0, 3.0]])}, coords={"image": ids[::-1]})
    write_netcdf(maps, tmp_path / "maps.nc")
    write_netcdf(ais, tmp_path / "scores.nc")
    for name in ("one.nc", "two.nc"):
        make_heatmaps(activations=tmp_path / "maps.nc", scores=tmp_path / "scores.nc", output=tmp_path / name)
    result = read_netcdf(tmp_path / "one.nc")
    np.testing.assert_array_equal(result.heatmap.sel(image="né 1"), [[4, 5], [6, 7]])
    np.testing.assert_array_equal(result.heatmap.sel(image="b.c"), [[10, 11], [12, 13]])
    assert (int(result.heatmap.sel(image="b.c").width), result.attrs["resize"]) == (6, "pad")
    assert (tmp_path / "one.nc").read_bytes() == (tmp_path / "two.nc").read_bytes()
