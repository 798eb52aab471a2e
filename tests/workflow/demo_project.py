"""The demo, run here to its end, beside a place in which it is run in another way."""

import os
import subprocess
from pathlib import Path

from tiny_project import ROOT, run_snakemake, write_project


def demo_and_project(folder: Path) -> tuple[Path, Path]:
    """Give a folder with a run of the demo, and write the same project without a run.

    The demo is run here, unless ALIGNMENT_IMPORTANCE_DEMO names a folder with the `results` and `data` of a run of what
    is committed.
    """
    demo, project = folder / "demo", folder / "project"
    finished = os.environ.get("ALIGNMENT_IMPORTANCE_DEMO")
    if finished:
        # All results name the commit.
        subprocess.run(["git", "clone", "--quiet", ROOT, project], check=True)
        return Path(finished), project
    write_project(demo)
    write_project(project)
    answer = run_snakemake(demo, "--cores", "2")
    assert answer.returncode == 0, answer.stdout
    return demo, project
