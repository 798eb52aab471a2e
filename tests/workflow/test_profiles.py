"""The profiles: each can be planned with its own plugin and asks for GPUs where one is needed."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from test_rules import GPU_OTHERS, GPU_RULES
from tiny_project import ROOT, run_snakemake

PROFILES = sorted(file.parent for file in (ROOT / "workflow/profiles").glob("*/profile.v9+.yaml"))
CLUSTERS = [folder for folder in PROFILES if folder.name != "workstation"]

#: What `qacct` says about the first start of an SGE job that was started again, as a format for `printf`.
MOVED = r"failed 25 : rescheduling\nexit_status 99\n"


def settings(profile: Path) -> dict[str, Any]:
    return yaml.safe_load((profile / "profile.v9+.yaml").read_text(encoding="utf-8"))


def plan(folder: Path, profile: Path, *arguments: str) -> str:
    """The output of a dry run of the demo with a profile."""
    answer = run_snakemake(
        folder, "--dry-run", "--snakefile", str(ROOT / "Snakefile"), "--profile", str(profile), *arguments
    )
    assert answer.returncode == 0, answer.stdout
    return answer.stdout


def test_there_is_a_profile_for_every_kind_of_machine() -> None:
    names = {profile.name for profile in PROFILES}
    assert names == {"workstation", "slurm", "lsf", "sge", "htcondor", "kubernetes"}


def test_versions_of_plugins_are_those_of_the_tests() -> None:
    pinned = set((ROOT / "requirements-dev.txt").read_text(encoding="utf-8").split())
    for profile in CLUSTERS:
        header = (profile / "profile.v9+.yaml").read_text(encoding="utf-8").splitlines()[0]
        plugins = set(re.findall(r"snakemake-[\w.=-]+", header))
        assert any(settings(profile)["executor"] in plugin for plugin in plugins)
        assert plugins <= pinned


def test_workstation_lets_gpu_jobs_wait_for_each_other() -> None:
    chosen = settings(ROOT / "workflow/profiles/workstation")
    assert chosen["cores"] == "all"
    assert chosen["resources"] == {"gpu": 1}
    assert chosen["keep-going"] is chosen["rerun-incomplete"] is True


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_profile_can_be_planned(profile: Path, tmp_path: Path) -> None:
    text = plan(tmp_path, profile)
    assert "validate_rankings" in text
    if profile in CLUSTERS:
        assert settings(profile)["retries"] >= 1


def test_lsf_is_asked_for_gpus_in_words_of_its_own() -> None:
    asked = settings(ROOT / "workflow/profiles/lsf")["set-resources"]
    assert set(asked) == GPU_RULES | GPU_OTHERS
    assert all(set(resources) == {"lsf_extra"} for resources in asked.values())


def commands(folder: Path, **programs: str) -> dict[str, str]:
    """Environment variables with which some commands are replaced by lines of shell."""
    folder.mkdir()
    for name, line in programs.items():
        (folder / name).write_text(f"#!/usr/bin/env bash\n{line}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}


def answer(script: str, *arguments: str, env: dict[str, str], folder: Path = ROOT) -> str:
    command = [str(ROOT / "workflow/profiles" / script), *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout.strip()


def submitted(folder: Path, profile: str, gpus: int, **programs: str) -> str:
    """Submit a job in a folder to stand-ins for the programs of a cluster; return what they print."""
    (folder / "workflow").symlink_to(ROOT / "workflow")
    resources = SimpleNamespace(mem_mb=3000, runtime=60, gpu=gpus)
    command = settings(ROOT / "workflow/profiles" / profile)["cluster-generic-submit-cmd"]
    line = command.format(threads=4, resources=resources) + ' "/a script"'
    env = commands(folder / "bin", **programs)
    return subprocess.run(line, shell=True, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("gpus", [0, 1])
def test_a_job_for_sge(gpus: int, tmp_path: Path) -> None:
    said = submitted(tmp_path, "sge", gpus, qsub='echo "$@"')
    assert said.endswith(f" smp 4 -l h_rt=0:60:0,mem_free=750M {'-l gpu=1 ' * gpus}/a script\n")


@pytest.mark.parametrize("gpus", [0, 1])
def test_a_job_for_htcondor(gpus: int, tmp_path: Path) -> None:
    number = submitted(tmp_path, "htcondor", gpus, condor_submit="cat >said; echo 12.0 - 12.0")
    assert number == "12\n"
    lines = (tmp_path / "said").read_text(encoding="utf-8").splitlines()
    asked = dict(line.split(" = ", 1) for line in lines if " = " in line)
    assert asked["arguments"] == "\"'/a script'\""
    assert (asked["request_cpus"], asked["request_memory"], asked["allowed_execute_duration"]) == ("4", "3000M", "3600")
    assert asked.get("request_gpus", "0") == str(gpus)
    assert (tmp_path / Path(asked["output"]).parent).is_dir()


@pytest.mark.parametrize("profile", ["sge", "htcondor", "kubernetes"])
def test_jobs_are_cancelled_as_the_plugin_does_it(profile: str, tmp_path: Path) -> None:
    """The plugin calls the setting as the name of one program, not as a line of shell."""
    (tmp_path / "workflow").symlink_to(ROOT / "workflow")
    program = settings(ROOT / "workflow/profiles" / profile)["cluster-generic-cancel-cmd"]
    env = commands(tmp_path / "bin", **dict.fromkeys(("qdel", "condor_rm", "kubectl"), 'echo "$0 $*"'))
    found = program if "/" in program else shutil.which(program, path=env["PATH"])
    assert found
    said = subprocess.run([found, "7", "8"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout
    assert said.endswith(" 7 8\n")


@pytest.mark.parametrize(
    ("profile", "programs", "status"),
    [
        ("htcondor", {"condor_q": "echo 2", "condor_history": "exit 1"}, "running"),
        ("htcondor", {"condor_q": "exit 1", "condor_history": "exit 1"}, "running"),
        ("htcondor", {"condor_q": "true", "condor_history": "true"}, "running"),
        ("htcondor", {"condor_q": "true", "condor_history": "echo 4 0"}, "success"),
        ("htcondor", {"condor_q": "true", "condor_history": "echo 4 1"}, "failed"),
        ("htcondor", {"condor_q": "true", "condor_history": "echo 4 undefined"}, "failed"),
        ("htcondor", {"condor_q": "true", "condor_history": "echo 3 undefined"}, "failed"),
        ("sge", {"qstat": "echo ' 7 0.5 job me r '", "qacct": "exit 1"}, "running"),
        ("sge", {"qstat": "true", "qacct": "exit 1"}, "running"),
        ("sge", {"qstat": "exit 1", "qacct": "exit 1"}, "running"),
        ("sge", {"qstat": "true", "qacct": r"printf 'failed 0\nexit_status 0\n'"}, "success"),
        ("sge", {"qstat": "true", "qacct": r"printf 'failed 0\nexit_status 1\n'"}, "failed"),
        ("sge", {"qstat": "true", "qacct": r"printf 'failed 37 : enforced h_rt\nexit_status 137\n'"}, "failed"),
        # The job was moved to another node, and has ended there or has no second record yet.
        ("sge", {"qstat": "true", "qacct": rf"printf '{MOVED}failed 0\nexit_status 0\n'"}, "success"),
        ("sge", {"qstat": "true", "qacct": rf"printf '{MOVED}failed 0\nexit_status 1\n'"}, "failed"),
        ("sge", {"qstat": "true", "qacct": f"printf '{MOVED}'"}, "running"),
        ("kubernetes", {"kubectl": "echo 'Job '"}, "running"),
        ("kubernetes", {"kubectl": "echo Job Suspended"}, "running"),
        ("kubernetes", {"kubectl": "echo Job SuccessCriteriaMet Complete"}, "success"),
        ("kubernetes", {"kubectl": "echo Job FailureTarget Failed"}, "failed"),
        # The job no longer exists; the cluster does not answer.
        ("kubernetes", {"kubectl": "true"}, "failed"),
        ("kubernetes", {"kubectl": "exit 1"}, "running"),
    ],
)
def test_status_of_a_job(profile: str, programs: dict[str, str], status: str, tmp_path: Path) -> None:
    (tmp_path / ".snakemake" / profile).mkdir(parents=True)
    assert answer(f"{profile}/status", "7", env=commands(tmp_path / "bin", **programs), folder=tmp_path) == status


def test_a_job_that_sge_could_not_start_is_taken_out_of_the_queue(tmp_path: Path) -> None:
    """Otherwise it could still begin beside its second attempt."""
    queue = "echo ' 7 0.5 job me Eqw '; echo ' 8 0.5 job me qw '"
    env = commands(tmp_path / "bin", qstat=queue, qdel='echo "$@" >deleted')
    assert answer("sge/status", "8", env=env, folder=tmp_path) == "running"
    assert not (tmp_path / "deleted").exists()
    assert answer("sge/status", "7", env=env, folder=tmp_path) == "failed"
    assert (tmp_path / "deleted").read_text(encoding="utf-8") == "7\n"


@pytest.mark.parametrize(
    ("programs", "why"),
    [
        (
            {"qstat": "true", "qacct": r"printf 'failed  37  : enforced h_rt\nexit_status  137\n'"},
            "failed 37 : enforced h_rt exit_status 137; its output: .snakemake/sge/job.o7",
        ),
        (
            {"qstat": "[ $# = 0 ] && echo ' 7 0.5 job me Eqw ' || echo 'error reason 1:  no folder'", "qdel": "true"},
            "it could not be started, error reason 1: no folder",
        ),
    ],
)
def test_why_a_job_of_sge_failed_is_told(programs: dict[str, str], why: str, tmp_path: Path) -> None:
    (tmp_path / ".snakemake/sge").mkdir(parents=True)
    (tmp_path / ".snakemake/sge/job.o7").touch()
    command = [str(ROOT / "workflow/profiles/sge/status"), "7"]
    env = commands(tmp_path / "bin", **programs)
    said = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("failed\n", f"Job 7 of SGE: {why}\n")


@pytest.mark.parametrize(
    ("qstat", "later"), [("true", "failed"), ("exit 1", "running"), ("echo ' 7 0.5 job me qw '", "running")]
)
def test_a_job_of_sge_that_was_deleted_before_it_began_has_failed(qstat: str, later: str, tmp_path: Path) -> None:
    """SGE keeps no record of such a job. The records of others are written some seconds late."""
    (tmp_path / ".snakemake/sge").mkdir(parents=True)
    env = commands(tmp_path / "bin", qstat="true", qacct="exit 1")
    assert answer("sge/status", "7", env=env, folder=tmp_path) == "running"
    (seen,) = (tmp_path / ".snakemake/sge").iterdir()
    os.utime(seen, (time.time() - 240,) * 2)
    assert answer("sge/status", "7", env=env, folder=tmp_path) == "running"
    os.utime(seen, (time.time() - 400,) * 2)
    (tmp_path / "bin/qstat").write_text(f"#!/usr/bin/env bash\n{qstat}\n", encoding="utf-8")
    assert answer("sge/status", "7", env=env, folder=tmp_path) == later


@pytest.mark.parametrize("gpus", [0, 1])
def test_a_job_for_kubernetes(gpus: int, tmp_path: Path) -> None:
    env = commands(tmp_path / "bin", kubectl="cat")
    env |= {f"ALIGNMENT_IMPORTANCE_{key}": key.lower() for key in ("CLAIM", "VOLUME", "IMAGE")}
    job = yaml.safe_load(answer("kubernetes/submit", "4", "3000", "60", str(gpus), "/a script", env=env))
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert job["spec"]["activeDeadlineSeconds"] == 3600
    assert container["command"] == ["bash", "/a script"]
    assert container["resources"]["requests"] == {"cpu": "4", "memory": "3000M"}
    assert container["resources"]["limits"].get("nvidia.com/gpu", 0) == gpus
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == "claim"
