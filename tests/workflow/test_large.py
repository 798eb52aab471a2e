"""Many images: planned as few are, looked at once, and only the judged ones go beyond their activations."""

import os
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import yaml
from large_project import configuration, name, write_large_project
from tiny_project import ROOT, planned_jobs, run_snakemake

from alignment_importance.system.netcdf import open_netcdf
from alignment_importance.system.tables import read_table

LARGE = ("--snakefile", str(ROOT / "Snakefile"), "--configfile", "large.yaml")


def write_empty_project(folder: Path, n_images: int) -> None:
    """Write empty files: a plan looks at names, sizes and times alone."""
    (folder / "images").mkdir(parents=True)
    for i in range(n_images):
        (folder / "images" / f"{name(i)}.png").touch()
    for file in ("judged.txt", "similarity.npy"):
        (folder / file).touch()
    (folder / "large.yaml").write_text(yaml.safe_dump(configuration()), encoding="utf-8")


def test_the_number_of_jobs_does_not_grow_with_the_images(tmp_path: Path) -> None:
    plans = []
    for n_images in (30, 26_000):
        folder = tmp_path / str(n_images)
        write_empty_project(folder, n_images)
        plans.append(planned_jobs(folder, *LARGE, "--quiet", "rules"))
    assert plans[0] == plans[1]
    jobs = plans[1]
    assert jobs["prepare_images"] == jobs["check_inputs"] == jobs["compute_saliency"] == 1
    assert jobs["make_folds"] == 8
    per_network = ("extract_activations", "rank_feature_maps", "score_images", "make_heatmaps", "draw_overlays")
    assert {jobs[rule] for rule in per_network} == {3}
    assert jobs["trace_curves"] == 3 * 8
    assert sum(jobs.values()) < 120


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the system is asked about each path, and about the contents of folders."""
    asked: Counter[str] = Counter()
    stat, scandir = os.stat, os.scandir

    def count_stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        asked[os.fspath(path) if not isinstance(path, int) else str(path)] += 1
        return stat(path, *arguments, **options)

    def count_scandir(path: Any = ".") -> Any:
        asked[f"list {path}"] += 1
        return scandir(path)

    monkeypatch.setattr(os, "stat", count_stat)
    monkeypatch.setattr(os, "scandir", count_scandir)
    return asked


def configured(common: SimpleNamespace, is_main_process: bool) -> dict[str, Any]:
    """The names of the common functions with the large configuration, as in a run or in one of its jobs."""
    names: dict[str, Any] = common.complete_config.__globals__
    names["workflow"].is_main_process = is_main_process
    completed, problems = common.complete_config(configuration())
    names["config"] = completed | {"problems": problems}
    return names


def test_a_run_asks_once_for_every_image(
    tmp_path: Path, common: SimpleNamespace, questions: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_empty_project(tmp_path, 40)
    monkeypatch.chdir(tmp_path)
    configured(common, is_main_process=True)
    questions.clear()
    state, again = common.state_of_inputs(), common.state_of_inputs()
    assert state == again
    files = common.files_of("images")
    assert len(files) == 40
    assert {questions[file] for file in files} == {1}
    assert questions["list images"] == 1
    questions.clear()
    common.size_mb(files)
    assert {questions[file] for file in files} == {1}


def test_a_job_asks_for_none_of_them_unless_it_checks_them(
    tmp_path: Path, common: SimpleNamespace, questions: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_empty_project(tmp_path, 40)
    monkeypatch.chdir(tmp_path)
    names = configured(common, is_main_process=False)
    state_of_inputs = names["state_of_inputs"]
    questions.clear()
    monkeypatch.setattr("sys.argv", ["snakemake", "--target-jobs", "make_folds:comparison=some,seed=111"])
    other = state_of_inputs()
    assert not any("images" in path for path in questions)
    state_of_inputs.cache_clear()
    monkeypatch.setattr("sys.argv", ["snakemake", "--target-jobs", "check_inputs:"])
    checking = state_of_inputs()
    state_of_inputs.cache_clear()
    names["workflow"].is_main_process = True
    assert checking == state_of_inputs() != other


def test_the_simulated_project_runs_and_ranks_on_the_judged_images(tmp_path: Path) -> None:
    write_large_project(tmp_path / "p", n_images=40, n_judged=16)
    ranking = "results/rankings/some/resnet18/all.csv"
    answer = run_snakemake(tmp_path / "p", ranking, "results/folds/some/seed-111.csv", "--cores", "2", *LARGE)
    assert answer.returncode == 0, answer.stdout
    results = tmp_path / "p" / "results"
    with open_netcdf(results / "activations/many/resnet18.nc") as recorded:
        assert recorded.sizes["image"] == 40
        n_maps = recorded.sizes["feature_map"]
    table = pd.read_csv(tmp_path / "p" / ranking)
    assert len(table) == n_maps
    assert set(table["weights"]) == {"random weights (seed 1)"}
    assert table["simulated"].all()
    folds = read_table(results / "folds/some/seed-111.csv")
    assert folds["image"].tolist() == (tmp_path / "p" / "judged.txt").read_text().split()
