import errno
import logging
from pathlib import Path

import pytest

from alignment_importance.system import states
from alignment_importance.system.errors import InputError


def test_a_state_takes_the_place_of_former_ones_and_of_no_other_file(tmp_path: Path) -> None:
    for name in (".made-1", ".made-2", ".checked-1", "images"):
        (tmp_path / name).touch()
    states.replace(tmp_path / ".made-3")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".checked-1", ".made-3", "images"]
    states.replace(tmp_path / ".made-3")
    assert (tmp_path / ".made-3").exists()


def test_what_is_wrong_is_kept_and_what_was_not_made_is_left_empty(tmp_path: Path) -> None:
    images, table, state = tmp_path / "a/images", tmp_path / "a/table.csv", tmp_path / "a/.made-1"
    (tmp_path / "a").mkdir()
    with states.making("datasets.own", [images, table], state):
        table.write_text("image\n", encoding="utf-8")
        logging.getLogger("alignment_importance.inputs.datasets.own").warning("two of %d: left out.", 3)
        raise InputError("file.mat: it has no matrix.")
    first, second = states.read(state)
    assert (first.level, first.where, str(first)) == ("warning", "datasets.own", "two of 3: left out.")
    assert (second.level, second.where, second.found) == ("error", "datasets.own", "file.mat: it has no matrix")
    assert states.is_left_empty(images) and not states.is_left_empty(table)
    states.discard(state, [images, table])
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["table.csv"]


def test_other_errors_are_no_matter_of_published_files(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="No space"),
        states.making("datasets.own", [tmp_path / "images"], tmp_path / ".made-1"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_without_mistakes_the_state_is_an_empty_file(tmp_path: Path) -> None:
    with states.making("datasets.own", [tmp_path / "images"], tmp_path / ".made-1"):
        (tmp_path / "images").mkdir()
    assert (tmp_path / ".made-1").read_text(encoding="utf-8") == ""
    assert list(states.read(tmp_path / ".made-1")) == []
