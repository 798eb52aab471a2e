"""What killed processes leave is removed by the next that writes the same output, and nothing else is."""

import subprocess
import sys
from pathlib import Path

import pytest

from alignment_importance.system import atomic_write
from alignment_importance.system.atomic_write import atomic, atomic_folder

ROOT = Path(__file__).resolve().parents[2]

#: Writes half an output and is killed.
KILLED = """
import os, pathlib, signal, sys
from alignment_importance.system import {module}
with {module}.{writer}(pathlib.Path(sys.argv[1])) as partial:
    {write}
    os.kill(os.getpid(), signal.SIGKILL)
"""
FILE, FOLDER = "partial.write_text('half')", "(partial / 'half').write_text('')"


def killed(target: Path, writer: str, write: str, module: str = "arrays") -> None:
    """Let a process be killed while it writes `target`."""
    script = KILLED.format(module=module, writer=writer, write=write)
    command = [sys.executable, "-c", script, str(target)]
    answer = subprocess.run(command, env={"PYTHONPATH": str(ROOT / "scripts")}, check=False)
    assert answer.returncode == -9


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_killed_writer_leaves_the_old_file_and_its_rest_goes_with_the_next(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    killed(target, "atomic", FILE)
    assert target.read_text() == "old"
    assert len(names(tmp_path)) == 2
    with atomic(target) as partial:
        partial.write_text("new")
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.csv"]


def test_the_same_for_a_folder(tmp_path: Path) -> None:
    killed(tmp_path / "a", "atomic_folder", FOLDER)
    assert [name for name in names(tmp_path) if not name.startswith(".a..")] == []
    with atomic_folder(tmp_path / "a") as partial:
        (partial / "whole").write_text("")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == ["whole"]


def test_rests_of_other_outputs_stay(tmp_path: Path) -> None:
    """One of them has a name that begins like this one's, one is not of this project."""
    killed(tmp_path / "a.b", "beside", "partial.write_text('half')", "atomic_write")
    (tmp_path / ".a.c").mkdir()
    left = names(tmp_path)
    with atomic(tmp_path / "a") as partial:
        partial.write_text("")
    assert names(tmp_path) == sorted([*left, "a"])


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_two_writers_do_not_meet(tmp_path: Path, first_ends_first: bool) -> None:
    target = tmp_path / "a"
    one, two = atomic_write.beside(target), atomic_write.beside(target)
    first, second = one.__enter__(), two.__enter__()
    first.write_text("first")
    second.write_text("second")
    atomic_write.remove_abandoned(target)
    for path, context in ((first, one), (second, two)) if first_ends_first else ((second, two), (first, one)):
        path.replace(target)
        assert target.read_text() == ("first" if path is first else "second")
        context.__exit__(None, None, None)
    assert names(tmp_path) == ["a"]


def test_a_folder_that_was_not_locked_yet_is_abandoned_when_it_is_empty(tmp_path: Path) -> None:
    for name in (".a..empty", ".a..used"):
        (tmp_path / name).mkdir()
    (tmp_path / ".a..used" / "precious").write_text("")
    atomic_write.remove_abandoned(tmp_path / "a")
    assert names(tmp_path) == [".a..used"]


def test_where_there_are_no_locks_everything_is_written_and_nothing_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a"
    killed(target, "atomic", FILE)

    def no_locks(_file: int, _operation: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(atomic_write.fcntl, "flock", no_locks)
    with atomic(target) as partial:
        partial.write_text("whole")
    assert target.read_text() == "whole"
    assert len(names(tmp_path)) == 2


def test_outputs_have_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").mkdir()
    (tmp_path / "usual" / "file").write_text("")
    with atomic_folder(tmp_path / "folder") as partial:
        (partial / "file").write_text("")
    with atomic(tmp_path / "file") as partial:
        partial.write_text("")
    assert (tmp_path / "folder").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual" / "file").stat().st_mode
