import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alignment_importance.system.atomic_write import atomic, atomic_folder
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import open_netcdf, read_netcdf, write_netcdf
from alignment_importance.system.tables import read_table, write_table


def _maps() -> xr.Dataset:
    values = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    values[0, 0, 0] = np.nan
    return xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y"), values)},
        coords={"image": np.array(["007", "b"], dtype=object), "width": ("image", [20, 30])},
        attrs={"weights": "random weights (seed 1)"},
    )


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["007", "NA", "ä,b"], "ais": [0.1, np.nan, 1e-300]})
    write_table(table, tmp_path / "new" / "t.csv")
    assert (tmp_path / "new" / "t.csv").read_bytes() == 'image,ais\n007,0.1\nNA,NaN\n"ä,b",1e-300\n'.encode()
    read = read_table(tmp_path / "new" / "t.csv", ["image", "ais"])
    assert read["image"].tolist() == ["007", "NA", "ä,b"]
    np.testing.assert_array_equal(read["ais"], table["ais"])


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,score\na,1\n")
    with pytest.raises(
        InputError, match=r"t\.csv: column ais, rank is missing; the header has image, score\. Rename or"
    ):
        read_table(tmp_path / "t.csv", ["image", "ais", "rank"])


@pytest.mark.parametrize("content", [b"", b"image,a\nx,1\ny,1,2,3\n", b"image\n\xff\xfe\xe4\n"])
def test_what_is_no_table_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"t\.csv: cannot be read as a CSV table"):
        read_table(tmp_path / "t.csv")


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"t\.csv: cannot be read \(No such file or directory\)\. Restore the file, or"
    ):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize("content", ["image,category\na,tool,\nb,tool,\n", "image\na,tool\nb,face\n"])
def test_fields_without_a_column_are_told(tmp_path: Path, content: str) -> None:
    """Not taken for names of rows, which would move all others by one."""
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError, match=r"t\.csv: its lines have more fields than its header\. Give every column"):
        read_table(tmp_path / "t.csv")


def test_a_dataset_comes_back_as_it_was(tmp_path: Path) -> None:
    write_netcdf(_maps(), tmp_path / "a.nc")
    read = read_netcdf(tmp_path / "a.nc")
    xr.testing.assert_identical(read.assign_coords(image=read["image"].astype(object)), _maps())
    assert read["feature_maps"].dtype == np.float32
    assert all(isinstance(image, str) for image in read["image"].to_numpy().tolist())


def test_the_same_dataset_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for name in ("a.nc", "b.nc"):
        write_netcdf(_maps(), tmp_path / name)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_an_opened_dataset_reads_what_is_asked_of_it(tmp_path: Path) -> None:
    write_netcdf(_maps(), tmp_path / "a.nc")
    with open_netcdf(tmp_path / "a.nc") as opened:
        assert opened["feature_maps"].sel(image="b").to_numpy().tolist() == [[6, 7], [8, 9], [10, 11]]


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic(target) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert [file.name for file in tmp_path.iterdir()] == ["out.txt"]
    assert target.read_text() == "old"


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    with atomic_folder(target) as partial:
        (partial / "one").write_text("1")
    with pytest.raises(RuntimeError), atomic_folder(target) as partial:
        (partial / "two").write_text("2")
        raise RuntimeError
    assert [file.name for file in target.iterdir()] == ["one"]
    with atomic_folder(target) as partial:
        (partial / "three").write_text("3")
    assert [file.name for file in target.iterdir()] == ["three"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_an_image_may_be_called_nan(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["NaN", "nan"], "category": [np.nan, "cat"], "ais": [np.nan, 0.5]})
    write_table(table, tmp_path / "table.csv")
    found = read_table(tmp_path / "table.csv", ["image"])
    assert found["image"].tolist() == ["NaN", "nan"]
    assert found["category"].isna().tolist() == [True, False]
    assert found["ais"].isna().tolist() == [True, False]
