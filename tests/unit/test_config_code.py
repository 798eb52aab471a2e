"""Digests of code: a changed file changes the digests of the scripts that use it, and no others."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_project import ROOT

from alignment_importance.config import code

SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))

LIBRARY = {
    "lib/__init__.py": "",
    "lib/a.py": "from lib.inner import (\n    b,\n    c as d,\n)\n",
    "lib/inner/__init__.py": '"""A package."""\nimport lib.start\n',
    "lib/inner/b.py": "def late():\n    from lib import late\n",
    "lib/inner/c.py": "",
    "lib/inner/unused.py": "",
    "lib/inner/style.css": "",
    "lib/late.py": "import os, json\n",
    "lib/start.py": "",
    "lib/other.py": "",
    "script.py": "import lib.a\n",
    "job.py": "",
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name, text in LIBRARY.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_direct_and_indirect_imports_count(library: Path) -> None:
    found = {str(file.relative_to(library)) for file in code.files_of_code(library / "script.py", library)}
    assert found == set(LIBRARY) - {"lib/inner/unused.py", "lib/other.py", "job.py"}


@pytest.mark.parametrize("name", LIBRARY)
def test_a_change_changes_the_digest_of_what_uses_it(
    name: str, library: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = code.digest_of_code(library / "script.py", library)
    moved = tmp_path_factory.mktemp("moved")
    library.rename(moved / "here")
    assert code.digest_of_code(moved / "here/script.py", moved / "here") == before
    other = moved / "here"
    (other / name).write_text(f"{LIBRARY[name]}\n# changed\n", encoding="utf-8")
    changed = moved / "changed"
    other.rename(changed)
    used = name not in ("lib/inner/unused.py", "lib/other.py", "job.py")
    assert (code.digest_of_code(changed / "script.py", changed) != before) == used


def test_files_of_code_are_what_python_imports() -> None:
    """Every script is imported, to see which modules of the library it loads."""
    program = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
loaded = {}
for script in sys.argv[2:]:
    for name in [name for name in sys.modules if name.split(".")[0] == "alignment_importance"]:
        del sys.modules[name]
    importlib.import_module(script)
    loaded[script] = [module.__file__ for name, module in sys.modules.items() if name.startswith("alignment_")]
print(json.dumps(loaded))
"""
    command = [sys.executable, "-c", program, str(ROOT / "scripts"), *(script.stem for script in SCRIPTS)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    for script, loaded in json.loads(answer.stdout).items():
        used = code.files_of_code(ROOT / "scripts" / f"{script}.py", ROOT / "scripts")
        assert {Path(file) for file in loaded} <= used, script


def test_the_commit_is_that_of_the_repository_that_holds_the_workflow(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        author = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
        answer = subprocess.run(
            ["git", "-C", str(tmp_path), *author, *words], capture_output=True, text=True, check=True
        )
        return answer.stdout.strip()

    (tmp_path / "Snakefile").write_text("rule all:\n", encoding="utf-8")
    assert code.commit(tmp_path) == "unknown"
    git("init")
    git("commit", "--allow-empty", "--message", "The user's own")
    assert code.commit(tmp_path) == "unknown"
    git("add", "Snakefile")
    git("commit", "--message", "The workflow")
    assert code.commit(tmp_path) == git("rev-parse", "HEAD")
    (tmp_path / "new").touch()
    assert code.commit(tmp_path) == git("rev-parse", "HEAD")
    (tmp_path / "Snakefile").write_text("rule some:\n", encoding="utf-8")
    assert code.commit(tmp_path) == git("rev-parse", "HEAD") + "-modified"
