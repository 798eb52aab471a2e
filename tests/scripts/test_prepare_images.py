from pathlib import Path

import numpy as np
import pytest
from checking import list_checked
from PIL import Image

import prepare_images
from alignment_importance.system.errors import InputError
from alignment_importance.system.tables import read_table


def test_the_table_has_a_row_per_image(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, width in (("b", 3), ("007", 4)):
        Image.new("RGB", (width, 2)).save(folder / f"{name}.png")
    (tmp_path / "t.csv").write_text("image,category\nb,fruit\n007,\n")
    checked = list_checked(tmp_path / "files.csv", [*folder.iterdir(), tmp_path / "t.csv"])
    prepare_images.prepare_images(
        folder=folder,
        table=tmp_path / "t.csv",
        background=[1, 2, 3],
        checked=checked,
        output=tmp_path / "out" / "images.csv",
    )
    table = read_table(tmp_path / "out" / "images.csv", ["image", "file", "sha256"])
    assert table[["image", "width", "height"]].to_numpy().tolist() == [["007", 4, 2], ["b", 3, 2]]
    assert np.isnan(table["category"][0]) and table["category"][1] == "fruit"
    assert table["background"].tolist() == ["1 2 3"] * 2
    prepare_images.prepare_images(
        folder=folder, table=None, background=None, checked=checked, output=tmp_path / "images.csv"
    )
    assert read_table(tmp_path / "images.csv")["category"].isna().all()


def test_images_that_changed_or_came_since_they_were_checked_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (3, 2)).save(folder / f"{name}.png")
    checked = list_checked(tmp_path / "files.csv", folder.iterdir())
    Image.new("RGB", (3, 2), (9, 9, 9)).save(folder / "b.png")
    Image.new("RGB", (3, 2)).save(folder / "c.png")
    with pytest.raises(InputError, match=r"/b\.png, .*/c\.png: changed since the inputs were checked"):
        prepare_images.prepare_images(
            folder=folder, table=None, background=None, checked=checked, output=tmp_path / "images.csv"
        )
    assert not (tmp_path / "images.csv").exists()
