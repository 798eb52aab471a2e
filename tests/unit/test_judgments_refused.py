"""Judgments that cannot be used: each is told by file, place, what was found and what to do."""

import gzip
import itertools
import pickle
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging import IDS, images, read, read_source, refusal, warnings, write

from alignment_importance.inputs import identifiers
from alignment_importance.inputs.judgments import reading
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import Problems

PAIRS = "image_a,image_b,similarity"
TRIPLETS = "image_a,image_b,image_c,odd"


def order_of(folder: Path, ids: str = "a\nb\nc\n") -> Path:
    return write(folder, ids, "order.txt")


def test_a_matrix_with_several_faults_names_them_all(tmp_path: Path) -> None:
    message = refusal(
        write(tmp_path, "id,a,b,b,x\na,0,1,2,three\nb,1,0,inf,4\n\nd,1,2\n,1,2,3,1_0\n"), kind="similarity"
    )
    for part in (
        f"{tmp_path / 'j.csv'}:\n",
        "line 2 (row a), column x: 'three' is not a number. Leave missing judgments empty.",
        "line 3 (row b), column b: 'inf' is infinite. Leave missing judgments empty.",
        "line 6 (row ), column x: '1_0' is not a number.",
        "line 5: 3 fields, but the header has 5. Complete it.",
        "column 3, column 4: 'b' is listed 2 times. Keep one.",
        "column 5: 'x' is not an image of this set. Correct the id, add the image to the set, or name the comparison's",
        "images without a column: c. Add a column for each",
        "line 5: 'd' is not an image of this set.",
        "line 6: no image is named. Name one, or remove what belongs to no image.",
        "images without a row: c. Add a row for each",
    ):
        assert part in message


def test_a_matrix_that_is_not_square(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, "id,a,b,c,d\na,1,2,3,4\nb,2,1,5,6\nc,3,5,1,7\n"), ids=IDS, kind="similarity")
    assert (
        "3 rows and 4 columns are not of the same images; only one has: d. A matrix has a row and a column" in message
    )


def test_pairs_with_several_faults_name_them_all(tmp_path: Path) -> None:
    text = f"{PAIRS},participant\na,x,1,p\nx,y,2,p\na,b,much,p\na,c,-inf,p\nb,c,1\nb,c,1, \nb,a,much,p\nb,a,1,p,\n"
    message = refusal(write(tmp_path, text))
    for part in (
        "line 2, column image_b: 'x' is not an image of this set.",
        "line 3, column image_b: 'y' is not an image of this set.",
        "line 4, column similarity: 'much' is not a number (also on 1 other line).",
        "line 5, column similarity: '-inf' is infinite.",
        "line 6: 3 fields, but the header has 4. Complete it.",
        "line 9: 5 fields, but the header has 4. Numbers need a decimal point; a name with a comma needs",
        "line 7, column participant: there is no participant. Name the participant of every line.",
    ):
        assert part in message


def test_an_unknown_id_is_told_once_with_the_number_of_its_lines(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, f"{PAIRS}\na,b,1\nx,b,2\nx,c,3\na,c,1\n x,a,3\na,y,1\n"))
    assert "line 3 and 2 others, column image_a: 'x' is not an image of this set." in message
    assert "line 7, column image_b: 'y' is not an image of this set." in message
    assert message.count("is not an image") == 2


def test_lines_without_images_are_not_taken_for_an_image_that_is_not_of_the_set(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, f"{PAIRS},participant\na,b,1,p\n,,,p\na,c,3,p\n,,,p\n"))
    for name in ("image_a", "image_b"):
        assert f"line 3 and 1 other, column {name}: no image is named. Name one, or remove what" in message
    assert "is not an image" not in message


def test_triplets_with_several_faults_name_them_all(tmp_path: Path) -> None:
    text = (
        f"{TRIPLETS},participant\na,b,c,d,p\na,b,a,a,p\nb,b,b,b,p\na,b,x,a,p\na,b,c,a,\nc,b,a,d,p\na,b,c\na,b,d,c,p\n"
    )
    message = refusal(write(tmp_path, text), ids=[*IDS, "d"])
    for part in (
        "line 2, column odd: the answer 'd' is none of a, b, c (also on 2 other lines). Write the id",
        "line 3, column image_a and image_c: an image occurs twice in a trial (also on 1 other line).",
        "line 4, column image_a and image_b: an image occurs twice in a trial.",
        "line 5, column image_c: 'x' is not an image of this set.",
        "line 6, column participant: there is no participant.",
        "line 8: 3 fields, but the header has 5.",
    ):
        assert part in message


