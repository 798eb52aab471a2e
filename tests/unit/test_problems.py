import logging

import pytest

from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import COLUMNS, Problem, Problems, ProblemsError, describe


def _some() -> Problems:
    found = Problems()
    found.warn("b.csv", "3 participants", "More participants make the mean more reliable.")
    found.error("a.csv", "'4O' is not a number", "Leave missing judgments empty.", place="line 3, column similarity")
    found.error("models.net", "there is no weights file", "Correct it.")
    found.error("a.csv", "the header has image_a twice", "Remove one of them.", place="line 1")
    return found


def test_errors_stand_before_warnings_in_the_table() -> None:
    table = _some().table()
    assert tuple(table.columns) == COLUMNS == ("level", "where", "place", "found", "remedy")
    assert table["level"].tolist() == ["error"] * 3 + ["warning"]
    assert table.iloc[0].tolist()[1:4] == ["a.csv", "line 3, column similarity", "'4O' is not a number"]
    assert Problems().table().columns.tolist() == list(COLUMNS)


def test_one_error_names_everything_by_file() -> None:
    with pytest.raises(ProblemsError) as caught:
        _some().raise_errors()
    assert str(caught.value) == (
        "a.csv:\n"
        "  line 3, column similarity: '4O' is not a number. Leave missing judgments empty.\n"
        "  line 1: the header has image_a twice. Remove one of them.\n"
        "models.net: there is no weights file. Correct it."
    )
    assert len(caught.value.problems) == 4


def test_warnings_alone_raise_nothing_and_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    found = Problems(_some().warnings)
    found.raise_errors()
    with caplog.at_level(logging.WARNING):
        found.log_warnings()
    assert caplog.messages == ["b.csv: 3 participants. More participants make the mean more reliable."]


def test_the_same_thing_is_found_once() -> None:
    found = _some()
    found.extend(_some())
    assert len(found) == 4


def test_errors_of_a_check_are_collected_with_all_that_they_hold() -> None:
    found = Problems()
    with found.collect("a.csv"):
        _some().raise_errors()
    with found.collect("photos"):
        raise InputError("it is empty. Replace it.", where="f.png")
    with found.collect("models.net"):
        raise InputError("there are no weights.")
    assert [problem.where for problem in found.errors] == ["a.csv", "models.net", "a.csv", "f.png", "models.net"]
    assert found.errors[-2:] == [
        Problem("error", "f.png", "", "it is empty. Replace it", ""),
        Problem("error", "models.net", "", "there are no weights", ""),
    ]
    assert len(found.warnings) == 1
    with pytest.raises(KeyError), found.collect("x"):
        raise KeyError("a fault of the program is none of the user's")


def test_a_check_of_one_file_ends_at_its_own_errors_alone() -> None:
    found, read = Problems(), []
    for file in ("a.csv", "b.csv"):
        with found.apart(file) as own:
            if file == "a.csv":
                own.error(file, "no number", "Correct it.")
            own.raise_errors()
            read.append(file)
    assert read == ["b.csv"]
    assert [problem.where for problem in found] == ["a.csv"]


def test_a_long_list_is_shortened() -> None:
    found = Problems()
    for line in range(50):
        found.error("a.csv", "no number", "Correct it.", place=f"line {line}")
    text = describe(found)
    assert text.count("\n") == 21
    assert text.endswith("line 19: no number. Correct it.\n  ... and 30 more")
