"""Delimited text: a table is the same however it is written, and one that cannot be read is refused with a reason."""

import csv
import io
import itertools
from pathlib import Path

import numpy as np
import pytest

from alignment_importance.inputs.delimited_text import Text
from alignment_importance.inputs.identifiers import ImageIds
from alignment_importance.system.problems import Problems, ProblemsError

#: A table that is hard to write: there are blanks, separators and quotes in its cells, and some cells are missing.
HEADER = ["image", "category", "note"]
ROWS = [["a 1", "x", ""], ["b", "y, z", 'so "it" is'], ["ü", "", "1;5"], ["007", "NA", "é"]]


def opened(folder: Path, content: str | bytes, name: str = "t.csv", **own: str) -> Text:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Text(path, Problems(), own)


def content(text: Text) -> dict[str, list[str]]:
    """The cells of every column."""
    table = text.table()
    return {name: [cell for _, cell in table.cells(name)] for name in table.columns}


def refusal(folder: Path, content: str | bytes, **own: str) -> str:
    with pytest.raises(ProblemsError) as caught:
        opened(folder, content, **own).table().text.problems.raise_errors()
    return str(caught.value)


def written(separator: str, quoting: int, ending: str) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator=ending)  # type: ignore[arg-type]
    writer.writerows([HEADER, *ROWS])
    return stream.getvalue()


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_table_is_the_same_however_it_is_written(
    tmp_path: Path, name: str, encoding: str, separator: str, quoting: int, ending: str
) -> None:
    if separator == " " and quoting == csv.QUOTE_MINIMAL:
        quoting = csv.QUOTE_ALL  # an empty cell is nothing but its quotes
    text = opened(tmp_path, written(separator, quoting, ending).encode(encoding), name)
    assert text.header == HEADER
    assert content(text) == dict(zip(HEADER, map(list, zip(*ROWS, strict=True)), strict=True))
    assert not text.problems


def test_blanks_and_empty_rows_mean_nothing(tmp_path: Path) -> None:
    text = opened(tmp_path, "\n image , category,,\n\na, tool ,,\n , ,,\n,,,\n b,\u00a0face,,\n\n")
    table = text.table()
    assert content(text) == {"image": ["a", "b"], "category": ["tool", "face"]}
    assert table.lines.tolist() == [4, 7]
    assert not text.problems


@pytest.mark.parametrize(
    "content_",
    [
        '"image" "category"\n"1" "a" "x"\n"3" "b" "x"\n',  # write.table in R
        '"image","category"\n"1","a","x"\n"3","b","x"\n',  # and with sep = ","
        '"","image","category"\n"first","a","x"\n"second","b","x"\n',  # write.csv in R
        ",image,category\n0,a,x\n1,b,x\n",  # to_csv in pandas
        "image\tcategory\n0\ta\tx\n1\tb\tx\n",
    ],
)
def test_names_of_rows_are_passed_over_and_said(tmp_path: Path, content_: str) -> None:
    text = opened(tmp_path, content_)
    assert content(text) == {"image": ["a", "b"], "category": ["x", "x"]}
    [said] = map(str, text.problems)
    assert said == "the lines begin with row names, as R and pandas write them. These are not used."


@pytest.mark.parametrize(
    ("content_", "said"),
    [
        (
            "image,similarity\na,0,5\nb,0,7\n",
            "line 2: 3 fields, but the header has 2 (also on 1 other line). Numbers need a",
        ),
        ("image,similarity\n1,0,5\n1,0,7\n", "line 2: 3 fields, but the header has 2 (also on 1 other line)."),
        ("image,category\na,b,c\na,b\n", "line 2: 3 fields, but the header has 2. Numbers need a decimal point;"),
        ("image;category\na;b;c\na;b\n", "line 2: 3 fields, but the header has 2. Complete it."),
        ("image,category\na\nb,x\nc\n", "line 2: 1 field, but the header has 2 (also on 1 other line). Complete it."),
        (",image\n0,a\n0,b\n", "header: column 1 has no name. Name or remove it."),
        ("image,,x\na,b,c\n", "header: column 2 has no name. Name or remove it."),
        ('image,x\na,"b\n', "line 2: it cannot be read (unexpected end of data). Check its quotes."),
        (b"image\na\n\xe4\n", 'line 3: it is not text in UTF-8. Save it as "CSV UTF-8", as spreadsheets call it.'),
        ("image,x\na,b\nb,c\x00\n", "line 3: there is an invisible character, '\\x00'. Remove it."),
        ("image,x\na,b\x07\n", "line 2: there is an invisible character, '\\x07'. Remove it."),
        ("image\na\n".encode("utf-16")[:-1], "it is not text in UTF-8."),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content_: str | bytes, said: str) -> None:
    assert said in refusal(tmp_path, content_)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match=r"t\.csv: it cannot be read \(No such file or directory\)\. Restore"):
        Text(tmp_path / "t.csv", Problems())


