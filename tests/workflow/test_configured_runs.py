"""The configuration as Snakemake takes it: a file stands alone, the demo is the default, `results` moves all outputs.

Mistakes and defaults are tested in tests/unit/test_config.py, files that a configuration names in test_config_files.py.
"""

import re
from pathlib import Path

from tiny_project import ROOT, run_snakemake


def test_a_configuration_stands_alone(project: Path) -> None:
    """Nothing of the demo in config.yaml gets into another run."""
    answer = run_snakemake(project, "--dry-run", "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    assert "make_demo" not in answer.stdout
    assert "demo" not in answer.stdout


def test_the_default_is_the_demo_in_any_folder(tmp_path: Path) -> None:
    snakefile = str(ROOT / "Snakefile")
    answer = run_snakemake(tmp_path, "--dry-run", "--snakefile", snakefile, "--config", "results=elsewhere")
    assert answer.returncode == 0, answer.stdout
    assert "make_demo" in answer.stdout
    assert "elsewhere/figures/control_demo_efficientnet_lite0.png" in answer.stdout


def test_a_configuration_in_the_working_directory_is_taken(project: Path, tmp_path: Path) -> None:
    (project / "tiny.yaml").replace(project / "config.yaml")
    snakefile = str(ROOT / "Snakefile")
    answer = run_snakemake(tmp_path, "--dry-run", "--snakefile", snakefile, "--directory", str(project))
    assert answer.returncode == 0, answer.stdout
    assert "results/prediction/pairs/resnet18.csv" in answer.stdout


def test_results_moves_everything_that_is_computed(project: Path) -> None:
    answer = run_snakemake(project, "--dry-run", "--configfile", "tiny.yaml", "--config", "results=some where")
    assert answer.returncode == 0, answer.stdout
    written = re.findall(r"^ +(?:output|log|benchmark): (.*)$", answer.stdout, flags=re.MULTILINE)
    paths = [path for line in written for path in line.split(", ")]
    assert len(paths) > 100
    assert all(path.startswith("some where/") for path in paths)
    assert "results/" not in answer.stdout
