import doctest
from pathlib import Path

import pytest
from judging import refusal, write

from alignment_importance.system import contents, names


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "a\x7f", "caf\udce9", "a\u2028b", "\x85"])
def test_what_no_line_of_text_can_hold(name: str) -> None:
    assert not names.can_be_written(name)
    assert names.can_be_written(names.visible(name))


@pytest.mark.parametrize("name", ["Ä 1", "写真", "1.00\u202fPM", "a\u00a0b", "\u06a9\u200cx", "🐕", "a.b-c_d"])
def test_what_people_write_stays_as_it_is(name: str) -> None:
    assert names.can_be_written(name)
    assert names.visible(name) == name


def test_a_participant_whose_name_outputs_cannot_hold_is_told(tmp_path: Path) -> None:
    rows = [f"{pair},{number},anna\u2028{number}" for pair in ("a,b", "a,c", "b,c") for number in (1, 2)]
    text = "\n".join(["image_a,image_b,similarity,participant", *rows]) + "\n"
    said = refusal(write(tmp_path, text))
    assert r"the participant 'anna\u20281' has control characters. Rename this participant." in said


@pytest.mark.parametrize(("number", "said"), [(0, "0 pairs have"), (1, "1 pair has"), (2, "2 pairs have")])
def test_numbers_agree(number: int, said: str) -> None:
    assert names.counted(number, "pair has", "pairs have") == said
    assert names.not_used(number) == ("It is not used." if number == 1 else "They are not used.")


@pytest.mark.parametrize("module", [contents, names])
def test_the_examples_are_right(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