def test_columns_have_the_names_that_they_are_given(tmp_path: Path) -> None:
    table = "rt,left,right,image_a\n312,a,b,c\n"
    text = opened(tmp_path, table, image_b="right")
    assert text.header == ["rt", "left", "image_b", "image_a"]
    assert opened(tmp_path, table, left="image_a", image_a="left").header == ["rt", "image_a", "right", "left"]
    said = r"header: there is no column 'Left', which `columns` gives as image_b\. Did you mean 'left'\?"
    with pytest.raises(ProblemsError, match=said):
        opened(tmp_path, table, image_b="Left")


def test_a_column_cannot_have_the_name_of_another(tmp_path: Path) -> None:
    said = (
        r"header: `columns` maps left onto image_a, which the file has already\. "
        r"Rename or remove the column image_a, or leave it out of `columns`\."
    )
    with pytest.raises(ProblemsError, match=said):
        opened(tmp_path, "left,right,image_a\na,b,c\n", image_a="left", image_b="right")


def test_messages_about_columns_have_their_names_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError) as caught:
        opened(tmp_path, "left,left,x\n", image_a="left").require(["image_a", "odd"])
    assert "the column left occurs 2 times. Keep one." in str(caught.value)
    assert "the column odd is missing. It needs the columns image_a, odd; the header has left, left, x." in str(
        caught.value
    )


def test_one_and_several_missing_columns_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match=r"the columns image, x are missing\. It needs the columns image, x, y;"):
        opened(tmp_path, "name,y\n").require(["image", "x", "y"])
    with pytest.raises(ProblemsError, match=r"the column image is missing\. It needs the column image;"):
        opened(tmp_path, "name,y\n").require(["image"])


def test_unknown_columns_are_refused_unless_the_user_has_named_others(tmp_path: Path) -> None:
    said = (
        "header: unknown columns 'rt', 'sex'. Pairs have the columns one, two; rename or remove the others, or say "
        "with `columns` which is which. Once it names one, such as {one: one}, other columns are ignored."
    )
    text = opened(tmp_path, "rt,one,sex,two\n")
    with pytest.raises(ProblemsError) as caught:
        text.check_header(["one"], ["one", "two"], "Pairs")
    assert said in str(caught.value)
    assert len(text.problems) == 1
    for header, name in (("rt,x,two\n", "x"), ("rt,one,two\n", "one")):
        text = opened(tmp_path, header, one=name)
        text.check_header(["one"], ["one", "two"], "Pairs")
        assert [str(problem) for problem in text.problems] == ["header: other columns: rt. They are not used."]


@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [
        ("a,b", "1_0", "is not a number"),
        ("a,b", "inf", "is infinite"),
        ("a,b", " 1e-3 ", 0.001),
        ("a,b", "0,5", "is not a number"),
        ("a\tb", "0,5", "is not a number"),
        ("a b", "0,5", "is not a number"),
        ("a;b", "0,5", 0.5),
        ("a;b", "0.5", 0.5),
        ("a;b", "1,000.5", "is not a number"),
        ("a;b", "1,0,5", "is not a number"),
    ],
)
def test_numbers_have_a_point_or_beside_semicolons_a_comma(
    tmp_path: Path, header: str, cell: str, value: float | str
) -> None:
    text = opened(tmp_path, f"{header}\n")
    assert text.number(cell, "line 2") == value
    said = ["numbers have decimal commas. They are read as such."] if value == 0.5 and "," in cell else []
    assert list(map(str, text.problems)) == said
    assert all(np.isnan(text.number(missing, "line 2")) for missing in ("", " NaN", "NA", "na "))


