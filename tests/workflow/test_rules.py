"""The rules: complete, in Snakemake's form, each bound to the function of its script, and few jobs in all."""

import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import pytest
from rule_objects import all_rules, rules
from snakemake.rules import Rule
from tiny_project import ROOT, planned_jobs, run_snakemake

#: Rules of the default run that ask for a GPU, and those of other runs.
GPU_RULES = {"extract_activations", "validate_rankings", "assess_prediction", "explain_images", "measure_transfer"}
GPU_OTHERS = {
    "measure_speed",
    "predict_gaze",
    "eliminate_feature_maps",
    "score_map_pairs",
    "sample_shapley_values",
    "measure_recovery",
}

#: Jobs that make what is the same whoever makes it: data sets, documentation, configurations.
UNRECORDED = {"make_demo", "tabulate_networks", "tabulate_recovery"}

#: What stands in every rule beside what its script takes.
OF_EVERY_RULE = {"code", "recorded"}

RULES = rules()


def script_of(rule: Rule) -> str:
    """The name of a rule's script."""
    return Path(rule.script).stem


def test_every_script_has_a_rule() -> None:
    scripts = {file.stem for file in (ROOT / "scripts").glob("*.py")} - {"job", "new"}
    assert {script_of(rule) for rule in RULES.values()} == scripts
    assert "new" in all_rules()


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_complete(name: str) -> None:
    rule = RULES[name]
    assert rule.docstring
    assert str(rule.log[0]).startswith(f"results/logs/{name}")
    assert str(rule.benchmark).startswith(f"results/benchmarks/{name}")
    assert {"mem_mb", "runtime"} <= set(rule.resources)
    assert (ROOT / "workflow/rules" / rule.conda_env).resolve().is_file()
    assert ("gpu" in rule.resources) == (name in GPU_RULES | GPU_OTHERS)
    assert rule.group is None
    assert (rule.params.get("recorded", True) is False) == (name in UNRECORDED)
    if name != "check":  # nothing is made of it
        assert re.fullmatch("[0-9a-f]{16}", rule.params.code)


@pytest.mark.parametrize("name", RULES)
def test_a_script_takes_what_its_rule_hands_over(name: str) -> None:
    rule = RULES[name]
    function = getattr(importlib.import_module(script_of(rule)), script_of(rule))
    hints = get_type_hints(function)
    files = {**dict(rule.output.items()), **dict(rule.input.items()), **dict(rule.log.items())}
    params, wildcards = dict(rule.params.items()), set(rule.wildcard_names)
    for parameter in inspect.signature(function).parameters:
        kind = get_origin(hints[parameter])
        if parameter in files:
            mapped = isinstance(kind, type) and issubclass(kind, Mapping)
            assert mapped == (parameter in params), parameter
            assert not mapped or fits(files[parameter], params[parameter]), parameter
        elif parameter == "gpu":
            assert "gpu" in rule.resources
        else:
            assert parameter in params or parameter in wildcards or parameter == "threads", parameter
    taken = set(inspect.signature(function).parameters)
    assert set(params) - OF_EVERY_RULE <= taken
    assert set(rule.output.keys()) <= taken


def fits(files: Any, keys: Any) -> bool:
    """Whether a mapping has as many keys as files, as far as that is known before there is a job."""
    return callable(files) or callable(keys) or isinstance(files, str) or len(files) == len(keys)


def test_mistakes_are_told_before_networks_run() -> None:
    first = {name for name, rule in RULES.items() if rule.priority > 0}
    assert {"make_demo", "prepare_images", "prepare_judgments", "prepare_networks", "prepare_control"} <= first
    assert not first & (GPU_RULES | GPU_OTHERS)


@pytest.mark.parametrize(("file", "most"), [("config.yaml", 30), ("workflow/configs/mur92.yaml", 60)])
def test_a_run_has_few_jobs(file: str, most: int, tmp_path: Path) -> None:
    arguments = ("--snakefile", str(ROOT / "Snakefile"), "--configfile", str(ROOT / file))
    assert 20 < sum(planned_jobs(tmp_path, *arguments).values()) + 1 <= most


def test_captions_are_used_and_there() -> None:
    outputs = [output for rule in RULES.values() for output in rule.output]
    flagged = [output.flags["report"].caption for output in outputs if "report" in output.flags]
    used = {Path(caption.get_path_or_uri(secret_free=False)).name for caption in flagged}
    assert used | {"workflow.rst"} >= {file.name for file in (ROOT / "workflow/report").iterdir()} - {
        f"{kind}.rst" for kind in ("networks", "spread", "agreement")
    }  # of several networks
    assert used <= {file.name for file in (ROOT / "workflow/report").iterdir()}


def test_lint_finds_nothing(tmp_path: Path) -> None:
    answer = run_snakemake(tmp_path, "--lint", "--snakefile", str(ROOT / "Snakefile"))
    assert answer.returncode == 0, answer.stdout


def test_snakefiles_are_formatted() -> None:
    command = [sys.executable, "-m", "snakefmt", "--check", "Snakefile", "workflow"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("file", ["config.yaml", "workflow/configs/mur92.yaml", "workflow/configs/two_networks.yaml"])
def test_all_asks_for_everything_that_is_made_for_it(file: str, tmp_path: Path) -> None:
    """Snakemake makes nothing again that is missing if nobody asks for it and all that was made of it is there."""
    answer = run_snakemake(
        tmp_path, "--dry-run", "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(ROOT / file)
    )
    (asked,) = re.findall(r"rule all:\n +input: (.*)\n", answer.stdout) or pytest.fail(answer.stdout)
    made = re.findall(r"^ +output: (.*)$", answer.stdout, flags=re.MULTILINE)
    files = {output for outputs in made for output in outputs.split(", ") if not output.startswith("data/")}
    assert len(files) > 50
    assert files - set(asked.split(", ")) == set()


@pytest.mark.parametrize(
    ("target", "present", "absent"),
    [("check", "check", "extract_activations"), ("figures", "plot_summary", "build_gallery")],
)
def test_targets(target: str, present: str, absent: str, tmp_path: Path) -> None:
    jobs = planned_jobs(tmp_path, target, "--snakefile", str(ROOT / "Snakefile"))
    assert present in jobs
    assert absent not in jobs


@pytest.mark.parametrize(("device", "gpus"), [("auto", "gpu=1"), ("cpu", "gpu=0")])
def test_a_gpu_is_asked_for_unless_the_device_is_the_cpu(device: str, gpus: str, tmp_path: Path) -> None:
    snakefile = str(ROOT / "Snakefile")
    answer = run_snakemake(tmp_path, "--dry-run", "--snakefile", snakefile, "--config", f"device={device}")
    assert answer.returncode == 0, answer.stdout
    asked = re.findall(r"rule (\w+):\n(?: +.*\n)*? +resources: (.*)\n", answer.stdout)
    assert {rule for rule, resources in asked if gpus in resources} == GPU_RULES


def test_jobs_that_draw_or_tabulate_load_no_torch() -> None:
    light = [
        name for name in RULES if name.startswith(("plot_", "prepare_images", "prepare_judg", "summarise", "build"))
    ]
    for name in light:
        program = (
            f"import sys; sys.path.append('scripts'); import {script_of(RULES[name])}; print('torch' in sys.modules)"
        )
        answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
        assert answer.stdout.strip() == "False", name
