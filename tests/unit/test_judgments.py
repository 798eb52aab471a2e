"""Judgments in every form become the same labelled form."""

import itertools
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import IDS, NAN, images, read, read_source, warnings, write, write_pairs
from numpy.typing import NDArray

from alignment_importance.inputs import judgments
from alignment_importance.inputs.judgments import reading
from alignment_importance.statistics.averages import average
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import read_netcdf, write_netcdf
from alignment_importance.system.problems import Problems

# --- the labelled form ---


def test_a_matrix_in_any_order_of_rows_and_columns(tmp_path: Path) -> None:
    path = write(tmp_path, ",c,a,b\nb,5,2,9\n\na,3,9,2\nc,9,3,5\n")
    found = read(path, ["c", "b", "a"], kind="similarity")
    assert found["similarity"].dims == found["n_ratings"].dims == ("participant", "image", "image_b")
    assert found["image"].to_numpy().tolist() == found["image_b"].to_numpy().tolist() == IDS
    assert found["participant"].to_numpy().tolist() == ["mean"]
    np.testing.assert_array_equal(found["similarity"][0], [[NAN, 2, 3], [2, NAN, 5], [3, 5, NAN]])
    np.testing.assert_array_equal(found["n_ratings"][0], [[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    assert found.attrs == {
        "kind": "similarity",
        "form": "matrix",
        "source": "j.csv",
        "mean_over": "participants",
        "categories": "",
        "warnings": "",
    }


def test_a_matrix_of_tabs_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeff\ta, b\tc\ta\n\na, b\t\t2\t4\nc\t2\t\t1\na\t4\t1\t\n", "j.tsv")
    found = read(path, ["a", "a, b", "c"], kind="similarity")
    np.testing.assert_array_equal(found["similarity"][0], [[NAN, 4, 1], [4, NAN, 2], [1, 2, NAN]])


def test_a_dissimilarity_is_negated(tmp_path: Path) -> None:
    path = write(tmp_path, "id,a,b,c\na,0,2,3\nb,2,0,0\nc,3,0,0\n")
    found = read(path, kind="dissimilarity")["similarity"][0].to_numpy()
    np.testing.assert_array_equal(found, [[NAN, -2, -3], [-2, NAN, 0], [-3, 0, NAN]])
    assert not np.signbit(found[1, 2])


def test_a_file_may_say_itself_what_its_numbers_mean(tmp_path: Path) -> None:
    matrix = write(tmp_path, "Dissimilarity,a,b,c\na,0,2,3\nb,2,0,1\nc,3,1,0\n", "m.csv")
    pairs = write(tmp_path, "image_a,image_b,dissimilarity\na,b,2\na,c,3\nb,c,1\n", "p.csv")
    for found in (read(matrix), read(pairs), read(matrix, kind="dissimilarity")):
        assert found.attrs["kind"] == "dissimilarity"
        assert found["similarity"].sel(participant="mean", image="a", image_b="b").item() == -2


def test_pairs_of_several_participants_are_averaged_and_counted(tmp_path: Path) -> None:
    text = (
        "participant,image_b,image_a,dissimilarity\nz,b,a,2\nz,a,b,3\nz,a,b,4\n007,c,a,1\n007,b,a,5\nz,b,c,\nz,b,b,0\n"
    )
    found = read(write(tmp_path, text), kind="dissimilarity")
    assert found["participant"].to_numpy().tolist() == ["007", "z"]
    np.testing.assert_array_equal(found["similarity"].sel(participant="z"), [[NAN, -3, NAN], [-3, NAN, NAN], [NAN] * 3])
    np.testing.assert_array_equal(found["n_ratings"].sel(participant="z"), [[0, 3, 0], [3, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(found["n_ratings"].sel(participant="007"), [[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    # Participants count once each, however often they rated a pair.
    np.testing.assert_array_equal(judgments.mean(found, IDS), [[NAN, -4, -1], [-4, NAN, NAN], [-1, NAN, NAN]])
    np.testing.assert_array_equal(judgments.mean(found, ["c", "a"]), [[NAN, -1], [-1, NAN]])
    assert "1 of 3 pairs has no judgment. It is left out of every comparison." in found.attrs["warnings"]
    assert "1 rating is of an image with itself. It is not used." in found.attrs["warnings"]


def test_directions_that_differ_are_averaged_counted_and_said(tmp_path: Path) -> None:
    path = write(tmp_path, "id,a,b,c\na,,1,3\nb,2,,NaN\nc,3.0000000000001,7,\n")
    found = read(path, kind="similarity")
    values = found["similarity"][0].to_numpy()
    assert values[0, 1] == values[1, 0] == 1.5
    assert values[1, 2] == values[2, 1] == 7
    np.testing.assert_array_equal(values, values.T)
    np.testing.assert_array_equal(found["n_ratings"][0], [[0, 2, 2], [2, 0, 1], [2, 1, 0]])
    said = "1 pair has another value in the other direction (largest difference 1). The two directions are averaged."
    assert found.attrs["warnings"] == said


def test_ratings_that_differ_are_said(tmp_path: Path) -> None:
    path = write(tmp_path, "image_a,image_b,similarity\na,b,1\nb,a,2\na,c,3\nc,a,3\nb,c,4\nb,c,0\n")
    said = (
        "2 pairs were rated differently by one participant (largest difference 4). Each participant's ratings of a pair"
    )
    assert said in warnings(path)


def test_a_pair_that_several_participants_judge_twice_differently_counts_once(tmp_path: Path) -> None:
    lines = ["image_a,image_b,similarity,participant"]
    lines += [f"{pair},{name}" for name in ("ann", "ben") for pair in ("a,b,1", "b,a,2", "a,c,3", "b,c,4")]
    assert "1 pair was rated differently by one participant (" in warnings(write(tmp_path, "\n".join(lines)))
    np.save(tmp_path / "j.npy", np.array([[[0, 1, 3], [2, 0, 4], [3, 4, 0]]] * 2))
    order = write(tmp_path, "a\nb\nc\n", "order.txt")
    said = warnings(tmp_path / "j.npy", kind="dissimilarity", order=order)
    assert "1 pair has another value in the other direction (largest difference 1)." in said


def test_a_stack_in_the_order_of_its_file(tmp_path: Path) -> None:
    stack = np.zeros((11, 3, 3))
    stack[10] = [[0, 1, 2], [1, 0, 4], [2, 4, 0]]
    stack[:10] = stack[10] * 2
    np.save(tmp_path / "j.npy", stack)
    order = write(tmp_path, "c\na\nb\n\n", "order.txt")
    found = read(tmp_path / "j.npy", kind="dissimilarity", order=order)["similarity"]
    assert found["participant"].to_numpy().tolist() == [f"{number:02d}" for number in range(1, 12)]
    np.testing.assert_array_equal(found.sel(participant="11"), [[NAN, -4, -1], [-4, NAN, -2], [-1, -2, NAN]])


def test_an_array_deep_in_an_hdf5_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "j.h5", "w") as file:
        file["people/ratings"] = np.array([[0, 1, 2], [1, 0, 4], [2, 4, 0]])
        file["people/age"] = np.arange(3)
        file["nothing"] = h5py.Empty("f")
    order = write(tmp_path, "a\nb\nc\n", "order.txt")
    for key in (None, "people/ratings"):
        found = read(tmp_path / "j.h5", kind="dissimilarity", order=order, key=key)
        assert found["similarity"].to_numpy()[0, 1, 2] == -4


def test_the_labelled_form_survives_its_file(tmp_path: Path) -> None:
    text = "image_a,image_b,similarity,participant\n007,08,1,1\n007,9,2,02\n08,9,4,1\n"
    found = read(write(tmp_path, text), ["9", "08", "007"])
    write_netcdf(found, tmp_path / "j.nc")
    back = read_netcdf(tmp_path / "j.nc")
    assert back["participant"].to_numpy().tolist() == ["02", "1"]
    assert back["n_ratings"].dtype == np.int32
    assert back.attrs == found.attrs
    np.testing.assert_array_equal(judgments.mean(back, ["9", "007", "08"]), [[NAN, 2, 4], [2, NAN, 1], [4, 1, NAN]])


def test_ids_are_the_same_in_either_unicode_form_and_with_blanks(tmp_path: Path) -> None:
    # The accent as a character of its own, as macOS writes file names.
    text = "image_a,image_b,similarity\ncafe\u0301 ,b,1\n b,c,2\nc,cafe\u0301,3\n"
    found = read(write(tmp_path, text), ["b", "c", "caf\u00e9"])
    np.testing.assert_array_equal(found["similarity"][0], [[NAN, 2, 1], [2, NAN, 3], [1, 3, NAN]])


def test_the_mean_of_trials_is_weighted_by_them() -> None:
    values = np.array([[1.0, 0.5, NAN], [0.0, NAN, NAN]])
    trials = np.array([[1, 4, 0], [3, 0, 0]])
    np.testing.assert_array_equal(average(values, trials), [0.25, 0.5, NAN])
    np.testing.assert_array_equal(average(values), [0.5, 0.5, NAN])


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


@settings(max_examples=25, deadline=None)
@given(_stacks(), st.integers(0, 99))
def test_every_form_of_the_same_judgments_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: tuple[NDArray[np.float64], list[int]], shuffle: int
) -> None:
    stack, permutation = data
    folder = tmp_path_factory.mktemp("forms")
    names = [f"im, {number}" for number in range(stack.shape[-1])]
    permuted = stack[:, permutation][:, :, permutation]
    order = write(folder, "\n".join(names[at] for at in permutation), "order.txt")
    np.save(folder / "j.npy", permuted)
    np.savez(folder / "j.npz", other=np.eye(2), wanted=permuted)
    scipy.io.savemat(folder / "j.mat", {"wanted": permuted, "n": 3})
    with h5py.File(folder / "j73.mat", "w") as file:
        file["wanted"] = permuted.T
        file["text"] = np.array([[65], [66]], dtype=np.uint16)
        file["text"].attrs["MATLAB_class"] = np.bytes_("char")
    with h5py.File(folder / "j.h5", "w") as file:
        file["wanted"] = permuted
    write_pairs(folder / "p.csv", stack, names, shuffle)
    write_pairs(folder / "p.tsv", stack, names, shuffle + 1)
    expected = xr.Dataset(
        {
            "similarity": (("participant", "image", "image_b"), stack),
            "n_ratings": (("participant", "image", "image_b"), (~np.isnan(stack)).astype(np.int32)),
        },
        coords={"participant": [str(n + 1) for n in range(len(stack))], "image": names, "image_b": names},
    )
    if len(stack) == 1:
        expected = expected.assign_coords(participant=["mean"])

    def check(name: str, **more: object) -> None:
        xr.testing.assert_equal(read(folder / name, names, kind="similarity", **more), expected)

    check("j.npy", order=order)
    check("j.npz", order=order, key="wanted")
    check("j.mat", order=order, key="wanted")
    check("j73.mat", order=order)
    check("j.h5", order=order)
    expected = expected.assign_coords(participant=[str(n + 1) for n in range(len(stack))])
    check("p.csv")
    check("p.tsv")
    for name, separator in (("m.csv", ","), ("m.tsv", "\t")):
        shuffled = pd.DataFrame(stack[0], names, names).iloc[permutation, ::-1]
        shuffled.to_csv(folder / name, sep=separator)
        one = read(folder / name, names, kind="similarity")
        xr.testing.assert_equal(one, expected.isel(participant=[0]).assign_coords(participant=["mean"]))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(-1e3, 1e3)), min_size=2, max_size=30), st.integers(0, 99))
def test_the_order_of_rows_changes_no_bit(
    tmp_path_factory: pytest.TempPathFactory, ratings: list[tuple[str, float]], shuffle: int
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    rows = [f"{one},{'b' if one == 'a' else 'a'},{rating!r}" for one, rating in ratings] + ["a,c,2000", "b,c,3000"]
    header = "image_a,image_b,similarity"
    one = read(write(folder, "\n".join([header, *rows]), "1.csv"))
    np.random.default_rng(shuffle).shuffle(rows)
    two = read(write(folder, "\n".join([header, *rows]), "2.csv"))
    assert one["similarity"].to_numpy().tobytes() == two["similarity"].to_numpy().tobytes()
    assert one["n_ratings"].to_numpy().tobytes() == two["n_ratings"].to_numpy().tobytes()
    assert one["n_ratings"].sel(image="a", image_b="b").item() == len(ratings)


# --- a comparison of some images ---

CATEGORIES = pd.DataFrame({"image": list("abcdef"), "category": ["x", "x", "x", "y", "y", NAN]})


def _all_pairs(folder: Path, ids: str = "abcdef") -> Path:
    rows = [f"{a},{b},{number}" for number, (a, b) in enumerate(itertools.combinations(ids, 2))]
    return write(folder, "\n".join(["image_a,image_b,similarity", *rows]))


def test_a_comparison_of_some_categories_or_images(tmp_path: Path) -> None:
    path = _all_pairs(tmp_path)
    full = read_source(reading.Source(path), CATEGORIES)
    listed = write(tmp_path, "f\na\n\nc\n", "listed.txt")
    for chosen, ids in (
        ({"categories": ["x"]}, ["a", "b", "c"]),
        ({"categories": ["y", "x"]}, ["a", "b", "c", "d", "e"]),
        ({"images": ["f", "d", "a"]}, ["a", "d", "f"]),
        ({"images": listed}, ["a", "c", "f"]),
        ({"images": list("bcde"), "categories": ["x", "y"]}, ["b", "c", "d", "e"]),
    ):
        found = read_source(reading.Source(path, **chosen), CATEGORIES)
        assert found["image"].to_numpy().tolist() == ids
        xr.testing.assert_equal(found, full.sel(image=ids, image_b=ids))
        assert found.attrs["categories"] == ", ".join(chosen.get("categories", []))  # type: ignore[arg-type]


def test_a_file_may_be_about_the_images_of_the_comparison_alone(tmp_path: Path) -> None:
    matrix = write(tmp_path, "id,b,a,c\na,1,,2\nb,,1,3\nc,3,2,\n", "m.csv")
    np.save(tmp_path / "j.npy", np.array([[0, 3, 1], [3, 0, 2], [1, 2, 0]]))
    order = write(tmp_path, "b\nc\na\n", "order.txt")
    from_text = read_source(reading.Source(matrix, "similarity", categories=["x"]), CATEGORIES)
    from_array = read_source(reading.Source(tmp_path / "j.npy", "dissimilarity", order, images=IDS), CATEGORIES)
    np.testing.assert_array_equal(from_text["similarity"], -from_array["similarity"])
    with pytest.raises(InputError, match="images without a row: d, e, f"):
        read_source(reading.Source(matrix, "similarity"), CATEGORIES)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"categories": ["xx"]}, "comparisons.z.categories: no image has the category 'xx'. Did you mean 'x'?"),
        ({"categories": ["X "]}, "no image has the category 'X '. There are: x, y."),
        ({"categories": ["y"]}, "comparisons.z: only 2 images are chosen. Take at least 3"),
        ({"categories": ["y"], "images": ["a", "b", "c"]}, "only 0 images are chosen"),
        (
            {"images": ["a", "b", "A"]},
            "comparisons.z.images: entry 3: 'A' is not an image of this set. 'a' differs from it",
        ),
        ({"images": ["a", "b", "c", "a"]}, "comparisons.z.images: entry 1, entry 4: 'a' is listed 2 times"),
        (
            {"images": Path("nowhere.txt")},
            "nowhere.txt: it cannot be read (No such file or directory). Restore the file",
        ),
    ],
)
def test_images_that_cannot_be_chosen(tmp_path: Path, chosen: dict[str, object], said: str) -> None:
    source = reading.Source(_all_pairs(tmp_path), name="comparisons.z", **chosen)  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        read_source(source, CATEGORIES)
    assert said in str(caught.value)
    problems = Problems()
    assert reading.inspect(source, CATEGORIES, problems) is None
    assert any(said in f"{problem.where}: {problem}" for problem in problems.errors)


def test_a_list_of_images_names_its_lines(tmp_path: Path) -> None:
    listed = write(tmp_path, "a\n\nB\nc\nc\n", "listed.txt")
    with pytest.raises(InputError) as caught:
        read_source(reading.Source(_all_pairs(tmp_path), images=listed), CATEGORIES)
    assert "line 3: 'B' is not an image of this set. 'b' differs from it only in capital letters." in str(caught.value)
    assert "line 4, line 5: 'c' is listed 2 times" in str(caught.value)


def test_a_set_without_categories_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no image has the category 'x'\. Name the `table` of the"):
        read_source(reading.Source(_all_pairs(tmp_path), categories=["x"]), images("abcdef"))
