from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from alignment_importance.system.resumable import Budget, Parts, fingerprint


class KilledError(Exception):
    """Stands for a job that is killed."""


def walk(budget: Budget, n_steps: int = 7, stop_at: int | None = None) -> tuple[int, np.ndarray, list[int]]:
    """A random walk whose every step depends on its number and on the state."""
    state, made = {"place": np.zeros(2)}, []

    def step(number: int) -> None:
        if number == stop_at:
            raise KilledError
        made.append(number)
        state["place"] += np.random.default_rng(number).standard_normal(2) * (1 + np.abs(state["place"]))

    return budget.run(state, step, n_steps, "steps"), state["place"], made


def test_without_a_limit_everything_is_done_and_nothing_is_left(tmp_path: Path) -> None:
    done, _, made = walk(Budget(None, tmp_path / "partial.npz", "k"))
    assert (done, made) == (7, list(range(7)))
    assert list(tmp_path.iterdir()) == []


def test_runs_that_are_short_of_time_add_up_to_one_without_limit(tmp_path: Path) -> None:
    _, expected, _ = walk(Budget())
    budget = Budget(0, tmp_path / "partial.npz", "k")
    for number in range(6):
        done, _, made = walk(budget)
        assert (done, made) == (number + 1, [number])
        assert [file.name for file in tmp_path.iterdir()] == ["partial.npz"]
    done, place, made = walk(budget)
    assert (done, made) == (7, [6])
    np.testing.assert_array_equal(place, expected)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_goes_on_from_its_last_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alignment_importance.system.resumable._SECONDS_BETWEEN_RECORDS", -1.0)
    budget = Budget(None, tmp_path / "partial.npz", "k")
    with pytest.raises(KilledError):
        walk(budget, stop_at=4)
    done, place, made = walk(budget)
    assert (done, made) == (7, [4, 5, 6])
    np.testing.assert_array_equal(place, walk(Budget())[1])


@pytest.mark.parametrize("spoil", ["other inputs", "broken"])
def test_a_state_that_does_not_fit_is_not_used(tmp_path: Path, spoil: str) -> None:
    partial = tmp_path / "partial.npz"
    walk(Budget(0, partial, "k"))
    if spoil == "broken":
        partial.write_bytes(partial.read_bytes()[:40])
    _, place, made = walk(Budget(None, partial, "k" if spoil == "broken" else "another"))
    assert made == list(range(7))
    np.testing.assert_array_equal(place, walk(Budget())[1])


def test_more_steps_than_are_wanted_now_are_not_used_but_fewer_are(tmp_path: Path) -> None:
    budget = Budget(0, tmp_path / "partial.npz", "k")
    for _ in range(3):
        walk(budget)
    assert walk(budget, n_steps=9)[2] == [3]
    done, place, made = walk(Budget(None, tmp_path / "partial.npz", "k"), n_steps=2)
    assert (done, made) == (2, [0, 1])
    np.testing.assert_array_equal(place, walk(Budget(), n_steps=2)[1])


def test_a_state_of_which_a_part_is_damaged_is_not_used_at_all(tmp_path: Path) -> None:
    partial = tmp_path / "partial.npz"
    np.savez(partial, key=np.array("k"), done=np.array(1), state_whole=np.ones(2))  # `state_damaged` is missing
    state = {"whole": np.zeros(2), "damaged": np.zeros(2)}
    steps: list[int] = []
    Budget(None, partial, "k").run(state, steps.append, 2, "steps")
    assert steps == [0, 1]
    np.testing.assert_array_equal(state["whole"], 0)


def test_fingerprints_tell_values_shapes_types_and_settings_apart() -> None:
    values = np.arange(6.0)
    parts = [
        (values,), (values.reshape(2, 3),), (values.astype(np.float32),), (values + 1e-15,), (values, "a"),
        (values, "b"), (values, 1), (values, "1"),
    ]  # fmt: skip
    assert len({fingerprint(*each) for each in parts}) == len(parts)
    assert fingerprint(values[::-1][::-1], "a") == fingerprint(values.copy(), "a")


def write_parts(folder: Path, letters: str, key: str = "k", own: str = "", stop_at: str = "") -> list[str]:
    """Make a part of two files for every letter; return the letters of the parts made by this call."""
    parts, made = Parts(key), []
    for letter in letters:

        def write(outputs: Mapping[str, Path], letter: str = letter) -> None:
            outputs["upper"].write_text(letter.upper(), encoding="utf-8")
            if letter == stop_at:
                raise KilledError
            outputs["lower"].write_text(letter, encoding="utf-8")
            made.append(letter)

        outputs = {kind: folder / kind / f"{letter}.txt" for kind in ("upper", "lower")}
        parts.make(folder / f".{letter}.partial", own, outputs, write)
    parts.finish()
    return made


def files_in(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in files}


WHOLE = {"upper/a.txt": "A", "lower/a.txt": "a", "upper/b.txt": "B", "lower/b.txt": "b"}


def test_parts_are_made_and_put_in_their_places(tmp_path: Path) -> None:
    assert write_parts(tmp_path, "ab") == ["a", "b"]
    assert files_in(tmp_path) == WHOLE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lower", "upper"]


def test_an_interrupted_job_leaves_its_finished_parts_to_the_next(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        write_parts(tmp_path, "ab", stop_at="b")
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    assert write_parts(tmp_path, "ab") == ["b"]
    assert files_in(tmp_path) == WHOLE
    # A finished job leaves no parts: another one makes all again.
    assert write_parts(tmp_path, "ab") == ["a", "b"]


@pytest.mark.parametrize("other", [{"key": "another"}, {"own": "another"}])
def test_parts_of_other_inputs_are_made_again_and_go(tmp_path: Path, other: dict[str, str]) -> None:
    with pytest.raises(KilledError):
        write_parts(tmp_path, "ab", stop_at="b")
    assert write_parts(tmp_path, "ab", **other) == ["a", "b"]
    assert files_in(tmp_path) == WHOLE


def test_a_job_killed_between_its_last_moves_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def move(file: Path, target: Path) -> Path:
        if target == tmp_path / "lower/a.txt":
            raise KilledError
        return replace(file, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", move)
        with pytest.raises(KilledError):
            write_parts(tmp_path, "ab")
    (tmp_path / "upper/a.txt").unlink()  # as Snakemake does after a failure
    assert write_parts(tmp_path, "ab") == ["a"]
    assert files_in(tmp_path) == WHOLE


def test_a_job_leaves_the_parts_of_others_alone(tmp_path: Path) -> None:
    """Of a job that may run at the same time and make other parts in the same folder."""
    with pytest.raises(KilledError):
        write_parts(tmp_path, "ab", stop_at="b")
    assert write_parts(tmp_path, "c") == ["c"]
    assert write_parts(tmp_path, "ab") == ["b"]
