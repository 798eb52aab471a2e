"""A stand-in for conda, which no channel can be reached for in tests: environments made of the tests' own packages.

It answers what Snakemake asks of conda. An environment becomes a virtual environment that holds exactly the packages
that its file names, in these versions, and what they need themselves, as their metadata say; nothing is downloaded. It
also notes all that the programs in the environment import. That conda-forge has these packages it cannot show.
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

#: Run at the start of every Python of an environment. Snakemake lends a script the packages that it has itself, at the
#: end of the search path: all but its own are hidden here. And at its end a program notes where each module came from.
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


#: Whether the environments name the Python that runs the tests: else there are none.
CAN_STAND_IN = f"{sys.version_info.major}.{sys.version_info.minor}" == packages(load(ENVS[0]))["python"]

#: Where Python's own modules are: not in the environment of the tests, whose packages are elsewhere.
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))


def in_environments(project: Path) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment of a Snakemake that runs each rule in an environment of its own, in folder `made`."""
    if not (project / "conda/bin").exists():
        write_command(project / "conda/bin")
    variables = {"PATH": f"{project / 'conda/bin'}:{os.environ['PATH']}"}
    return ["--sdm", "conda", "--conda-prefix", "made", "--rerun-triggers", "mtime"], variables


def made_of(project: Path, env: str) -> Path:
    """The environment of one of a project's files, made now if no job of the run needed it."""
    file, prefix = project / "envs" / env, (project / "made" / env).with_suffix("")
    for copy in (project / "made").glob("*.yaml"):
        if copy.read_bytes() == file.read_bytes():
            return copy.with_suffix("")
    if not prefix.exists():
        create(file, prefix)
    return prefix


def imports_in(prefix: Path) -> dict[str, dict[str, str | None]]:
    """Where the modules came from that each script imported in an environment, by script."""
    found: dict[str, dict[str, str | None]] = {}
    for file in sorted((prefix / "imported").glob("*.json")):
        note: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        _, dot, script = Path(note["program"]).stem.partition(".")
        if dot:  # Snakemake also calls Python to ask for its version
            found.setdefault(script, {}).update(note["modules"])
    return found


def from_outside(modules: dict[str, str | None], prefix: Path, project: Path) -> dict[str, str]:
    """Modules that came neither from the environment, nor from Python itself, nor from the project.

    Left out is what Snakemake brings along to hand a script its inputs: its own modules.
    """
    inside = [prefix, project / "scripts", project / ".snakemake/scripts"]

    def belongs(file: Path) -> bool:
        if file.is_relative_to(STANDARD_LIBRARY):
            return not file.is_relative_to(STANDARD_LIBRARY / "site-packages")
        return file.parent == project or any(map(file.is_relative_to, inside))

    # Some modules bear a file that there never was: torch.ops has one called _ops.py.
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
    """Make the virtual environment of an environment file.

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
    """The named packages and all that they need, directly or not, on this machine."""
    found: dict[str, Distribution] = {}
    # Packages and the extras that are asked of them; the empty one stands for what they need in any case.
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
    """Put the files of an installed package into another environment, without a copy where the disk allows it."""
    for file in package.files or []:
        if ".." in file.parts:  # a command's script
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
