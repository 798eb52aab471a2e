"""The rules: complete, in Snakemake's form, each bound to the function of its script, and few jobs in all."""

import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_type_hints

from job import bind

import pytest
import yaml
from pydantic import InstanceOf, TypeAdapter, ValidationError
from rule_objects import changed, env_of, jobs, rules, script_of
from snakemake.jobs import Job
from snakemake.rules import Rule
from tiny_project import ROOT, run_snakemake

from alignment_importance.system.compute import Compute

#: Rules of the default run that ask for a GPU, and those of other runs.
GPU_RULES = {"extract_activations", "validate_rankings", "assess_prediction", "explain_images", "measure_transfer"}
GPU_OTHERS = {
    "measure_speed",
    "predict_gaze",
    "measure_interactions",
    "score_images",
    "measure_recovery",
}

#: Rules whose outputs name no record: the demo's data are the same whoever makes them, and the check makes nothing.
UNRECORDED = {"check", "make_demo"}

#: Parameters that rules have beside those that their scripts take.
OF_EVERY_RULE = {"code", "recorded"}

RULES = rules()


SCRIPTS = {file.stem for file in (ROOT / "scripts").glob("*.py")} - {"job"}


def function_of(rule: Rule) -> Callable[..., None]:
    """The function of a rule's script."""
    name = script_of(rule).stem
    function: Callable[..., None] = getattr(importlib.import_module(name), name)
    return function


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_complete(name: str) -> None:
    rule = RULES[name]
    assert rule.docstring
    assert str(rule.log[0]).startswith(f"results/logs/{name}")
    assert {"mem_mb", "runtime"} <= set(rule.resources)
    assert env_of(rule).is_file()
    assert ("gpu" in rule.resources) == (name in GPU_RULES | GPU_OTHERS)
    assert rule.group is None
    assert (rule.params.get("recorded", True) is False) == (name in UNRECORDED)
    if name == "check":  # it has no output, so that it runs whenever it is asked for
        assert not rule.output and rule.benchmark is None
    else:
        assert str(rule.benchmark).startswith(f"results/benchmarks/{name}")
        assert re.fullmatch("[0-9a-f]{16}", rule.params.code)


@pytest.mark.parametrize("name", RULES)
def test_a_script_takes_all_that_its_rule_makes_and_sets(name: str) -> None:
    rule = RULES[name]
    taken = set(inspect.signature(function_of(rule)).parameters)
    assert set(rule.params.keys()) - OF_EVERY_RULE <= taken
    assert set(rule.output.keys()) <= taken


#: A network that predicts gaze, which no ready configuration has; any file can stand in for its files.
GAZE = {"method": "deepgaze_iie", "checkpoint": str(ROOT / "README.md"), "centre_bias": str(ROOT / "README.md")}

#: Comparisons that name the pairs to explain, in a list and in a file, for which any file can stand in.
NAMED_PAIRS = {
    name: {"image_set": "demo", "judgments": "data/demo/shape.csv", "pairs": pairs}
    for name, pairs in (("listed", [["cat", "dog"]]), ("tabled", str(ROOT / "README.md")))
}

#: Targets that are made only on demand.
ON_DEMAND = (
    "check", "paper", "interactions", "benchmark", "layers", "results/layers/alexnet.csv",
    "results/recovery/demo/efficientnet_lite0.csv",
)  # fmt: skip


def all_jobs(folder: Path) -> Iterator[Job]:
    """Jobs of all rules that run a script."""
    yield from jobs(changed(folder, {"saliency": {"predicted": GAZE}}), "all", *ON_DEMAND)
    yield from jobs(ROOT / "workflow/configs/two_networks.yaml", "all", "paper")
    yield from jobs(ROOT / "workflow/configs/mur92.yaml")
    yield from jobs(single(folder))
    yield from jobs(ROOT / "config.yaml", "new")
    yield from jobs(changed(folder, {"comparisons": NAMED_PAIRS, "controls": {}}))
    (folder / "order.txt").touch()
    features = {"features": str(folder / "order.txt"), "order": str(folder / "order.txt")}
    yield from jobs(changed(folder, {"models": {"maps": features, "clip": features | {"layout": "units"}}}))


def single(folder: Path) -> Path:
    """One comparison and one seed, and no saliency: lists of one file, or of none, reach the scripts as lists."""
    demo = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    seeds = demo["cross_validation"] | {"seeds": [1]}
    comparisons = {"demo-shape": demo["comparisons"]["demo-shape"]}
    return changed(folder, {"comparisons": comparisons, "cross_validation": seeds, "saliency": {}})


