from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from judging import read_source
from PIL import Image

from alignment_importance.inputs import judgments
from alignment_importance.inputs.datasets import mur92
from alignment_importance.inputs.judgments import reading
from make_dataset import make_dataset


def test_the_canonical_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographs = [
        mur92.Photograph(f"{number}-x", "x y", np.full((4, 5, 3), number, dtype=np.uint8)) for number in (1, 2, 3)
    ]
    pairs = pd.DataFrame(
        {"image_a": ["1-x", "1-x", "2-x"], "image_b": ["2-x", "3-x", "3-x"], "dissimilarity": [0.1, 0.2, 0.3]}
    ).assign(participant="subject01")

    def read_judgments(path: Path, image_ids: list[str]) -> pd.DataFrame:
        assert (path, image_ids) == (tmp_path / "rdms", ["1-x", "2-x", "3-x"])
        return pairs

    found = {mur92.IMAGES_FILE: tmp_path / "photographs", mur92.JUDGMENTS_FILE: tmp_path / "rdms"}
    monkeypatch.setattr(mur92, "locate", lambda source: found if source == tmp_path else None)
    monkeypatch.setattr(mur92, "read_photographs", lambda path: photographs)

    def read_neural(path: Path, image_ids: list[str]) -> dict[str, pd.DataFrame]:
        assert (path, image_ids) == (tmp_path / "photographs", ["1-x", "2-x", "3-x"])
        return {"human_it": pairs.assign(participant="human"), "monkey_it": pairs.assign(participant="monkey")}

    monkeypatch.setattr(mur92, "read_judgments", read_judgments)
    monkeypatch.setattr(mur92, "read_neural", read_neural)
    names = {"images": "images", "table": "t.csv", "judgments": "j.csv", "human_it": "h.csv", "monkey_it": "m.csv"}
    files = {name: tmp_path / file for name, file in names.items()}
    make_dataset("mur92", {}, {"source": str(tmp_path)}, files)
    assert (tmp_path / "t.csv").read_text() == "image,category\n1-x,x y\n2-x,x y\n3-x,x y\n"
    with Image.open(tmp_path / "images" / "2-x.png") as image:
        assert image.size == (5, 4)
        assert (np.asarray(image) == 2).all()
    read = read_source(reading.Source(tmp_path / "j.csv"), pd.read_csv(tmp_path / "t.csv"))
    assert judgments.mean(read, ["3-x", "1-x"])[0, 1] == -0.2
    for name, participant in (("h", "human"), ("m", "monkey")):
        neural = read_source(reading.Source(tmp_path / f"{name}.csv"), pd.read_csv(tmp_path / "t.csv"))
        assert neural["participant"].to_numpy().tolist() == [participant]
