import logging
from pathlib import Path

import numpy as np
import pytest
from drawing import write_heatmaps
from PIL import Image

from alignment_importance.inputs import images
from alignment_importance.report import figures
from alignment_importance.report.figures import style
from draw_overlays import draw_overlays


def test_one_png_per_image_at_its_own_size(listed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    values = np.arange(8.0).reshape(2, 2, 2)
    values[0] = np.nan
    write_heatmaps(tmp_path / "heatmaps.nc", values, simulated=True)
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays" / "old.png").touch()
    with caplog.at_level(logging.INFO):
        for folder in ("overlays", "again"):
            draw_overlays(heatmaps=tmp_path / "heatmaps.nc", images=listed, output=tmp_path / folder)
    assert sorted(file.name for file in (tmp_path / "overlays").iterdir()) == ["007.png", "é b.c.png"]
    for name, size in (("007", (12, 8)), ("é b.c", (6, 10))):
        with Image.open(tmp_path / "overlays" / f"{name}.png") as overlay:
            assert (overlay.size, overlay.mode) == (size, "RGB")
        assert (tmp_path / "again" / f"{name}.png").read_bytes() == (tmp_path / "overlays" / f"{name}.png").read_bytes()
    crossed = figures.overlay(images.read_image(tmp_path / "images" / "007.png"), np.full((8, 12), np.nan))
    np.testing.assert_array_equal(images.read_image(tmp_path / "overlays" / "007.png"), crossed)
    assert "no heatmap, crossed out: 007" in caplog.text


def test_on_one_scale_the_weaker_heatmap_stays_darker(
    listed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    values = np.stack([np.arange(4.0).reshape(2, 2), np.arange(4.0).reshape(2, 2) / 10])
    write_heatmaps(tmp_path / "heatmaps.nc", values, simulated=True)
    files = {"heatmaps": tmp_path / "heatmaps.nc", "images": listed}
    draw_overlays(**files, output=tmp_path / "own")
    with style.page({"heatmap_scale": "set"}), caplog.at_level(logging.INFO):
        draw_overlays(**files, output=tmp_path / "shared")
    strong, weak = (
        [(tmp_path / folder / f"{name}.png").read_bytes() for folder in ("own", "shared")] for name in ("007", "é b.c")
    )
    assert strong[0] == strong[1]  # it has the whole range
    assert weak[0] != weak[1]
    heatmap = figures.heat.place(values[1], 6, 10, "whole")
    expected = figures.overlay(images.read_image(tmp_path / "images" / "é b.c.png"), heatmap, (0.0, 3.0))
    np.testing.assert_array_equal(images.read_image(tmp_path / "shared" / "é b.c.png"), expected)
    assert "from 0 (clear) to 3 (bright)" in caplog.text
