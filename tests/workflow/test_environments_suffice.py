"""Every rule runs in an environment that holds the packages of its file and no others.

The environments stand in for conda's (`conda_stand_in`): the same names and versions, taken from where the tests run.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conda_stand_in import write_command
from environments import ENVS, load
from rule_objects import env_of, rules_and_start, script_of
from tiny_project import change_config, run_snakemake, write_project

#: Of the rules that the default run does not need.
TARGETS = ["check", "results/layers/alexnet.csv", "data/demo/images", "results/benchmark/permutations.csv"]

#: The script of every rule, and its environment.
SCRIPTS = {script_of(rule).stem: env_of(rule).name for rule in rules_and_start().values()}

#: Where Python's own modules are: not in the environment of the tests, whose packages are elsewhere.
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))

pytestmark = pytest.mark.skipif(
    f"{sys.version_info.major}.{sys.version_info.minor}" != load(ENVS[0])["dependencies"][0].split("=")[1],
    reason="the environments name another Python than the one that runs the tests",
)


def reduce(config: dict[str, Any]) -> None:
    """Use the demo's data too, and one seed: two comparisons are needed for every rule to have a job."""
    config["datasets"] = {"demo": {}}
    config["image_sets"]["demo"] = {"folder": "data/demo/images"}
    config["cross_validation"]["seeds"] = [1]


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny project all of whose scripts have run in environments of their own, which are in its folder `made`."""
    folder = tmp_path_factory.mktemp("conda") / "project"
    write_project(folder)
    change_config(folder, reduce)
    write_command(folder / "conda/bin")
    # The kind of work that the shortest one waits for.
    (folder / "results/benchmark").mkdir(parents=True)
    pd.DataFrame({"network": []}).to_csv(folder / "results/benchmark/cross_validation.csv")
    environment = {"PATH": f"{folder / 'conda/bin'}:{os.environ['PATH']}"}
    answer = run_snakemake(
        folder, "all", *TARGETS, "--cores", "2", "--configfile", "tiny.yaml",
        "--sdm", "conda", "--conda-prefix", "made", "--rerun-triggers", "mtime", environment=environment,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout
    # Scripts that this run does not reach (they need others' files or take minutes) are imported.
    for script, env in SCRIPTS.items():
        prefix = made_of(folder, env)
        if script not in imports_in(prefix):
            program = f"import sys; sys.path.append('scripts'); sys.argv[0] = 'imported.{script}.py'; import {script}"
            subprocess.run([prefix / "bin/python", "-c", program], cwd=folder, check=True)
    return folder


def made_of(folder: Path, env: str) -> Path:
    """The environment that was made of one of a project's files."""
    text = (folder / "envs" / env).read_bytes()
    (copy,) = [copy for copy in (folder / "made").glob("*.yaml") if copy.read_bytes() == text]
    return copy.with_suffix("")


def imports_in(prefix: Path) -> dict[str, dict[str, str | None]]:
    """Where the modules came from that each rule's script imported, by rule."""
    found: dict[str, dict[str, str | None]] = {}
    for file in sorted((prefix / "imported").glob("*.json")):
        note: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        _, dot, script = Path(note["program"]).stem.partition(".")
        if dot:  # Snakemake also calls Python to ask for its version
            found.setdefault(script, {}).update(note["modules"])
    return found


def from_outside(modules: dict[str, str | None], prefix: Path, project: Path) -> dict[str, str]:
    """Modules that came neither from the environment, nor from Python itself, nor from the project's scripts.

    Left out is what Snakemake brings along to hand a script its inputs: its own modules.
    """
    inside = [prefix, project / "scripts", project / ".snakemake/scripts"]

    def belongs(file: Path) -> bool:
        if file.is_relative_to(STANDARD_LIBRARY):
            return not file.is_relative_to(STANDARD_LIBRARY / "site-packages")
        return any(map(file.is_relative_to, inside))

    # Some modules bear a file that there never was: torch.ops has one called _ops.py.
    files = {name: Path(os.path.normpath(project / file)) for name, file in modules.items() if file is not None}
    return {
        name: str(file)
        for name, file in files.items()
        if file.exists() and not name.startswith("snakemake") and not belongs(file)
    }


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_nothing_outside_the_environment_is_imported(script: str, proved: Path) -> None:
    prefix = made_of(proved, SCRIPTS[script])
    modules = imports_in(prefix)[script]
    assert "alignment_importance" in modules
    assert from_outside(modules, prefix, proved) == {}


def test_an_environment_holds_no_more_than_it_names(proved: Path) -> None:
    def has(env: str, package: str) -> bool:
        prefix = made_of(proved, f"{env}.yaml")
        command = [str(prefix / "bin/python"), "-c", f"import {package}"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert has("torch", "torch")
    assert not has("torch", "snakemake")
    assert has("figures", "matplotlib")
    assert not has("tables", "torch")
    assert not has("tables", "snakemake")


def test_packages_that_are_missing_are_noticed(proved: Path) -> None:
    """Even those that Snakemake would lend: here nothing is left but Python."""
    file = proved / "envs/tables.yaml"
    text, _ = re.split(r"(?<=python =3.11\n)", file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    environment = {"PATH": f"{proved / 'conda/bin'}:{os.environ['PATH']}"}
    answer = run_snakemake(
        proved, "results/inputs/tiny/images.csv", "--force", "--cores", "1",
        "--configfile", "tiny.yaml", "--sdm", "conda", "--conda-prefix", "made", environment=environment,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "ModuleNotFoundError: No module named" in answer.stdout
