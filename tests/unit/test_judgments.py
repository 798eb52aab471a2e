import csv
import logging
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alignment_importance import arrays, judgments
from alignment_importance.errors import InputError

IDS = ["a", "b", "c"]
NAN = np.nan


def _write(folder: Path, text: str, name: str = "j.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _refusal(path: Path, kind: str = "similarity", ids: list[str] = IDS, **more: object) -> str:
    with pytest.raises(InputError) as caught:
        judgments.read(path, kind, ids, **more)  # type: ignore[arg-type]
    message = str(caught.value)
    assert path.name in message or "order" in message
    return message


# --- what comes out ---


def test_a_matrix_in_any_order_of_rows_and_columns(tmp_path: Path) -> None:
    path = _write(tmp_path, ",c,a,b\nb,5,2,9\n\na,3,9,2\nc,9,3,5\n")
    read = judgments.read(path, "similarity", ["c", "b", "a"])
    assert read["similarity"].dims == ("participant", "image", "image_b")
    assert read["image"].to_numpy().tolist() == read["image_b"].to_numpy().tolist() == IDS
    assert read["participant"].to_numpy().tolist() == ["mean"]
    np.testing.assert_array_equal(read["similarity"][0], [[NAN, 2, 3], [2, NAN, 5], [3, 5, NAN]])
    assert read.attrs == {"kind": "similarity", "source": "j.csv"}


def test_a_dissimilarity_is_negated(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,a,b,c\na,0,2,3\nb,2,0,0\nc,3,0,0\n")
    read = judgments.read(path, "dissimilarity", IDS)["similarity"][0].to_numpy()
    np.testing.assert_array_equal(read, [[NAN, -2, -3], [-2, NAN, 0], [-3, 0, NAN]])
    assert not np.signbit(read[1, 2])


def test_pairs_of_several_participants(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "participant,image_b,image_a,dissimilarity\nz,b,a,2\nz,a,b,3\nz,a,b,4\n007,c,a,1\n007,b,a,5\nz,b,c,\nz,b,b,0\n",
    )
    read = judgments.read(path, "dissimilarity", IDS)
    assert read["participant"].to_numpy().tolist() == ["007", "z"]
    np.testing.assert_array_equal(read["similarity"].sel(participant="z"), [[NAN, -3, NAN], [-3, NAN, NAN], [NAN] * 3])
    np.testing.assert_array_equal(
        read["similarity"].sel(participant="007"), [[NAN, -5, -1], [-5, NAN, NAN], [-1, NAN, NAN]]
    )
    np.testing.assert_array_equal(judgments.mean(read, IDS), [[NAN, -4, -1], [-4, NAN, NAN], [-1, NAN, NAN]])
    np.testing.assert_array_equal(judgments.mean(read, ["c", "a"]), [[NAN, -1], [-1, NAN]])


def test_directions_that_differ_are_averaged_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = _write(tmp_path, "id,a,b,c\na,,1,3\nb,2,,NaN\nc,3.0000000000001,7,\n")
    with caplog.at_level(logging.WARNING):
        read = judgments.read(path, "similarity", IDS)["similarity"][0].to_numpy()
    assert read[0, 1] == read[1, 0] == 1.5
    assert read[1, 2] == read[2, 1] == 7
    np.testing.assert_array_equal(read, read.T)
    assert "with different values, which are averaged: 1." in caplog.text


def test_ratings_that_differ_are_averaged_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = "image_a,image_b,similarity\na,b,1\nb,a,2\na,c,3\nc,a,3\nb,c,1\nb,c,0\n"
    with caplog.at_level(logging.WARNING):
        judgments.read(_write(tmp_path, text), "similarity", IDS)
    assert "with different values, which are averaged: 2." in caplog.text


def test_the_mean_of_an_image_without_judgments_is_refused(tmp_path: Path) -> None:
    read = judgments.read(_write(tmp_path, "id,a,b,c\na,,1,2\nb,1,,3\nc,2,3,\n"), "similarity", IDS)
    with pytest.raises(InputError, match=r"j\.csv: no judgments of d"):
        judgments.mean(read, ["a", "d"])


def test_a_stack_in_the_order_of_its_file(tmp_path: Path) -> None:
    stack = np.zeros((11, 3, 3))
    stack[10] = [[0, 1, 2], [1, 0, 4], [2, 4, 0]]
    stack[:10] = stack[10] * 2
    np.save(tmp_path / "j.npy", stack)
    order = _write(tmp_path, "c\na\nb\n\n", "order.txt")
    read = judgments.read(tmp_path / "j.npy", "dissimilarity", IDS, order=order)["similarity"]
    assert read["participant"].to_numpy().tolist() == [f"{number:02d}" for number in range(1, 12)]
    np.testing.assert_array_equal(read.sel(participant="11"), [[NAN, -4, -1], [-4, NAN, -2], [-1, -2, NAN]])


def test_the_labelled_form_survives_its_file(tmp_path: Path) -> None:
    text = "image_a,image_b,similarity,participant\n007,08,1,1\n007,9,2,02\n08,9,4,1\n"
    read = judgments.read(_write(tmp_path, text), "similarity", ["9", "08", "007"])
    arrays.write_netcdf(read, tmp_path / "j.nc")
    back = arrays.read_netcdf(tmp_path / "j.nc")
    assert back["participant"].to_numpy().tolist() == ["02", "1"]
    np.testing.assert_array_equal(judgments.mean(back, ["9", "007", "08"]), [[NAN, 2, 4], [2, NAN, 1], [4, 1, NAN]])


# --- all forms of the same data are the same ---

VALUES = st.one_of(st.just(NAN), st.floats(-1e6, 1e6, allow_subnormal=False))


@st.composite
def _stacks(draw: st.DrawFn) -> tuple[NDArray[np.float64], list[int]]:
    """A symmetric stack (participant, n, n) with NaN diagonal in which every image was judged, and a permutation."""
    n, participants = draw(st.integers(3, 6)), draw(st.integers(1, 3))
    stack = np.full((participants, n, n), NAN)
    for own in stack:
        first, second = np.triu_indices(n, k=1)
        own[first, second] = draw(st.lists(VALUES, min_size=len(first), max_size=len(first)))
        own[0, 1:] = 1 + np.arange(n - 1)
        own[second, first] = own[first, second]
    return stack, draw(st.permutations(range(n)))


def _write_matrix(path: Path, matrix: NDArray[np.float64], names: list[str], rows: list[int]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["", *names])
        writer.writerows(
            [names[row], *("" if np.isnan(cell) else repr(float(cell)) for cell in matrix[row])] for row in rows
        )


def _write_pairs(path: Path, stack: NDArray[np.float64], names: list[str], shuffle: int) -> None:
    rows = [
        (names[i], names[j], repr(float(own[i, j])), str(number))
        for number, own in enumerate(stack, start=1)
        for i in range(len(names))
        for j in range(i)
    ]
    np.random.default_rng(shuffle).shuffle(rows)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image_a", "image_b", "similarity", "participant"])
        writer.writerows(rows)


@settings(max_examples=25, deadline=None)
@given(_stacks(), st.integers(0, 99))
def test_every_form_of_the_same_judgments_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: tuple[NDArray[np.float64], list[int]], shuffle: int
) -> None:
    stack, permutation = data
    folder = tmp_path_factory.mktemp("forms")
    names = [f"im, {number}" for number in range(stack.shape[-1])]
    permuted = stack[:, permutation][:, :, permutation]
    order = _write(folder, "\n".join(names[at] for at in permutation), "order.txt")
    np.save(folder / "j.npy", permuted)
    np.savez(folder / "j.npz", other=np.eye(2), wanted=permuted)
    scipy.io.savemat(folder / "j.mat", {"wanted": permuted, "n": 3})
    with h5py.File(folder / "j73.mat", "w") as file:
        file["wanted"] = permuted.T
        file["text"] = np.array([[65], [66]], dtype=np.uint16)
        file["text"].attrs["MATLAB_class"] = np.bytes_("char")
    _write_pairs(folder / "p.csv", stack, names, shuffle)
    expected = xr.DataArray(
        stack,
        dims=("participant", "image", "image_b"),
        coords={"participant": [str(n + 1) for n in range(len(stack))], "image": names, "image_b": names},
    )

    def check(name: str, **more: object) -> None:
        read = judgments.read(folder / name, "similarity", names, **more)  # type: ignore[arg-type]
        xr.testing.assert_equal(read["similarity"], expected)

    check("p.csv")
    check("j.npy", order=order)
    check("j.npz", order=order, key="wanted")
    check("j.mat", order=order, key="wanted")
    check("j73.mat", order=order)
    _write_matrix(folder / "m.csv", stack[0], names, permutation)
    read = judgments.read(folder / "m.csv", "similarity", names)["similarity"]
    np.testing.assert_array_equal(read[0], stack[0])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(-1e3, 1e3)), min_size=2, max_size=30), st.integers(0, 99))
