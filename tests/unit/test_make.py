"""The program that makes the committed files: each part has a module, and says what must be run before it."""

import subprocess
import sys

import pytest
from tiny_project import ROOT

from make import PARTS


def called(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "docs/make.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_module_that_makes_something_is_a_part() -> None:
    modules = {file.stem for file in (ROOT / "docs/making").glob("*.py")}
    assert set(PARTS) == modules - {"__init__", "templates"}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_says_what_it_makes(part: str) -> None:
    told = called(part, "--help")
    assert told.returncode == 0
    assert " ".join(PARTS[part].split()) in " ".join(told.stdout.split())


def test_a_part_is_named() -> None:
    told = called()
    assert told.returncode == 2 and "PART" in told.stderr
