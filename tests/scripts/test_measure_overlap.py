from pathlib import Path

import numpy as np
import xarray as xr

from alignment_importance import arrays
from measure_overlap import measure_overlap


def test_files_in_table_out(tmp_path: Path) -> None:
    sizes = {"image": ["007", "é b.c"], "width": ("image", [6, 5]), "height": ("image", [4, 6])}
    values = np.random.default_rng(1).random((4, 2, 6, 6), dtype=np.float32)
    values[0, 0] = np.nan
    dims = ("image", "y", "x")
    maps = {"heatmap": (dims, values[0]), "activation_mean": (dims, values[1])}
    attrs = {"resize": "whole", "weights": "random weights (seed 1)", "arithmetic": "float32", "simulated": 1}
    arrays.write_netcdf(xr.Dataset(maps, coords=sizes, attrs=attrs), tmp_path / "heatmaps.nc")
    arrays.write_netcdf(xr.Dataset({"saliency": (dims, values[2])}, coords=sizes), tmp_path / "saliency.nc")
    for name in ("one.csv", "two.csv"):
        measure_overlap(
            heatmaps=tmp_path / "heatmaps.nc",
            saliency=tmp_path / "saliency.nc",
            top_percent=[10, 50],
            target_percent=[20],
            output=tmp_path / name,
        )
    table = arrays.read_table(tmp_path / "one.csv")
    assert table["image"].unique().tolist() == ["007", "é b.c"]
    assert len(table) == 2 * 3 * 2 * 2
    assert set(table["weights"]) == {"random weights (seed 1)"} and table["simulated"].all()
    assert table.query("image == '007' and baseline == 'observed'")["precision"].isna().all()
    assert table.query("image == 'é b.c' and baseline == 'observed'")["precision"].notna().all()
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