def test_the_order_of_rows_changes_no_bit(
    tmp_path_factory: pytest.TempPathFactory, ratings: list[tuple[str, float]], shuffle: int
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    rows = [f"{one},{'b' if one == 'a' else 'a'},{rating!r}" for one, rating in ratings] + ["a,c,2000", "b,c,3000"]
    header = "image_a,image_b,similarity"
    one = judgments.read(_write(folder, "\n".join([header, *rows]), "1.csv"), "similarity", IDS)
    np.random.default_rng(shuffle).shuffle(rows)
    two = judgments.read(_write(folder, "\n".join([header, *rows]), "2.csv"), "similarity", IDS)
    assert one["similarity"].to_numpy().tobytes() == two["similarity"].to_numpy().tobytes()


# --- what is refused ---


def test_a_matrix_with_several_faults_names_them_all(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,a,b,b,x\na,0,1,2,three\nb,1,0,inf,4\n\nd,1,2\n")
    message = _refusal(path)
    for part in (
        "row a, column x: 'three' is not a number",
        "row b, column b: inf is infinite",
        "line 5 (row d) has 2 values for 4 columns",
        "column ids that stand twice: b",
        "column ids that are no image of this set: x",
        "images without a column: c",
        "row ids that are no image of this set: d",
        "images without a row: c",
    ):
        assert part in message


def test_pairs_with_several_faults_name_them_all(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "image_a,image_b,similarity,participant\na,x,1,p\nx,y,2,p\na,b,much,p\na,c,-inf,p\nb,c,1\nb,c,1, \n",
    )
    message = _refusal(path)
    for part in (
        "line 2 names 'x', which is no image of this set",
        "line 3 names 'y', which is no image of this set",
        "line 4, column similarity: 'much' is not a number",
        "line 5, column similarity: -inf is infinite",
        "line 6 has 3 fields, the header 4",
        "line 7 has no participant",
    ):
        assert part in message


def test_of_very_many_faults_the_first_are_shown(tmp_path: Path) -> None:
    path = _write(tmp_path, "image_a,image_b,similarity\n" + "a,b,?\n" * 1000)
    message = _refusal(path)
    assert "line 11," in message and "line 12," not in message
    assert "... and 990 more" in message


@pytest.mark.parametrize(
    ("header", "kind", "said"),
    [
        (
            "image_a,image_b,similarity",
            "dissimilarity",
            "the header says similarity, but the comparison's kind is diss",
        ),
        ("image_a,image_b,similarity,dissimilarity", "similarity", "has similarity and dissimilarity; it must have ex"),
        ("image_a,image_b", "similarity", "neither similarity nor dissimilarity"),
        ("image_a,image_b,similarity,rater", "similarity", "unknown column rater"),
        ("image_a,image_b,similarity,similarity", "similarity", "the header has similarity more than once"),
        ("image_a,image_b,image_c,odd", "similarity", "unknown column image_c, odd"),
        ("image_a;image_b;similarity", "similarity", "Separate the columns by commas"),
        ("first,second,similarity", "similarity", "neither that of pairs"),
        ("", "similarity", "It is: (empty)"),
    ],
)
def test_headers_that_cannot_be(tmp_path: Path, header: str, kind: str, said: str) -> None:
    assert said in _refusal(_write(tmp_path, f"{header}\na,b,1\n" if header else ""), kind)


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    assert "kind is 'distance', but must be similarity or dissimilarity" in _refusal(_write(tmp_path, ""), "distance")


def test_the_diagonal_shows_the_wrong_kind(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,a,b,c\na,0,2,3\nb,2,0,5\nc,3,5,0\n")
    assert "kind is similarity, but the diagonal holds the smallest values" in _refusal(path)
    path = _write(tmp_path, "id,a,b,c\na,1,.2,.3\nb,.2,1,.5\nc,.3,.5,1\n")
    assert "kind is dissimilarity, but the diagonal holds the largest values" in _refusal(path, "dissimilarity")
    np.save(tmp_path / "j.npy", np.array([[0, 2, 3], [2, 0, 5], [3, 5, 0]]))
    message = _refusal(tmp_path / "j.npy", order=_write(tmp_path, "a\nb\nc", "order.txt"))
    assert "Set kind: dissimilarity" in message


def test_images_that_no_one_judged_are_named(tmp_path: Path) -> None:
    assert "images without any judgment: c" in _refusal(_write(tmp_path, "id,a,b,c\na,,1,\nb,1,,\nc,,,\n"))
    text = "image_a,image_b,similarity\na,b,1\na,c,2\n"
    assert "images without any judgment: b2" in _refusal(_write(tmp_path, text), ids=[*IDS, "b2"])


def test_judgments_that_are_all_the_same_are_refused(tmp_path: Path) -> None:
    assert "all judgments are the same (3)" in _refusal(_write(tmp_path, "id,a,b,c\na,,3,3\nb,3,,3\nc,3,3,\n"))
    text = "image_a,image_b,similarity,participant\na,b,1,p\na,c,1,p\nb,c,1,p\na,b,5,q\na,c,5,q\nb,c,5,q\n"
    assert "all judgments are the same (3)" in _refusal(_write(tmp_path, text))


def test_files_without_ratings_and_no_file_are_refused(tmp_path: Path) -> None:
    assert "there are no ratings" in _refusal(_write(tmp_path, "image_a,image_b,similarity\na,b,\n"))
    assert "images without a row: a, b, c" in _refusal(_write(tmp_path, "id,a,b,c\n"))
    assert "does not exist" in _refusal(tmp_path / "nowhere.csv")
    (tmp_path / "j.csv").write_bytes(b"id,a\n\xff\xfe,1\n")
    assert "cannot be read as CSV" in _refusal(tmp_path / "j.csv")


def test_a_participant_who_tells_nothing_apart_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = "image_a,image_b,similarity,participant\na,b,1,p\na,c,2,p\nb,c,3,p\na,b,5,q\na,c,5,q\nb,c,5,q\n"
    with caplog.at_level(logging.WARNING):
        judgments.read(_write(tmp_path, text), "similarity", IDS)
    assert "do not tell any two pairs apart: q." in caplog.text


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ("a\nb\n", "images without a line: c"),
        ("a\nb\nc\nd\n", "line ids that are no image of this set: d"),
        ("a\nb\nb\nc\n", "line ids that stand twice: b"),
    ],
)
def test_an_order_that_does_not_fit_the_images(tmp_path: Path, ids: str, said: str) -> None:
    np.save(tmp_path / "j.npy", np.eye(3))
    assert said in _refusal(tmp_path / "j.npy", order=_write(tmp_path, ids, "order.txt"))


def test_arrays_that_cannot_be_used(tmp_path: Path) -> None:
    order = _write(tmp_path, "a\nb\nc\n", "order.txt")
    path = tmp_path / "j.npy"
    np.save(path, np.ones((3, 3, 16)))
    assert "the array has the shape (3, 3, 16), but" in _refusal(path, order=order)
    assert "(participants, 3, 3), participants first" in _refusal(path, order=order)
    np.save(path, np.ones((4, 4)))
    assert "the array has the shape (4, 4)" in _refusal(path, order=order)
    assert "name that file as the comparison's `order`" in _refusal(path)
    assert "order of the images cannot be read" in _refusal(path, order=tmp_path / "order-gone.txt")
    assert "a .npy holds one array" in _refusal(path, order=order, key="x")
    np.save(path, np.array([[1, 2, 3], [2, 1, np.inf], [3, np.inf, 1]]))
    assert "participant mean, row b, column c: inf" in _refusal(path, order=order)
    np.save(path, np.array([["a"]]))
    assert "It has: none." in _refusal(path, order=order)
    path.write_bytes(b"nothing")
    assert "cannot be read as .npy" in _refusal(path, order=order)
    assert "cannot be read as .npz" in _refusal(tmp_path / "gone.npz", order=order)
    (tmp_path / "j.mat").write_bytes(b"nothing")
    assert "cannot be read as .mat" in _refusal(tmp_path / "j.mat", order=order)


def test_of_several_arrays_the_key_must_name_one(tmp_path: Path) -> None:
    order = _write(tmp_path, "a\nb\nc\n", "order.txt")
    matrix = np.array([[9, 2, 3], [2, 9, 5], [3, 5, 9]])
    np.savez(tmp_path / "j.npz", one=matrix, two=2 * matrix, names=np.array(["x"]))
    message = _refusal(tmp_path / "j.npz", order=order)
    assert (
        "does not hold exactly one array of numbers with two or three dimensions. It has: one 3x3, two 3x3" in message
    )
    message = _refusal(tmp_path / "j.npz", order=order, key="three")
    assert "has no array of numbers called 'three'" in message
    read = judgments.read(tmp_path / "j.npz", "similarity", IDS, order=order, key="two")
    assert read["similarity"].to_numpy()[0, 0, 1] == 4


def test_order_and_key_are_not_for_csv(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,a,b,c\na,,1,2\nb,1,,3\nc,2,3,\n")
    assert "a CSV names its images itself" in _refusal(path, order=path)
    assert "a CSV names its images itself" in _refusal(path, key="x")
