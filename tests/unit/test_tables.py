from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alignment_importance.system.errors import InputError
from alignment_importance.system.tables import read_table, write_table


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["007", "NA", "ä,b"], "ais": [0.1, np.nan, 1e-300]})
    write_table(table, tmp_path / "new" / "t.csv")
    assert (tmp_path / "new" / "t.csv").read_bytes() == 'image,ais\n007,0.1\nNA,NaN\n"ä,b",1e-300\n'.encode()
    read = read_table(tmp_path / "new" / "t.csv")
    assert read["image"].tolist() == ["007", "NA", "ä,b"]
    np.testing.assert_array_equal(read["ais"], table["ais"])


@pytest.mark.parametrize("column", ["comparison", "source", "control", "model", "model_b", "weights", "item", "where"])
def test_names_of_the_configuration_stay_text(tmp_path: Path, column: str) -> None:
    names = ["007", "2019", "NaN"]
    write_table(pd.DataFrame({column: names}), tmp_path / "table.csv")
    assert read_table(tmp_path / "table.csv")[column].tolist() == names


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


def test_an_image_may_be_called_nan(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["NaN", "nan"], "category": [np.nan, "cat"], "ais": [np.nan, 0.5]})
    write_table(table, tmp_path / "table.csv")
    found = read_table(tmp_path / "table.csv")
    assert found["image"].tolist() == ["NaN", "nan"]
    assert found["category"].isna().tolist() == [True, False]
    assert found["ais"].isna().tolist() == [True, False]
