"""The conda environments as the tests read them: packages, versions, and their names on PyPI."""

from pathlib import Path
from typing import Any

import yaml
from tiny_project import ROOT

ENVS = sorted((ROOT / "envs").glob("*.yaml"))

#: PyPI's name of a package, by conda-forge's name, where they differ.
PYPI_NAMES = {
    "matplotlib-base": "matplotlib",
    "opencv": "opencv-contrib-python-headless",
    "pytorch": "torch",
    "pytorch-gpu": "torch",
}

#: Tools that every environment with Python may have and requirements.txt need not name.
WITHOUT_VERSION = {"pip"}


def load(file: Path) -> dict[str, Any]:
    """The content of an environment file."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def packages(env: dict[str, Any]) -> dict[str, str]:
    """Versions of the packages in an environment, by PyPI name."""
    versions: dict[str, str] = {}
    for dependency in env["dependencies"]:
        if isinstance(dependency, dict):
            versions.update(line.split("==") for line in dependency["pip"])
        elif dependency not in WITHOUT_VERSION:
            name, version = dependency.split(" =")
            versions[PYPI_NAMES.get(name, name)] = version
    return versions
