import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_project import ROOT

from alignment_importance.report import published
from alignment_importance.system.errors import InputError

TABLE = ROOT / "workflow/published/peterson2018.csv"


def _summary(score: str = "pearson_r2") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "comparison": ["animals", "own"],
            "model": ["net", "net"],
            "score": score,
            "weights": "torchvision IMAGENET1K_V1",
            "arithmetic": "float32",
            "ablation": "zero",
            "simulated": False,
            "test_full_mean": [0.5, 0.9],
            "k_retained_mean": [12.0, 13.0],
        }
    )


def _published() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "comparison": ["fruits", "animals", "animals"],
            "model": "net",
            "score": "pearson_r2",
            "quantity": ["test_full_mean", "test_full_mean", "k_retained_mean"],
            "published": [0.25, 0.75, 10],
            "source": "a paper",
        }
    )


def test_differences_by_name() -> None:
    found = published.compare(_summary(), _published())
    assert found[["comparison", "quantity"]].to_numpy().tolist() == [
        ["fruits", "test_full_mean"],
        ["animals", "test_full_mean"],
        ["animals", "k_retained_mean"],
    ]
    assert found["obtained"].tolist()[1:] == [0.5, 12]
    assert found["difference"].tolist()[1:] == [-0.25, 2]
    assert found.loc[0, ["obtained", "difference", "weights"]].isna().all()
    assert found.loc[1, "weights"] == "torchvision IMAGENET1K_V1"
    assert found["source"].tolist() == ["a paper"] * 3


def test_another_score_is_not_compared(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = published.compare(_summary("spearman"), _published())
    assert found["difference"].isna().all()
    assert caplog.messages == ["No published value is of a comparison, model and score of this run."]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"a,net,pearson,k,1,paper,4", r"line 2: 7 fields, but the header has 6"),
        (b"a,net,pearson,k,much,paper", r"line 2, column published: 'much' is not a number"),
        (b"a,net,pearson,k,1,\xff\xfe", r"line 2: it is not text in UTF-8"),
    ],
)
def test_what_is_no_value_is_refused_by_its_line(tmp_path: Path, row: bytes, said: str) -> None:
    (tmp_path / "t.csv").write_bytes(b"comparison,model,score,quantity,published,source\n" + row)
    with pytest.raises(InputError, match=said):
        published.read(tmp_path / "t.csv")


def test_fields_are_not_taken_for_row_names(tmp_path: Path) -> None:
    """A separator at the end of lines does not shift the columns by one."""
    (tmp_path / "t.csv").write_text("comparison,model,score,quantity,published,source\na,net,pearson,k,1,paper,\n")
    assert published.read(tmp_path / "t.csv").to_numpy().tolist() == [["a", "net", "pearson", "k", 1.0, "paper"]]


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("comparison,model,quantity,value,source\n")
    said = r"t\.csv: header: the columns score, published are missing.*; the header has comparison, .*, source\."
    with pytest.raises(InputError, match=said):
        published.read(tmp_path / "t.csv")


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="unknown quantities test_best"):
        published.compare(_summary(), _published().assign(quantity="test_best"))


def test_the_table_of_the_paper() -> None:
    table = published.read(TABLE)
    assert len(table) == 6 * 2 * 3
    various = table[(table["comparison"] == "various") & (table["model"] == "vgg16_imagenet")]
    assert dict(zip(various["quantity"], various["published"], strict=True)) == {
        "test_full_mean": 0.42,
        "test_retained_mean": 0.56,
        "k_retained_mean": 226,
    }
    full, retained = (table[table["quantity"] == f"test_{name}_mean"]["published"] for name in ("full", "retained"))
    assert np.all(retained.to_numpy() >= full.to_numpy())
