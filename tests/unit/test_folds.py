from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment_importance.inputs import folds
from alignment_importance.system.errors import InputError

IDS = [f"{number:02d}" for number in range(12)]


def _human(n: int = 12) -> np.ndarray:
    """Judgments that show which pair they are of: 100 * smaller + larger position."""
    low, high = np.minimum.outer(range(n), range(n)), np.maximum.outer(range(n), range(n))
    return (100 * low + high).astype(np.float64)


def test_folds_are_the_permutation_cut_into_parts() -> None:
    table = folds.cut("images", ["d", "b", "a", "e", "c"], 2, seed=7)
    permuted = np.random.default_rng(7).permutation(5)
    expected = {"abcde"[at]: 1 if place < 3 else 2 for place, at in enumerate(permuted)}
    assert table.columns.tolist() == ["image", "fold"]
    assert table["image"].tolist() == list("abcde")
    assert dict(zip(table["image"], table["fold"], strict=True)) == expected


@settings(deadline=None, max_examples=30)
@given(
    st.sets(st.text("ab0_ ", min_size=1), min_size=4, max_size=15), st.integers(2, 4), st.integers(0, 999), st.data()
)
def test_every_image_and_every_pair_is_tested_once(ids: set[str], n_folds: int, seed: int, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(sorted(ids)))
    by_images = folds.cut("images", shuffled, n_folds, seed)
    pd.testing.assert_frame_equal(by_images, folds.cut("images", sorted(ids), n_folds, seed))
    assert by_images["image"].tolist() == sorted(ids)
    by_pairs = folds.cut("pairs", shuffled, n_folds, seed)
    pairs = list(zip(by_pairs["image"], by_pairs["image_b"], strict=True))
    assert pairs == list(combinations(sorted(ids), 2))
    for table in (by_images, by_pairs):
        sizes = table["fold"].value_counts()
        assert sorted(sizes.index) == list(range(1, n_folds + 1))
        assert sizes.max() - sizes.min() <= 1


def test_seeds_differ() -> None:
    assert not folds.cut("images", IDS, 3, 1)["fold"].equals(folds.cut("images", IDS, 3, 2)["fold"])
    assert not folds.cut("pairs", IDS, 3, 1)["fold"].equals(folds.cut("pairs", IDS, 3, 2)["fold"])


def test_blocks_of_images_by_hand() -> None:
    table = pd.DataFrame({"image": list("fedcba"), "fold": [1, 2, 1, 2, 1, 2]})
    ids = list("badcfe")
    first, second = folds.blocks(table, _human(6), ids)
    assert (first.fold, second.fold) == (1, 2)
    # Fold 1 tests b, d, f: positions 0, 2, 4 of the ids.
    np.testing.assert_array_equal(first.test.images, [0, 2, 4])
    np.testing.assert_array_equal(first.train.images, [1, 3, 5])
    nan = np.nan
    np.testing.assert_array_equal(first.test.human, [[nan, 2, 4], [2, nan, 204], [4, 204, nan]])
    np.testing.assert_array_equal(first.train.human, [[nan, 103, 105], [103, nan, 305], [105, 305, nan]])
    np.testing.assert_array_equal(second.test.human, first.train.human)


def test_no_judgment_of_a_test_image_is_in_a_train_block() -> None:
    table = folds.cut("images", IDS, 3, 5)
    changed = _human()
    before = folds.blocks(table, _human(), IDS)
    for number, fold in enumerate(before):
        changed = _human()
        changed[fold.test.images] = changed[:, fold.test.images] = -1
        after = folds.blocks(table, changed, IDS)[number]
        np.testing.assert_array_equal(after.train.human, fold.train.human)
        assert not set(fold.train.images) & set(fold.test.images)
        assert (after.test.human[~np.isnan(after.test.human)] == -1).all()


def test_blocks_of_pairs_share_the_images_but_no_pair() -> None:
    human = _human()
    human[3, 7] = human[7, 3] = np.nan
    upper = np.triu_indices(12, k=1)
    tested = []
    for fold in folds.blocks(folds.cut("pairs", IDS, 4, 9), human, IDS):
        for block in (fold.train, fold.test):
            np.testing.assert_array_equal(block.images, np.arange(12))
            np.testing.assert_array_equal(block.human, block.human.T)
        train, test = (block.human[upper] for block in (fold.train, fold.test))
        np.testing.assert_array_equal(np.where(np.isnan(train), test, train), human[upper])
        assert not (~np.isnan(train) & ~np.isnan(test)).any()
        tested += test[~np.isnan(test)].tolist()
    assert sorted(tested) == sorted(human[upper][~np.isnan(human[upper])])


@pytest.mark.parametrize("unit", ["images", "pairs"])
def test_the_order_of_rows_and_ids_does_not_matter(unit: str) -> None:
    table = folds.cut(unit, IDS, 3, 1)
    turned = np.arange(12)[::-1]
    straight = folds.blocks(table, _human(), IDS)
    reverse = folds.blocks(table.iloc[::-1], _human()[np.ix_(turned, turned)], IDS[::-1])
    for one, other in zip(straight, reverse, strict=True):
        for a, b in ((one.train, other.train), (one.test, other.test)):
            assert [IDS[at] for at in a.images] == [IDS[::-1][at] for at in b.images][::-1]
            np.testing.assert_array_equal(a.human, b.human[::-1, ::-1])


def test_the_whole_block_has_all_pairs_and_no_diagonal() -> None:
    human = _human(3)
    block = folds.whole(human)
    np.testing.assert_array_equal(block.images, [0, 1, 2])
    np.testing.assert_array_equal(block.human, [[np.nan, 1, 2], [1, np.nan, 102], [2, 102, np.nan]])
    assert human[1, 1] == 101  # the caller's array is left alone


def test_impossible_cuts_are_refused() -> None:
    with pytest.raises(InputError, match="4 folds need at least as many images; there are 3"):
        folds.cut("images", ["a", "b", "c"], 4, 1)
    with pytest.raises(InputError, match="4 folds need at least as many pairs of images; there are 3"):
        folds.cut("pairs", ["a", "b", "c"], 4, 1)


def test_a_block_too_small_to_score_is_refused() -> None:
    with pytest.raises(InputError, match="the test set of fold 1 has 1 judged pair of images, but a score needs 3"):
        folds.blocks(folds.cut("images", IDS, 6, 1), _human(), IDS)
    with pytest.raises(InputError, match="the train set of fold 1 has 1 judged pair"):
        table = pd.DataFrame({"image": list("abcde"), "fold": [1, 1, 1, 2, 2]})
        folds.blocks(table, _human(5), list("abcde"))
    judged = np.full((12, 12), np.nan)
    judged[0] = judged[:, 0] = 1
    with pytest.raises(InputError, match="has 0 judged pairs"):
        folds.blocks(folds.cut("images", IDS, 2, 1), judged, IDS)


@pytest.mark.parametrize("unit", ["images", "pairs"])
def test_folds_of_other_images_are_refused(unit: str) -> None:
    for ids in ([*IDS[:-1], "other"], IDS[:-1], [*IDS, "other"]):
        table = folds.cut(unit, ids, 3, 1)
        with pytest.raises(InputError, match="The folds are not those of these images"):
            folds.blocks(table, _human(), IDS)