def test_of_very_many_faults_the_first_are_shown(tmp_path: Path) -> None:
    path = write(tmp_path, f"{PAIRS}\n" + "".join(f"a,z{number},1\n" for number in range(1000)))
    message = refusal(path)
    assert "line 21, column image_b: 'z19'" in message and "'z20'" not in message
    assert "... and 980 more" in message


def test_of_many_cells_that_are_no_numbers_the_first_are_shown(tmp_path: Path) -> None:
    cells = [f"no{number}" for number in range(2000)]
    message = refusal(write(tmp_path, f"{PAIRS}\n" + "".join(f"a,b,{cell}\n" for cell in [*cells, "no3"])))
    assert "line 5, column similarity: 'no3' is not a number (also on 1 other line)." in message
    assert "'no9'" in message and "'no10'" not in message
    said = "line 12, column similarity: further cells are not numbers (also on 1989 other lines). Leave missing"
    assert said in message


def test_of_many_unknown_names_few_are_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guessed: list[str] = []

    def suggest(unknown: str, _known: object) -> str:
        guessed.append(unknown)
        return ""

    monkeypatch.setattr(identifiers, "suggest", suggest)
    names = [f"z{number}" for number in range(500)]
    assert "does not belong to any form" in refusal(write(tmp_path, ",".join(names) + "\n"))
    assert len(set(guessed)) <= 20


def test_the_same_fault_in_many_lines_is_one(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, f"{PAIRS}\n" + "a,b,?\n" * 1000))
    assert message.endswith("line 2, column similarity: '?' is not a number (also on 999 other lines). Leave missing "
                            "judgments empty.")  # fmt: skip


@pytest.mark.parametrize(
    ("header", "kind", "said"),
    [
        (PAIRS, "dissimilarity", "the header says similarity, but the comparison's `kind` is dissimilarity. Correct"),
        (f"{PAIRS},dissimilarity", None, "header: similarity and dissimilarity are mixed: there is a column of each."),
        ("image_a,image_b", None, "header: there is neither a column similarity nor a column dissimilarity. Name"),
        (
            f"{PAIRS},rater",
            None,
            "header: unknown column 'rater'. Pairs have the columns image_a, image_b, similarity,",
        ),
        (f"{PAIRS},similarity", None, "header: the column similarity occurs 2 times. Keep one."),
        (f"{TRIPLETS},odd", None, "header: the column odd occurs 2 times. Keep one."),
        ("image_a,image_b,image_c", None, "header: the column odd is missing. Triplets need the columns image_a,"),
        ("image_a,image_b,odd", None, "header: the column image_c is missing."),
        (TRIPLETS, "dissimilarity", "kept together) says similarity, but the comparison's `kind` is dissimilarity."),
        ("image_a;image_b;similarity", None, "line 2: 1 field, but the header has 3. Complete it."),
        ("first,second,similarity", None, "header: the header does not belong to any form of judgments: first,sec"),
        ("stim1_name,stim2_name,label", None, "From Meadows, download the .mat or the tree .json"),
        ("dissimilarity,a,b,c", "similarity", "the first cell of the header says dissimilarity, but the comparison's"),
        ("image,a,b,c", None, "neither the file nor the configuration says what a larger number means. Set the compa"),
    ],
)
def test_headers_that_cannot_be(tmp_path: Path, header: str, kind: str | None, said: str) -> None:
    assert said in refusal(write(tmp_path, f"{header}\na,b,1\n"), kind=kind)


@pytest.mark.parametrize("text", ["0,0.5,1\n0.5,0,2\n1,2,0\n", "0;0,5;1e3\n0,5;0;2\n1e3;2;0\n", "17 1 12\n0 7 9\n"])
def test_numbers_without_names(tmp_path: Path, text: str) -> None:
    """A matrix as MATLAB writes it, or odd-one-out trials of numbered images."""
    path, problems = write(tmp_path, text), Problems()
    assert reading.inspect(reading.Source(path, kind="similarity"), images(), problems) is None
    [problem] = problems.errors
    assert str(problem) == (
        "header: there are numbers alone, and no names of columns or images. For a matrix, add a row and a column "
        "with the ids of its images, or save it as .npy and name them with `order`; for a table, add a header, and "
        "write ids in place of numbers of images."
    )
    assert not problem.lacks  # naming a column would not help


