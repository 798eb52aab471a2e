"""What jobs ask for: memory and time that grow with their inputs and attempts, and what they really took."""

import csv
import re
from pathlib import Path

import pytest
import yaml
from rule_objects import rules
from tiny_project import run_snakemake

from alignment_importance.inputs.judgments import judged

#: MB that Snakemake takes beside a script: a cluster counts both as one job.
SNAKEMAKE = 200


class Inputs(dict[str, object]):
    """Named inputs, as Snakemake gives them to a function."""

    __getattr__ = dict.__getitem__


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    """A file of 3 MB, a folder with two files of 1 MB, and a file that is yet to be made."""
    (tmp_path / "folder").mkdir()
    for name in "ab":
        (tmp_path / "folder" / name).write_bytes(bytes(1_000_000))
    (tmp_path / "activations").write_bytes(bytes(3_000_000))
    return Inputs(
        activations=str(tmp_path / "activations"), network=[str(tmp_path / "folder"), str(tmp_path / "later")]
    )


def memory_of(rule: str, inputs: Inputs, attempt: int) -> int:
    """MB that a rule of the demo asks for."""
    return int(rules()[rule].resources["mem_mb"].evaluate(None, input=inputs, attempt=attempt).value)


def test_resources_grow_with_the_named_inputs_and_the_attempt(inputs: Inputs) -> None:
    little = Inputs(activations=[], network=[])
    base = memory_of("explain_images", little, 1)
    # 10 MB for every MB of activations, and 3 for every MB of those files of the network that exist.
    assert memory_of("explain_images", inputs, 1) == base + 30 + 6
    assert memory_of("explain_images", inputs, 3) == 3 * (base + 36)


def test_a_link_that_leads_nowhere_has_no_size(tmp_path: Path, inputs: Inputs) -> None:
    """The check of the images says which link it is."""
    before = memory_of("explain_images", inputs, 1)
    (tmp_path / "folder" / "lost.png").symlink_to(tmp_path / "nowhere.png")
    assert memory_of("explain_images", inputs, 1) == before


@pytest.mark.parametrize(
    ("rule", "attempt", "names", "bytes_per_cell"),
    [
        # Seven float64 matrices while judgments are read. Few are so large, and those fit at the third attempt.
        ("prepare_judgments", 3, ["sources"], 7 * 8),
        # One float64 matrix, and the numbers of ratings.
        ("prepare_pairs", 1, ["judgments"], 8 + 4),
        ("prepare_control", 1, ["judgments"], 8 + 4),
        ("summarise", 1, ["judgments", "predictions", "scores", "heatmaps"], 8 + 4),
    ],
)
def test_the_largest_judgments_fit_however_small_their_file_is(
    rule: str, attempt: int, names: list[str], bytes_per_cell: int
) -> None:
    asked = memory_of(rule, Inputs({name: [] for name in names}), attempt)
    python = 150
    assert asked > judged.MOST_CELLS * bytes_per_cell / 1e6 + python + SNAKEMAKE


def test_two_gpu_jobs_never_run_at_once_here(tmp_path: Path) -> None:
    """Two jobs that ask for one GPU each, on two cores, with one GPU registered, as on a machine that has one."""
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

    Snakemake measures twice a second at first, and later twice a minute. So only the job's log knows short jobs and
    short peaks, and only the benchmark file the memory of other processes that the job started.
    """
    with benchmark.open(encoding="utf-8") as lines:
        row = next(csv.DictReader(lines, delimiter="\t"))
    seen = 0 if row["max_rss"] == "NA" else float(row["max_rss"])
    log = Path(str(benchmark).replace("/benchmarks/", "/logs/")).with_suffix(".log")
    (peak,) = re.findall(r"Peak memory: (\d+) MB", log.read_text(encoding="utf-8"))
    return max(seen, float(peak))


def test_jobs_ask_for_the_memory_that_they_use(finished: Path) -> None:
    """No job takes more than it asks for, and none asks for much more than it takes, apart from `memory_gb`."""
    budget = 1000 * yaml.safe_load((finished / "tiny.yaml").read_text(encoding="utf-8"))["memory_gb"]
    asked = asked_memory(finished)
    files = [str(file.relative_to(finished)) for file in (finished / "results/benchmarks").rglob("*.tsv")]
    assert set(asked) == set(files)
    took = {file: taken_memory(finished / file) + SNAKEMAKE for file in files}
    assert {file: (took[file], asked[file]) for file in files if took[file] > asked[file]} == {}
    too_much = {file for file in files if asked[file] > 2.5 * took[file] + budget}
    assert {file: (took[file], asked[file]) for file in too_much} == {}
