import hashlib
from pathlib import Path

import image_sets
from judging import read_source

from alignment_importance.inputs.datasets.forms.demo import FORM
from alignment_importance.inputs.judgments import reading
from make_dataset import make_dataset

TABLES = ["images.csv", "shape.csv", "colour.csv", "same-shape.csv", "same-hue.csv"]


def _run(folder: Path, observers: int = 2, seed: int = 2025) -> dict[str, str]:
    """Draw the demo and return the SHA-256 of every file."""
    outputs = FORM.files(str(folder), "all").items()
    settings = {"seed": seed, "observers": observers, "noise": 0.5}
    make_dataset("demo", {}, settings, {name: Path(file) for name, file in outputs})
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_the_demo_is_the_same_on_every_run_and_fits_together(tmp_path: Path) -> None:
    first = _run(tmp_path / "one")
    assert _run(tmp_path / "two") == first
    listed = image_sets.tabulate(tmp_path / "one" / "images", tmp_path / "one" / "images.csv")
    ids = listed["image"].tolist()
    assert len(ids) == 60
    assert listed["category"].value_counts().to_dict() == dict.fromkeys(listed["category"].unique(), 6)
    assert len(set(listed["sha256"])) == 60
    masks = {f"masks/{image}.png" for image in ids}
    assert set(first) == {*TABLES, *masks, *(f"images/{image}.png" for image in ids)}
    for name in ("shape", "colour"):
        read = read_source(reading.Source(tmp_path / "one" / f"{name}.csv"), listed)
        assert read.sizes == {"participant": 2, "image": 60, "image_b": 60}


def test_more_observers_leave_the_images_and_another_seed_changes_them(tmp_path: Path) -> None:
    first, more, other = _run(tmp_path / "a"), _run(tmp_path / "b", observers=3), _run(tmp_path / "c", seed=1)
    changed = {name for name in first if more[name] != first[name]}
    assert changed == {"shape.csv", "colour.csv"}
    same = {"images.csv", "same-shape.csv", "same-hue.csv"}
    assert {name for name in first if other[name] == first[name]} == same
