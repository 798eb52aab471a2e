"""The Python code keeps to its style and to its types (Snakefiles: test_rules.py)."""

import subprocess
import sys

import pytest
from tiny_project import ROOT


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy", "scripts", "tests", "docs")],
    ids=["lint", "format", "types"],
)
def test_python_is_clean(command: tuple[str, ...]) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout
