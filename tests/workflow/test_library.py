"""The library called from Python gives what the workflow writes."""

from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

import alignment_importance as ai
from alignment_importance.inputs import judgments
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


@pytest.mark.parametrize("comparison", ["matrix", "pairs"])
def test_what_the_workflow_writes_is_what_the_library_gives(finished: Path, comparison: str) -> None:
    results = finished / "results"
    view = f"{comparison}/resnet18"
    recorded = read_netcdf(results / "activations/tiny/resnet18.nc")
    ratings = read_netcdf(results / f"inputs/{comparison}/judgments.nc")
    ids = ratings["image"].to_numpy().tolist()
    people = pd.DataFrame(judgments.mean(ratings, ids), ids, ids)
    maps, readout = recorded["feature_maps"].sel(image=ids), recorded["readout"].sel(image=ids)

    pd.testing.assert_frame_equal(
        ai.score(readout, people), read_table(results / f"rankings/{view}/all.csv")[["feature_map", "ais", "rank"]]
    )
    curves = ai.curves(readout, people, folds=3, seed=2)
    pd.testing.assert_frame_equal(curves, read_table(results / f"curves/{view}/seed-2.csv")[list(curves)])
    full = read_netcdf(results / f"rsm/{view}.nc")["full"]
    xr.testing.assert_equal(ai.rsm(readout), full)
    # The library takes the mean over places once more, so that these agree only up to rounding.
    heatmaps = read_netcdf(results / f"heatmaps/{view}.nc")["heatmap"]
    xr.testing.assert_allclose(ai.heatmaps(maps, people), heatmaps.drop_vars(["width", "height"]), rtol=1e-4)
    pairs = read_netcdf(results / f"pairs/{view}.nc")
    for number in (0, -1):
        pair = pairs.isel(pair=number)
        explained = ai.explain_pair(maps, people, pair["image"].item(), pair["image_b"].item())
        xr.testing.assert_allclose(explained, pair[list(explained)], rtol=1e-4, atol=1e-6)
