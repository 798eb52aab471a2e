import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alignment_importance.inputs import folds
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table
from prepare_judgments import prepare_judgments

IDS = [f"{number:03d}" for number in range(9)]


def prepare(
    folder: Path, file: str, *, unit: str = "images", n_folds: int = 2, seeds: Sequence[int] = (1,), **settings: Any
) -> None:
    """Prepare the judgments in a folder, which holds images.csv as well."""
    order, source = folder / "order.txt", folder / file
    defaults: dict[str, Any] = {
        "judgments": str(source),
        "order": str(order) if order.exists() else None,
        "kind": None,
        "columns": {},
        "key": None,
        "categories": [],
        "images": None,
        "simulated": False,
    }
    prepare_judgments(
        comparison="mine",
        sources=sorted(source.iterdir()) if source.is_dir() else [source],
        lists=[order] if order.exists() else [],
        images=folder / "images.csv",
        settings=defaults | settings,
        unit=unit,
        n_folds=n_folds,
        seeds=seeds,
        inner_folds=2,
        judgments=folder / "out/judgments.nc",
        folds={seed: folder / f"out/seed-{seed}.csv" for seed in seeds},
        checks=folder / "out/checks.csv",
        files=folder / "out/files.csv",
    )


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """A folder with nine images and a matrix of judgments."""
    values = np.add.outer(np.arange(9.0), np.arange(9.0))
    np.save(tmp_path / "j.npy", np.where(np.eye(9), np.nan, values))
    (tmp_path / "order.txt").write_text("\n".join(IDS))
    (tmp_path / "images.csv").write_text("image,category\n" + "".join(f"{image},x\n" for image in IDS))
    return tmp_path


@pytest.mark.parametrize("simulated", [True, False])
def test_judgments_are_labelled_and_say_what_they_are(tmp_path: Path, simulated: bool) -> None:
    ids = ["10", "9", "08", "11", "12", "13"]
    (tmp_path / "images.csv").write_text("image,category\n7,y\n" + "".join(f"{image},x\n" for image in ids))
    (tmp_path / "order.txt").write_text("\n".join(ids))
    matrix = np.add.outer(np.arange(6.0), np.arange(6.0))
    np.fill_diagonal(matrix, 0)
    matrix[2, 1] += 0.5
    np.save(tmp_path / "j.npy", matrix)
    prepare(tmp_path, "j.npy", kind="dissimilarity", categories=["x"], simulated=simulated)
    read = read_netcdf(tmp_path / "out/judgments.nc")
    sha256 = hashlib.sha256((tmp_path / "j.npy").read_bytes()).hexdigest()
    warning = "1 pair has another value in the other direction (largest difference 0.5)."
    assert read.attrs == {
        "kind": "dissimilarity",
        "source": "j.npy",
        "mean_over": "participants",
        "categories": "x",
        "warnings": f"comparisons.mine: {warning} The two directions are averaged.",
        "form": "array",
        "simulated": int(simulated),
        "sha256": sha256,
    }
    assert read["image"].to_numpy().tolist() == ["08", "10", "11", "12", "13", "9"]
    assert read["similarity"].sel(participant="mean", image="08", image_b="9").item() == -3.25
    assert read["similarity"].sel(participant="mean", image="10", image_b="08").item() == -2
    assert read["n_ratings"].sel(participant="mean", image="10", image_b="08").item() == 2
    files = read_table(tmp_path / "out/files.csv")
    assert files["file"].tolist() == [str(tmp_path / "j.npy"), str(tmp_path / "order.txt")]
    assert files["sha256"][0] == sha256
    found = read_table(tmp_path / "out/checks.csv")
    assert found["found"][0] == warning.removesuffix(".") and found["place"][0] == "comparisons.mine"


@pytest.mark.parametrize("unit", ["images", "pairs"])
def test_every_seed_has_its_folds(judged: Path, unit: str) -> None:
    prepare(judged, "j.npy", kind="similarity", unit=unit, n_folds=3, seeds=(1, 22))
    for seed in (1, 22):
        expected = folds.cut(unit, IDS, 3, seed)
        found = read_table(judged / f"out/seed-{seed}.csv")
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_judgments_that_cannot_be_cut_leave_nothing(judged: Path) -> None:
    with pytest.raises(InputError, match="the test set of fold 2 has 1 judged pair"):
        prepare(judged, "j.npy", kind="similarity", n_folds=4)
    assert not (judged / "out").exists()


def test_all_mistakes_of_a_file_are_told_at_once(judged: Path) -> None:
    (judged / "order.txt").write_text("\n".join([*IDS[:-2], "x", "x"]))
    with pytest.raises(InputError) as caught:
        prepare(judged, "j.npy")
    said = str(caught.value)
    for part in ("what a larger number means", "'x' is not an image of this set", "images without a line: 007, 008"):
        assert part in said
    assert not (judged / "out").exists()
