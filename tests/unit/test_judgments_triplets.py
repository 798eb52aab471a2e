"""Odd-one-out triplets: shares of the trials in which a pair was kept together."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import NAN, images, read, read_source, warnings, write

from alignment_importance.inputs import judgments
from alignment_importance.inputs.judgments import reading

HEADER = "image_a,image_b,image_c,odd"
ABCD = ["a", "b", "c", "d"]


def test_shares_worked_out_by_hand(tmp_path: Path) -> None:
    # a and b are shown in four trials and kept together in two; c and d in one, where d is the odd one.
    path = write(tmp_path, f"{HEADER}\na,b,c,c\nb,a,c,b\nc,b,a,c\nd,a,b,a\nc,d,a,d\n")
    found = read(path, ABCD)
    shares = [
        [NAN, 2 / 4, 2 / 4, 0],
        [2 / 4, NAN, 0, 1],
        [2 / 4, 0, NAN, 0],
        [0, 1, 0, NAN],
    ]
    np.testing.assert_array_equal(found["similarity"][0], shares)
    np.testing.assert_array_equal(found["n_ratings"][0], [[0, 4, 4, 2], [4, 0, 3, 1], [4, 3, 0, 1], [2, 1, 1, 0]])
    assert found.attrs["kind"] == "similarity"
    assert found.attrs["mean_over"] == "trials"
    assert found.attrs["warnings"] == ""


def test_pairs_that_were_never_shown_are_missing_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\na,b,c,c\nb,c,d,b\n")
    found = read(path, ABCD)
    assert np.isnan(found["similarity"].sel(image="a", image_b="d")).all()
    assert found["n_ratings"].sel(image="a", image_b="d").item() == 0
    assert warnings(path, ABCD).startswith("1 of 6 pairs has no judgment. It is left out of every comparison.")


def test_the_mean_over_participants_is_the_share_over_all_trials(tmp_path: Path) -> None:
    trials = ["a,b,c,c,p", "a,b,c,a,q", "c,b,a,b,q", "a,b,c,c,q", "a,b,d,d,p", "c,d,a,c,q"]
    both = read(write(tmp_path, "\n".join([f"{HEADER},participant", *trials])), ABCD)
    pooled = read(write(tmp_path, "\n".join([HEADER, *(trial[:-2] for trial in trials)]), "all.csv"), ABCD)
    assert both["participant"].to_numpy().tolist() == ["p", "q"]
    # p kept a and b together in both trials with them, q in one of three.
    assert both["similarity"].sel(participant="p", image="a", image_b="b").item() == 1
    assert both["similarity"].sel(participant="q", image="a", image_b="b").item() == 1 / 3
    assert judgments.mean(both, ABCD)[0, 1] == pytest.approx(3 / 5)
    np.testing.assert_allclose(judgments.mean(both, ABCD), judgments.mean(pooled, ABCD))
    np.testing.assert_array_equal(both["n_ratings"].sum("participant"), pooled["n_ratings"][0])


def test_the_third_image_of_a_trial_need_not_be_of_the_comparison(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\na,b,d,d\na,b,d,a\nb,c,a,b\nc,d,a,a\n")
    whole = read(path, ABCD)
    some = read_source(reading.Source(path, images=["a", "b", "c"]), images(ABCD))
    assert some["n_ratings"].sel(image="a", image_b="b").item() == 3
    np.testing.assert_array_equal(some["similarity"], whole["similarity"].sel(image=list("abc"), image_b=list("abc")))


def test_trials_without_an_answer_are_left_out_and_said(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\na,b,c,c\na,b,c,\na,b,c,NaN\nb,c,a,a\n")
    assert read(path)["n_ratings"].sel(image="a", image_b="b").item() == 2
    assert "2 trials have no answer. They are not used." in warnings(path)


def test_an_image_may_be_called_na(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\na,b,NA,NA\na,b,NA,a\n")
    found = read(path, ["a", "b", "NA"])
    assert found["similarity"].sel(image="a", image_b="b").item() == 0.5
    assert found.attrs["warnings"] == ""


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.permutations(range(5)), st.integers(0, 2), st.sampled_from("pqr")), min_size=8, max_size=60),
    st.randoms(use_true_random=False),
)
def test_shares_are_those_of_a_plain_count_in_any_order_of_rows_and_images(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[list[int], int, str]],
    random: "np.random.Generator",
) -> None:
    folder = tmp_path_factory.mktemp("triplets")
    ids = ["v", "w", "x", "y", "z"]
    # Every image is seen by someone, and not all pairs are alike.
    trials = [(["v", "w", "x"], "v", "p"), (["x", "y", "z"], "z", "q"), (["v", "w", "x"], "v", "r")]
    trials += [([ids[at] for at in order[:3]], ids[order[odd]], who) for order, odd, who in drawn]

    def written(name: str) -> Path:
        return write(folder, "\n".join([f"{HEADER},participant", *(",".join([*t, o, w]) for t, o, w in trials)]), name)

    found = read(written("one.csv"), ids)
    for who, (a, b) in itertools.product("pqr", itertools.combinations(ids, 2)):
        with_pair = [(shown, odd) for shown, odd, by in trials if by == who and {a, b} <= set(shown)]
        kept = sum(odd not in (a, b) for _, odd in with_pair)
        own = found.sel(participant=who, image=a, image_b=b)
        assert own["n_ratings"].item() == len(with_pair)
        np.testing.assert_equal(own["similarity"].item(), kept / len(with_pair) if with_pair else NAN)
    for shown, _, _ in trials:
        random.shuffle(shown)
    random.shuffle(trials)
    two = read(written("two.csv"), ids)
    assert two["similarity"].to_numpy().tobytes() == found["similarity"].to_numpy().tobytes()
    assert two["n_ratings"].to_numpy().tobytes() == found["n_ratings"].to_numpy().tobytes()


def test_a_hundred_thousand_trials_take_no_loop_over_pairs(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    ids = np.array([f"object {number:03d}" for number in range(200)])
    triplets = np.argsort(random.random((100_000, 200)), axis=1)[:, :3]
    odd = triplets[np.arange(len(triplets)), random.integers(0, 3, len(triplets))]
    table = pd.DataFrame(ids[triplets], columns=["image_a", "image_b", "image_c"]).assign(odd=ids[odd])
    table.to_csv(tmp_path / "j.csv", index=False)
    found = read(tmp_path / "j.csv", ids.tolist())
    assert found["n_ratings"].sum().item() == 2 * 3 * len(triplets)
    kept = (found["n_ratings"] * found["similarity"]).sum().item()
    assert kept == pytest.approx(2 * len(triplets))
