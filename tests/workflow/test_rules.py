"""The rules as they are written: complete, in Snakemake's form, each with its own script and library modules."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_project import ROOT, rules, run_snakemake

#: Rules of the default run that ask for a GPU, and those of other runs.
GPU_RULES = {
    "extract_activations",
    "rank_feature_maps",
    "trace_curves",
    "permute_judgments",
    "score_images",
    "compute_rsms",
    "measure_transfer",
}
GPU_OTHERS = {
    "measure_speed",
    "predict_gaze",
    "eliminate_feature_maps",
    "score_map_pairs",
    "sample_shapley_values",
    "measure_recovery",
}

#: Rules whose jobs are long enough to be queued one by one. The jobs of all others are packed into larger ones.
ALONE = {
    "draw_demo",
    "make_mur92",
    "make_peterson2018",
    "make_king2019",
    "make_things",
    "check_inputs",
    "start_configuration",
    "extract_activations",
    "compute_rsms",
    "compute_saliency",
    "predict_gaze",
    "build_gallery",
    "measure_speed",
    "tabulate_networks",
    "measure_transfer",
    "eliminate_feature_maps",
    "score_map_pairs",
    "sample_shapley_values",
    "measure_recovery",
    "tabulate_recovery",
}


def test_every_script_has_a_rule() -> None:
    assert set(rules()) == {file.stem for file in (ROOT / "scripts").glob("*.py")}


def library_of(rule: str) -> str:
    """How a rule names the library's modules that it uses."""
    text = (ROOT / "workflow/rules/datasets.smk").read_text(encoding="utf-8")
    if f"rule {rule}:" in text:
        return f'library_of_maker("{rule.split("_")[1]}")'
    return "library_of_check" if rule == "check_inputs" else f'library_used_by("{rule}")'


@pytest.mark.parametrize("rule", sorted(rules()))
def test_a_rule_is_complete(rule: str) -> None:
    text = rules()[rule]
    assert text.lstrip().startswith('"""')
    for part in (
        library_of(rule),
        f'"<logs>/{rule}',
        f'"<benchmarks>/{rule}',
        "threads: ",
        "mem_mb=megabytes",
        "runtime=minutes(",
        f'"../../scripts/{rule}.py"\n',
    ):
        assert part in text
    assert ('environment("' if "gpu=gpus()" in text else '"../../envs/') in text
    assert ("group:" in text) == (rule not in ALONE)
    assert ("gpu=gpus()," in text) == (rule in GPU_RULES | GPU_OTHERS)
    assert ("report(" in text) == rule.startswith(("plot_", "summarise_"))


@pytest.mark.parametrize("rule", sorted(rules()))
def test_a_job_keeps_a_record_of_what_it_was_made_with(rule: str) -> None:
    """Only what is the same whoever makes it has none: data sets and documentation."""
    # CHECKED and FILES_CHECKED are results as well.
    of_a_run = re.search(r'"<results>/|CHECKED', rules()[rule])
    made_with = 'snakemake.config["provenance"]' if of_a_run else "None"
    text = (ROOT / f"scripts/{rule}.py").read_text(encoding="utf-8")
    assert f"with logs.job(snakemake.log[0], {made_with})" in text


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


@pytest.mark.parametrize("file", ["config.yaml", "workflow/configs/mur92.yaml", "workflow/configs/two_networks.yaml"])
def test_all_asks_for_everything_that_is_made_for_it(file: str, tmp_path: Path) -> None:
    """Snakemake makes nothing again that is missing if nobody asks for it and all that was made of it is there."""
    answer = run_snakemake(
        tmp_path, "--dry-run", "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(ROOT / file)
    )
    (asked,) = re.findall(r"rule all:\n +input: (.*)\n", answer.stdout) or pytest.fail(answer.stdout)
    made = re.findall(r"^ +output: (.*)$", answer.stdout, flags=re.MULTILINE)
    files = {output.removesuffix(" (update)") for outputs in made for output in outputs.split(", ")}
    assert len(files) > 50
    assert files - set(asked.split(", ")) == set()


@pytest.mark.parametrize(
    ("target", "present", "absent"),
    [("check", "check_inputs", "extract_activations"), ("figures", "plot_control", "draw_overlays")],
)
def test_targets(target: str, present: str, absent: str, tmp_path: Path) -> None:
    answer = run_snakemake(tmp_path, target, "--dry-run", "--snakefile", str(ROOT / "Snakefile"))
    assert answer.returncode == 0, answer.stdout
    assert present in answer.stdout
    assert absent not in answer.stdout


def test_all_inputs_are_checked_before_a_network_runs(tmp_path: Path) -> None:
    snakefile = str(ROOT / "Snakefile")
    target = "results/activations/demo/efficientnet_lite0.nc"
    answer = run_snakemake(tmp_path, target, "--dry-run", "--snakefile", snakefile)
    assert re.search(r"check_inputs +1\n", answer.stdout), answer.stdout


@pytest.mark.parametrize(("device", "gpus"), [("auto", "gpu=1"), ("cpu", "gpu=0")])
def test_a_gpu_is_asked_for_unless_the_device_is_the_cpu(device: str, gpus: str, tmp_path: Path) -> None:
    snakefile = str(ROOT / "Snakefile")
    answer = run_snakemake(tmp_path, "--dry-run", "--snakefile", snakefile, "--config", f"device={device}")
    assert answer.returncode == 0, answer.stdout
    asked = re.findall(r"rule (\w+):\n(?: +.*\n)*? +resources: (.*)\n", answer.stdout)
    assert {rule for rule, resources in asked if gpus in resources} == GPU_RULES


#: Modules that are imported only when a function needs them.


@pytest.mark.parametrize("rule", sorted(rule for rule in rules() if rule.startswith("plot_")))
def test_figures_are_drawn_for_the_page_of_the_configuration(rule: str) -> None:
    text = rules()[rule]
    assert 'page=config["figures"],' in text
    assert '"../../envs/figures.yaml"' in text
    assert "drawing.page(snakemake.params.page):" in (ROOT / f"scripts/{rule}.py").read_text(encoding="utf-8")


def test_the_style_of_figures_is_an_input_of_what_draws(common: SimpleNamespace) -> None:
    style = ROOT / "scripts/alignment_importance/report/figures/style.mplstyle"
    using = {rule for rule in rules() if style in [Path(file).resolve() for file in common.library_used_by(rule)]}
    assert {rule for rule in rules() if rule.startswith("plot_")} <= using
    assert not using & {"rank_feature_maps", "prepare_images", "summarise_prediction"}
