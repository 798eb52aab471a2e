"""A first configuration, written by the target `new` from images and judgments, is one that works."""

from pathlib import Path

import yaml
from tiny_project import run_snakemake

from alignment_importance.config import configure

START = ("--cores", "1", "new", "--config", "name=faces")


def test_what_is_recognised_is_written_and_passes_the_check(project: Path) -> None:
    answer = run_snakemake(project, *START, "images=my photos", "judgments=pairs.csv")
    assert answer.returncode == 0, answer.stdout
    text = (project / "faces.yaml").read_text(encoding="utf-8")
    for said in (
        "# 12 images (12 png), 48 pixels wide and 48 high.",
        "# pairs: 12 images, 3 participants, 66 of 66 pairs judged (198 ratings from ",
        "kind: dissimilarity # as the file says: a larger number means more different",
        "# - pairs.csv: there are few participants: 3.",
        "# 12 images in 2 folds: test sets of 6 images.",
    ):
        assert said in text
        assert said in answer.stdout
    completed = configure(yaml.safe_load(text), look_at_files=False).model_dump()
    assert completed["image_sets"]["faces"]["folder"] == "my photos"
    assert completed["cross_validation"]["folds"] == 2
    assert list(completed["models"]) == ["efficientnet_lite0"]
    checked = run_snakemake(project, "--cores", "1", "check", "--configfile", "faces.yaml")
    assert checked.returncode == 0, checked.stdout
    again = run_snakemake(project, *START, "images=my photos", "judgments=pairs.csv")
    assert again.returncode == 1
    assert "name: there is a file faces.yaml already; take another name, or remove it" in again.stdout
    assert (project / "faces.yaml").read_text(encoding="utf-8") == text


def test_what_is_ambiguous_is_asked_for(project: Path) -> None:
    answer = run_snakemake(project, *START, "images=my photos", "judgments=matrix.csv")
    assert answer.returncode == 1
    assert "neither the file nor the configuration says what a larger number means" in answer.stdout
    assert "--config: kind=similarity order=FILE key=NAME columns=" in answer.stdout
    assert not (project / "faces.yaml").exists()
    (project / "images.csv").write_text(
        "image,category\n" + "".join(f"photo {i:02d},{'ab'[i % 2]}\n" for i in range(12)), encoding="utf-8"
    )
    answer = run_snakemake(
        project, *START, "images=my photos", "judgments=matrix.csv", "kind=similarity", "table=images.csv"
    )
    assert answer.returncode == 0, answer.stdout
    text = (project / "faces.yaml").read_text(encoding="utf-8")
    assert "kind: similarity # as you say: a larger number means more alike" in text
    assert "# matrix: 12 images, participants not told apart" in text
    assert "# Categories: 6 a, 6 b." in text


def test_keys_are_named_only_where_one_is_missing(project: Path) -> None:
    (project / "empty.csv").touch()
    answer = run_snakemake(project, *START, "images=pairs.csv", "judgments=empty.csv")
    assert answer.returncode == 1
    assert "pairs.csv: there is no such folder of images." in answer.stdout
    assert "What is missing" not in answer.stdout


def test_images_without_judgments_are_left_out_and_named(project: Path) -> None:
    lines = (project / "pairs.csv").read_text(encoding="utf-8").splitlines()
    some = [line for line in lines if "photo 03" not in line and "photo 07" not in line]
    (project / "some.csv").write_text("\n".join(some), encoding="utf-8")
    answer = run_snakemake(project, *START, "images=my photos", "judgments=some.csv")
    assert answer.returncode == 0, answer.stdout
    text = (project / "faces.yaml").read_text(encoding="utf-8")
    assert "# 2 of 12 images have no judgment and are left out: photo 03, photo 07." in text
    images = yaml.safe_load(text)["comparisons"]["faces"]["images"]
    assert images == [f"photo {i:02d}" for i in range(12) if i not in (3, 7)]
    checked = run_snakemake(project, "--cores", "1", "check", "--configfile", "faces.yaml")
    assert checked.returncode == 0, checked.stdout


def test_wrong_keys_and_other_targets_are_told(project: Path) -> None:
    answer = run_snakemake(project, *START, "image=my photos", "judgments=pairs.csv")
    assert answer.returncode == 1
    assert "image: there is no such key; did you mean images?" in answer.stdout
    assert "images: this key is missing" in answer.stdout
    answer = run_snakemake(project, *START, "images=my fotos", "judgments=pairs.csv")
    assert f"images: there is no {project / 'my fotos'}" in answer.stdout
    answer = run_snakemake(project, "--cores", "1", "check", "--config", "name=faces")
    assert "images: this key is missing" in answer.stdout
    assert "judgments: this key is missing" in answer.stdout
    answer = run_snakemake(project, "--cores", "1", "new")
    assert "snakemake --cores 1 new --config name=NAME images=FOLDER judgments=FILE" in answer.stdout
    (project / "wrong.yaml").write_text("name: faces\nimages: my photos\n", encoding="utf-8")
    answer = run_snakemake(project, "--cores", "1", "check", "--configfile", "wrong.yaml")
    assert "images: there is no such key" in answer.stdout
    assert "judgments: this key is missing" not in answer.stdout
