from pathlib import Path

import numpy as np
from PIL import Image

import prepare_images
from alignment_importance import arrays


def test_the_table_has_a_row_per_image(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, width in (("b", 3), ("007", 4)):
        Image.new("RGB", (width, 2)).save(folder / f"{name}.png")
    (tmp_path / "t.csv").write_text("image,category\nb,fruit\n007,\n")
    prepare_images.prepare_images(folder=folder, table=tmp_path / "t.csv", output=tmp_path / "out" / "images.csv")
    table = arrays.read_table(tmp_path / "out" / "images.csv", ["image", "file", "sha256"])
    assert table[["image", "width", "height"]].to_numpy().tolist() == [["007", 4, 2], ["b", 3, 2]]
    assert np.isnan(table["category"][0]) and table["category"][1] == "fruit"
    prepare_images.prepare_images(folder=folder, table=None, output=tmp_path / "images.csv")
    assert arrays.read_table(tmp_path / "images.csv")["category"].isna().all()
