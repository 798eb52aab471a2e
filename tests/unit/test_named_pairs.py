"""The pairs that a comparison names to be explained, in a list or a table."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from alignment_importance.inputs.judgments import named_pairs
from alignment_importance.system.problems import Problems, ProblemsError

IDS = ["007", "cat", "dog"]


def judgments() -> xr.Dataset:
    """Judgments of three images; nobody compared cat and dog."""
    one, other = np.full((2, 3, 3), np.nan)
    one[0, 1] = one[1, 0] = 1
    other[0, 2] = other[2, 0] = 2
    dims = ("participant", "image", "image_b")
    return xr.Dataset(
        {"similarity": (dims, np.stack([one, other]))}, coords={"image": IDS, "image_b": IDS, "participant": ["p", "q"]}
    )


def read(asked: Sequence[Sequence[str]] | str | Path) -> tuple[list[list[str]], Problems]:
    problems = Problems()
    found = named_pairs.read(asked, judgments(), "comparisons.pets.pairs", problems)
    assert found.columns.tolist() == ["image", "image_b"]
    return found.to_numpy().tolist(), problems


def test_a_list_keeps_its_order_and_its_sides() -> None:
    found, problems = read([["dog", "007"], ["007", "cat"]])
    assert found == [["dog", "007"], ["007", "cat"]]
    assert not len(problems)


def test_all_pairs_are_those_that_somebody_judged_by_name() -> None:
    found, problems = read("all")
    assert found == [["007", "cat"], ["007", "dog"]]
    assert not len(problems)
    backwards = judgments().isel(image=[2, 1, 0], image_b=[2, 1, 0])
    assert named_pairs.read("all", backwards, "", Problems()).to_numpy().tolist() == found


@pytest.mark.parametrize("text", ["image_a,image_b\ndog,007.png\n", 'rating;image_b;image_a\n3;"007";dog\n'])
def test_a_table_of_any_form_is_a_list(text: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(text, encoding="utf-8")
    found, problems = read(tmp_path / "pairs.csv")
    assert found == [["dog", "007"]]
    assert not problems.errors


def test_all_mistakes_are_told_with_their_places_and_names() -> None:
    _, problems = read([["dog", "cow"], ["cat", "cat"], ["007", "cat"], ["cat", "007"], ["cat", "dog"], ["dog", "Cat"]])
    with pytest.raises(ProblemsError) as caught:
        problems.raise_errors()
    assert str(caught.value).splitlines() == [
        "comparisons.pets.pairs:",
        "  entry 1: 'cow' is not an image of this set. Correct the id, remove it, or add the image to the set.",
        "  entry 6: 'Cat' is not an image of this set. 'cat' differs from it only in capital letters.",
        "  entry 2: 'cat' is paired with itself. Name two images.",
        "  entry 4: cat and 007 are already paired. Keep one; see entry 3.",
        "  pairs without a judgment: cat and dog. Remove them: nobody has said how alike they are.",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("image,image_b\na,b\n", "the column image_a is missing"),
        ("image_a,image_b\n", "there are no pairs in this file"),
        ("image_a,image_b\ndog,007\n\ndog,cow\n", "line 4: 'cow' is not an image"),
    ],
)
def test_mistakes_in_a_table_name_the_file_and_the_line(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(text, encoding="utf-8")
    problems = Problems()
    with problems.collect(tmp_path):
        problems.extend(read(tmp_path / "pairs.csv")[1])
    [problem] = problems.errors
    assert problem.where == str(tmp_path / "pairs.csv")
    assert told in str(problem)


def test_what_pairs_take_must_fit_in_memory() -> None:
    """Six pairs of 512 maps: 64 bytes for each map, 16 for each of 49 places, and 4 for every two places compared."""
    problems = Problems()
    networks = {"pooled": ((512, 7, 7), "pooled"), "other": ((512, 7, 7), "linear")}
    named_pairs.check_memory(6, networks, 2.589e-4, "comparisons.pets.pairs", problems)
    [problem] = problems
    assert problem.where == "comparisons.pets.pairs (models.pooled)"
    assert str(problem) == (
        "6 pairs of images with 512 feature maps take 0.00026 GB, more than `memory_gb: 0.0002589`. Ask for fewer "
        "pairs, or for more memory."
    )
    named_pairs.check_memory(6, networks, 2.590e-4, "comparisons.pets.pairs", problems)
    assert len(problems) == 1
