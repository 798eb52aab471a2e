"""The log of a job, and how a job ends."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from alignment_importance.system import logs
from alignment_importance.system.errors import InputError

ROOT = Path(__file__).resolve().parents[2]

#: A job that says that it began, and would then go on for minutes.
JOB = """
import sys, time
from alignment_importance.system import logs
with logs.job(sys.argv[1], None):
    print("begun", flush=True)
    time.sleep(300)
"""

#: Starts the job as Snakemake does, and waits for it.
STARTER = """
import shlex, subprocess, sys
subprocess.run(["bash", "-c", "set -euo pipefail; " + shlex.join([sys.executable, *sys.argv[1:]])])
"""


@pytest.fixture(autouse=True)
def usual_logging() -> Iterator[None]:
    """Restore the loggers, which a job takes over, for the other tests."""
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    logging.captureWarnings(False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.getLogger("alignment_importance").setLevel(logging.NOTSET)


def test_a_job_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, "-c", JOB, str(tmp_path / "job.log")]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "begun\n"
        began = time.monotonic()
        started.send_signal(signal.SIGKILL)
        started.wait()
        assert started.stdout.read() == ""  # end of file: no process can write there any more
        assert time.monotonic() - began < 200
    assert "Snakemake has ended, and so does this job" in (tmp_path / "job.log").read_text(encoding="utf-8")


def test_a_job_goes_on_beside_processes_that_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_SECONDS_BETWEEN_LOOKS", 0.01)
    with logs.job(tmp_path / "job.log", None):
        subprocess.run([sys.executable, "-c", ""], check=True)
        time.sleep(0.1)
    assert "Snakemake has ended" not in (tmp_path / "job.log").read_text(encoding="utf-8")


def test_a_log_ends_with_the_memory_of_its_job_alone(tmp_path: Path) -> None:
    """The memory of the job, not of the larger process that started it; at its peak, not at its end."""
    job = """
import sys
from alignment_importance.system import logs
with logs.job(sys.argv[1], None):
    bytearray(b"1") * int(sys.argv[2])
"""
    here = bytearray(b"1") * 1_000_000_000
    taken = []
    for size in (1, 300_000_000):
        command = [sys.executable, "-c", job, str(tmp_path / "job.log"), str(size)]
        subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")}, check=True)
        last = (tmp_path / "job.log").read_text(encoding="utf-8").splitlines()[-1]
        taken.append(int(last.split("Peak memory: ")[1].removesuffix(" MB.")))
    assert taken[0] < 200 < len(here) / 1e6
    assert taken[1] - taken[0] == pytest.approx(300, abs=20)


def test_a_mistake_of_the_user_is_told_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"), logs.job(tmp_path / "job.log", None):
        raise InputError("a.csv: line 3")
    assert "a.csv: line 3" in capsys.readouterr().err
    assert "Traceback" not in (tmp_path / "job.log").read_text(encoding="utf-8")


def test_a_mistake_that_ends_a_run_is_told_with_the_way_to_all_of_them(tmp_path: Path) -> None:
    hint = (
        "The target `check` lists everything that is wrong with the inputs (snakemake --cores 1 check, with the "
        "--configfile of this run, if any)."  # without --configfile it would check the demo
    )
    for made_with, hints in ((None, 0), ({"folder": tmp_path / "provenance"}, 1)):
        with pytest.raises(SystemExit, match="1"), logs.job(tmp_path / "job.log", made_with):
            raise InputError("a.csv: line 3")
        assert (tmp_path / "job.log").read_text(encoding="utf-8").count(hint) == hints


def test_a_fault_of_the_program_is_logged_with_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), logs.job(tmp_path / "job.log", None):
        print(1 / 0)
    assert "ZeroDivisionError: division by zero" in (tmp_path / "job.log").read_text(encoding="utf-8")