def test_points_and_commas_in_the_numbers_of_one_file_are_refused(tmp_path: Path) -> None:
    text = opened(tmp_path, "id;ms;note\nx.y;6;a,b\nu,v;6.5;1,5\nx.y;1,250;a.b\nw;7.5;\n", rt="ms")
    table = text.table()
    table.numbers("rt", "Leave it empty.")
    [said] = map(str, text.problems.errors)
    assert said == (
        "some numbers have a decimal point ('6.5' on line 3, column ms), others a decimal comma ('1,250' on line 4, "
        "column ms). Write all with a decimal point."
    )


@pytest.mark.parametrize("cells", [["6.5", "x,y", "NA"], ["6,5", "a.b", "1e3", "1,2,3"], ["1,5", "7", "2.5.1"]])
def test_cells_that_are_no_numbers_have_no_decimal_mark(tmp_path: Path, cells: list[str]) -> None:
    text = opened(tmp_path, "id;rt\n" + "".join(f"a.b;{cell}\na,b;\n" for cell in cells))
    table = text.table()
    table.numbers("rt", "Leave it empty.")
    assert all("decimal point (" not in str(problem) for problem in text.problems)


@pytest.mark.parametrize(
    "content_",
    [
        "b\na 1\nc,d\n",
        "b\r\n\r\n a 1 \r\nc,d",
        '"b"\n"a 1"\n"c,d"\n',
        'image\nb\na 1\n"c,d"\n',
        'image,category\nb,x\na 1,y\n"c,d",z\n',
        '"","image"\n"1","b"\n"2","a 1"\n"3","c,d"\n',
        "photos/b.png\nphotos/a 1.JPG\nc,d.png\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_of_images_is_lines_or_a_column(tmp_path: Path, content_: str, encoding: str) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(content_.encode(encoding))
    problems = Problems()
    assert ImageIds(["a 1", "b", "c,d"]).read_list(problems, file) == ["b", "a 1", "c,d"]
    assert not problems.errors


def test_an_image_may_be_called_image(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("image\nother\n")
    assert ImageIds(["image", "other"]).read_list(Problems(), file) == ["image", "other"]


def test_the_word_image_in_an_id_with_blanks_is_no_header(tmp_path: Path) -> None:
    file = tmp_path / "order.txt"
    file.write_text("photos/image 2.png\nphotos/image 1.png\n", encoding="utf-8")
    assert ImageIds(["image 1", "image 2"]).read_list(Problems(), file) == ["image 2", "image 1"]
    # Nor is it one where the first image is not in the set.
    assert ImageIds(["image 1"], pass_over=True).read_list(Problems(), file)[1] == "image 1"


def test_names_of_files_are_ids_where_no_two_would_be_one() -> None:
    images, problems = ImageIds(["a", "b", "b.png"]), Problems()
    cells = ["a", "x/a.jpg", "b.png", "x\\b.PNG", "x/b.png"]
    found = images.find(problems, Path("t.csv"), [(f"line {at}", cell) for at, cell in enumerate(cells)])
    assert found == ["a", "a", "b.png", "b", "b"]
    assert [(problem.level, str(problem)) for problem in problems] == [
        ("warning", "ids are written as file names, such as 'x/a.jpg' for 'a'. The last part is used, without its "
                    "ending."),
        ("error", "line 4: 'x\\\\b.PNG' and 'x/b.png' would both be the image 'b'. Write the ids of the images."),
    ]  # fmt: skip
    # Another file may name other folders.
    images.find(problems, Path("u.csv"), [("line 2", "y/a.png")])
    assert len(problems.errors) == 1


def test_images_that_are_passed_over_get_numbers_of_their_own(tmp_path: Path) -> None:
    images = ImageIds(["a", "b"], pass_over=True)
    table = opened(tmp_path, "one,two\na,z\ny,b\nz,y\n").table()
    assert images.numbers_of(table, "one").tolist() == [0, 2, 3]
    assert images.numbers_of(table, "two").tolist() == [3, 1, 2]
    images.note_strangers(table.text.problems)
    [said] = map(str, table.text.problems)
    assert said == "images outside this set: y, z. They are left out."


def test_rows_are_found_by_their_cells(tmp_path: Path) -> None:
    table = opened(tmp_path, "one,two\na,1\nb,2\na,3\n").table()
    assert table.columns["one"].cells == ["a", "b"]
    assert table.rows_of("one", [True, False]).tolist() == [0, 2]
    assert list(itertools.chain.from_iterable(table.cells("two"))) == [2, "1", 3, "2", 4, "3"]
