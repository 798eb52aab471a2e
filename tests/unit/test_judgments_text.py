"""Delimited text, read at once where it is plain and line by line where it is not."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_importance.inputs import delimited_text
from alignment_importance.system.problems import Problems

CELLS = st.lists(
    st.tuples(*[st.sampled_from(["a", " a", "b c", "ü", "1", "", "nan", "0.50"])] * 2), min_size=1, max_size=20
)


@given(CELLS, st.sampled_from(["\n", "\r\n"]), st.sampled_from([".csv", ".tsv"]), st.booleans(), st.booleans())
def test_tables_are_read_at_once_as_line_by_line(
    cells: list[tuple[str, str]], ending: str, suffix: str, is_ended: bool, has_mark: bool
) -> None:
    mark = delimited_text.DELIMITERS[suffix]
    lines = [mark.join(row) for row in [("one", "two"), *cells]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{suffix}"
        content = ("\ufeff" * has_mark) + ending.join(lines) + ending * is_ended
        path.write_bytes(content.encode())
        at_once = delimited_text._read_plain(path, ["one", "two"])
        body = delimited_text.rows(path, Problems())
        next(body)
        by_line = delimited_text._read_lines(path, ["one", "two"], body, Problems())
    if any(not first.strip() and not second.strip() for first, second in cells):
        assert at_once is None
    if at_once is not None:
        assert at_once.lines.tolist() == by_line.lines.tolist()
        for name, column in at_once.columns.items():
            assert column.cells == by_line.columns[name].cells
            assert column.codes.tolist() == by_line.columns[name].codes.tolist()


@pytest.mark.parametrize(
    "content",
    [b'one,two\n"a",b\n', b"one,two\n\na,b\n", b"one,two\na,b,c\n", b"one,two\na\rb,c\n", b"one,two\n\xff,a\n"],
)
def test_other_tables_are_read_line_by_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert delimited_text._read_plain(path, ["one", "two"]) is None