def test_decimal_commas(tmp_path: Path) -> None:
    said = "'0,5' is not a number. Write numbers with a decimal point, not with a comma."
    assert f"line 2, column similarity: {said}" in refusal(write(tmp_path, f'{PAIRS}\na,b,"0,5"\n'))
    text = "id\ta\tb\tc\na\t\t0,5\t1\nb\t0,5\t\t2\nc\t1\t2\t\n"
    assert f"line 2 (row a), column b: {said}" in refusal(write(tmp_path, text, "j.tsv"), kind="similarity")
    message = refusal(write(tmp_path, f"{PAIRS}\na,b,0,5\nb,c,0,7\n"))
    assert "line 2: 4 fields, but the header has 3 (also on 1 other line). Numbers need a decimal point" in message


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Hammer", "'hammer' differs from it only in capital letters"),
        ("hamer", "Did you mean 'hammer'?"),
        ("photos\\hamer.png", "Did you mean 'hammer'?"),
        (
            "tree",
            "Correct the id, add the image to the set, or name the comparison's `images`: others are ignored.",
        ),
    ],
)
def test_an_unknown_id_is_told_with_the_one_that_was_meant(tmp_path: Path, written: str, said: str) -> None:
    ids = ["axe", "hammer", "saw"]
    place = "line 3, column image_a"
    message = refusal(write(tmp_path, f"{PAIRS}\naxe,saw,1\n{written},saw,2\n"), ids=ids)
    assert f"{place}: {written!r} is not an image of this set. {said}" in message
    text = f"id,axe,{written},saw\naxe,3,2,1\n{written},2,3,0\nsaw,1,0,3\n"
    assert f"column 3: {written!r} is not an image of this set. {said}" in refusal(
        write(tmp_path, text), ids=ids, kind="similarity"
    )


def test_the_diagonal_shows_the_wrong_kind(tmp_path: Path) -> None:
    path = write(tmp_path, "id,a,b,c\na,0,2,3\nb,2,0,5\nc,3,5,0\n")
    said = "the kind is similarity, but the diagonal (images with themselves) holds the smallest values, as in a dissim"
    assert said in refusal(path, kind="similarity")
    path = write(tmp_path, "id,a,b,c\na,1,.2,.3\nb,.2,1,.5\nc,.3,.5,1\n")
    said = (
        "the kind is dissimilarity, but the diagonal (images with themselves) holds the largest values, as in a simil"
    )
    assert said in refusal(path, kind="dissimilarity")
    np.save(tmp_path / "j.npy", np.array([[0, 2, 3], [2, 0, 5], [3, 5, 0]]))
    message = refusal(tmp_path / "j.npy", kind="similarity", order=order_of(tmp_path))
    assert "Set kind: dissimilarity, or leave the diagonal empty (NaN) if its numbers mean nothing." in message
    pairs = write(tmp_path, f"{PAIRS}\na,a,1\nb,b,1\nc,c,1\na,b,4\na,c,2\nb,c,3\n")
    assert "Set kind: dissimilarity" in refusal(pairs)


def test_the_whole_diagonal_shows_the_wrong_kind(tmp_path: Path) -> None:
    """The first image decides no more than the others, whether it alone is wrong or it alone is empty."""
    order = order_of(tmp_path, "a\nb\nc\nd\n")
    similar = np.array([[0.0, 2, 3, 4], [2, 9, 5, 6], [3, 5, 9, 7], [4, 6, 7, 9]])
    np.save(tmp_path / "j.npy", similar)
    source = reading.Source(tmp_path / "j.npy", "similarity", order)
    assert read_source(source, images([*IDS, "d"])).attrs["warnings"] == ""
    distant = 9 - similar
    distant[0, 0] = np.nan
    np.save(tmp_path / "j.npy", np.stack([distant, distant]))
    message = refusal(tmp_path / "j.npy", kind="similarity", order=order, ids=[*IDS, "d"])
    assert "the diagonal (images with themselves) holds the smallest values" in message
    distant[1, 1] = np.nan
    np.save(tmp_path / "j.npy", distant)
    assert read_source(source, images([*IDS, "d"])).attrs["warnings"] == ""


def test_one_rating_of_an_image_with_itself_proves_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, f"{PAIRS}\na,a,1\na,b,4\na,c,2\nb,c,3\n")
    assert warnings(path) == "1 rating is of an image with itself. It is not used."


