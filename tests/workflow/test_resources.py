"""What jobs ask for: memory and time that grow with their inputs and attempts, and what they really took."""

import csv
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from tiny_project import run_snakemake

#: MB that Snakemake takes beside a script: a cluster counts both as one job.
SNAKEMAKE = 200


class Inputs(dict[str, object]):
    """Named inputs, as Snakemake gives them to a function."""

    __getattr__ = dict.__getitem__


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    """A file of 3 MB, two files of 1 MB, a folder with both of them, and a file that is yet to be made."""
    (tmp_path / "folder").mkdir()
    parts = [tmp_path / "folder" / name for name in "ab"]
    for part in parts:
        part.write_bytes(bytes(1_000_000))
    (tmp_path / "table").write_bytes(bytes(3_000_000))
    names = {"table": "table", "folder": "folder", "later": "later"}
    return Inputs({name: str(tmp_path / path) for name, path in names.items()}, parts=[str(part) for part in parts])


def test_resources_grow_with_the_named_inputs_and_the_attempt(inputs: Inputs, common: SimpleNamespace) -> None:
    assert common.megabytes(500)(None, inputs, 1) == 500
    assert common.megabytes(500, table=10)(None, inputs, 1) == 530
    assert common.megabytes(500, table=10, parts=2)(None, inputs, 3) == 3 * 534
    assert common.megabytes(500, folder=2, later=100)(None, inputs, 1) == 504
    assert common.minutes(10, table=0.1)(None, inputs, 1) == 11
    with pytest.raises(KeyError):
        common.megabytes(500, tabel=1)(None, inputs, 1)


def test_a_gpu_needs_memory_of_its_own(inputs: Inputs, common: SimpleNamespace) -> None:
    def asked(device: str, memory_gb: float) -> int:
        common.gpus.__globals__["config"] = {"device": device, "memory_gb": memory_gb}
        empty = Inputs(activations=inputs["later"], network=[])
        return common.megabytes_of_ablation()(None, empty, 1)

    assert asked("cuda", 2) == asked("auto", 2) == asked("cpu", 2) + 1000
    assert asked("cpu", 3) == asked("cpu", 2) + 1000


def test_the_check_needs_memory_for_the_largest_judgments(
    inputs: Inputs, tmp_path: Path, common: SimpleNamespace
) -> None:
    comparisons = {
        "few": {"judgments": str(tmp_path / "folder/a")},
        "many": {"judgments": inputs["table"]},
        "to be made": {"judgments": inputs["later"]},
    }
    common.megabytes_of_check.__globals__["config"] = {"comparisons": comparisons}
    assert common.megabytes_of_check()(None, 2) == 2 * (2500 + 3 * 15)


@pytest.mark.parametrize(
    ("driver", "local", "said", "expected"),
    [
        (True, True, {}, {"gpu": 1}),
        (True, True, {"gpu": 4}, {"gpu": 4}),
        (False, True, {}, {}),
        (True, False, {}, {}),
    ],
)
def test_jobs_take_turns_at_the_gpu_of_a_machine(
    driver: bool, local: bool, said: dict[str, int], expected: dict[str, int], tmp_path: Path, common: SimpleNamespace
) -> None:
    resources = dict(said)
    common.take_turns_at_gpu.__globals__["workflow"] = SimpleNamespace(
        local_exec=local, global_resources=resources, register_resource=resources.__setitem__
    )
    common.take_turns_at_gpu(sys.executable if driver else str(tmp_path / "none"))
    assert resources == expected


def test_two_gpu_jobs_never_run_at_once_here(tmp_path: Path) -> None:
    """Two jobs that want one GPU each, on two cores, with what a machine with a GPU registers."""
    (tmp_path / "Snakefile").write_text(
        """
workflow.register_resource("gpu", 1)
rule all:
    input: "1", "2"
rule one:
    output: "{name}"
    resources: gpu=1
    shell: "mkdir busy && sleep 1 && rmdir busy && touch {output}"
""",
        encoding="utf-8",
    )
    answer = run_snakemake(tmp_path, "--cores", "2")
    assert answer.returncode == 0, answer.stdout


def asked_memory(folder: Path) -> dict[str, int]:
    """MB that each job of the tiny project asks for, by its benchmark file."""
    answer = run_snakemake(folder, "--dry-run", "--forceall", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    jobs = re.findall(r"benchmark: (\S+)\n(?: +.*\n)*? +resources: .*\bmem_mb=(\d+)", answer.stdout)
    return {benchmark: int(mem_mb) for benchmark, mem_mb in jobs}


def taken_memory(benchmark: Path) -> float:
    """MB that a job took, by its benchmark file.

    Snakemake looks twice a second at first, and later twice a minute. What a short job took, or took for a short time,
    the job's log knows; what other processes took that it started, only the benchmark file.
    """
    with benchmark.open(encoding="utf-8") as lines:
        row = next(csv.DictReader(lines, delimiter="\t"))
    seen = 0 if row["max_rss"] == "NA" else float(row["max_rss"])
    log = Path(str(benchmark).replace("/benchmarks/", "/logs/")).with_suffix(".log")
    (peak,) = re.findall(r"Peak memory: (\d+) MB", log.read_text(encoding="utf-8"))
    return max(seen, float(peak))


def test_jobs_ask_for_the_memory_that_they_use(finished: Path) -> None:
    """No job takes more than it asks for, and none asks for much more than it takes and may take."""
    budget = 1000 * yaml.safe_load((finished / "tiny.yaml").read_text(encoding="utf-8"))["memory_gb"]
    asked = asked_memory(finished)
    files = [str(file.relative_to(finished)) for file in (finished / "results/benchmarks").rglob("*.tsv")]
    assert set(asked) == set(files)
    took = {file: taken_memory(finished / file) + SNAKEMAKE for file in files}
    assert {file: (took[file], asked[file]) for file in files if took[file] > asked[file]} == {}
    too_much = {file for file in files if asked[file] > 2.5 * took[file] + budget}
    assert {file: (took[file], asked[file]) for file in too_much} == {}
