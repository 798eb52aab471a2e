import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alignment_importance.inputs.images import examination
from alignment_importance.system.errors import InputError
from alignment_importance.system.tables import read_table
from prepare_images import prepare_images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two images of different sizes."""
    (tmp_path / "images").mkdir()
    for name, width in (("b", 3), ("007", 4)):
        Image.new("RGB", (width, 2)).save(tmp_path / "images" / f"{name}.png")
    return tmp_path / "images"


def prepare(folder: Path, table: Path | None = None, background: Sequence[int] | None = None) -> None:
    """Prepare the images of a folder; the outputs are in the folder `out` beside it."""
    files = {name: folder.parent / "out" / f"{name}.csv" for name in ("listed", "checks", "files")}
    prepare_images(folder, table, background, threads=2, **files)


def test_the_table_has_a_row_per_image(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "t.csv").write_text("image,category\nb,fruit\n007,\n")
    prepare(folder, tmp_path / "t.csv", [1, 2, 3])
    table = read_table(tmp_path / "out/listed.csv")
    assert table.columns.tolist() == list(examination.COLUMNS)
    assert table[["image", "width", "height"]].to_numpy().tolist() == [["007", 4, 2], ["b", 3, 2]]
    assert np.isnan(table["category"][0]) and table["category"][1] == "fruit"
    assert table["background"].tolist() == ["1 2 3"] * 2
    prepare(folder)
    table = read_table(tmp_path / "out/listed.csv")
    assert table["category"].isna().all()
    assert table["background"].tolist() == ["128 128 128"] * 2


def test_what_was_read_and_found_is_kept(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "t.csv").write_text("image,kind\nb,fruit\n007,\n")
    prepare(folder, tmp_path / "t.csv")
    read = read_table(tmp_path / "out/files.csv")
    assert read["file"].tolist() == [str(folder / "007.png"), str(folder / "b.png"), str(tmp_path / "t.csv")]
    assert read["sha256"].tolist() == [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in read["file"]]
    found = read_table(tmp_path / "out/checks.csv")
    assert set(found["level"]) == {"warning"}
    assert "there is no column category, only image, kind" in found["found"].tolist()
    assert "images of a single colour: 007.png, b.png" in found["found"].tolist()


def test_all_mistakes_are_told_at_once_and_nothing_is_written(tmp_path: Path, folder: Path) -> None:
    (folder / "b.png").write_bytes(b"no image")
    (tmp_path / "t.csv").write_text("image\n007\n")
    with pytest.raises(InputError) as caught:
        prepare(folder, tmp_path / "t.csv")
    assert f"{folder / 'b.png'}: cannot be decoded as an image" in str(caught.value)
    assert "images without a row: b. Add a row for each." in str(caught.value)
    assert not (tmp_path / "out").exists()