def test_participants_of_both_kinds_are_refused(tmp_path: Path) -> None:
    similar = np.array([[9, 2, 3], [2, 9, 5], [3, 5, 9]])
    np.save(tmp_path / "j.npy", np.stack([similar, 9 - similar, similar]))
    message = refusal(tmp_path / "j.npy", kind="similarity", order=order_of(tmp_path))
    assert "similarities and dissimilarities are mixed: the kind is similarity, but images with themselves" in message
    assert "these participants, and not in those of others: 2. Bring all participants to one kind" in message
    rows = [f"{a},{b},{value},p" for a, b, value in (("a", "a", 9), ("b", "b", 9), ("c", "c", 9), ("a", "b", 5))]
    rows += [f"{a},{b},{value},q" for a, b, value in (("a", "a", 0), ("b", "b", 0), ("c", "c", 0), ("a", "b", 4))]
    rows += ["b,c,3,p", "b,c,6,q", "a,c,1,q"]
    message = refusal(write(tmp_path, "\n".join([f"{PAIRS},participant", *rows])))
    assert "are mixed" in message and "not in those of others: q." in message


def test_images_that_no_one_judged_are_named(tmp_path: Path) -> None:
    said = "images without any judgment: c. Add judgments, remove the images, or restrict the comparison"
    assert said in refusal(write(tmp_path, "id,a,b,c\na,,1,\nb,1,,\nc,,,\n"), kind="similarity")
    assert "images without any judgment: b2." in refusal(write(tmp_path, f"{PAIRS}\na,b,1\na,c,2\n"), ids=[*IDS, "b2"])
    triplets = write(tmp_path, f"{TRIPLETS}\na,b,c,a\na,c,b,b\n")
    assert "images without any judgment: d, e." in refusal(triplets, ids=[*IDS, "e", "d"])
    stack = np.full((2, 3, 3), np.nan)
    stack[0, 0, 1] = stack[1, 1, 0] = 1
    np.save(tmp_path / "j.npy", stack)
    assert "images without any judgment: c." in refusal(tmp_path / "j.npy", kind="similarity", order=order_of(tmp_path))


def test_judgments_that_are_all_the_same_are_refused(tmp_path: Path) -> None:
    matrix = write(tmp_path, "id,a,b,c\na,,3,3\nb,3,,3\nc,3,3,\n")
    assert "all judgments are the same (3). Nothing can be aligned with them" in refusal(matrix, kind="similarity")
    text = f"{PAIRS},participant\na,b,1,p\na,c,1,p\nb,c,1,p\na,b,5,q\na,c,5,q\nb,c,5,q\n"
    assert "all judgments are the same (3)" in refusal(write(tmp_path, text))


def test_a_participant_without_ratings_is_refused(tmp_path: Path) -> None:
    said = "participants without a rating of two images of the comparison: "
    text = f"{PAIRS},participant\na,b,1,p\na,c,2,p\nb,c,3,p\na,b,,q\na,a,3,r\n"
    assert f"{said}q, r. Remove them, or add their ratings." in refusal(write(tmp_path, text))
    stack = np.array([[[0, 2, 3], [2, 0, 5], [3, 5, 0]], np.full((3, 3), np.nan)])
    np.save(tmp_path / "j.npy", stack)
    assert f"{said}2." in refusal(tmp_path / "j.npy", kind="dissimilarity", order=order_of(tmp_path))


def test_files_without_content(tmp_path: Path) -> None:
    assert "images without any judgment: a, b, c" in refusal(write(tmp_path, f"{PAIRS}\na,b,\n"))
    assert "there are no ratings in this file. Add a line for every rating." in refusal(write(tmp_path, f"{PAIRS}\n"))
    assert "there are no triplets in this file." in refusal(write(tmp_path, f"{TRIPLETS}\n"))
    assert "images without a row: a, b, c" in refusal(write(tmp_path, "id,a,b,c\n"), kind="similarity")
    assert "the file is empty. Save it again." in refusal(write(tmp_path, ""))
    assert "header: the header does not belong to any form of judgments: (empty)." in refusal(write(tmp_path, "\n"))
    missing = "this file of judgments does not exist. Correct `judgments` of the comparison."
    assert missing in refusal(tmp_path / "nowhere.csv")
    assert "no form of judgments has the ending '.xlsx'. The endings are .csv, .tsv, .txt, .mat" in refusal(
        write(tmp_path, "x", "j.xlsx")
    )


