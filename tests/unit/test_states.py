from pathlib import Path

from alignment_importance import states


def test_a_state_takes_the_place_of_former_ones_and_of_no_other_file(tmp_path: Path) -> None:
    for name in (".made-1", ".made-2", ".checked-1", "images"):
        (tmp_path / name).touch()
    states.replace(tmp_path / ".made-3")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".checked-1", ".made-3", "images"]
    states.replace(tmp_path / ".made-3")
    assert (tmp_path / ".made-3").exists()
