"""Which code an output was made with: digests of the Python files of each script, and the workflow's commit."""

import functools
import hashlib
import re
import subprocess
from pathlib import Path

# Regular expressions, because parsing all modules at every start of Snakemake would take a second.
_IMPORT = re.compile(r"^[ \t]*import +([\w., ]+)$", re.MULTILINE)
_FROM = re.compile(r"^[ \t]*from +([\w.]+) +import +(\([^)]*\)|[^\n(]+)", re.MULTILINE)

#: Files beside modules that the modules read.
_BESIDE = ("*.mplstyle", "*.html", "*.css", "*.js")


def digest_of_code(script: Path, library: Path) -> str:
    """Compute a digest of a script and of all modules that it imports, directly or not, from a folder.

    It is a param of the script's rule, so that a change of the library reruns the rules that use it and no others.

    Args:
        library: the folder that holds the imported packages.
    """
    digest = hashlib.sha256()
    for file in sorted(files_of_code(script, library)):
        digest.update(f"{file.relative_to(library)} {_sha256(file)}\n".encode())
    return digest.hexdigest()[:16]


def files_of_code(script: Path, library: Path) -> set[Path]:
    """Find a script, the modules that it imports, directly or not, and the files beside these that they read."""
    files: set[Path] = set()
    waiting = [script]
    while waiting:
        file = waiting.pop()
        if file not in files:
            files.add(file)
            waiting.extend(_imports_of(file, library))
    folders = {file.parent for file in files - {script}}
    return (
        files | {other for folder in folders for other in _beside(folder)} | set(script.parent.glob(f"{script.stem}.*"))
    )


def commit(folder: Path) -> str:
    """Name the commit of the workflow in a folder, followed by `-modified` if files differ from it.

    A repository around the folder that does not track the workflow, such as that of a user's project, does not count.

    Returns:
        `unknown` where the workflow is in no repository.
    """
    git = ["git", "-C", str(folder)]
    try:
        _, head, changes = (
            subprocess.run([*git, *words], capture_output=True, text=True, check=True)
            for words in (
                ["ls-files", "--error-unmatch", "Snakefile"],
                ["rev-parse", "HEAD"],
                ["status", "--porcelain", "--untracked-files=no"],
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("-modified" if changes.stdout.strip() else "")


@functools.cache
def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@functools.cache
def _beside(folder: Path) -> list[Path]:
    return [file for pattern in _BESIDE for file in folder.glob(pattern)]


@functools.cache
def _imports_of(file: Path, library: Path) -> list[Path]:
    """Find the modules in a folder that a Python file imports, with the packages that they are in."""
    text = file.read_text(encoding="utf-8")
    names = {name.strip() for names in _IMPORT.findall(text) for name in names.split(",")}
    for package, imported in _FROM.findall(text):
        names.update(f"{package}.{name.split()[0]}" for name in imported.strip("()").split(",") if name.strip())
    prefixes = {tuple(name.split(".")[:n]) for name in names for n in range(1, name.count(".") + 2)}
    candidates = (library.joinpath(*prefix) for prefix in prefixes)
    modules = [
        module for path in candidates for module in (path.with_suffix(".py"), path / "__init__.py") if module.is_file()
    ]
    # A registry imports the modules beside and below it by name, which no expression finds.
    return [*modules, *file.parent.rglob("*.py")] if file.name == "registry.py" else modules
