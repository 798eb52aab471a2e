"""The workflow on a real Slurm: the whole demo, and jobs that are cancelled, killed and lost with their node.

These tests start Slurm's daemons as root and install Debian's packages of Slurm if they are missing. They must be asked
for: ALIGNMENT_IMPORTANCE_SLURM=1 python -m pytest tests/workflow/test_slurm.py

They compare with a run of the demo without Slurm (see `demo_project`). Tests of jobs that come to harm mostly wait.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from demo_project import demo_and_project
from slurm_cluster import Cluster, Job, held, wait_until, why_not
from test_rules import GPU_RULES
from test_run import results_of
from tiny_project import run_snakemake, write_project

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(
        os.environ.get("ALIGNMENT_IMPORTANCE_SLURM") != "1",
        reason="starts daemons of the system: set ALIGNMENT_IMPORTANCE_SLURM=1 to allow it",
    ),
]

#: The profile, but with shorter waits, because these jobs are short.
SLURM = (
    "--profile",
    "workflow/profiles/slurm",
    "--slurm-init-seconds-before-status-checks",
    "2",
    "--latency-wait",
    "20",
)

#: The rule whose job comes to harm in the tiny project, after the check of its images, and its output.
RULE, TARGET = "compute_saliency", "results/saliency/tiny/spectral_residual.nc"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    # Not one of pytest's folders, which are private: munge requires that everybody can reach its socket.
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        cluster = Cluster(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run Snakemake in a folder, with its output in snakemake.txt; it is ended with the block."""
    with (folder / "snakemake.txt").open("w", encoding="utf-8") as output:
        command = [sys.executable, "-m", "snakemake", *arguments]
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, text=True)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:  # it waits for a job of which the plugin has lost sight
                process.kill()


def submitted_since(cluster: Cluster, before: list[Job]) -> list[Job]:
    """Jobs that Slurm got after those in `before`."""
    return [job for job in cluster.jobs() if job.number > max((job.number for job in before), default=0)]


# ----------------------------------------------------------------------------------------------------------------------
# The demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> tuple[Path, Path, list[Job]]:
    """The demo run here, the demo run by Slurm, and what Slurm says about its jobs."""
    here, there = demo_and_project(tmp_path_factory.mktemp("demo"))
    before = cluster.jobs()
    answer = run_snakemake(there, *SLURM)
    assert answer.returncode == 0, answer.stdout
    return here, there, submitted_since(cluster, before)


