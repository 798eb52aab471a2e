"""What a starting configuration proposes."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from judging import read_source
from published_forms import write_images

from alignment_importance.checks import starting_configuration
from alignment_importance.inputs.fold_checks import check_folds
from alignment_importance.inputs.judgments import reading
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import Problems
from new import new

IDS = [f"i{number:02d}" for number in range(30)]


def propose(
    folder: Path, ids: list[str], share: float, file: str = "j.csv", name: str = "mine"
) -> tuple[dict[str, Any], Problems]:
    """The proposed configuration, and its problems, for images of which a share of the pairs was rated."""
    write_images(folder / "photos", [f"{image}.png" for image in ids])
    random = np.random.default_rng(1)
    rated = [pair for pair in itertools.combinations(ids, 2) if random.random() < share]
    lines = ["image_a,image_b,similarity", *(f"{a},{b},{random.random():.3f}" for a, b in rated)]
    (folder / file).write_text("\n".join(lines), encoding="utf-8")
    text, problems = starting_configuration.propose(
        name, folder / "photos", None, reading.Source(folder / file, name=f"comparisons.{name}")
    )
    return yaml.safe_load(text), problems


@pytest.mark.parametrize(("share", "expected"), [(1.0, 5), (0.25, 3)])
def test_there_are_as_many_folds_as_can_be_scored(tmp_path: Path, share: float, expected: int) -> None:
    config, _ = propose(tmp_path, IDS, share)
    proposed = config["cross_validation"]
    assert proposed["folds"] == expected
    assert proposed["seeds"] == [111, 222, 333, 444, 555, 666, 777, 888]
    # With one more fold, some of these seeds could not be scored, unless 5 are proposed, which is the most.
    read = read_source(reading.Source(tmp_path / "j.csv"), pd.DataFrame({"image": IDS, "category": np.nan}))
    for folds, is_wrong in ((expected, False), (expected + 1, expected < 5)):
        problems = Problems()
        check_folds("mine", read, "images", folds, proposed["seeds"], None, problems)
        assert bool(problems.errors) == is_wrong


def test_judgments_that_no_folds_suit_are_told(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"cross_validation.folds: mine, . of 8 seeds, such as .*Use fewer folds, or more"
    ):
        propose(tmp_path, IDS[:5], 1.0)


@pytest.mark.parametrize(("column", "said"), [("", "participants not told apart"), (",participant", "1 participant")])
def test_one_participant_is_told_from_none(tmp_path: Path, column: str, said: str) -> None:
    write_images(tmp_path / "photos", [f"{image}.png" for image in IDS])
    pairs = [f"{a},{b},{number}{column and ',ann'}" for number, (a, b) in enumerate(itertools.combinations(IDS, 2))]
    (tmp_path / "j.csv").write_text("\n".join([f"image_a,image_b,similarity{column}", *pairs]), encoding="utf-8")
    source = reading.Source(tmp_path / "j.csv", name="comparisons.mine")
    text, _ = starting_configuration.propose("mine", tmp_path / "photos", None, source)
    assert f"# pairs: 30 images, {said}, 435 of 435 pairs judged" in text


def test_the_range_of_ratings_is_told_as_the_file_has_it(tmp_path: Path) -> None:
    write_images(tmp_path / "photos", [f"{image}.png" for image in IDS])
    pairs = [f"{a},{b},{number % 7 + 1}" for number, (a, b) in enumerate(itertools.combinations(IDS, 2))]
    for column, code in (("similarity", "-99"), ("dissimilarity", "999")):
        lines = [f"image_a,image_b,{column}", *pairs[:-1], f"i28,i29,{code}"]
        (tmp_path / "j.csv").write_text("\n".join(lines), encoding="utf-8")
        source = reading.Source(tmp_path / "j.csv", name="comparisons.mine")
        text, _ = starting_configuration.propose("mine", tmp_path / "photos", None, source)
        assert f"judged (435 ratings from {'-99 to 7' if code == '-99' else '1 to 999'})." in text
    # Once several ratings of a pair are averaged, the range in the file is no longer known.
    (tmp_path / "j.csv").write_text("\n".join(["image_a,image_b,similarity", *pairs, "i28,i29,-99"]), encoding="utf-8")
    text, _ = starting_configuration.propose("mine", tmp_path / "photos", None, source)
    assert "judged (436 ratings, repeated ones averaged, from -49 to 7)." in text  # the last pair is also rated 1


def test_trials_are_counted_by_the_pair(tmp_path: Path) -> None:
    """A trial of three images judges three pairs, but is not three ratings."""
    ids = IDS[:12]
    write_images(tmp_path / "photos", [f"{image}.png" for image in ids])
    lines = [f"{a},{b},{c},{c}" for a, b, c in itertools.combinations(ids, 3)]  # every pair in 10 of 220 trials
    (tmp_path / "j.csv").write_text("\n".join(["image_a,image_b,image_c,odd", *lines, lines[0]]), encoding="utf-8")
    source = reading.Source(tmp_path / "j.csv", name="comparisons.mine")
    text, _ = starting_configuration.propose("mine", tmp_path / "photos", None, source)
    assert "66 of 66 pairs judged (in 10.0 trials each on average)." in text


def test_names_of_all_kinds_are_written_as_they_are(tmp_path: Path) -> None:
    ids = [f'{number} é "it\'s": #1' for number in range(12)]
    config, _ = propose(tmp_path, ids, 1.0, file='my "own" é: #1.csv', name="2026_01")
    assert config["comparisons"]["2026_01"]["judgments"] == str(tmp_path / 'my "own" é: #1.csv')
    assert config["comparisons"]["2026_01"]["image_set"] == "2026_01"
    assert config["image_sets"]["2026_01"]["folder"] == str(tmp_path / "photos")


def test_categories_are_proposed_if_their_folds_can_be_scored(tmp_path: Path) -> None:
    """With all pairs judged, 30 images are cut into 5 folds: a category needs 15 images, and `small` has 14."""
    write_images(tmp_path / "photos", [f"{image}.png" for image in IDS])
    category = {image: "large" if at < 16 else "small" for at, image in enumerate(IDS)}
    rows = "\n".join(["image,category", *(f"{image},{name}" for image, name in category.items())])
    (tmp_path / "images.csv").write_text(rows)
    random = np.random.default_rng(1)
    pairs = [f"{a},{b},{random.random():.3f}" for a, b in itertools.combinations(IDS, 2)]
    source = reading.Source(tmp_path / "j.csv", name="comparisons.mine")

    def proposed(lines: list[str]) -> str:
        (tmp_path / "j.csv").write_text("\n".join(["image_a,image_b,similarity", *lines]))
        text, _ = starting_configuration.propose("mine", tmp_path / "photos", tmp_path / "images.csv", source)
        return text

    text = proposed(pairs)
    assert "# Categories: 16 large, 14 small." in text
    assert '# by_category: ["large"]\n' in text
    config = yaml.safe_load(text.replace("# by_category", "by_category"))
    assert config["comparisons"]["mine"]["by_category"] == ["large"]
    assert config["cross_validation"]["folds"] == 5
    # If an image of `large` was judged only with images of the other category, no category is proposed.
    text = proposed([line for line in pairs if not ("i00" in line and category[line.split(",")[1]] == "large")])
    assert "# Categories: 16 large, 14 small." in text
    assert "by_category" not in text


def test_what_is_asked_for_is_told_with_where_to_give_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_images(tmp_path / "photos", ["a.png", "b.png", "c.png"])
    np.save(tmp_path / "j.npy", np.eye(3))
    given: dict[str, Any] = {
        "table": None,
        "order": None,
        "only": None,
        "kind": None,
        "columns": {},
        "key": None,
        "schema": "",
        "threads": 1,
    }
    output = tmp_path / "mine.yaml"
    with caplog.at_level("INFO"), pytest.raises(InputError) as caught:
        new(name="mine", images=tmp_path / "photos", judgments=tmp_path / "j.npy", config=output, **given)
    assert "Set the comparison's `kind`" in str(caught.value)
    assert "an array does not name its images" in str(caught.value)
    assert "--kind similarity --order FILE --key NAME" in caplog.text
    assert not output.exists()
