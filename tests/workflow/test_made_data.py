"""Data that the workflow makes, beside a user's own data: a change of one does not hide a change of the other."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from published_forms import write_king2019
from test_reruns import LIBRARY, append, put, rewrite_judgment
from test_run import results_of
from tiny_project import change_config, kill_at_work, planned_jobs, run_snakemake, write_project

#: Targets on both kinds of data: the image set `tiny` and the comparison `pairs` are a user's own, not `made`.
TARGETS = (
    *(f"results/folds/{comparison}/seed-1.csv" for comparison in ("pairs", "made")),
    *(f"results/saliency/{image_set}/spectral_residual.nc" for image_set in ("tiny", "made")),
    "--configfile",
    "tiny.yaml",
)
SOURCE, MADE = "published", "data/king2019"

#: The jobs on made data.
OF_MADE = {"make_king2019": 1, "prepare_images": 1, "prepare_judgments": 1, "compute_saliency": 1}


def add_made(config: dict[str, Any]) -> None:
    config["datasets"] = {"king2019": {"folder": MADE, "source": SOURCE}}
    config["image_sets"]["made"] = {"folder": f"{MADE}/set1/images"}
    judged = {"image_set": "made", "judgments": f"{MADE}/set1/judgments.csv", "kind": "dissimilarity"}
    config["comparisons"]["made"] = judged


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with both kinds of data, whose targets have been made."""
    folder = tmp_path_factory.mktemp("mixed") / "project"
    write_project(folder)
    write_king2019(folder / SOURCE, n_images=16)
    change_config(folder, add_made)
    run(folder)
    return folder


@pytest.fixture
def project(mixed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(mixed, tmp_path / "copy"))


def run(folder: Path, *arguments: str) -> None:
    answer = run_snakemake(folder, "--cores", "2", *arguments, *TARGETS)
    assert answer.returncode == 0, answer.stdout


def replace_photograph(folder: Path) -> None:
    photographs = sorted((folder / SOURCE / "images/set1").iterdir())
    shutil.copy(photographs[1], photographs[0])


def change_all_else(folder: Path) -> None:
    """Change a judgment and the background of a user's own images, and the code of a job on both kinds of images."""
    rewrite_judgment(folder)
    put("image_sets.tiny.background", [0, 0, 0])(folder)
    append("scripts/compute_saliency.py")(folder)


AND_ALL_ELSE = OF_MADE | dict.fromkeys(("prepare_images", "prepare_judgments", "compute_saliency"), 2)

#: Changes after which the made data are made again.
MAKE_AGAIN: dict[str, Callable[[Path], None]] = {
    "a published file": replace_photograph,
    "the adapter": append(f"{LIBRARY}/inputs/datasets/king2019.py"),
    "the script": append("scripts/make_dataset.py"),
}


@pytest.mark.parametrize("again", MAKE_AGAIN)
def test_made_data_do_not_hide_what_else_changed(again: str, project: Path) -> None:
    MAKE_AGAIN[again](project)
    assert planned_jobs(project, *TARGETS) == OF_MADE
    change_all_else(project)
    assert planned_jobs(project, *TARGETS) == AND_ALL_ELSE


def test_made_data_that_were_killed_do_not_hide_what_else_changed(project: Path, tmp_path: Path) -> None:
    """The results in the end are those of a run from the beginning."""
    replace_photograph(project)
    kill_at_work(project, *TARGETS)
    change_all_else(project)
    assert planned_jobs(project, "--rerun-incomplete", *TARGETS) == AND_ALL_ELSE
    run(project, "--rerun-incomplete")
    assert planned_jobs(project, *TARGETS) == {}
    begun = tmp_path / "begun"
    shutil.copytree(project, begun, ignore=shutil.ignore_patterns("results", ".snakemake", "data"))
    run(begun)
    expected, found = results_of(begun), results_of(project)
    assert [name for name in expected if found[name] != expected[name]] == []


def test_made_data_are_those_of_the_present_state(project: Path) -> None:
    """This holds when a file returns to a former state; a new time with the same content is no change."""
    changed = sorted((project / SOURCE / "images/set1").iterdir())[0]
    former = changed.read_bytes()
    changed.touch()
    assert planned_jobs(project, *TARGETS) == {}
    replace_photograph(project)
    run(project)
    changed.write_bytes(former)
    assert planned_jobs(project, *TARGETS) == OF_MADE
