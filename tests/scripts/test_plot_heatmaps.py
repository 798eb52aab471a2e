from pathlib import Path

import numpy as np
import xarray as xr
from drawing import IDS, Drawn, write_heatmaps

from alignment_importance.system.netcdf import write_netcdf
from plot_heatmaps import plot_heatmaps


def test_images_are_joined_by_id_and_ordered_by_alignment(drawn: Drawn, listed: Path, tmp_path: Path) -> None:
    write_heatmaps(tmp_path / "heatmaps.nc", np.arange(8.0).reshape(2, 2, 2), simulated=True)
    scores = xr.Dataset({"alignment": ("image", [0.25, 0.5])}, coords={"image": IDS[::-1]})
    write_netcdf(scores, tmp_path / "scores.nc")
    plot_heatmaps(
        heatmaps=tmp_path / "heatmaps.nc",
        scores=tmp_path / "scores.nc",
        images=listed,
        comparison="a.b",
        model="net.1",
        png=tmp_path / "h.png",
        pdf=tmp_path / "h.pdf",
    )
    titles = [axes.get_title(loc="left") for axes in drawn.figure.axes if axes.get_title(loc="left")]
    assert titles == ["007\nr = 0.50", "é b.c\nr = 0.25"]
    shapes = [np.asarray(axes.images[0].get_array()).shape for axes in drawn.figure.axes if axes.images]
    assert shapes == [(8, 12, 3), (10, 6, 3), (8, 12, 3), (10, 6, 3)]
    assert "a.b (simulated observers), net.1 (random weights (seed 1))" in drawn.texts()
