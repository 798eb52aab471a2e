"""The overlay of every image, as files."""

import logging
from pathlib import Path

import image_sets
import numpy as np
import pytest
from drawing import write_heatmaps
from PIL import Image

from alignment_importance.maps.heatmaps import place
from alignment_importance.report.overlays import Scale, draw_overlays, overlay
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


def drawn_into(folder: Path, values: np.ndarray, listed: Path, scale: Scale) -> Path:
    """Draw the overlays of heatmaps (image, y, x) of the listed images."""
    write_heatmaps(folder.with_suffix(".nc"), values, simulated=True)
    folder.mkdir()
    draw_overlays(read_netcdf(folder.with_suffix(".nc")), read_table(listed), folder, scale)
    return folder


def test_one_png_per_image_at_its_own_size(listed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    values = np.arange(8.0).reshape(2, 2, 2)
    values[0] = np.nan
    one, again = (drawn_into(tmp_path / name, values, listed, "image") for name in ("one", "again"))
    assert sorted(file.name for file in one.iterdir()) == ["007.png", "é b.c.png"]
    for name, size in (("007", (12, 8)), ("é b.c", (6, 10))):
        with Image.open(one / f"{name}.png") as picture:
            assert (picture.size, picture.mode) == (size, "RGB")
        assert (again / f"{name}.png").read_bytes() == (one / f"{name}.png").read_bytes()
    crossed = overlay(image_sets.read_image(tmp_path / "images" / "007.png"), np.full((8, 12), np.nan))
    np.testing.assert_array_equal(image_sets.read_image(one / "007.png"), crossed)
    assert "no heatmap, crossed out: 007" in caplog.text


def test_on_one_scale_the_weaker_heatmap_stays_darker(
    listed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    values = np.stack([np.arange(4.0).reshape(2, 2), np.arange(4.0).reshape(2, 2) / 10])
    own = drawn_into(tmp_path / "own", values, listed, "image")
    with caplog.at_level(logging.INFO):
        shared = drawn_into(tmp_path / "shared", values, listed, "set")
    strong, weak = ([(folder / f"{name}.png").read_bytes() for folder in (own, shared)] for name in ("007", "é b.c"))
    assert strong[0] == strong[1]  # it spans the shared scale
    assert weak[0] != weak[1]
    heatmap = place(values[1], 6, 10, "whole")
    expected = overlay(image_sets.read_image(tmp_path / "images" / "é b.c.png"), heatmap, (0.0, 3.0))
    np.testing.assert_array_equal(image_sets.read_image(shared / "é b.c.png"), expected)
    assert "from 0 (clear) to 3 (bright)" in caplog.text
