"""The rules as they are written: complete, in Snakemake's form, each with its own script and library modules."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from tiny_project import ROOT, rules, run_snakemake

#: Rules of the default run that ask for a GPU, and the one of the benchmark.
GPU_RULES = {"extract_activations", "rank_feature_maps", "trace_curves", "score_images"}
GPU_BENCHMARK = "measure_speed"


def test_every_script_has_a_rule() -> None:
    assert set(rules()) == {file.stem for file in (ROOT / "scripts").glob("*.py")}


@pytest.mark.parametrize("rule", sorted(rules()))
def test_a_rule_is_complete(rule: str) -> None:
    text = rules()[rule]
    assert text.lstrip().startswith('"""')
    for part in (
        f'code=library_used_by("{rule}"),\n',
        f'"<logs>/{rule}',
        f'"<benchmarks>/{rule}',
        '"../../envs/',
        "threads: ",
        "mem_mb=",
        "runtime=",
        f'"../../scripts/{rule}.py"\n',
    ):
        assert part in text
    assert ("gpu=gpus()," in text) == (rule in {*GPU_RULES, GPU_BENCHMARK})
    assert ("report(" in text) == rule.startswith(("plot_", "summarise_"))


def test_captions_are_used_and_there() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "workflow/rules").glob("*.smk"))
    text += (ROOT / "Snakefile").read_text(encoding="utf-8")
    assert set(re.findall(r"report/(\w+\.rst)", text)) == {file.name for file in (ROOT / "workflow/report").iterdir()}


def test_lint_finds_nothing(tmp_path: Path) -> None:
    answer = run_snakemake(tmp_path, "--lint", "--snakefile", str(ROOT / "Snakefile"))
    assert answer.returncode == 0, answer.stdout


def test_snakefiles_are_formatted() -> None:
    command = [sys.executable, "-m", "snakefmt", "--check", "Snakefile", "workflow"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("file", ["config.yaml", "workflow/configs/mur92.yaml"])
def test_a_ready_configuration_can_be_planned(file: str, tmp_path: Path) -> None:
    answer = run_snakemake(
        tmp_path, "--dry-run", "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(ROOT / file)
    )
    assert answer.returncode == 0, answer.stdout
    assert "trace_curves" in answer.stdout


@pytest.mark.parametrize(
    ("target", "present", "absent"),
    [("check", "prepare_judgments", "extract_activations"), ("figures", "plot_control", "draw_overlays")],
)
def test_targets(target: str, present: str, absent: str, tmp_path: Path) -> None:
    answer = run_snakemake(tmp_path, target, "--dry-run", "--snakefile", str(ROOT / "Snakefile"))
    assert answer.returncode == 0, answer.stdout
    assert present in answer.stdout
    assert absent not in answer.stdout


def test_judgments_are_checked_before_a_network_runs(tmp_path: Path) -> None:
    snakefile = str(ROOT / "Snakefile")
    target = "results/activations/demo/efficientnet_lite0.nc"
    answer = run_snakemake(tmp_path, target, "--dry-run", "--snakefile", snakefile)
    assert re.search(r"prepare_judgments +2\n", answer.stdout), answer.stdout


@pytest.mark.parametrize(("device", "gpus"), [("auto", "gpu=1"), ("cpu", "gpu=0")])
def test_a_gpu_is_asked_for_unless_the_device_is_the_cpu(device: str, gpus: str, tmp_path: Path) -> None:
    snakefile = str(ROOT / "Snakefile")
    answer = run_snakemake(tmp_path, "--dry-run", "--snakefile", snakefile, "--config", f"device={device}")
    assert answer.returncode == 0, answer.stdout
    asked = re.findall(r"rule (\w+):\n(?:    .*\n)*?    resources: (.*)\n", answer.stdout)
    assert {rule for rule, resources in asked if gpus in resources} == GPU_RULES


def test_workstation_profile(tmp_path: Path) -> None:
    folder = ROOT / "workflow/profiles/workstation"
    settings = yaml.safe_load((folder / "profile.v9+.yaml").read_text(encoding="utf-8"))
    assert settings["resources"] == {"gpu": 1}
    snakefile = str(ROOT / "Snakefile")
    answer = run_snakemake(tmp_path, "--dry-run", "--snakefile", snakefile, "--profile", str(folder))
    assert answer.returncode == 0, answer.stdout
    assert "profile.v9+.yaml" in answer.stdout or "workstation" in answer.stdout


#: Modules that are imported only when a function needs them.
IMPORTED_LATE = {"networks"}


def test_library_used_by_is_what_python_imports(common: SimpleNamespace) -> None:
    """Import every script and see which modules of the library are loaded."""
    program = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
loaded = {}
for script in sys.argv[2:]:
    for name in [name for name in sys.modules if name.split(".")[0] == "alignment_importance"]:
        del sys.modules[name]
    importlib.import_module(script)
    importlib.import_module("alignment_importance.logs")
    loaded[script] = [module.__file__ for name, module in sys.modules.items() if name.startswith("alignment_")]
print(json.dumps(loaded))
"""
    command = [sys.executable, "-c", program, str(ROOT / "scripts"), *sorted(rules())]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    library = ROOT / "scripts/alignment_importance"
    for rule, loaded in json.loads(answer.stdout).items():
        used = {Path(file).resolve() for file in common.library_used_by(rule)}
        assert {Path(file) for file in loaded} <= used, rule
        late = {file.relative_to(library) for file in used - {Path(file) for file in loaded}}
        assert {path.parts[0].removesuffix(".py") for path in late} <= IMPORTED_LATE, rule
