"""Projects that have been run, and projects that have not."""

import fcntl
import itertools
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_project import ROOT, run_snakemake, write_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A tiny project that has not been run."""
    folder = tmp_path / "tiny project"
    write_project(folder)
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny project after a run on two cores; its output is in said.txt. Tests that change it take `finished_copy`."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # the folder that holds those of all workers
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
    """A copy of the finished project in another place; files keep their times."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.fixture(scope="session")
def own_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the images, judgments and configuration of the example in docs/own_data.md."""
    folder = tmp_path_factory.mktemp("own") / "project"
    write_project(folder)
    page = (ROOT / "docs/own_data.md").read_text(encoding="utf-8")
    [configuration, *_] = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (folder / "tools.yaml").write_text(configuration, encoding="utf-8")
    photos = folder / "data/tools/photos"
    photos.mkdir(parents=True)
    random = np.random.default_rng(1)
    ids = [f"hammer{number}" for number in range(1, 16)]
    for image in ids:
        Image.fromarray(random.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(photos / f"{image}.jpg")
    pairs = pd.DataFrame(list(itertools.combinations(ids, 2)), columns=["image_a", "image_b"])
    pairs.assign(similarity=random.integers(1, 8, len(pairs))).to_csv(folder / "data/tools/similarity.csv", index=False)
    return folder
