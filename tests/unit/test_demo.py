from collections import Counter

import numpy as np
import pandas as pd
import pytest
from judging import read_source
from PIL import Image

from alignment_importance.inputs import judgments
from alignment_importance.inputs.datasets import demo
from alignment_importance.inputs.judgments import reading


@pytest.fixture(scope="module")
def pictures() -> list[demo.Picture]:
    return list(demo.draw(2025))


TABLE = pd.DataFrame(
    {"image": ["a", "b", "c", "d"], "category": ["dice", "dice", "cats", "cats"], "hue": [0, 300, 60, 180]}
)


def test_every_group_has_every_hue_once(pictures: list[demo.Picture]) -> None:
    assert len(pictures) == 60 == len({picture.image for picture in pictures})
    assert Counter((picture.group, picture.hue) for picture in pictures) == {
        (group, hue): 1 for group in demo.GROUPS for hue in demo.HUES.values()
    }
    assert [picture.image for picture in pictures] == sorted(picture.image for picture in pictures)
    assert pictures[0].image == "cards-1-red"


def _quadrant(mask: np.ndarray, value: int) -> int:
    rows, columns = np.nonzero(mask == value)
    return 2 * int(rows.mean() > 111.5) + int(columns.mean() > 111.5)


def test_pictogram_and_disc_lie_in_opposite_quadrants_evenly_used(pictures: list[demo.Picture]) -> None:
    used = Counter[int]()
    by_hue = Counter[tuple[int, int]]()
    by_group = Counter[tuple[str, int]]()
    for picture in pictures:
        mask = np.asarray(picture.mask)
        pictogram, disc = _quadrant(mask, demo.PICTOGRAM), _quadrant(mask, demo.DISC)
        assert pictogram + disc == 3
        used[pictogram] += 1
        by_hue[picture.hue, pictogram] += 1
        by_group[picture.group, pictogram] += 1
    assert used == dict.fromkeys(range(4), 15)
    assert len(by_hue) == 24 and set(by_hue.values()) == {2, 3}
    assert len(by_group) == 40 and set(by_group.values()) == {1, 2}


