"""A finished run of the demo, and a project in which to run it in another way."""

import os
import subprocess
from pathlib import Path

from tiny_project import ROOT, run_snakemake, write_project


def demo_and_project(folder: Path) -> tuple[Path, Path]:
    """Return a folder with a finished run of the demo, and a folder with the same project that has not been run.

    The demo is run here, unless ALIGNMENT_IMPORTANCE_DEMO names a folder with the `results` and `data` of a run of the
    present commit.
    """
    demo, project = folder / "demo", folder / "project"
    finished = os.environ.get("ALIGNMENT_IMPORTANCE_DEMO")
    if finished:
        # A clone, because all results name the commit.
        subprocess.run(["git", "clone", "--quiet", ROOT, project], check=True)
        return Path(finished), project
    write_project(demo)
    write_project(project)
    answer = run_snakemake(demo, "--cores", "2")
    assert answer.returncode == 0, answer.stdout
    return demo, project
