from pathlib import Path

import numpy as np
import pandas as pd
import pytest

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


def test_an_image_may_be_called_nan(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["NaN", "nan"], "category": [np.nan, "cat"], "ais": [np.nan, 0.5]})
    write_table(table, tmp_path / "table.csv")
    found = read_table(tmp_path / "table.csv")
    assert found["image"].tolist() == ["NaN", "nan"]
    assert found["category"].isna().tolist() == [True, False]
    assert found["ais"].isna().tolist() == [True, False]
