"""Tiny projects, run and not run."""

import shutil
from pathlib import Path

import pytest
from tiny_project import run_snakemake, write_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A tiny project that has not been run."""
    folder = tmp_path / "tiny project"
    write_project(folder)
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny project that has been run on two cores. Tests read it; those that change it take `finished_copy`."""
    folder = tmp_path_factory.mktemp("finished") / "tiny project"
    write_project(folder)
    answer = run_snakemake(folder, "--cores", "2", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    return folder


@pytest.fixture
def finished_copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project, times of the files included, in another place."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))
