"""Public data sets: the ready configurations on small files of the published forms, and on wrong or missing files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from published_forms import write_king2019, write_peterson2018, write_things
from tiny_project import ROOT, change_config, planned_jobs, run_snakemake

CONFIGS = ROOT / "workflow/configs"

CATEGORIES = ("animals", "fruits", "furniture", "transportation", "various", "vegetables")


def write_peterson(folder: Path) -> None:
    write_peterson2018(folder, {category: [f"{number}.jpg" for number in range(16)] for category in CATEGORIES})
    checkpoint = folder.parents[1] / "ecoset" / "vgg16_ecoset.pth"
    checkpoint.parent.mkdir()
    checkpoint.touch()


def write_king(folder: Path) -> None:
    write_king2019(folder, n_images=16)


WRITERS: dict[str, Callable[[Path], Any]] = {
    "peterson2018": write_peterson,
    "king2019": write_king,
    "things": write_things,
}


def plan(folder: Path, name: str, *arguments: str) -> str:
    """The output of a dry run in a folder with a ready configuration."""
    file = CONFIGS / f"{name}.yaml"
    answer = run_snakemake(folder, "-n", "-s", str(ROOT / "Snakefile"), "--configfile", str(file), *arguments)
    return answer.stdout


@pytest.mark.parametrize("name", WRITERS)
def test_a_ready_configuration_can_be_planned_and_its_data_made(name: str, tmp_path: Path) -> None:
    WRITERS[name](source := tmp_path / "data" / name / "original")
    assert source.is_dir()
    said = plan(tmp_path, name)
    assert f"make_{name}" in said and "validate_rankings" in said, said
    config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    wanted = [entry["folder"] for entry in config["image_sets"].values()]
    wanted += [entry["judgments"] for entry in config["comparisons"].values()]
    command = ["--cores", "1", "-s", str(ROOT / "Snakefile"), "--configfile", str(CONFIGS / f"{name}.yaml")]
    answer = run_snakemake(tmp_path, *command, "--until", f"make_{name}")
    assert answer.returncode == 0, answer.stdout
    assert all((tmp_path / path).exists() for path in wanted)
    # The data are not made again until a file that they are made from changes.
    assert f"make_{name}" not in plan(tmp_path, name)
    image = next(file for file in sorted(source.rglob("*.jpg")))
    image.write_bytes(image.read_bytes() + b"x")
    assert f"make_{name}" in plan(tmp_path, name)


def test_only_what_is_wanted_must_be_there(tmp_path: Path, project: Path) -> None:
    write_things(tmp_path / "o")
    (tmp_path / "o" / "spose_embedding_49d_sorted.txt").rename(tmp_path / "own embedding.txt")
    (tmp_path / "o" / "RDM48_triplet.mat").unlink()
    (tmp_path / "o" / "trainset.txt").unlink()

    def want(config: dict[str, Any]) -> None:
        config["datasets"] = {
            "things": {
                "folder": "made",
                "source": str(tmp_path / "o"),
                "embedding": str(tmp_path / "own embedding.txt"),
            }
        }
        config["image_sets"] = {"tiny": {"folder": "made/images"}}
        judged = {"judgments": "made/embedding.npy", "order": "made/objects.txt", "kind": "similarity"}
        config["comparisons"] = {"embedding": {"image_set": "tiny", **judged}}
        config["controls"] = {}

    change_config(project, want)
    assert planned_jobs(project, "check", "--configfile", "tiny.yaml")["make_things"] == 1
    answer = run_snakemake(project, "check", "--cores", "1", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    made = sorted(path.name for path in (project / "made").iterdir() if not path.name.startswith("."))
    assert made == ["embedding.npy", "images", "objects.txt"]

    change_config(project, lambda config: config["datasets"]["things"].update(embedding="gone.txt"))
    answer = run_snakemake(project, "-n", "--configfile", "tiny.yaml")
    assert (
        f"  - datasets.things.embedding: there is no {project / 'gone.txt'} (a SPoSE or VICE embedding" in answer.stdout
    )


def test_wrong_files_stop_the_check(tmp_path: Path) -> None:
    write_king(tmp_path / "data" / "king2019" / "original")
    for image_set in ("set1", "set2"):
        (tmp_path / "data/king2019/original/images" / image_set / f"{image_set} photo 003.jpg").unlink()
    command = ["check", "--cores", "1", "-s", str(ROOT / "Snakefile"), "--configfile", str(CONFIGS / "king2019.yaml")]
    answer = run_snakemake(tmp_path, *command)
    assert answer.returncode == 1
    for image_set in ("set1", "set2"):
        assert (
            f"{image_set}.pairwisedistances is 2 x 120 (participants x pairs; 16 images), but the 15" in answer.stdout
        )
    assert "Traceback" not in answer.stdout.split("rule make_king2019")[1]
    assert not (tmp_path / "data/king2019/set1").exists()


def test_published_values_stand_beside_those_obtained(finished_copy: Path) -> None:
    table = "comparison,model,score,quantity,published,source\n"
    row = "matrix,resnet18,pearson_r2,test_full_mean,0.5,a paper\n"
    (finished_copy / "workflow/published/tiny.csv").write_text(table + row, encoding="utf-8")
    change_config(finished_copy, lambda config: config.update(published="tiny"))
    assert planned_jobs(finished_copy, "--configfile", "tiny.yaml") == {"summarise": 1, "plot_summary": 1}
    answer = run_snakemake(finished_copy, "--cores", "1", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    [made] = pd.read_csv(finished_copy / "results/prediction/published.csv").to_dict("records")
    summary = pd.read_csv(finished_copy / "results/prediction/summary.csv").set_index("comparison").loc["matrix"]
    assert made["obtained"] == summary["test_full_mean"]
    assert made["difference"] == made["obtained"] - 0.5
    assert made["weights"] == "random weights (seed 1)" and made["simulated"]
    said = answer.stdout.split("Published values and those obtained:")[1]
    assert "matrix" in said and "0.5" in said
    log = (finished_copy / "results/logs/summarise.log").read_text(encoding="utf-8")
    assert "Published values and those obtained:" in log


def test_the_configuration_of_the_paper() -> None:
    config = yaml.safe_load((CONFIGS / "peterson2018.yaml").read_text(encoding="utf-8"))
    assert tuple(sorted(config["comparisons"])) == CATEGORIES
    assert config["cross_validation"] == {
        "unit": "images",
        "folds": 5,
        "seeds": [111, 222, 333, 444, 555, 666, 777, 888],
    }
    assert {model["architecture"] for model in config["models"].values()} == {"vgg16"}
    published = pd.read_csv(ROOT / "workflow/published/peterson2018.csv")
    assert set(published["comparison"]) == set(config["comparisons"])
    assert set(published["model"]) == set(config["models"])
