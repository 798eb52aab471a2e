"""A tiny project that is killed at thirty or more random moments gives the same results in the end."""

import csv
import re
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import psutil
from rule_objects import rules, script_of
from test_run import results_of
from tiny_project import kill_group, planned_jobs, run_snakemake, start_snakemake

#: Without `--nolock`, a killed run would leave its lock behind.
RUN = ("--cores", "2", "--rerun-incomplete", "--nolock", "--configfile", "tiny.yaml")

#: What is killed: Snakemake, a job, or everything, as when the power fails. Each at least once in every stage.
KINDS = ("snakemake", "job", "everything")

KILLS = 30
SECONDS_BETWEEN_LOOKS = 0.03
#: How long to wait for jobs that still run after a kill, which end by themselves: only a fault takes so long.
SECONDS_TO_END = 600


@dataclass(frozen=True)
class Kill:
    """What is killed, and after what fraction of the shortest time that its script took in the undisturbed run."""

    kind: str
    moment: float


@dataclass(frozen=True)
class Job:
    """A running job."""

    process: psutil.Process
    script: str


def stages() -> dict[str, str]:
    """The stage of every script: the name of the file that has its rule."""
    return {script_of(rule).stem: Path(rule.snakefile).stem for rule in rules().values()}


def durations(project: Path) -> dict[str, float]:
    """Seconds of the shortest job of every script that has run."""
    found: dict[str, float] = {}
    folder = project / "results/benchmarks"
    for file in folder.rglob("*.tsv"):
        rule = file.relative_to(folder).with_suffix("").parts[0]
        with file.open(encoding="utf-8") as lines:
            seconds = float(next(csv.DictReader(lines, delimiter="\t"))["s"])
        script = script_of(rules()[rule]).stem
        found[script] = min(seconds, found.get(script, np.inf))
    return found


def planned_kills(names: set[str]) -> dict[str, deque[Kill]]:
    """Kills by stage in random order: at least one of each kind for every stage, and at least `KILLS` in all."""
    rng = np.random.default_rng(7)
    rounds = -(-KILLS // (len(KINDS) * len(names)))
    return {
        name: deque(Kill(str(kind), rng.random()) for kind in rng.permutation(KINDS * rounds)) for name in sorted(names)
    }


def running_jobs(run: BaseProcess) -> Iterator[Job]:
    """The scripts that Snakemake runs now."""
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(run.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                script = re.search(r"\.snakemake/scripts/\w+\.(\w+)\.py$", " ".join(process.cmdline()))
                if script:
                    yield Job(process, script[1])


def kill(kind: str, run: BaseProcess, job: Job) -> bool:
    """Kill what `kind` says, unless the job has ended, and wait for the rest; return whether the job was running."""
    others = [other.process for other in running_jobs(run)]
    if not job.process.is_running():
        return False
    if kind == "job":
        job.process.kill()
    elif kind == "snakemake":
        run.kill()
    else:
        kill_group(run)
    run.join(SECONDS_TO_END)
    assert run.exitcode
    _, alive = psutil.wait_procs(others, SECONDS_TO_END)
    assert alive == []
    return True


def run_until_killed(
    folder: Path, arguments: list[str], kills: dict[str, deque[Kill]], shortest: dict[str, float]
) -> str:
    """Run Snakemake until a job runs whose stage has a kill to come; return the kind of kill, or `finished`."""
    stage_of = stages()
    said = folder / "said.txt"
    run = start_snakemake(folder, *RUN, *arguments, said=said)
    while run.is_alive():
        for job in running_jobs(run):
            waiting = kills[stage_of[job.script]]
            if waiting:
                time.sleep(waiting[0].moment * shortest[job.script])
                if run.is_alive() and kill(waiting[0].kind, run, job):
                    return waiting.popleft().kind
                # The job ended before it could be killed: try earlier next time.
                waiting[0] = Kill(waiting[0].kind, waiting[0].moment / 2)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    assert run.exitcode == 0, said.read_text(encoding="utf-8")
    return "finished"


def test_nothing_is_lost_by_kills(finished: Path, project: Path) -> None:
    """After every kill Snakemake is started again."""
    shortest = durations(finished)
    stage_of = stages()
    rule_of = {script_of(rule).stem: name for name, rule in rules().items()}
    kills = planned_kills({stage_of[script] for script in shortest})
    planned = sum(map(len, kills.values()))
    assert planned >= KILLS
    ends: Counter[str] = Counter()
    while any(kills.values()):
        # Stages that ended before all their kills are run again.
        again = [rule_of[script] for script in shortest if kills[stage_of[script]]] if ends["finished"] else []
        end = run_until_killed(project, ["--forcerun", *again] if again else [], kills, shortest)
        ends[end] += 1
    assert planned == sum(ends[kind] for kind in KINDS)
    answer = run_snakemake(project, *RUN)
    assert answer.returncode == 0, answer.stdout

    expected, found = results_of(finished), results_of(project)
    assert set(found) == set(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    results = project / "results"
    assert [*results.rglob(".*..*"), *results.rglob("*.partial")] == []  # see `atomic_write`
    assert planned_jobs(project, "--configfile", "tiny.yaml") == {}
