"""What a user waits for: whole runs of the workflow on the demo, with the processor seconds of all their processes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alignment_importance.system.compute import Compute
from benchmarks.speed import Measured, row

ROOT = Path(__file__).resolve().parents[2]

#: Images and feature maps of the demo.
N_IMAGES, N_MAPS = 60, 1280


def runs(compute: Compute) -> pd.DataFrame:
    """The demo from nothing, again with nothing to do, again as a dry run, and the check of its inputs."""
    with tempfile.TemporaryDirectory() as folder:
        whole = [measure_run(work, Path(folder)) for work in ([], [], ["--dry-run"], ["check", "--forcerun", "check"])]
    named = zip(("everything", "nothing_to_do", "dry_run", "check"), whole, strict=True)
    rows = [row("demo", work, "nothing", of_run, n_images=N_IMAGES, n_maps=N_MAPS) for work, of_run in named]
    return pd.DataFrame(rows)


def measure_run(arguments: Sequence[str], folder: Path) -> Measured:
    """Time and processor seconds of a run of the workflow in a folder; all cores are used."""
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--quiet", "all", "--directory", str(folder)]
    used, started = _processor_seconds(), time.perf_counter()
    subprocess.run([*command, "--snakefile", str(ROOT / "Snakefile"), *arguments], cwd=ROOT, check=True)
    seconds = time.perf_counter() - started
    return Measured(seconds, processor_seconds=_processor_seconds() - used)


def _processor_seconds() -> float:
    """User and system seconds of all child processes that have ended, and of their children."""
    times = os.times()
    return times.children_user + times.children_system
