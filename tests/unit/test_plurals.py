"""Singular and plural in messages."""

import pytest

from alignment_importance.system import plurals as wording


@pytest.mark.parametrize(("number", "said"), [(0, "0 pairs have"), (1, "1 pair has"), (2, "2 pairs have")])
def test_numbers_agree(number: int, said: str) -> None:
    assert wording.counted(number, "pair has", "pairs have") == said
    assert wording.not_used(number) == ("It is not used." if number == 1 else "They are not used.")