def test_text_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "j.csv").write_bytes(b"id,a\n\xff\xfe,1\n")
    assert 'line 2: it is not text in UTF-8. Save it as "CSV UTF-8"' in refusal(tmp_path / "j.csv", kind="similarity")
    (tmp_path / "j.csv").write_text(f"{PAIRS}\na,b,1\n", encoding="utf-16-le")
    assert "line 1: there is an invisible character, '\\x00'. Remove it. Save" in refusal(tmp_path / "j.csv")
    assert "line 3: it cannot be read (unexpected end of data). Check its quotes." in refusal(
        write(tmp_path, f'{PAIRS}\na,b,1\n"a,c,2\n')
    )


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ("a\nb\n", "order.txt: images without a line: c."),
        (
            "a\nb\nc\nA.png\n",
            "order.txt: line 4: 'A.png' is not an image of this set. 'a' differs from it only in capital",
        ),
        ("a\nb\n\nb\nc\n", "order.txt: line 2, line 4: 'b' is listed 2 times. Keep one."),
    ],
)
def test_an_order_that_does_not_fit_the_images(tmp_path: Path, ids: str, said: str) -> None:
    np.save(tmp_path / "j.npy", np.eye(3))
    assert said.replace("order.txt: ", "") in refusal(
        tmp_path / "j.npy", kind="similarity", order=order_of(tmp_path, ids)
    )


def test_all_that_is_wrong_with_an_array_and_its_order_is_said_at_once(tmp_path: Path) -> None:
    np.save(tmp_path / "j.npy", np.ones((4, 4)))
    message = refusal(tmp_path / "j.npy", kind="similarity", order=order_of(tmp_path, "a\na\n"))
    for part in (
        f"{tmp_path / 'order.txt'}:\n",
        "line 1, line 2: 'a' is listed 2 times",
        "images without a line: b, c",
        "order.txt lists 2 images. It must be (2, 2) or (participants, 2, 2), participants first.",
    ):
        assert part in message


def test_arrays_that_cannot_be_used(tmp_path: Path) -> None:
    order = order_of(tmp_path)
    path = tmp_path / "j.npy"
    np.save(path, np.ones((3, 3, 16)))
    message = refusal(path, kind="similarity", order=order)
    assert f"the array has the shape (3, 3, 16), but {order} lists 3 images." in message
    assert "It must be (3, 3) or (participants, 3, 3), participants first." in message
    np.save(path, np.ones((4, 4)))
    assert "the array has the shape (4, 4)" in refusal(path, kind="similarity", order=order)
    np.save(path, np.ones((16, 3)))
    assert "Are these the pairs above the diagonal? scipy" in refusal(path, kind="similarity", order=order)
    said = "an array does not name its images. Name a file as the comparison's `order`: text with their ids, one per"
    assert said in refusal(path, kind="similarity")
    assert "what a larger number means. Set the comparison's `kind`" in refusal(path, order=order)
    gone = tmp_path / "gone.txt"
    said = f"{gone}: it cannot be read (No such file or directory). Restore the file, or correct its path."
    # Without ids to compare it with, nothing is said about the shape.
    assert refusal(path, kind="similarity", order=gone).startswith(said)
    gone.write_bytes(b"a\nb\n\xe4\n")
    assert refusal(path, kind="similarity", order=gone).startswith(f"{gone}: line 3: it is not text in UTF-8")
    assert "`key` is not needed: a .npy holds one array" in refusal(path, kind="similarity", order=order, key="x")
    stack = np.array([[[1, 2, 3], [2, 1, np.inf], [3, np.inf, 1]]])
    np.save(path, stack[0])
    assert "row b, column c: inf is infinite. Missing judgments are NaN." in refusal(
        path, kind="similarity", order=order
    )
    np.save(path, np.concatenate([np.zeros((1, 3, 3)), -stack]))
    assert "participant 2, row c, column b: -inf is infinite." in refusal(path, kind="similarity", order=order)
    said = "there is not exactly one array of numbers with two or three dimensions; there is: array"
    save = "Save one as images x images, or participants x images x images."
    for values, shown in ((np.array([["a"]]), "1x1 (text)"), (np.eye(3) + 1j, "3x3 (complex numbers)")):
        np.save(path, values)
        assert refusal(path, kind="similarity", order=order).endswith(f"{said} {shown}. {save}")
    np.save(path, np.arange(3))
    assert f"{said} 3. {save} Are these the pairs above the diagonal? scipy.spatial.distance.squareform" in refusal(
        path, kind="similarity", order=order
    )
    np.save(path, np.array([[None]]), allow_pickle=True)
    message = refusal(path, kind="similarity", order=order)
    assert message.endswith(f"{said} 1x1 (cells or objects). {save}")


