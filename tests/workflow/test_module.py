"""The workflow as a module of another one."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from tiny_project import CONFIG, ROOT, planned_jobs, run_snakemake, write_inputs

CALLER = f"""
configfile: "caller.yaml"

module alignment_importance:
    snakefile: "{ROOT}/Snakefile"
    config: config["ai"]

use rule * from alignment_importance as ai_*

rule copy_summary:
    default_target: True
    input: "results/prediction/summary.csv"
    output: "copied.csv"
    shell: "cp {{input}} {{output}}"
"""

#: A scheduler without a queue: the script of a job runs while it is submitted, in a process of its own.
CLUSTER = ("--executor", "cluster-generic", "--cluster-generic-submit-cmd", "setsid bash", "--jobs", "2")


@pytest.mark.parametrize("executor", [("--cores", "2"), CLUSTER], ids=["local", "cluster"])
def test_another_workflow_uses_this_one(executor: tuple[str, ...], tmp_path: Path) -> None:
    write_inputs(tmp_path)
    (tmp_path / "caller.yaml").write_text(yaml.safe_dump({"other": 1, "ai": CONFIG}), encoding="utf-8")
    (tmp_path / "Snakefile").write_text(CALLER, encoding="utf-8")
    answer = run_snakemake(tmp_path, *executor)
    assert answer.returncode == 0, answer.stdout
    made = pd.read_csv(tmp_path / "copied.csv")
    assert set(made["comparison"]) == set(CONFIG["comparisons"])
    assert planned_jobs(tmp_path) == {}


def test_the_catalogue_finds_the_workflow(tmp_path: Path) -> None:
    """The Snakefile where the catalogue of Snakemake workflows looks plans what the other one does."""
    plan, catalogued = (
        planned_jobs(tmp_path, "--snakefile", str(ROOT / file)) for file in ("Snakefile", "workflow/Snakefile")
    )
    assert plan
    assert catalogued == plan | {"default": 1}
