"""Tiny projects, run and not run."""

import fcntl
import os
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
    """A tiny project that has been run on two cores, and said.txt. Tests that change it take `finished_copy`."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # of the folders of all workers
    folder = shared / "finished" / "tiny project"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "said.txt").exists():
            write_project(folder)
            answer = run_snakemake(folder, "--cores", "2", "--configfile", "tiny.yaml")
            assert answer.returncode == 0, answer.stdout
            (folder / "said.txt").write_text(answer.stdout, encoding="utf-8")
    return folder


@pytest.fixture
def finished_copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project, times of the files included, in another place."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))
