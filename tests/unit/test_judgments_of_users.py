"""Judgments as people bring them: file names as ids, tables of R, images that are not there, a file per person."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from judging import IDS, NAN, images, read, read_source, refusal, warnings, write

from alignment_importance.inputs.judgments import reading

PAIRS = "image_a,image_b,similarity"
TWELVE = [f"image_{number:02d}" for number in range(1, 13)]


@pytest.mark.parametrize("form", ["{}.png", "photos/{}.jpg", "C:\\exp\\photos\\{}.JPEG", "  {}.webp "])
def test_names_and_paths_of_files_are_ids(tmp_path: Path, form: str) -> None:
    a, b, c = (form.format(image) for image in IDS)
    matrix = f"id,{a},{b},{c}\n{a},,1,2\n{b},1,,3\n{c},2,3,\n"
    pairs = f"{PAIRS}\n{a},{b},1\n{a},{c},2\n{b},{c},3\n"
    triplets = f"image_a,image_b,image_c,odd\n{a},{b},{c},{a}\n"
    for text, kind, expected in (
        (matrix, "similarity", [1, 2, 3]),
        (pairs, None, [1, 2, 3]),
        (triplets, None, [0, 0, 1]),
    ):
        path = write(tmp_path, text)
        assert read(path, kind=kind)["similarity"][0].to_numpy()[[0, 0, 1], [1, 2, 2]].tolist() == expected
        said = (
            f"ids are written as file names, such as {a.strip()!r} for 'a'. The last part is used, without its ending"
        )
        assert warnings(path, kind=kind).startswith(said)


def test_two_files_that_would_be_one_image_are_told(tmp_path: Path) -> None:
    text = f"{PAIRS}\nold/a.png,b,1\nnew/a.png,c,2\nb,c,3\n"
    said = (
        "line 3, column image_a: 'old/a.png' and 'new/a.png' would both be the image 'a'. Write the ids of the images."
    )
    assert said in refusal(write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        '"image_a" "image_b" "similarity"\n"1" "a" "b" 1\n"2" "a" "c" NA\n"3" "c" "b" 3\n',
        '"image_a","image_b","similarity"\n"1","a","b",1\n"2","a","c",NA\n"3","c","b",3\n',
        '"","image_a","image_b","similarity"\n"1","a","b",1\n"2","a","c",NA\n"3","c","b",3\n',
        "image_a;image_b;similarity\na;b;1,0\na;c;\nc;b;3,0\n",
        "image_a   image_b similarity\n  a b  1\na   c NA\nc b 3  \n",
        "image_a\timage_b\tsimilarity\na\tb\t1\na\tc\t\nc\tb\t3\n",
    ],
)
@pytest.mark.parametrize("name", ["j.csv", "j.tsv", "j.txt"])
def test_tables_of_other_programs_are_pairs(tmp_path: Path, text: str, name: str) -> None:
    found = read(write(tmp_path, text, name))
    np.testing.assert_array_equal(found["similarity"][0], [[NAN, 1, NAN], [1, NAN, 3], [NAN, 3, NAN]])


@pytest.mark.parametrize(
    "text",
    ['"a" "b" "c"\n"a" 9 1 2\n"b" 1 9 3\n"c" 2 3 9\n', "a,b,c\na,9,1,2\nb,1,9,3\nc,2,3,9\n"],
)
def test_a_matrix_of_r_has_no_corner(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text, "j.txt")
    assert read(path, kind="similarity")["similarity"][0].to_numpy()[[0, 0, 1], [1, 2, 2]].tolist() == [1, 2, 3]
    said = "header: the header has one field fewer than the lines, as R writes it: that above the ids of the rows."
    assert said in warnings(path, kind="similarity")


def test_semicolons_and_decimal_commas_make_a_matrix(tmp_path: Path) -> None:
    path = write(tmp_path, "id;a;b;c\na;;0,5;1\nb;0,5;;2,25\nc;1;2,25;\n")
    assert read(path, kind="similarity")["similarity"][0].to_numpy()[[0, 0, 1], [1, 2, 2]].tolist() == [0.5, 1, 2.25]
    assert warnings(path, kind="similarity") == "numbers have decimal commas. They are read as such."
    write(tmp_path, "id;a;b;c\na;;6.5;1\nb;6.5;;1,250\nc;1;1,250;\n")
    said = "point ('6.5' on line 2 (row a), column b), others a decimal comma ('1,250' on line 3 (row b), column c)."
    assert said in refusal(path, kind="similarity")


@pytest.mark.parametrize(
    "header", ["image_1,image_2,similarity", "image_01,image_02,similarity", "image_1,image_2,image_3,kept"]
)
def test_headers_like_ids_are_told_what_columns_are_called(tmp_path: Path, header: str) -> None:
    row = ",".join(["image_01", "image_02", "image_03"][: header.count(",")]) + ",0.5\n"
    message = refusal(write(tmp_path, f"{header}\n{row}"), TWELVE)
    assert (
        f"header: the header does not belong to any form of judgments: {header}. Triplets have image_a, image_b"
        in message
    )
    assert "; pairs have image_a, image_b, similarity or dissimilarity (and participant);" in message
    assert message.endswith("Map other names with `columns`.")
    assert message.count("\n") == 0


def test_other_names_of_columns(tmp_path: Path) -> None:
    text = "trial,left,right,rating,subject\n1,a,b,4,ann\n2,b,c,1,ann\n1,a,b,2,ben\n2,a,c,5,ben\n"
    columns = {"image_a": "left", "image_b": "right", "dissimilarity": "rating", "participant": "subject"}
    path = write(tmp_path, text)
    found = read(path, columns=columns)
    assert found["participant"].to_numpy().tolist() == ["ann", "ben"]
    np.testing.assert_array_equal(found["similarity"].sel(image="a", image_b="b"), [-4, -2])
    assert "header: other columns: trial. They are not used." in warnings(path, columns=columns)
    said = "there is no column 'lefd', which `columns` gives as image_a. Did you mean 'left'?"
    assert said in refusal(path, columns=columns | {"image_a": "lefd"})
    said = "the header does not belong to any form of judgments: trial,left,right,rating,subject."
    assert said in refusal(path, columns={"image_a": "left"})
    message = refusal(write(tmp_path, f"{text}x,d,d,?,\n"), columns=columns)
    for part in ("left: 'd' is not an image", "rating: '?' is not a number", "subject: there is no participant"):
        assert f"line 6, column {part}" in message
    np.save(tmp_path / "j.npy", np.eye(3))
    assert "`columns` is not needed: the file is not a table. Remove it." in refusal(
        tmp_path / "j.npy", columns=columns, kind="similarity"
    )


# --- images that are not in the folder ---


def test_judgments_of_other_images_are_left_out_where_the_comparison_names_its_own(tmp_path: Path) -> None:
    matrix = write(tmp_path, "id,a,x,b,c\na,,9,1,2\nx,9,,9,9\nb,1,9,,3\nc,2,9,3,\n", "m.csv")
    pairs = write(tmp_path, f"{PAIRS}\na,x,9\na,b,1\nx,x,4\na,c,2\nb,c,3\n", "p.csv")
    np.save(tmp_path / "j.npy", [[NAN, 1, 9, 2], [1, NAN, 9, 3], [9, 9, NAN, 9], [2, 3, 9, NAN]])
    order = write(tmp_path, "a\nb\nx\nc\n", "order.txt")
    known = images([*IDS, "d"])
    for source in (
        reading.Source(matrix, "similarity", images=IDS),
        reading.Source(pairs, images=IDS),
        reading.Source(tmp_path / "j.npy", "similarity", order, images=IDS),
    ):
        found = read_source(source, known)
        assert found["similarity"][0].to_numpy()[[0, 0, 1], [1, 2, 2]].tolist() == [1, 2, 3]
        assert "images outside this set: x. They are left out." in found.attrs["warnings"]
        others = reading.Source(source.path, source.kind, source.order)
        said = "'x' is not an image of this set. Correct the id, add the image to the set, or name the comparison's"
        assert said in refusal(others.path, [*IDS, "d"], kind=others.kind, order=others.order)


def test_images_that_are_named_must_be_of_the_set(tmp_path: Path) -> None:
    path = write(tmp_path, f"{PAIRS}\na,x,9\na,b,1\na,c,2\nb,c,3\n")
    assert "entry 4: 'x' is not an image of this set." in refusal(path, images=[*IDS, "x"])


# --- a file per participant ---


def test_participants_are_called_like_their_files(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    write(folder, f"{PAIRS}\na,b,1\na,c,2\n", "ben.csv")
    write(folder, "image_a;image_b;similarity\nc;b;4,5\nb;a;3\n", "ann.txt")
    (folder / ".DS_Store").write_bytes(b"\0")
    found = read(folder)
    assert found["participant"].to_numpy().tolist() == ["ann", "ben"]
    np.testing.assert_array_equal(found["similarity"][0], [[NAN, 3, NAN], [3, NAN, 4.5], [NAN, 4.5, NAN]])
    np.testing.assert_array_equal(found["similarity"][1], [[NAN, 1, 2], [1, NAN, NAN], [2, NAN, NAN]])
    assert found.attrs["source"] == "people"
    assert "ann.txt: numbers have decimal commas. They are read as such." in found.attrs["warnings"].splitlines()
    one_table = write(tmp_path, f"{PAIRS},participant\na,b,1,ben\na,c,2,ben\nc,b,4.5,ann\nb,a,3,ann\n")
    xr.testing.assert_equal(found, read(one_table))


def test_files_name_their_participants_themselves_if_they_like(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    write(folder, f"{PAIRS},participant\na,b,1,ann\na,c,2,ben\nb,c,2,ben\n", "first.csv")
    write(folder, f"{PAIRS},participant\na,b,4,ann\nb,a,4,ann\n", "second.csv")
    found = read(folder)
    assert found["participant"].to_numpy().tolist() == ["ann", "ben"]
    pair = found.sel(participant="ann", image="a", image_b="b")
    assert (pair["similarity"].item(), pair["n_ratings"].item()) == (3, 3)


def test_matrices_of_participants_need_not_have_all_images(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    write(folder, "id,a,b\na,,1\nb,1,\n", "p1.csv")
    write(folder, "id,b,c\nb,,2\nc,2,\n", "p2.csv")
    found = read(folder, kind="similarity")
    np.testing.assert_array_equal(found["similarity"][0], [[NAN, 1, NAN], [1, NAN, NAN], [NAN, NAN, NAN]])
    np.testing.assert_array_equal(found["similarity"][1], [[NAN, NAN, NAN], [NAN, NAN, 2], [NAN, 2, NAN]])
    assert "images without any judgment: d." in refusal(folder, [*IDS, "d"], kind="similarity")


def test_stacks_in_a_folder_have_participants_by_file_and_number(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    order = write(tmp_path, "a\nb\nc\n", "order.txt")
    one = np.array([[NAN, 1, 2], [1, NAN, 3], [2, 3, NAN]])
    np.save(folder / "lab.npy", np.stack([one, 2 * one]))
    np.save(folder / "home.npy", 3 * one)
    found = read(folder, kind="similarity", order=order)
    assert found["participant"].to_numpy().tolist() == ["home", "lab-1", "lab-2"]
    assert found["similarity"].sel(image="a", image_b="b").to_numpy().tolist() == [3, 1, 2]


def test_what_is_wrong_with_a_folder_is_told_file_by_file(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    assert f"{folder}: this folder of judgments has no files. Put a file per participant there." in refusal(folder)
    write(folder, f"{PAIRS}\na,b,1\nb,x,3\n", "ann.csv")
    write(folder, f"{PAIRS}\na,b,one\n", "ben.csv")
    message = refusal(folder)
    assert f"{folder / 'ann.csv'}: line 3, column image_b: 'x' is not an image of this set." in message
    assert f"{folder / 'ben.csv'}: line 2, column similarity: 'one' is not a number." in message
    write(folder, f"{PAIRS}\na,b,1\nb,c,3\n", "ann.csv")
    write(folder, "image_a,image_b,dissimilarity\na,b,1\n", "ben.csv")
    said = f"{folder}: its files differ: pairs (dissimilarity), pairs (similarity). Give each a folder and comparison."
    assert said in refusal(folder)
    write(folder, "notes", "notes.docx")
    assert f"{folder / 'notes.docx'}: no form of judgments has the ending '.docx'." in refusal(folder)


def test_a_participant_whose_name_cannot_be_shown_is_told(tmp_path: Path) -> None:
    text = f'{PAIRS},participant\na,b,1,"an\nna"\na,c,2,ben\nb,c,3,ben\n'
    said = "the participant 'an\\nna' has control characters. Rename this participant."
    assert said in refusal(write(tmp_path, text))
    assert "line 2: there is an invisible character, '\\x00'." in refusal(
        write(tmp_path, f"{PAIRS},participant\na,b,1,anna\0\n")
    )
