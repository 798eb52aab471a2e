# What outputs are made with: the configuration, the commit, the library's modules. Functions only.
import ast
import functools
import os
import subprocess
from pathlib import Path


def made_with() -> dict:
    """What every output was made with, for the jobs: the configuration, this workflow's commit, the records' folder.

    Where results lie changes none of them, so that the key `results` is no part of it.
    """
    configuration = {key: value for key, value in config.items() if key != "results"}
    folder = os.path.join(config["results"], "provenance")
    return {"folder": folder, "configuration": configuration, "commit": commit()}


def commit() -> str:
    """This workflow's commit, `-modified` behind it if files differ from it; `unknown` where it is in no repository.

    A repository around it that does not hold it, such as one of the user's project, is none of its own.
    """
    git = ["git", "-C", str(workflow.basedir)]
    try:
        _, head, changes = (
            subprocess.run([*git, *what], capture_output=True, text=True, check=True)
            for what in (
                ["ls-files", "--error-unmatch", "Snakefile"],
                ["rev-parse", "HEAD"],
                ["status", "--porcelain", "--untracked-files=no"],
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + "-modified" * bool(changes.stdout.strip())


def end_jobs_with_this_process() -> None:
    """Let jobs know who waits for them, so that none goes on after a kill (`logs.STARTED_BY`)."""
    os.environ.update(ALIGNMENT_IMPORTANCE_STARTED_BY=str(os.getpid()))


def library_used_by(script: str) -> list[str]:
    """List the library's modules that a rule's script imports, directly or not.

    They are inputs of the rule, so that a change of the library reruns the rules that use it and no others. Their paths
    are relative where they can be: a project that is moved with its results need not be run again.
    """
    scripts = Path(workflow.basedir, "scripts")
    found, waiting = set(), [scripts / f"{script}.py"]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(imports_of(file, scripts))
    found.remove(scripts / f"{script}.py")
    # A module may have a file of settings beside it.
    styles = {file.with_suffix(".mplstyle") for file in found}
    return relative(found | {file for file in styles if file.is_file()})


def parts_of_the_page() -> list[str]:
    """List the files beside the library's modules that the gallery's page is made of."""
    folder = Path(workflow.basedir, "scripts", "alignment_importance", "report", "gallery")
    return relative(folder / name for name in ("page.html", "style.css", "script.js"))


def relative(files) -> list[str]:
    """Sort files and write their paths from the working directory on, where they lie below it."""
    here = Path.cwd()
    return [
        str(file.relative_to(here) if file.is_relative_to(here) else file)
        for file in sorted(files)
    ]


@functools.cache
def imports_of(file: Path, scripts: Path) -> list[Path]:
    """List the modules of the library that a Python file imports, with the packages that they are in."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    paths = {
        scripts.joinpath(*parts[:n])
        for parts in (name.split(".") for name in names)
        for n in range(1, len(parts) + 1)
    }
    return [
        file
        for path in paths
        for file in (path.with_suffix(".py"), path / "__init__.py")
        if file.is_file()
    ]
