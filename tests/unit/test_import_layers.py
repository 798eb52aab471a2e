"""The library's layers: each imports only what stands below it, and nothing stands beside them."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    environment = {"PYTHONPATH": str(folder / "scripts"), "COLUMNS": "200", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_layer_imports_only_what_stands_below_it() -> None:
    answer = lint_imports(ROOT)
    assert answer.returncode == 0, answer.stdout


def test_an_arrow_upwards_and_a_stray_module_are_found(tmp_path: Path) -> None:
    """The contract can fail: on a copy in which `statistics` imports `report`, then with a module in the root."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    library = tmp_path / "scripts" / "alignment_importance"
    with (library / "statistics" / "inference.py").open("a", encoding="utf-8") as file:
        file.write("\nfrom alignment_importance.report import published\n")
    answer = lint_imports(tmp_path)
    assert answer.returncode == 1
    assert "alignment_importance.statistics is not allowed to import alignment_importance.report" in answer.stdout
    (library / "stray.py").write_text('"""Stands beside the layers."""\n', encoding="utf-8")
    assert "stray" in lint_imports(tmp_path).stdout
