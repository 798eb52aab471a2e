"""Warnings that go with judgments, and the reliability that one of them is about."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from judging import NAN, images, warnings, write, write_pairs
from numpy.typing import NDArray

from alignment_importance.inputs.judgments import quality, reading
from alignment_importance.system.problems import Problems

IDS = ["a", "b", "c", "d", "e"]


def stack_of(ratings: NDArray[np.float64]) -> NDArray[np.float64]:
    """(participant, 5, 5) symmetric matrices of ratings (participant, 10)."""
    stack = np.full((len(ratings), 5, 5), NAN)
    pairs = np.triu_indices(5, k=1)
    stack[:, *pairs] = ratings
    return np.fmax(stack, stack.transpose(0, 2, 1))


def noisy(n: int, noise: float, seed: int = 1) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    return random.random(10) + noise * random.normal(size=(n, 10))


def test_correlations_are_those_of_pandas_over_shared_pairs() -> None:
    ratings = noisy(6, 0.5)
    ratings[np.random.default_rng(2).random(ratings.shape) < 0.3] = NAN
    ratings[4] = np.where(np.isnan(ratings[4]), NAN, 0.1)
    expected = pd.DataFrame(ratings.T).corr(min_periods=3).to_numpy(copy=True)
    np.fill_diagonal(expected, NAN)
    found = quality.correlations(ratings)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.isnan(found[4]).all()


def test_reliability_is_standardised_alpha_with_complete_data() -> None:
    ratings = noisy(7, 0.4)
    r = np.corrcoef(ratings)
    alpha = 7 / 6 * (1 - 7 / r.sum())  # of items with variance 1
    assert quality.reliability(ratings) == pytest.approx(alpha)


def test_reliability_with_missing_judgments_counts_who_judged() -> None:
    ratings = noisy(4, 0.4)
    ratings[0, 5:] = NAN
    r = pd.DataFrame(ratings.T).corr().to_numpy()[np.triu_indices(4, k=1)].mean()
    n = 3.5
    assert quality.reliability(ratings) == pytest.approx(n * r / (1 + (n - 1) * r))


def test_without_shared_pairs_there_is_no_reliability() -> None:
    ratings = np.full((2, 10), NAN)
    ratings[0, :5] = ratings[1, 5:] = np.arange(5)
    assert np.isnan(quality.reliability(ratings))


def test_many_who_agree_are_not_warned_of(tmp_path: Path) -> None:
    write_pairs(tmp_path / "j.csv", stack_of(noisy(quality.FEW_PARTICIPANTS, 0.05)), IDS)
    assert warnings(tmp_path / "j.csv", IDS) == ""


def test_images_with_two_judged_pairs_are_named(tmp_path: Path) -> None:
    stack = stack_of(noisy(quality.FEW_PARTICIPANTS, 0.05))
    stack[:, 1, 2:4] = stack[:, 2:4, 1] = NAN
    write_pairs(tmp_path / "j.csv", stack, IDS)
    said = "images with fewer than 3 judged pairs: b. They have no alignment of their own and no heatmap (NaN)."
    assert said in warnings(tmp_path / "j.csv", IDS)


def test_few_participants(tmp_path: Path) -> None:
    write_pairs(tmp_path / "j.csv", stack_of(noisy(4, 0.05)), IDS)
    said = "there are few participants: 4. With fewer than 5, each of them changes the mean considerably."
    assert warnings(tmp_path / "j.csv", IDS) == said


def test_low_reliability(tmp_path: Path) -> None:
    ratings = noisy(6, 3.0)
    write_pairs(tmp_path / "j.csv", stack_of(ratings), IDS)
    found = quality.reliability(ratings)
    assert found < 0.7
    said = f"low reliability: participants agree little with each other ({found:.2f}). Below 0.7 a low alignment may be"
    assert said in warnings(tmp_path / "j.csv", IDS)


def test_a_participant_who_judges_the_other_way_round(tmp_path: Path) -> None:
    ratings = noisy(6, 0.05)
    ratings[2] = 1 - ratings[2]
    write_pairs(tmp_path / "j.csv", stack_of(ratings), IDS)
    said = "participants who judge opposite to the others (mean correlation below -0.2): 3. Did they use the scale the"
    assert said in warnings(tmp_path / "j.csv", IDS)


def test_a_participant_who_tells_nothing_apart(tmp_path: Path) -> None:
    ratings = noisy(6, 0.05)
    ratings[4] = 0.5
    write_pairs(tmp_path / "j.csv", stack_of(ratings), IDS)
    assert (
        warnings(tmp_path / "j.csv", IDS) == "participants whose judgments are all equal: 5. They are part of the mean."
    )


def test_the_people_of_a_single_matrix_are_not_known_and_not_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path, "id,a,b,c\na,,1,2\nb,1,,3\nc,2,3,\n")
    assert warnings(path, ["a", "b", "c"], kind="similarity") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image,a,b,c\na,1,.5,.2\nb,.5,1,.3\nc,.2,.3,1\n", ["d", "e"]),  # no d, no e
        ("image,a,b,c,d\na,,.5,.2,\nb,.5,,.3,\nc,.2,.3,,\nd,,,,\n", ["d", "e"]),  # d without numbers, no e
        ("image_a,image_b,similarity\na,b,1\na,c,2\nb,e,\n", ["d", "e"]),
        ("image_a,image_b,image_c,odd\na,b,c,a\na,c,e,e\n", ["d"]),
        ("image_a,image_b,similarity\n" + "".join(f"a,{image},1\n" for image in "bcde"), []),
        ("nonsense", []),
    ],
)
def test_images_without_judgments_are_found(tmp_path: Path, text: str, expected: list[str]) -> None:
    source = reading.Source(write(tmp_path, text), kind="similarity" if text.startswith("image,") else None)
    assert reading.unjudged(source, images(IDS)) == expected


@pytest.mark.parametrize("chosen", [{"images": ["a", "b", "c"]}, {"categories": ["x"]}])
def test_who_rated_only_images_outside_a_comparison_is_left_out_of_it(tmp_path: Path, chosen: dict[str, Any]) -> None:
    rows = ["a,b,1,one", "a,c,2,one", "b,c,3,one", "a,d,1,two", "d,e,2,two", "d,e,2,three"]
    path = write(tmp_path, "image_a,image_b,similarity,participant\n" + "\n".join(rows) + "\n")
    found = Problems()
    table = images(IDS, ["x", "x", "x", "y", "y"])
    read = reading.inspect(reading.Source(path, name="comparisons.c", **chosen), table, found)
    assert read is not None and read["participant"].to_numpy().tolist() == ["one"]
    assert read["similarity"].to_numpy()[0, 0, 1] == 1
    [said] = [str(warning) for warning in found.warnings if "no rating" in warning.found]
    assert said == (
        "comparisons.c: 2 participants have no rating of two images of the comparison: three, two. "
        "The comparison is made without them."
    )


def test_warnings_about_some_of_the_images_name_the_comparison(tmp_path: Path) -> None:
    """Comparisons of all images, several of which may share a file, say it once."""
    pairs = enumerate(["a,b", "a,c", "a,d", "b,c", "b,d", "c,d"])
    rows = [line for number, pair in pairs for line in (f"{pair},{number},ann", f"{pair},{-2 * number},ben")]
    path = write(tmp_path, "image_a,image_b,similarity,participant\n" + "\n".join(rows) + "\n")
    table, found = images(["a", "b", "c", "d"]), Problems()
    for name, chosen in (("all", None), ("again", None), ("some", ["a", "b", "c"])):
        reading.inspect(reading.Source(path, images=chosen, name=f"comparisons.{name}"), table, found)
    said = [str(problem) for problem in found.warnings if "opposite" in problem.found]
    opposed = "participants who judge opposite to the others (mean correlation below -0.2): ann, ben. Did they use"
    assert [line[: line.index(" the scale")] for line in said] == [opposed, f"comparisons.some: {opposed}"]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["image_a,image_b,similarity", "a,b,1", "a,b,2", "a,c,3", "b,c,4"], "1 pair was rated differently"),
        ([",a,b,c", "a,,1,3", "b,2,,4", "c,3,4,"], "1 pair has another value"),
    ],
)
def test_warnings_about_pairs_judged_twice_name_the_comparison(tmp_path: Path, lines: list[str], found: str) -> None:
    path, table, problems = write(tmp_path, "\n".join(lines) + "\n"), images(IDS[:3], ["x"] * 3), Problems()
    for name, categories in (("all", ()), ("x", ("x",))):
        source = reading.Source(path, "similarity", categories=categories, name=f"comparisons.{name}")
        reading.inspect(source, table, problems)
    assert [problem.place for problem in problems.warnings if problem.found.startswith(found)] == ["", "comparisons.x"]
