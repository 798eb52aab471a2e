"""What a killed process leaves is removed by the next one that writes the same output; nothing else is removed."""

import subprocess
import sys
from pathlib import Path

import pytest

from alignment_importance.system.atomic_write import atomic, atomic_folder

ROOT = Path(__file__).resolve().parents[2]

#: A program that writes half an output and is killed.
KILLED = """
import os, pathlib, signal, sys
from alignment_importance.system import atomic_write
with atomic_write.{writer}(pathlib.Path(sys.argv[1])) as partial:
    {write}
    os.kill(os.getpid(), signal.SIGKILL)
"""
FILE, FOLDER = "partial.write_text('half')", "(partial / 'half').write_text('')"


def killed(target: Path, writer: str, write: str) -> None:
    """Run a process that is killed while it writes `target`."""
    script = KILLED.format(writer=writer, write=write)
    command = [sys.executable, "-c", script, str(target)]
    answer = subprocess.run(command, env={"PYTHONPATH": str(ROOT / "scripts")}, check=False)
    assert answer.returncode == -9


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_killed_writer_leaves_the_old_file_and_the_next_removes_its_partial_one(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    killed(target, "atomic", FILE)
    assert target.read_text() == "old"
    assert len(names(tmp_path)) == 2
    with atomic(target) as partial:
        partial.write_text("new")
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.csv"]


def test_the_next_writer_removes_what_a_killed_one_left_of_a_folder(tmp_path: Path) -> None:
    killed(tmp_path / "a", "atomic_folder", FOLDER)
    assert [name for name in names(tmp_path) if not name.startswith(".a..")] == []
    with atomic_folder(tmp_path / "a") as partial:
        (partial / "whole").write_text("")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == ["whole"]


def test_what_writers_of_other_outputs_left_stays(tmp_path: Path) -> None:
    """One belongs to an output whose name begins with this one's, the other does not come from this project."""
    killed(tmp_path / "a.b", "atomic", FILE)
    (tmp_path / ".a.c").mkdir()
    left = names(tmp_path)
    with atomic(tmp_path / "a") as partial:
        partial.write_text("")
    assert names(tmp_path) == sorted([*left, "a"])


def test_of_two_writers_the_one_that_began_last_succeeds(tmp_path: Path) -> None:
    target = tmp_path / "a"
    with pytest.raises(FileNotFoundError), atomic(target) as first:
        first.write_text("first")
        with atomic(target) as second:
            second.write_text("second")
    assert target.read_text() == "second"
    assert names(tmp_path) == ["a"]


def test_outputs_have_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").mkdir()
    (tmp_path / "usual" / "file").write_text("")
    with atomic_folder(tmp_path / "folder") as partial:
        (partial / "file").write_text("")
    with atomic(tmp_path / "file") as partial:
        partial.write_text("")
    assert (tmp_path / "folder").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual" / "file").stat().st_mode


def test_a_failure_leaves_the_old_file_and_no_partial_one(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic(target) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert [file.name for file in tmp_path.iterdir()] == ["out.txt"]
    assert target.read_text() == "old"


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    with atomic_folder(target) as partial:
        (partial / "one").write_text("1")
    with pytest.raises(RuntimeError), atomic_folder(target) as partial:
        (partial / "two").write_text("2")
        raise RuntimeError
    assert [file.name for file in target.iterdir()] == ["one"]
    with atomic_folder(target) as partial:
        (partial / "three").write_text("3")
    assert [file.name for file in target.iterdir()] == ["three"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
