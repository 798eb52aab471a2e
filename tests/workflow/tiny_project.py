"""A tiny project (12 images, 3 observers, a network with random weights) on which Snakemake is really run."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image
from snakemake.cli import main

ROOT = Path(__file__).resolve().parents[2]

#: The files and folders of the project; tests may change a copy of them without touching the project under test.
PARTS = ("Snakefile", "config.yaml", "workflow", "scripts", "envs")

CONFIG: dict[str, Any] = {
    "device": "cpu",
    "memory_gb": 0.5,
    "image_sets": {"tiny": {"folder": "my photos"}},
    "comparisons": {
        "matrix": {"image_set": "tiny", "judgments": "matrix.csv", "kind": "similarity", "simulated": True},
        "pairs": {"image_set": "tiny", "judgments": "pairs.csv", "kind": "dissimilarity"},
    },
    "models": {"resnet18": {"architecture": "resnet18", "weights": "random", "seed": 1, "input_size": 64}},
    "cross_validation": {"folds": 3, "seeds": [1, 2]},
    "statistics": {"random_rankings": 2, "inner_folds": 2, "bootstraps": 20, "permutations": 19},
    "saliency": {"spectral_residual": {"method": "spectral_residual"}},
    "overlap": {"top_percent": [5, 20], "target_percent": [5], "resamples": 50},
    "controls": {"halves": {"image_set": "tiny", "masks": "masks", "objects": {"left": 1, "right": 2}}},
    "figures": {"dpi": 100},
}

#: Imports, some of them late, take half of Snakemake's start: processes that run it are forked after these imports.
_STARTED = multiprocessing.get_context("forkserver")
_STARTED.set_forkserver_preload(["snakemake.cli", "snakemake.report.html_reporter", "nbformat", "requests"])


def run_snakemake(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Call Snakemake in a folder with the Python of the tests and return what it said, whatever its exit status."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as said:
        process = _STARTED.Process(
            target=_snakemake, args=(folder, arguments, os.environ | (environment or {}), Path(said.name))
        )
        process.start()
        process.join()
        return subprocess.CompletedProcess(arguments, process.exitcode or 0, said.read())


def start_snakemake(folder: Path, *arguments: str, said: Path = Path(os.devnull)) -> BaseProcess:
    """Start Snakemake in a folder, as the leader of a group of processes that can be killed together."""
    process = _STARTED.Process(target=_lead, args=(folder, arguments, dict(os.environ), said))
    process.start()
    return process


def kill_group(run: BaseProcess) -> None:
    """Kill Snakemake and all processes of its group that still run."""
    assert run.pid
    with suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    run.join()


def _lead(*arguments: Any) -> None:
    """Run Snakemake in this process, as the leader of a group of its own."""
    os.setsid()
    _snakemake(*arguments)


def _snakemake(folder: Path, arguments: Sequence[str], environment: dict[str, str], said: Path) -> None:
    """Run Snakemake in this process and in a folder, with its output appended to a file."""
    os.environ.update(environment)
    os.chdir(folder)
    with said.open("a", encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    main(list(arguments))


def planned_jobs(folder: Path, *arguments: str) -> dict[str, int]:
    """Count the jobs of each rule that Snakemake would run now."""
    answer = run_snakemake(folder, "--dry-run", *arguments)
    assert answer.returncode == 0, answer.stdout
    if "Nothing to be done" in answer.stdout:
        return {}
    lines = answer.stdout.split("Job stats:")[1].split("\n\n")[0].splitlines()[3:]
    return {rule: int(count) for rule, count in (line.split() for line in lines) if rule not in ("all", "total")}


def write_inputs(folder: Path) -> None:
    """Write images that differ in brightness and in stripes, judgments in two forms, and masks."""
    random = np.random.default_rng(1)
    ids = [f"photo {i:02d}" for i in range(12)]
    (folder / "my photos").mkdir(parents=True)
    (folder / "masks").mkdir()
    halves = np.repeat(np.array([[1, 2]], dtype=np.uint8), 24, axis=1).repeat(48, axis=0)
    for i, image in enumerate(ids):
        pixels = random.integers(0, 120, (48, 48, 3)) + (i % 3) * 60
        pixels[:: i % 4 + 2] //= 2
        Image.fromarray(pixels.astype(np.uint8)).save(folder / "my photos" / f"{image}.png")
        Image.fromarray(halves).save(folder / "masks" / f"{image}.png")

    feature = np.arange(12) % 3 + random.normal(0, 0.3, 12)
    distance = np.abs(feature[:, None] - feature)
    similarity = pd.DataFrame(1 - distance / distance.max(), index=pd.Index(ids, name="image"), columns=ids)
    similarity.to_csv(folder / "matrix.csv")
    rows = [
        (ids[i], ids[j], distance[i, j] + random.normal(0, 0.1), participant)
        for participant in ("p1", "p2", "p3")
        for i in range(12)
        for j in range(i + 1, 12)
    ]
    pairs = pd.DataFrame(rows, columns=["image_a", "image_b", "dissimilarity", "participant"])
    pairs.to_csv(folder / "pairs.csv", index=False)


def write_project(folder: Path) -> None:
    """Copy the workflow beside the tiny inputs, with a configuration in tiny.yaml."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part)
        else:
            shutil.copy2(source, folder / part)
    write_inputs(folder)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False), encoding="utf-8")


def change_config(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the configuration of a tiny project."""
    config = yaml.safe_load((folder / "tiny.yaml").read_text(encoding="utf-8"))
    change(config)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def kill_at_work(folder: Path, *arguments: str) -> None:
    """Run Snakemake without locking the folder, and kill it with all its jobs as soon as one has begun."""
    run = start_snakemake(folder, "--cores", "1", "--nolock", *arguments)
    marks = folder / ".snakemake/incomplete"
    while run.is_alive() and not any(marks.iterdir()):
        time.sleep(0.02)
    kill_group(run)