def test_of_several_arrays_the_key_must_name_one(tmp_path: Path) -> None:
    order = order_of(tmp_path)
    matrix = np.array([[9, 2, 3], [2, 9, 5], [3, 5, 9]])
    np.savez(tmp_path / "j.npz", one=matrix, two=2 * matrix, names=np.array(["x"]))
    scipy.io.savemat(tmp_path / "j.mat", {"one": matrix, "two": matrix, "names": "x"})
    with h5py.File(tmp_path / "j.h5", "w") as file:
        file["one"], file["two"] = matrix, matrix
    for name in ("j.npz", "j.mat", "j.h5"):
        message = refusal(tmp_path / name, kind="similarity", order=order)
        assert "there is not exactly one array of numbers with two or three dimensions; there is: " in message
        assert "one 3x3, two 3x3. Name the one to read as `key`." in message
        message = refusal(tmp_path / name, kind="similarity", order=order, key="tow")
        assert "there is no array of numbers called 'tow' with two or three dimensions; there is: " in message
        assert "Did you mean 'two'?" in message
        read = read_source(reading.Source(tmp_path / name, "similarity", order, "two"), images())
        assert read["similarity"].to_numpy()[0, 0, 1] in (2, 4)


def test_structs_and_cells_of_matlab_are_named(tmp_path: Path) -> None:
    cells = np.empty(2, dtype=object)
    cells[:] = [np.eye(3), np.eye(3)]
    scipy.io.savemat(tmp_path / "j.mat", {"all": {"rdm": np.eye(3)}, "each": cells})
    message = refusal(tmp_path / "j.mat", kind="similarity", order=order_of(tmp_path))
    assert "there is: all 1x1 (struct), each 1x2 (cells or objects). Save one as images x images" in message


def test_participants_that_come_last_are_told(tmp_path: Path) -> None:
    """Also with as many participants as images, where the shape alone does not show it."""
    stack = np.array(
        [[[9, 2, 3], [2, 9, 5], [3, 5, 9]], [[9, 1, 1], [1, 9, 4], [1, 4, 9]], [[9, 3, 4], [3, 9, 6], [4, 6, 9]]]
    )
    order, path = order_of(tmp_path), tmp_path / "j.npy"
    np.save(path, stack)
    assert read_source(reading.Source(path, "similarity", order), images())["similarity"][1, 1, 2] == 4
    move = "np.moveaxis(array, -1, 0), or permute(array, [3 1 2]) in MATLAB, moves them there from the end."
    np.save(path, np.moveaxis(stack, 0, -1))
    message = refusal(path, kind="similarity", order=order)
    assert "of 3 x 3 x 3 numbers the first two dimensions are images, by their symmetry. Participants must" in message
    assert message.endswith(move)
    np.save(path, np.moveaxis(stack[:2], 0, -1))
    assert refusal(path, kind="similarity", order=order).endswith(f"participants first. {move}")


def test_everything_wrong_with_a_matrix_or_an_array_is_said_beside_a_missing_kind(tmp_path: Path) -> None:
    np.save(tmp_path / "j.npy", np.ones((4, 4)))
    message = refusal(tmp_path / "j.npy", order=order_of(tmp_path, "a\nb\n"))
    for part in ("what a larger number means", "images without a line: c", "the array has the shape (4, 4)"):
        assert part in message
    message = refusal(write(tmp_path, "id,a,b\na,1,x\nb,2,1\n"))
    for part in ("what a larger number means", "images without a column: c", "'x' is not a number"):
        assert part in message
    message = refusal(write(tmp_path, f"{PAIRS}\na,b,x\n"), kind="dissimilarity")
    for part in ("the header says similarity, but the comparison's `kind` is dissimilarity", "'x' is not a number"):
        assert part in message


