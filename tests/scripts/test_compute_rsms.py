from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr

from alignment_importance.system import compute
from alignment_importance.system.netcdf import read_netcdf, write_netcdf
from alignment_importance.system.tables import write_table
from compute_rsms import compute_rsms


def test_files_in_file_out_the_same_bytes(tmp_path: Path) -> None:
    ids = ["007", "é b", "c"]
    readout = np.array([[1, 0, 2], [0, 4, 1], [2, 2, 1]], dtype=np.float32)
    recorded = xr.Dataset(
        {
            "feature_maps": (("image", "feature_map", "y", "x"), readout[:, :, None, None]),
            "readout": (("image", "unit"), readout),
        },
        coords={"image": ids},
        attrs={"route": "pooled", "weights": "random weights (seed 1)", "arithmetic": "float32"},
    )
    human = xr.Dataset(
        {"similarity": (("participant", "image", "image_b"), np.ones((1, 3, 3)))},
        coords={"image": ids, "image_b": ids},
        attrs={"simulated": 1},
    )
    write_netcdf(recorded, tmp_path / "maps.nc")
    write_netcdf(human, tmp_path / "judgments.nc")
    write_table(pd.DataFrame({"feature_map": [0, 1, 2], "rank": [2, 3, 1]}), tmp_path / "all.csv")
    write_table(pd.DataFrame({"k_retained": [1, 2, 3]}), tmp_path / "prediction.csv")
    for name in ("one.nc", "two.nc"):
        compute_rsms(
            recorded=tmp_path / "maps.nc",
            judged=tmp_path / "judgments.nc",
            ranking=tmp_path / "all.csv",
            prediction=tmp_path / "prediction.csv",
            network={},
            similarity="cosine",
            resources=compute.Compute(torch.device("cpu"), 1, 10**8),
            output=tmp_path / name,
        )
    made = read_netcdf(tmp_path / "one.nc")
    # Maps 0 and 2 are kept: the rows (1, 0, 2), (0, 0, 1) and (2, 0, 1).
    np.testing.assert_allclose(made["retained"].sel(image="é b"), [2 / 5**0.5, 1, 1 / 5**0.5])
    assert made.attrs["n_retained"] == 2
    assert (tmp_path / "one.nc").read_bytes() == (tmp_path / "two.nc").read_bytes()
