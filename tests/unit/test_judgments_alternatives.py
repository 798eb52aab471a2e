"""Two alternatives: shares of the trials in which an image was chosen as more like an anchor."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import NAN, images, read, read_source, refusal, warnings, write

from alignment_importance.inputs import judgments
from alignment_importance.inputs.judgments import reading

HEADER = "anchor,left,right,chosen"
ABCD = ["a", "b", "c", "d"]


def test_shares_worked_out_by_hand(tmp_path: Path) -> None:
    # With anchor a, b is shown twice and chosen once; with anchor b, a is shown once and chosen. b and c: never.
    path = write(tmp_path, f"{HEADER}\na,b,c,b\na,c,b,c\nb,a,d,a\nd,c,a,c\n")
    found = read(path, ABCD)
    shares = [[NAN, 2 / 3, 1 / 2, 0], [2 / 3, NAN, NAN, 0], [1 / 2, NAN, NAN, 1], [0, 0, 1, NAN]]
    np.testing.assert_array_equal(found["similarity"][0], shares)
    np.testing.assert_array_equal(found["n_ratings"][0], [[0, 3, 2, 1], [3, 0, 0, 1], [2, 0, 0, 1], [1, 1, 1, 0]])
    assert (found.attrs["kind"], found.attrs["mean_over"]) == ("similarity", "trials")
    assert found.attrs["form"] == "trials of two alternatives"
    assert found.attrs["warnings"].startswith("1 of 6 pairs has no judgment. It is left out of every comparison.")


@pytest.mark.parametrize("names", ["head,left,right,winner", "reference,a,b,choice"])
def test_columns_and_answers_may_have_the_users_names(tmp_path: Path, names: str) -> None:
    ours = HEADER.split(",")
    columns = dict(zip(ours, names.split(","), strict=True))
    ids = ["axe", "hammer", "saw"]
    trials = [("axe", "hammer", "saw", "hammer"), ("axe", "saw", "hammer", "hammer"), ("saw", "axe", "hammer", "axe")]
    by_id = "\n".join([f"{names},rt", *(",".join([*trial, "512"]) for trial in trials)])
    sides = [(*trial[:3], columns["left"] if trial[3] == trial[1] else columns["right"]) for trial in trials]
    by_side = "\n".join([names, *map(",".join, sides)])
    expected = [[NAN, 1, 1 / 3], [1, NAN, 0], [1 / 3, 0, NAN]]
    for text in (by_id, by_side):
        found = read(write(tmp_path, text), ids, columns=columns)
        np.testing.assert_array_equal(found["similarity"][0], expected)
    said = warnings(write(tmp_path, by_id), ids, columns=columns)
    assert said == "header: other columns: rt. They are not used."


def test_an_id_comes_before_the_name_of_a_column(tmp_path: Path) -> None:
    ids = ["left", "right", "up"]
    path = write(tmp_path, f"{HEADER}\nup,right,left,left\nleft,up,right,up\nright,left,up,up\n")
    found = read(path, ids)["similarity"].sel(participant="mean")
    assert found.sel(image="up", image_b="left").item() == 1
    assert found.sel(image="up", image_b="right").item() == 0.5


@pytest.mark.parametrize("called", [["anchor"], ["left", "right"], ["odd"], ["anchor", "left", "right"]])
def test_a_matrix_may_have_images_called_as_columns_of_trials(tmp_path: Path, called: list[str]) -> None:
    names = ["axe", *called, "saw", "zip"][:4]
    rows = [f"{row},{','.join(str(abs(at - other)) for other in range(4))}" for at, row in enumerate(names)]
    path = write(tmp_path, "\n".join([f",{','.join(names)}", *rows]) + "\n")
    found = read(path, names, kind="dissimilarity")
    assert found.attrs["form"] == "matrix"
    assert found["similarity"].sel(image="axe", image_b=called[0]).item() == -1


def test_mistakes_are_told(tmp_path: Path) -> None:
    said = refusal(write(tmp_path, f"{HEADER}\na,b,c,a\na,b,b,b\na,b,c,d\nb,a,c,\n"), ABCD)
    assert "line 2, column chosen: the answer 'a' is none of b, c (also on 1 other line). Write the id of" in said
    assert "line 3, column left and right: an image occurs twice in a trial." in said
    assert "header: the column chosen is missing. Trials of two alternatives need the columns anchor," in refusal(
        write(tmp_path, "anchor,left,right\na,b,c\n"), ABCD
    )
    said = warnings(write(tmp_path, f"{HEADER}\na,b,c,b\nb,a,c,\nb,a,c,NaN\nc,a,b,a\n"), ABCD[:3])
    assert "2 trials have no answer. They are not used." in said


TRIALS = st.lists(st.tuples(st.permutations(ABCD), st.booleans(), st.sampled_from(["p", "q"])), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(TRIALS, st.randoms(use_true_random=False))
def test_shares_are_those_of_a_plain_count(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[list[str], bool, str]], random: "np.random.Generator"
) -> None:
    folder = tmp_path_factory.mktemp("alternatives")
    # Both participants judge every image, and not all pairs are alike.
    rows = [(*"abcb", who) for who in "pq"] + [(*"dabb", who) for who in "pq"]
    rows += [(*order[:3], order[1 if is_left else 2], who) for order, is_left, who in drawn]
    random.shuffle(rows)
    text = "\n".join([f"{HEADER},participant", *map(",".join, rows)])
    found = read(write(folder, text), ABCD)
    for who in "pq":
        for one, other in ((x, y) for x in ABCD for y in ABCD if x < y):
            own = [row for row in rows if row[4] == who and row[0] in (one, other)]
            shown = [row for row in own if {one, other} - {row[0]} <= {row[1], row[2]}]
            chosen = [row for row in shown if row[3] in (one, other)]
            pair = found.sel(participant=who, image=one, image_b=other)
            assert pair["n_ratings"].item() == len(shown)
            share = len(chosen) / len(shown) if shown else NAN
            np.testing.assert_equal(pair["similarity"].item(), share)
    pooled = "\n".join([HEADER, *(",".join(row[:4]) for row in rows)])
    np.testing.assert_allclose(
        judgments.mean(found, ABCD), judgments.mean(read(write(folder, pooled, "all.csv"), ABCD), ABCD)
    )


def test_written_as_odd_one_out_they_are_noticed(tmp_path: Path) -> None:
    """One column, the anchor's, then never holds the odd image; if two never do, it is just always written last."""
    header = "image_a,image_b,image_c,odd"
    said = "of 20 trials none has the odd image in the column image_a. If people were asked which of two images is more"
    trials = [f"a,b,{'cd'[at % 2]},{'b' if at % 3 else 'cd'[at % 2]}" for at in range(20)]
    assert said in warnings(write(tmp_path, "\n".join([header, *trials])), ABCD)
    assert "the odd image" not in warnings(write(tmp_path, "\n".join([header, *trials[:19]])), ABCD)
    other = "\n".join([header, *trials[:19], "b,a,c,b"])
    assert "the odd image" not in warnings(write(tmp_path, other), ABCD)
    last = "\n".join([header, *(f"a,b,{'cd'[at % 2]},{'cd'[at % 2]}" for at in range(20))])
    assert "the odd image" not in warnings(write(tmp_path, last), ABCD)


def test_a_comparison_of_some_images_has_their_pairs_alone(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\na,b,d,d\na,x,b,b\nb,c,a,c\nd,a,b,a\n")
    some = read_source(reading.Source(path, images=["a", "b", "c"]), images(ABCD))
    assert some["n_ratings"][0].to_numpy().tolist() == [[0, 3, 0], [3, 0, 1], [0, 1, 0]]
    assert some["similarity"].sel(image="a", image_b="b").item() == 1 / 3
    assert "images outside this set: x. They are left out." in some.attrs["warnings"]
