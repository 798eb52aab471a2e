"""Calls Snakemake, and shows its progress and the time left while it runs."""

import re
import signal
import subprocess
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

#: The line that Snakemake prints after every job.
_STEPS = re.compile(r"(\d+) of (\d+) steps \(.*\) done")


def call(command: Sequence[str], cwd: Path) -> int:
    """Run Snakemake, show its progress (in a terminal's last line, else line by line), and return its exit status."""
    console, started = Console(stderr=True), time.monotonic()
    line_below = Progress(
        BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console,
        disable=not console.is_terminal,
    )  # fmt: skip
    with (
        subprocess.Popen(command, cwd=cwd, stderr=subprocess.PIPE, encoding="utf-8", errors="replace") as run,
        line_below,
    ):
        # Snakemake receives an interrupt from the keyboard too; killed before it ends by itself, it would leave the
        # folder locked.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        task = line_below.add_task("", visible=False)
        assert run.stderr is not None
        for line in run.stderr:
            steps = _STEPS.fullmatch(line.strip())
            if steps:
                done, total = map(int, steps.groups())
                line = describe(done, total, time.monotonic() - started)
                line_below.update(task, completed=done, total=total, description=line, visible=True)
            if not (steps and console.is_terminal):
                console.print(Text(line.rstrip("\n")), soft_wrap=True)
    signal.signal(signal.SIGINT, handler)
    return run.returncode


def describe(done: int, total: int, seconds: float) -> str:
    """Say how many steps are done, and about how long the others will take at the same pace.

    >>> describe(12, 32, 120)
    '12 of 32 steps, about 0:03:20 left'
    >>> describe(32, 32, 300)
    '32 of 32 steps'
    """
    left = f", about {timedelta(seconds=round(seconds / done * (total - done)))} left" if 0 < done < total else ""
    return f"{done} of {total} steps{left}"
