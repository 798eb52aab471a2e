"""Many images take no more jobs than few, and only the judged ones are used beyond their activations."""

from pathlib import Path

import pandas as pd
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
    assert jobs["prepare_images"] == jobs["compute_saliency"] == jobs["prepare_judgments"] == 1
    per_network = ("extract_activations", "validate_rankings", "assess_prediction", "explain_images", "plot_comparison")
    assert {jobs[rule] for rule in per_network} == {3}
    assert sum(jobs.values()) < 40


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
