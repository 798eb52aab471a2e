from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.system.netcdf import write_netcdf
from alignment_importance.system.tables import read_table, write_table
from measure_overlap import measure_overlap


def test_files_in_tables_out(tmp_path: Path) -> None:
    sizes = {"image": ["007", "é b.c"], "width": ("image", [6, 5]), "height": ("image", [4, 6])}
    values = np.random.default_rng(1).random((4, 2, 6, 6), dtype=np.float32)
    values[0, 0] = np.nan
    dims = ("image", "y", "x")
    maps = {"heatmap": (dims, values[0]), "activation_mean": (dims, values[1])}
    attrs = {
        "resize": "whole",
        "weights": "random weights (seed 1)",
        "arithmetic": "float32",
        "ablation": "zero",
        "simulated": 1,
    }
    write_netcdf(xr.Dataset(maps, coords=sizes, attrs=attrs), tmp_path / "heatmaps.nc")
    write_netcdf(xr.Dataset({"saliency": (dims, values[2])}, coords=sizes), tmp_path / "saliency.nc")
    images = pd.DataFrame({"image": ["é b.c", "007"], "category": ["b", np.nan]})
    write_table(images, tmp_path / "images.csv")
    settings = {"top_percent": [10, 50], "target_percent": [20], "relative_risk_percent": [10], "spread": 0.235}
    for name in ("one", "two"):
        measure_overlap(
            heatmaps=tmp_path / "heatmaps.nc",
            saliency={"gaze": tmp_path / "saliency.nc", "other": tmp_path / "saliency.nc"},
            images=tmp_path / "images.csv",
            settings={**settings, "resamples": 20, "seed": 1},
            **{
                table: {kind: tmp_path / name / table / f"{kind}.csv" for kind in ("gaze", "other")}
                for table in ("overlap", "scores", "summary")
            },
        )
    table = read_table(tmp_path / "one" / "overlap" / "gaze.csv")
    assert table["image"].unique().tolist() == ["007", "é b.c"]
    assert len(table) == 2 * 4 * 2 * 4
    assert set(table["weights"]) == {"random weights (seed 1)"} and table["simulated"].all()
    assert table.query("image == '007' and baseline == 'observed'")["precision"].isna().all()
    assert table.query("image == 'é b.c' and baseline == 'observed'")["precision"].notna().all()
    summary = read_table(tmp_path / "one" / "summary" / "gaze.csv")
    assert set(summary["category"]) == {"all images"}  # a single category is no group of its own
    assert summary.query("measure == 'cc' and baseline == 'observed'")["n_images"].tolist() == [1]
    for file in ("overlap", "scores", "summary"):
        contents = {
            (tmp_path / name / file / f"{kind}.csv").read_bytes()
            for name in ("one", "two")
            for kind in ("gaze", "other")
        }
        assert len(contents) == 1