def test_every_parameter_of_a_script_is_bound_to_a_value_of_its_type(tmp_path: Path) -> None:
    seen = set()
    for job in all_jobs(tmp_path):
        if not job.rule.script:
            continue
        function = function_of(job.rule)
        hints = get_type_hints(function)
        for name, value in bind(function, job).items():
            hint = InstanceOf[Compute] if hints[name] is Compute else hints[name]
            try:
                TypeAdapter(hint).validate_python(value, strict=True)
            except ValidationError:
                pytest.fail(f"{job}: {name} is {value!r}, no {hints[name]}")
        seen.add(script_of(job.rule).stem)
    assert seen == SCRIPTS


def test_mistakes_are_told_before_networks_run() -> None:
    first = {name for name, rule in RULES.items() if rule.priority > 0}
    assert {
        "make_demo",
        "prepare_images",
        "prepare_judgments",
        "prepare_pairs",
        "prepare_networks",
        "prepare_control",
    } <= first
    assert not first & (GPU_RULES | GPU_OTHERS)


@pytest.mark.parametrize(("file", "most"), [("config.yaml", 30), ("workflow/configs/mur92.yaml", 60)])
def test_a_run_has_few_jobs(file: str, most: int) -> None:
    assert 20 < len(jobs(ROOT / file)) <= most


def test_rules_that_ask_for_a_gpu_are_named() -> None:
    page = (ROOT / "docs/clusters.md").read_text(encoding="utf-8")
    [named] = re.findall(r"rules that run networks or ablate maps \(([^)]*)\)", page)
    assert set(re.findall(r"`(\w+)`", named)) == GPU_RULES | GPU_OTHERS


def test_every_caption_is_used_and_exists() -> None:
    outputs = [output for rule in RULES.values() for output in rule.output]
    flagged = [output.flags["report"].caption for output in outputs if "report" in output.flags]
    used = {Path(caption.get_path_or_uri(secret_free=False)).name for caption in flagged}
    assert used | {"workflow.rst"} >= {file.name for file in (ROOT / "workflow/report").iterdir()} - {
        f"{kind}.rst" for kind in ("networks", "spread", "agreement", "depth")
    }  # only for several networks
    assert used <= {file.name for file in (ROOT / "workflow/report").iterdir()}


def test_lint_finds_nothing(tmp_path: Path) -> None:
    answer = run_snakemake(tmp_path, "--lint", "--snakefile", str(ROOT / "Snakefile"))
    assert answer.returncode == 0, answer.stdout


def test_snakefiles_are_formatted() -> None:
    command = [sys.executable, "-m", "snakefmt", "--check", "Snakefile", "workflow"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_nothing_is_made_of_saliency_where_no_model_has_heatmaps(tmp_path: Path) -> None:
    (tmp_path / "clip.txt").touch()
    units = {"features": str(tmp_path / "clip.txt"), "order": str(tmp_path / "clip.txt"), "layout": "units"}
    planned = {job.rule.name for job in jobs(changed(tmp_path, {"models": {"clip": units}}))}
    assert "assess_prediction" in planned
    assert not planned & {"compute_saliency", "measure_overlap"}


@pytest.mark.parametrize("file", ["config.yaml", "workflow/configs/mur92.yaml", "workflow/configs/two_networks.yaml"])
def test_all_asks_for_everything_that_is_made_for_it(file: str) -> None:
    """Snakemake does not remake a missing file that no target asks for, if everything made from it exists."""
    (asked,) = (set(job.input) for job in jobs(ROOT / file) if job.rule.name == "all")
    made = {output for job in jobs(ROOT / file) for output in job.output}
    assert len(made) > 50
    assert made <= asked


@pytest.mark.parametrize(
    ("target", "present", "absent"),
    [("check", "check", "extract_activations"), ("figures", "plot_summary", "build_gallery")],
)
def test_targets(target: str, present: str, absent: str) -> None:
    planned = {job.rule.name for job in jobs(ROOT / "config.yaml", target)}
    assert present in planned
    assert absent not in planned


def test_a_gpu_and_memory_of_its_own_are_asked_for_unless_the_device_is_the_cpu(tmp_path: Path) -> None:
    asked = {}
    for device in ("auto", "cpu"):
        planned = jobs(changed(tmp_path / device, {"device": device}))
        asked[device] = {job.rule.name: job.resources for job in planned}
    for device, gpus in (("auto", 1), ("cpu", 0)):
        assert {name for name, resources in asked[device].items() if resources.get("gpu") == gpus} == GPU_RULES
    memory = {device: resources["explain_images"].mem_mb for device, resources in asked.items()}
    assert memory["auto"] == memory["cpu"] + 1000


def test_jobs_that_draw_or_tabulate_load_no_torch() -> None:
    light = [
        name for name in RULES if name.startswith(("plot_", "prepare_images", "prepare_judg", "summarise", "build"))
    ]
    scripts = sorted({script_of(RULES[name]).stem for name in light})
    program = "\n".join(
        ["import sys", "sys.path.append('scripts')"]
        + [f"import {script}\nassert 'torch' not in sys.modules, {script!r}" for script in scripts]
    )
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
