from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from drawing import IDS, Drawn, write_heatmaps

from alignment_importance import arrays
from measure_overlap import measure_overlap
from plot_overlap import plot_overlap


def test_what_is_measured_is_drawn_per_saliency_map(drawn: Drawn, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    write_heatmaps(tmp_path / "heatmaps.nc", rng.random((2, 2, 2)), simulated=True)
    for name in ("one", "two"):
        maps = xr.Dataset(
            {"saliency": (("image", "y", "x"), rng.random((2, 10, 12), dtype=np.float32))},
            coords={"image": IDS, "width": ("image", [12, 6]), "height": ("image", [8, 10])},
        )
        arrays.write_netcdf(maps, tmp_path / f"{name}.nc")
        measure_overlap(
            heatmaps=tmp_path / "heatmaps.nc",
            saliency=tmp_path / f"{name}.nc",
            top_percent=[10, 20, 50],
            target_percent=[10, 20],
            output=tmp_path / f"{name}.csv",
        )
    plot_overlap(
        overlaps={"first": tmp_path / "one.csv", "second": tmp_path / "two.csv"},
        comparison="a.b",
        model="net.1",
        png=tmp_path / "o.png",
        pdf=tmp_path / "o.pdf",
    )
    table = arrays.read_table(tmp_path / "two.csv")
    expected = table.query("baseline == 'observed' and direction == 'saliency_predicts_ais' and target_percent == 20")
    precision = drawn.figure.axes[3]  # the second row of three
    drawn_lines = [np.asarray(line.get_ydata(), dtype=float) for line in precision.lines]
    means = expected.groupby("top_percent")["precision"].mean().to_numpy()
    assert any(len(line) == 3 and line == pytest.approx(means) for line in drawn_lines)
    assert precision.get_title(loc="left") == "second"
    assert "a.b (simulated observers), net.1 (random weights (seed 1))" in drawn.texts()