def test_masks_lie_on_what_they_name(pictures: list[demo.Picture]) -> None:
    for picture in pictures:
        rgb, mask = np.asarray(picture.rgb).astype(int), np.asarray(picture.mask)
        assert rgb.shape == (224, 224, 3) and mask.shape == (224, 224)
        assert set(np.unique(mask)) == {demo.BACKGROUND, demo.PICTOGRAM, demo.DISC}
        chroma = rgb.max(axis=2) - rgb.min(axis=2)
        assert chroma[mask == demo.DISC].min() > 50
        # All ink is in the pictogram's rectangle, which it touches on every side.
        dark = (rgb.max(axis=2) < 60) & (mask != demo.DISC)
        assert not dark[mask == demo.BACKGROUND].any()
        rows, columns = np.nonzero(mask == demo.PICTOGRAM)
        inside = dark[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert inside.size == len(rows)
        assert 0.05 < inside.mean() < 0.9
        assert max(inside.shape) == 88
        assert (mask == demo.DISC).sum() == pytest.approx(np.pi * 32**2, rel=0.01)


def test_the_disc_has_the_named_hue(pictures: list[demo.Picture]) -> None:
    for picture in pictures:
        mask = np.asarray(picture.mask)
        rows, columns = np.nonzero(mask == demo.DISC)
        centre = picture.rgb.crop(
            (int(columns.mean()), int(rows.mean()), int(columns.mean()) + 1, int(rows.mean()) + 1)
        )
        hue, saturation, value = centre.convert("HSV").getpixel((0, 0))  # type: ignore[misc]
        assert abs(hue / 255 * 360 - picture.hue) < 2
        assert saturation == 255 and value > 220
        assert picture.image.endswith({hue: name for name, hue in demo.HUES.items()}[picture.hue])


def test_the_seed_decides_every_pixel(pictures: list[demo.Picture]) -> None:
    again, other = list(demo.draw(2025)), list(demo.draw(2026))
    assert all(a.rgb.tobytes() == b.rgb.tobytes() for a, b in zip(pictures, again, strict=True))
    assert all(a.mask.tobytes() == b.mask.tobytes() for a, b in zip(pictures, again, strict=True))
    assert all(a.rgb.tobytes() != b.rgb.tobytes() for a, b in zip(pictures, other, strict=True))


def test_the_font_has_every_pictogram_and_none_twice() -> None:
    drawn = [demo._glyph(character).tobytes() for character in "".join(demo.GROUPS.values())]
    assert len(drawn) == len(set(drawn)) == 60
    assert not {demo._glyph(character).tobytes() for character in ("\U0010ffff", " ")} & set(drawn)


def test_without_noise_observers_say_the_truth() -> None:
    shape = demo.judge_by_shape(TABLE, observers=1, noise=0, seed=1)
    assert shape.columns.tolist() == ["image_a", "image_b", "similarity", "participant"]
    assert (shape["image_a"] + shape["image_b"]).tolist() == ["ab", "ac", "ad", "bc", "bd", "cd"]
    assert shape["similarity"].tolist() == [1, 0, 0, 0, 0, 1]
    colour = demo.judge_by_colour(TABLE, observers=1, noise=0, seed=1)
    # Angles between the hues: 60 (across 0), 60, 180, 120, 120, 120.
    assert colour["similarity"].tolist() == pytest.approx([2 / 3, 2 / 3, 0, 1 / 3, 1 / 3, 1 / 3], abs=1e-4)


def test_pairs_that_share_a_shape_or_a_hue() -> None:
    assert demo.pairs_that_share(TABLE, "category").to_numpy().tolist() == [["a", "b"], ["c", "d"]]
    assert demo.pairs_that_share(TABLE, "hue").empty


def test_observers_differ_by_noise_of_the_given_size() -> None:
    many = pd.DataFrame({"image": [f"{n:03d}" for n in range(60)], "category": "x", "hue": 0})
    ratings = demo.judge_by_shape(many, observers=12, noise=0.5, seed=3)
    assert sorted(set(ratings["participant"])) == [f"simulated-{number:02d}" for number in range(1, 13)]
    errors = ratings.pivot_table(index=["image_a", "image_b"], columns="participant", values="similarity") - 1
    assert errors.shape == (1770, 12)
    np.testing.assert_allclose(errors.std(), 0.5, rtol=0.1)
    assert np.abs(errors.corr().to_numpy()[np.triu_indices(12, 1)]).max() < 0.1
    assert demo.judge_by_shape(many, 12, 0.5, seed=3).equals(ratings)
    assert not demo.judge_by_shape(many, 12, 0.5, seed=4).equals(ratings)


def test_the_two_groups_of_observers_judge_differently_and_reliably(
    pictures: list[demo.Picture], tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = pd.DataFrame(
        [(picture.image, picture.group, picture.hue) for picture in pictures], columns=["image", "category", "hue"]
    )
    folder = tmp_path_factory.mktemp("judged")
    ids = table["image"].tolist()
    upper = np.triu_indices(60, k=1)
    means = []
    for name, judge in (("shape", demo.judge_by_shape), ("colour", demo.judge_by_colour)):
        judge(table, 12, 0.5, 2025).to_csv(folder / f"{name}.csv", index=False)
        read = read_source(reading.Source(folder / f"{name}.csv"), table)
        means.append(judgments.mean(read, ids)[upper])
    same_group = (table["category"].to_numpy()[:, None] == table["category"].to_numpy())[upper]
    same_hue = (table["hue"].to_numpy()[:, None] == table["hue"].to_numpy())[upper]
    assert means[0][same_group].mean() - means[0][~same_group].mean() == pytest.approx(1, abs=0.05)
    assert means[1][same_hue].mean() == pytest.approx(1, abs=0.05)
    assert abs(pd.Series(means[0]).corr(pd.Series(means[1]))) < 0.2


def test_masks_are_saved_as_plain_grey(pictures: list[demo.Picture], tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("mask") / "m.png"
    pictures[0].mask.save(file)
    with Image.open(file) as saved:
        np.testing.assert_array_equal(np.asarray(saved), np.asarray(pictures[0].mask))