@pytest.mark.parametrize(("half", "side"), [(np.triu, "below"), (np.tril, "above")])
def test_half_a_matrix_filled_with_zeros_is_refused(
    tmp_path: Path, half: Callable[[np.ndarray], np.ndarray], side: str
) -> None:
    full = np.array([[9, 2, 3], [2, 9, 5], [3, 5, 9]])
    order, path = order_of(tmp_path), tmp_path / "j.npy"
    np.save(path, half(full))
    said = f"all values {side} the diagonal are 0, and those on the other side are not"
    remedy = "If only half of the matrix was filled in, leave the other half empty (NaN)."
    assert f"{said}. {remedy}" in refusal(path, kind="similarity", order=order)
    np.save(path, np.stack([full, half(full), full]))
    assert f"{said} of these participants: 2. {remedy}" in refusal(path, kind="similarity", order=order)
    halved = half(full).astype(float)
    halved[halved == 0] = np.nan
    np.save(path, halved)
    read = read_source(reading.Source(path, "similarity", order), images())
    np.testing.assert_array_equal(read["similarity"][0].to_numpy()[[0, 0, 1], [1, 2, 2]], [2, 3, 5])


def test_order_and_key_are_not_for_files_with_labels(tmp_path: Path) -> None:
    path = write(tmp_path, "id,a,b,c\na,,1,2\nb,1,,3\nc,2,3,\n")
    with pytest.raises(InputError, match="`order` is not needed: the file names its images itself"):
        read_source(reading.Source(path, "similarity", order=path), images())
    with pytest.raises(InputError, match="`key` is not needed: a text file holds one table"):
        read_source(reading.Source(path, "similarity", key="x"), images())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("j.npy", "j.npz", "it cannot be read as .npy"),
        ("j.npz", "j.npy", "it is an array of NumPy (.npy). Save it again, with the ending that fits its content."),
        (
            "j.npy",
            "half",
            "it is an array of NumPy (.npy). Save it again.",
        ),
        (
            "j.hdf5",
            "half.h5",
            "it is HDF5, such as .h5 or a .mat of MATLAB 7.3. Save it again.",
        ),
        ("j.mat", "j.npz", "it is arrays of NumPy (.npz)."),
        ("j.h5", "j.mat", "it is a file of MATLAB (.mat)."),
        ("j.npz", "j.h5", "it is HDF5, such as .h5 or a .mat of MATLAB 7.3."),
        ("j.json", "j.npy", "rsatoolbox cannot read it as a file of Meadows"),
        ("j.csv", "j.npz", 'it is arrays of NumPy (.npz). Save it as "CSV UTF-8"'),
    ],
)
def test_a_file_that_is_not_what_its_ending_says(tmp_path: Path, name: str, content: str, said: str) -> None:
    made = tmp_path / "made"
    made.mkdir()
    matrix = np.array([[9, 2, 3], [2, 9, 5], [3, 5, 9.5]])
    np.save(made / "j.npy", matrix)
    np.savez_compressed(made / "j.npz", one=matrix)
    scipy.io.savemat(made / "j.mat", {"one": matrix})
    with h5py.File(made / "j.h5", "w") as file:
        file["one"] = matrix
    (made / "half").write_bytes((made / "j.npy").read_bytes()[:-9])
    (made / "half.h5").write_bytes((made / "j.h5").read_bytes()[:999])
    (tmp_path / name).write_bytes((made / content).read_bytes())
    order = order_of(tmp_path) if name not in ("j.csv", "j.json") else None
    kind = "similarity" if name != "j.json" else None
    assert said in refusal(tmp_path / name, kind=kind, order=order)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return exec, ("raise SystemExit('the pickle was opened')",)

    for name in ("j.pkl", "j.pickle"):
        (tmp_path / name).write_bytes(pickle.dumps(Harm()))
        message = refusal(tmp_path / name)
        assert (
            "a pickle can run any program when it is opened, and is therefore not read. Save the RDMs as HDF5"
            in message
        )
    np.savez(tmp_path / "j.npz", one=np.array([[Harm()]], dtype=object))
    message = refusal(tmp_path / "j.npz", kind="similarity", order=order_of(tmp_path))
    assert "there is: one 1x1 (cells or objects)." in message


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["j.npy", "j.npz", "j.mat", "j73.mat", "j.h5"]), st.floats(0.01, 0.99))
def test_a_truncated_file_is_refused(tmp_path: Path, name: str, share: float) -> None:
    matrix = np.random.default_rng(1).random((3, 3)) + 9 * np.eye(3)
    np.save(tmp_path / "j.npy", matrix)
    np.savez_compressed(tmp_path / "j.npz", one=matrix)
    scipy.io.savemat(tmp_path / "j.mat", {"one": matrix}, do_compression=True)
    for hdf5 in ("j73.mat", "j.h5"):
        with h5py.File(tmp_path / hdf5, "w") as file:
            file["one"] = matrix
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: max(1, int(share * len(content)))])
    message = refusal(tmp_path / name, kind="similarity", order=order_of(tmp_path))
    assert "cannot be read as" in message or "there is: " in message


