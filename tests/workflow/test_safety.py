"""Two runs at once, and inputs that could run commands or reach files that they must not."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
import xarray as xr
from tiny_project import change_config, run_snakemake, start_snakemake

TINY = ("--cores", "1", "--configfile", "tiny.yaml")


def test_a_second_run_in_the_same_folder_says_so_and_does_nothing(project: Path) -> None:
    target = "results/inputs/tiny/images.csv"
    locks = project / ".snakemake/locks"
    first = start_snakemake(project, target, *TINY)
    assert first.pid
    while first.is_alive() and not (locks.is_dir() and any(locks.iterdir())):
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGSTOP)  # the whole group: its job as well
    try:
        made = (project / target).exists()
        second = run_snakemake(project, target, *TINY)
        assert (project / target).exists() == made
    finally:
        os.killpg(first.pid, signal.SIGCONT)
    first.join()
    assert first.exitcode == 0
    assert second.returncode == 1
    assert "Directory cannot be locked" in second.stdout
    assert "--unlock" in second.stdout
    assert (project / target).is_file()


def test_a_configuration_runs_nothing(project: Path) -> None:
    with (project / "tiny.yaml").open("a", encoding="utf-8") as file:
        file.write("published: !!python/object/apply:os.mkdir [harm]\n")
    answer = run_snakemake(project, "--dry-run", *TINY)
    assert answer.returncode == 1
    assert "Config file is not valid JSON or YAML" in answer.stdout
    assert not (project / "harm").exists()


@pytest.mark.parametrize("name", ["my {project}", "my <project>"])
def test_a_project_in_a_folder_that_snakemake_cannot_follow_is_told(project: Path, name: str) -> None:
    moved = project.rename(project.with_name(name))
    answer = run_snakemake(moved, "--dry-run", *TINY)
    assert answer.returncode == 1
    assert f"{moved}: rename the folder of this project; Snakemake reads {{ }} < >" in answer.stdout
    assert "Traceback" not in answer.stdout


@pytest.mark.parametrize("name", ["{photos}", "<photos>"])
def test_a_folder_of_images_that_snakemake_cannot_follow_is_told(project: Path, name: str) -> None:
    (project / "my photos").rename(project / name)
    change_config(project, lambda config: config["image_sets"]["tiny"].update(folder=name))
    answer = run_snakemake(project, "--dry-run", *TINY)
    assert answer.returncode == 1
    assert f"image_sets.tiny.folder: {name!r} cannot be used; Snakemake reads {{ }} < >" in answer.stdout
    assert "Traceback" not in answer.stdout


def test_names_that_mean_something_elsewhere_are_data(project: Path) -> None:
    """Image ids and participants that a shell, HTML, a path or a spreadsheet would read as something else."""
    ids = ["$(touch harm) `touch harm`", "=1+1", "a'b\"c & co; touch harm", "-rf", "~", "%s %(x)s", "*?[a]"]
    people = {"p1": "<script>run()</script>", "p2": "../../up", "p3": "=1+1"}
    for number, image in enumerate(ids):
        shutil.move(project / f"my photos/photo {number:02d}.png", project / f"my photos/{image}.png")
        for table in ("matrix.csv", "pairs.csv"):
            quoted = '"' + image.replace('"', '""') + '"'
            file = project / table
            file.write_text(file.read_text(encoding="utf-8").replace(f"photo {number:02d}", quoted), encoding="utf-8")
    file = project / "pairs.csv"
    text = file.read_text(encoding="utf-8")
    for name, odd in people.items():
        text = text.replace(f",{name}\n", f",{odd}\n")
    file.write_text(text, encoding="utf-8")
    before = sorted(path.name for path in project.iterdir())
    change_config(project, lambda config: config.update(controls={}))

    answer = run_snakemake(project, "results/inputs/pairs/judgments.nc", *TINY)
    assert answer.returncode == 0, answer.stdout

    with xr.open_dataset(project / "results/inputs/pairs/judgments.nc", engine="h5netcdf") as judgments:
        assert sorted(judgments["participant"].to_numpy().tolist()) == sorted(people.values())
        assert set(ids) <= set(judgments["image"].to_numpy().tolist())
    assert sorted(path.name for path in project.iterdir() if path.name not in ("results", ".snakemake")) == before
    assert [path.name for path in project.parent.iterdir()] == [project.name]