def test_the_demo_on_slurm_gives_the_same_bytes(demo: tuple[Path, Path, list[Job]]) -> None:
    here, there, _ = demo
    expected, found = results_of(here), results_of(there)
    assert set(found) == set(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


def test_slurm_gets_a_job_for_every_script_and_all_of_them_succeed(demo: tuple[Path, Path, list[Job]]) -> None:
    _, there, jobs = demo
    assert {job.state for job in jobs} == {"COMPLETED"}
    assert len(jobs) == len(list((there / "results/benchmarks").rglob("*.tsv")))


def test_slurm_gets_the_memory_and_time_that_the_rules_ask_for(demo: tuple[Path, Path, list[Job]]) -> None:
    _, there, jobs = demo
    # What a run that starts with the same inputs would ask for, now that the sizes of all files are known.
    answer = run_snakemake(there, "--dry-run", "--forceall", "--cores", "2")
    asked = re.findall(
        r"rule (\w+):\n(?: +.*\n)*? +resources: .*\bruntime=(\d+).*\bmem_mb=(\d+)", answer.stdout
    ) or pytest.fail(answer.stdout)
    for rule in ("extract_activations", "validate_rankings", "assess_prediction", "compute_saliency"):
        wanted = {(int(mem_mb), int(runtime)) for name, runtime, mem_mb in asked if name == rule}
        given = {(job.memory_mb, job.minutes) for job in jobs if rule in job.comment}
        assert given == wanted, rule


def test_slurm_gives_one_gpu_to_jobs_that_run_networks_and_to_no_others(demo: tuple[Path, Path, list[Job]]) -> None:
    _, _, jobs = demo
    with_gpu = {job.comment for job in jobs if job.gpus}
    assert {job.gpus for job in jobs} == {0, 1}
    assert all(any(name in comment for name in GPU_RULES) for comment in with_gpu)
    assert all(job.gpus == 1 for job in jobs if any(name in job.comment for name in GPU_RULES))


# ----------------------------------------------------------------------------------------------------------------------
# Jobs that do not end well


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The content of the target after a run without Slurm, in which nothing comes to harm."""
    folder = tmp_path_factory.mktemp("undisturbed") / "project"
    write_project(folder)
    answer = run_snakemake(folder, TARGET, "--configfile", "tiny.yaml", "--cores", "2")
    assert answer.returncode == 0, answer.stdout
    return (folder / TARGET).read_bytes()


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Path:
    """A tiny project whose images have been checked, by a job on Slurm."""
    folder = tmp_path_factory.mktemp("checked") / "project"
    write_project(folder)
    answer = run_snakemake(folder, "results/inputs/tiny/images.csv", "--configfile", "tiny.yaml", *SLURM)
    assert answer.returncode == 0, answer.stdout
    return folder


@pytest.fixture
def project(checked: Path, tmp_path: Path) -> Path:
    """A copy of the checked project, in another place."""
    return Path(shutil.copytree(checked, tmp_path / "project"))


def kill_by_time(cluster: Cluster, job: Job) -> None:
    """Wait until Slurm ends a job, whose process is suspended, at its limit of time."""
    wait_until(lambda: job.number not in {running.number for running in cluster.jobs("RUNNING")}, seconds=600)


def lose_node(cluster: Cluster, job: Job) -> None:
    """Set the node down under a job, and up again a little later."""
    cluster.set_node("down")
    wait_until(lambda: job.number not in {running.number for running in cluster.jobs("RUNNING")}, seconds=300)
    cluster.set_node("resume")


@pytest.mark.parametrize(
    ("harm", "state", "minutes"),
    # Minutes: enough for the job to start in and, eight times as many at the second attempt, to end in.
    [(Cluster.cancel, "CANCELLED", 10), (kill_by_time, "TIMEOUT", 2), (lose_node, None, 10)],
    ids=["cancelled", "time limit", "node down"],
)
def test_what_was_lost_is_done_again(
    harm: Callable[[Cluster, Job], None],
    state: str | None,
    minutes: int,
    project: Path,
    undisturbed: bytes,
    cluster: Cluster,
) -> None:
    """A job that comes to harm in the middle is done again, with more time, and nothing else is."""
    before = cluster.jobs()
    limit = ("--set-resources", f"{RULE}:runtime={minutes}*attempt**3")
    with running(project, TARGET, "--configfile", "tiny.yaml", *SLURM, *limit) as snakemake, held(RULE, project):
        (job,) = cluster.jobs("RUNNING")
        assert RULE in job.comment
        assert job.minutes == minutes
        harm(cluster, job)
        assert snakemake.wait(900) == 0, (project / "snakemake.txt").read_text(encoding="utf-8")
    jobs = submitted_since(cluster, before)
    assert all(RULE in job.comment for job in jobs)
    assert jobs[-1].state == "COMPLETED"
    if state is not None:
        assert [job.state for job in jobs] == [state, "COMPLETED"]
        assert [job.minutes for job in jobs] == [minutes, 8 * minutes]
    assert (project / TARGET).read_bytes() == undisturbed
    assert run_snakemake(project, TARGET, "--configfile", "tiny.yaml", *SLURM, "--dry-run").stdout.count(
        "Nothing to be done"
    )


def test_a_job_that_takes_too_much_memory_gets_more(project: Path, undisturbed: bytes, cluster: Cluster) -> None:
    before = cluster.jobs()
    # Slurm measures once a second: Snakemake itself takes more than 100 MB for longer than that.
    little = ("--set-resources", f"{RULE}:mem_mb=100*attempt**3")
    answer = run_snakemake(project, TARGET, "--configfile", "tiny.yaml", *SLURM, *little)
    assert answer.returncode == 0, answer.stdout
    jobs = submitted_since(cluster, before)
    assert [job.memory_mb for job in jobs] == [100, 800]
    assert [job.state for job in jobs][-1] == "COMPLETED"
    assert (project / TARGET).read_bytes() == undisturbed


def test_a_job_whose_gpu_does_not_work_says_so(project: Path, cluster: Cluster) -> None:
    target = "results/activations/tiny/resnet18.nc"
    given = (target, "--configfile", "tiny.yaml", *SLURM, "--retries", "0", "--config")
    log = project / "results/logs/extract_activations/tiny/resnet18.log"
    answer = run_snakemake(project, *given, "device=cuda")
    assert answer.returncode == 1
    assert "device: cuda, but PyTorch finds no CUDA device here" in log.read_text(encoding="utf-8")
    assert cluster.jobs()[-1].gpus == 1
    assert run_snakemake(project, *given, "device=auto").returncode == 0
    assert "device `auto` takes the CPU" in log.read_text(encoding="utf-8")
    assert cluster.jobs()[-1].gpus == 1
