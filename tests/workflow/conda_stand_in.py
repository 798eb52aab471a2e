"""A stand-in for conda, as tests can reach no channel: it makes environments from the tests' own packages.

It answers the calls that Snakemake makes to conda. An environment becomes a virtual environment that holds exactly the
packages and versions that its file names, and their dependencies according to their metadata; nothing is downloaded. It
also records what programs in the environment import. It cannot show that conda-forge has these packages.
"""

import json
import os
import shutil
import sys
import sysconfig
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from environments import ENVS, load, packages
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: Runs at the start of every Python in an environment. Snakemake adds its own environment's packages to the end of a
#: script's search path: this hides all but Snakemake. When a program ends, it notes where each module came from.
GUARD = """\
import atexit, json, os, sys
from importlib.machinery import PathFinder

def own_path():
    return [place for place in sys.path if "site-packages" not in place or place.startswith(sys.prefix)]

class OwnPackages(PathFinder):
    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is None and not name.startswith("snakemake"):
            path = own_path()
        return PathFinder.find_spec(name, path, target)

    @staticmethod
    def find_distributions(context):
        return PathFinder.find_distributions(type(context)(name=context.name, path=own_path()))

def note():
    modules = {
        name: getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), None)
        for name, module in list(sys.modules.items())
    }
    folder = os.path.join(sys.prefix, "imported")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"{os.getpid()}.json"), "w") as file:
        json.dump({"program": sys.argv[0], "modules": modules}, file)

def leave(status, end=os._exit):
    note()
    end(status)

sys.meta_path[sys.meta_path.index(PathFinder)] = OwnPackages
atexit.register(note)
os._exit = leave  # as jobs end
"""


#: Whether the environments name the version of Python that runs the tests; if not, none can be made.
CAN_STAND_IN = f"{sys.version_info.major}.{sys.version_info.minor}" == packages(load(ENVS[0]))["python"]

#: The folder of Python's own modules; the packages of the tests' environment are elsewhere.
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))


def in_environments(project: Path) -> tuple[list[str], dict[str, str]]:
    """Arguments and variables with which Snakemake runs each rule in its own environment, made in the folder `made`."""
    if not (project / "conda/bin").exists():
        write_command(project / "conda/bin")
    variables = {"PATH": f"{project / 'conda/bin'}:{os.environ['PATH']}"}
    return ["--sdm", "conda", "--conda-prefix", "made", "--rerun-triggers", "mtime"], variables


def made_of(project: Path, env: str) -> Path:
    """The folder of the environment that a file in `envs` describes, made now if no job of the run needed it."""
    file, prefix = project / "envs" / env, (project / "made" / env).with_suffix("")
    for copy in (project / "made").glob("*.yaml"):
        if copy.read_bytes() == file.read_bytes():
            return copy.with_suffix("")
    if not prefix.exists():
        create(file, prefix)
    return prefix


def imports_in(prefix: Path) -> dict[str, dict[str, str | None]]:
    """For each script that ran in an environment, the modules that it imported and where they came from."""
    found: dict[str, dict[str, str | None]] = {}
    for file in sorted((prefix / "imported").glob("*.json")):
        note: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        _, dot, script = Path(note["program"]).stem.partition(".")
        if dot:  # Snakemake also calls Python to ask for its version
            found.setdefault(script, {}).update(note["modules"])
    return found


def from_outside(modules: dict[str, str | None], prefix: Path, project: Path) -> dict[str, str]:
    """Modules that came neither from the environment, nor from Python itself, nor from the project.

    Snakemake's own modules, which it brings along to hand a script its inputs, are left out.
    """
    inside = [prefix, project / "scripts", project / ".snakemake/scripts"]

    def belongs(file: Path) -> bool:
        if file.is_relative_to(STANDARD_LIBRARY):
            return not file.is_relative_to(STANDARD_LIBRARY / "site-packages")
        return file.parent == project or any(map(file.is_relative_to, inside))

    # Some modules name a file that does not exist, such as torch.ops with _ops.py.
    files = {name: Path(os.path.normpath(project / file)) for name, file in modules.items() if file is not None}
    return {
        name: str(file)
        for name, file in files.items()
        if file.exists() and not name.startswith("snakemake") and not belongs(file)
    }


def write_command(folder: Path) -> None:
    """Write the commands `conda` and `activate` into a folder that Snakemake finds on its PATH."""
    folder.mkdir(parents=True)
    conda = folder / "conda"
    call = f'CONDA_STAND_IN="{folder.parent}" exec "{sys.executable}" "{Path(__file__).resolve()}" "$@"'
    conda.write_text(f"#!/bin/sh\n{call}\n", encoding="utf-8")
    conda.chmod(0o755)
    activate = 'export CONDA_PREFIX="$1" PATH="$1/bin:$PATH"\n'
    (folder / "activate").write_text(activate, encoding="utf-8")


def create(file: Path, prefix: Path) -> None:
    """Make the virtual environment that an environment file describes.

    Raises:
        SystemExit: the tests' own environment has another version of Python or of a package than the file names.
    """
    versions = packages(load(file))
    python = versions.pop("python")
    if not f"{sys.version_info.major}.{sys.version_info.minor}.".startswith(f"{python}."):
        sys.exit(f"{file} wants Python {python}, the tests run on {sys.version.split()[0]}")
    for name, version in versions.items():
        if not f"{distribution(name).version}.".startswith(f"{version}."):
            sys.exit(f"{file} wants {name} {version}, the tests have {distribution(name).version}")
    venv.EnvBuilder(symlinks=True).create(prefix)
    site = prefix / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    for found in with_requirements(list(versions)):
        link(found, site)
    (site / "guard.py").write_text(GUARD, encoding="utf-8")
    (site / "guard.pth").write_text("import guard\n", encoding="utf-8")
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta" / "history").touch()


def with_requirements(names: list[str]) -> list[Distribution]:
    """The named packages and all their direct and indirect dependencies on this machine."""
    found: dict[str, Distribution] = {}
    # Pairs of a package and a requested extra; the empty extra stands for the dependencies that it always has.
    waiting, seen = [(name, "") for name in names], set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found[name] = distribution(name)
        for requirement in map(Requirement, found[name].requires or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                needed = canonicalize_name(requirement.name)
                waiting += [(needed, asked) for asked in ["", *requirement.extras]]
    return list(found.values())


def link(package: Distribution, site: Path) -> None:
    """Put the files of an installed package into another environment, as hard links where the disk allows them."""
    for file in package.files or []:
        if ".." in file.parts:  # the script of a command
            continue
        source, target = Path(str(package.locate_file(file))), site / file
        if not source.exists() or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)


def main(arguments: list[str]) -> None:
    """Answer one call of Snakemake."""
    if arguments == ["--version"]:
        print("conda 24.7.1")
    elif arguments == ["info", "--json"]:
        base = os.environ["CONDA_STAND_IN"]
        print(json.dumps({"conda_prefix": base, "root_prefix": base, "platform": "linux-64"}))
    elif arguments[:3] == ["config", "--get", "channel_priority"]:
        print(json.dumps({"get": {"channel_priority": "strict"}}))
    elif arguments[:2] == ["env", "create"]:
        file, prefix = (arguments[arguments.index(option) + 1] for option in ("--file", "--prefix"))
        create(Path(file), Path(prefix))
    elif arguments[:1] == ["clean"]:
        pass  # nothing was downloaded
    else:
        sys.exit(f"the stand-in for conda does not know: {' '.join(arguments)}")


if __name__ == "__main__":
    main(sys.argv[1:])