def test_too_many_participants_for_memory_are_told_before_they_are_tried(tmp_path: Path) -> None:
    ids = [f"{number:04d}" for number in range(1500)]
    rows = "\n".join(f"{ids[n]},{ids[n + 1]},{ids[n + 2]},{ids[n]},p{n}" for n in range(1498))
    message = refusal(write(tmp_path, f"{TRIPLETS},participant\n{rows}\n"), ids=ids)
    assert "a matrix of 1500 images for each of 1498 participants does not fit into memory. Leave out the" in message


def test_too_many_images_for_memory_are_told_before_they_are_tried(tmp_path: Path) -> None:
    ids = [f"{number:04d}" for number in range(7072)]
    rows = "\n".join(f"{one},{other},0.5" for one, other in itertools.pairwise(ids))
    message = refusal(write(tmp_path, f"image_a,image_b,similarity\n{rows}\n"), ids=ids)
    assert "a matrix of 7072 images does not fit into memory. Name 7071 of them at most" in message
    assert "participant" not in message


def test_too_many_participants_of_an_array_are_told_what_an_array_has(tmp_path: Path) -> None:
    ids = [f"{number:04d}" for number in range(300)]
    np.save(
        tmp_path / "j.npy", np.broadcast_to(np.arange(300 * 300, dtype=np.float32).reshape(300, 300), (600, 300, 300))
    )
    order = write(tmp_path, "\n".join(ids), "order.txt")
    message = refusal(tmp_path / "j.npy", ids=ids, kind="similarity", order=order)
    assert "a matrix of 300 images for each of 600 participants does not fit into memory. Save the mean of" in message
    assert "column" not in message


@pytest.mark.parametrize("value", ["1e300", "-1e300"])
def test_numbers_whose_squares_overflow_are_told(value: str, tmp_path: Path) -> None:
    message = refusal(write(tmp_path, f"image_a,image_b,similarity\na,b,1\nb,c,2\na,c,{value}\n"))
    assert (
        "the largest judgments are of the size 1e+300, whose squares cannot be computed. Multiply or divide" in message
    )


def test_judgments_of_nobody_are_told_by_their_images_alone(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, "image_a,image_b,similarity\na,a,1\n"))
    assert "images without any judgment: a, b, c" in message
    assert "participants" not in message


def test_nobody_is_told_how_to_open_a_pickle(tmp_path: Path) -> None:
    order = order_of(tmp_path)
    for name, said in (("j.npy", "magic string"), ("j.npz", "not a zip file")):
        with (tmp_path / name).open("wb") as stream:
            pickle.dump({"a": 1}, stream)
        message = refusal(tmp_path / name, kind="similarity", order=order)
        assert said in message
        assert "allow_pickle" not in message


def test_a_column_of_a_matrix_without_a_name_is_told_as_such(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, "image,a,b,c,\na,,1,2,\nb,1,,3,\nc,2,3,,\n"), kind="similarity")
    assert "header, column 5: a column without a name. Name its image, or remove it." in message
    assert "is not an image" not in message


@pytest.mark.parametrize("name", ["j.csv", "j.npy", "j.mat"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            gzip.compress(b"X\n\0\0\0\3\0\4\1\3", mtime=0),
            "it is an object of R (.rds). Save it as text with write.csv in R.",
        ),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS in the place of the file. Run `git lfs pull`."),
        (b"<!DOCTYPE html><html></html>", "it is a web page. Servers send one instead of a file"),
    ],
)
def test_a_file_without_judgments_is_told_by_its_content(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "order.txt").write_text("a\nb\nc\n")
    order = None if name == "j.csv" else tmp_path / "order.txt"
    assert said in refusal(tmp_path / name, kind="similarity", order=order)


def test_names_that_begin_like_other_files_are_names(tmp_path: Path) -> None:
    """PAR1 begins a Parquet file, P1 a picture, and A an object of R."""
    text = "id,PAR1,P1,A\nPAR1,,1,2\nP1,1,,3\nA,2,3,\n"
    for header in ("PAR1", "P1 ", "A", "BM"):
        found = read(write(tmp_path, text.replace("id", header, 1)), ["PAR1", "P1", "A"], kind="similarity")
        assert found["image"].to_numpy().tolist() == ["A", "P1", "PAR1"]
