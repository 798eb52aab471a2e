"""The workflow as a module of another one."""

import shutil
from pathlib import Path

import pytest
import yaml
from test_run import results_of
from tiny_project import CONFIG, ROOT, planned_jobs, run_snakemake, write_inputs, write_project

CALLER = """
configfile: "caller.yaml"

module alignment_importance:
    snakefile: "project/Snakefile"
    config: config["ai"]

use rule * from alignment_importance as ai_*

rule copy_summary:
    default_target: True
    input: "results/prediction/summary.csv"
    output: "copied.csv"
    shell: "cp {input} {output}"
"""

#: A scheduler without a queue: the script of a job runs while it is submitted, in a process of its own.
CLUSTER = ("--executor", "cluster-generic", "--cluster-generic-submit-cmd", "setsid bash", "--jobs", "2")


@pytest.fixture
def caller(tmp_path: Path) -> Path:
    """Another workflow; the photographs in its folder were written in another order."""
    write_project(tmp_path / "project")
    write_inputs(tmp_path)
    photos = tmp_path / "my photos"
    shutil.rmtree(photos)
    photos.mkdir()
    for photo in sorted((tmp_path / "project/my photos").iterdir(), reverse=True):
        shutil.copy2(photo, photos)
    (tmp_path / "caller.yaml").write_text(yaml.safe_dump({"other": 1, "ai": CONFIG}), encoding="utf-8")
    (tmp_path / "Snakefile").write_text(CALLER, encoding="utf-8")
    return tmp_path


def test_another_workflow_gets_the_same_bytes_on_one_core(finished: Path, caller: Path) -> None:
    """The number of cores, the place, the order of hashes and the order of the photographs differ."""
    answer = run_snakemake(caller, "copied.csv", "ai_all", "--cores", "1", environment={"PYTHONHASHSEED": "7"})
    assert answer.returncode == 0, answer.stdout
    expected, found = results_of(finished), results_of(caller)
    assert set(found) == set(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert (caller / "copied.csv").read_bytes() == expected["prediction/summary.csv"]
    assert planned_jobs(caller) == {}


def test_another_workflow_gets_the_same_bytes_on_a_cluster(finished: Path, caller: Path) -> None:
    made = ("results/inputs/pairs/judgments.nc", "results/saliency/tiny/spectral_residual.nc")
    answer = run_snakemake(caller, *made, *CLUSTER)
    assert answer.returncode == 0, answer.stdout
    for file in made:
        assert (caller / file).read_bytes() == (finished / file).read_bytes()


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        ("prepare_images from alignment_importance as listed", "listed"),
        ("prepare_images, prepare_control from alignment_importance as ai_*", "ai_prepare_images"),
        ("prepare_images, explain_images, score_images from alignment_importance", "prepare_images"),
    ],
)
def test_another_workflow_may_use_single_rules(caller: Path, rules: str, rule: str) -> None:
    whole, _, _ = CALLER.partition("use rule")
    (caller / "Snakefile").write_text(f"{whole}use rule {rules}\n", encoding="utf-8")
    assert planned_jobs(caller, "results/inputs/tiny/images.csv") == {rule: 1}


def test_the_first_rule_of_another_workflow_stays_its_default(caller: Path) -> None:
    without, _, _ = CALLER.partition("rule copy_summary")
    (caller / "Snakefile").write_text(f"rule first:\n    shell: 'true'\n{without}", encoding="utf-8")
    assert planned_jobs(caller) == {"first": 1}
    (caller / "Snakefile").write_text(without, encoding="utf-8")
    assert planned_jobs(caller)["ai_all"] == 1


def test_the_catalogue_finds_the_workflow(tmp_path: Path) -> None:
    """workflow/Snakefile, where the catalogue of Snakemake workflows looks, plans the jobs of the main Snakefile."""
    plan, catalogued = (
        planned_jobs(tmp_path, "--snakefile", str(ROOT / file)) for file in ("Snakefile", "workflow/Snakefile")
    )
    assert plan
    assert catalogued == plan | {"default": 1}
