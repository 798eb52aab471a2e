from pathlib import Path

import numpy as np
from PIL import Image

from shrink_figure import shrink_figure


def test_a_figure_keeps_its_shape_and_its_colours(tmp_path: Path) -> None:
    pixels = np.zeros((1200, 2000, 3), dtype=np.uint8)
    pixels[:, 1000:] = (0, 230, 0)
    Image.fromarray(pixels).save(tmp_path / "figure.png")
    shrink_figure(tmp_path / "figure.png", tmp_path / "picture.webp")
    with Image.open(tmp_path / "picture.webp") as picture:
        assert (picture.format, picture.size) == ("WEBP", (1000, 600))
        small = np.asarray(picture.convert("RGB")).astype(int)
    assert abs(small[300, 100]).max() <= 3
    assert abs(small[300, 900] - (0, 230, 0)).max() <= 3
