"""Cross-validation: cut images, or pairs of images, into folds, and the human judgments into train and test blocks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.system.errors import InputError
from alignment_importance.system.plurals import counted

#: What can be split; `images` is the paper's way.
UNITS = ("images", "pairs")

#: What tables call them. Where pairs are split, what is known of an image leaks from one side to the other.
UNIT_NAMES = {"images": "images", "pairs": "pairs (leaky)"}

#: A correlation of fewer values than this says nothing: two always lie on a line.
MIN_PAIRS = 3


@dataclass(frozen=True, eq=False)
class PairBlock:
    """Images and the judged pairs among them that one score uses.

    Attributes:
        images: int (n,), positions in the list of image ids that the block was made with, ascending.
        human: float64 (n, n), the judgments between these images; symmetric, NaN on the diagonal and wherever a pair
            was not judged or is not in the block.
    """

    images: NDArray[np.intp]
    human: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold: its number (from 1), what the ranking may see, and what it is tested on."""

    fold: int
    train: PairBlock
    test: PairBlock


def split_images(image_ids: Sequence[str], n_folds: int, seed: int) -> pd.DataFrame:
    """Permute the images (sorted by id, then shuffled with `seed`) and cut them into folds of nearly equal size.

    Returns:
        Columns image and fold (1 to `n_folds`: the fold whose test set the image is in), sorted by image.

    Raises:
        InputError: fewer than two folds, or more folds than images.
    """
    ids = sorted(image_ids)
    return pd.DataFrame({"image": ids, "fold": _assign(len(ids), n_folds, seed, "images")})


def split_pairs(image_ids: Sequence[str], n_folds: int, seed: int) -> pd.DataFrame:
    """Permute all pairs of images and cut them into folds of nearly equal size.

    Every image then stands on both sides of the split; only the pairs are apart.

    Returns:
        Columns image, image_b (image before image_b) and fold (1 to `n_folds`), sorted by image and image_b.

    Raises:
        InputError: fewer than two folds, or more folds than pairs.
    """
    ids = np.array(sorted(image_ids), dtype=object)
    first, second = np.triu_indices(len(ids), k=1)
    fold = _assign(len(first), n_folds, seed, "pairs of images")
    return pd.DataFrame({"image": ids[first], "image_b": ids[second], "fold": fold})


def cut(unit: str, image_ids: Sequence[str], n_folds: int, seed: int) -> pd.DataFrame:
    """Cut images or pairs of images into folds, see `split_images` and `split_pairs`.

    Args:
        unit: one of `UNITS`.
    """
    return (split_images if unit == "images" else split_pairs)(image_ids, n_folds, seed)


def blocks(table: pd.DataFrame, human: NDArray[np.float64], image_ids: Sequence[str]) -> list[Fold]:
    """Cut the judgments into the train and test blocks of every fold.

    Args:
        table: what `split_images` or `split_pairs` made; rows in any order.
        human: (n, n) mean judgments in the order of `image_ids`, NaN where no one judged.
        image_ids: the n image ids.

    Returns:
        The folds by number. Split by images, a block is all pairs among its images; split by pairs, every block has
        all images and NaN for the pairs outside it.

    Raises:
        InputError: the table is not about these images, or a block has fewer than `MIN_PAIRS` judged pairs.
    """
    human = whole(human).human
    by_pairs = _of_pairs(table)
    assigned = _pair_folds(table, image_ids) if by_pairs else _image_folds(table, image_ids)
    cut = _cut_pairs if by_pairs else _cut_images
    folds = []
    for fold in sorted(set(table["fold"])):
        inside = assigned == fold
        made = Fold(int(fold), train=cut(human, ~inside), test=cut(human, inside))
        _check(made)
        folds.append(made)
    return folds


def unit_name(table: pd.DataFrame) -> str:
    """What tables say was split in folds that `split_images` or `split_pairs` made."""
    return UNIT_NAMES["pairs" if _of_pairs(table) else "images"]


def members(table: pd.DataFrame, image_ids: Sequence[str]) -> list[Fold]:
    """The folds with 1 for every pair that is in a block, whether it was judged or not, and NaN for the others."""
    return blocks(table, np.ones((len(image_ids), len(image_ids))), image_ids)


def inside(fold: Fold, n_folds: int, seed: int, by_pairs: bool) -> list[Fold]:
    """Cut the training block of a fold into folds of its own, on which something can be chosen.

    Args:
        fold: the outer fold.
        n_folds: number of inner folds.
        seed: of the cut.
        by_pairs: whether pairs are split instead of images.

    Returns:
        Folds whose blocks hold training images, or training pairs, alone. None of those with fewer than `MIN_PAIRS`
        judged pairs on a side, and so none at all of more folds than there are images or pairs.
    """
    images, human = fold.train.images, fold.train.human
    made: list[Fold] = []
    if n_folds > (n_judged(fold.train) if by_pairs else len(images)):
        return made
    if by_pairs:
        rows, columns = np.nonzero(np.triu(~np.isnan(human), k=1))
        assigned = np.zeros(human.shape, dtype=np.int64)
        assigned[rows, columns] = assigned[columns, rows] = _assign(len(rows), n_folds, seed, "pairs of images")
    else:
        assigned = _assign(len(images), n_folds, seed, "training images")
    for number in range(1, n_folds + 1):
        chosen = assigned == number
        if by_pairs:
            train, test = (PairBlock(images, np.where(side, human, np.nan)) for side in (~chosen, chosen))
        else:
            train, test = (PairBlock(images[side], human[np.ix_(side, side)]) for side in (~chosen, chosen))
        if min(n_judged(train), n_judged(test)) >= MIN_PAIRS:
            made.append(Fold(number, train, test))
    return made


def n_judged(block: PairBlock) -> int:
    """The number of judged pairs of a block."""
    return int(np.count_nonzero(~np.isnan(block.human))) // 2


def whole(human: NDArray[np.float64]) -> PairBlock:
    """Make the block of all images and all judged pairs."""
    human = np.array(human, dtype=np.float64)
    np.fill_diagonal(human, np.nan)
    return PairBlock(np.arange(len(human)), human)


def _assign(count: int, n_folds: int, seed: int, what: str) -> NDArray[np.int64]:
    """Give each of `count` things its fold number."""
    if n_folds < 2:
        raise InputError(f"folds is {n_folds}, but there must be at least 2.", where="cross_validation")
    if n_folds > count:
        raise InputError(f"{n_folds} folds need at least as many {what}; there are {count}.", where="cross_validation")
    fold = np.empty(count, dtype=np.int64)
    permuted = np.random.default_rng(seed).permutation(count)
    for number, members in enumerate(np.array_split(permuted, n_folds), start=1):
        fold[members] = number
    return fold


def _of_pairs(table: pd.DataFrame) -> bool:
    return "image_b" in table.columns


def _image_folds(table: pd.DataFrame, image_ids: Sequence[str]) -> NDArray[np.int64]:
    """Give each image's fold, in the order of `image_ids`."""
    if sorted(table["image"]) != sorted(image_ids):
        raise InputError("The folds are not those of these images: a row per image is needed. Make the folds again.")
    return table.set_index("image")["fold"].loc[list(image_ids)].to_numpy()


def _pair_folds(table: pd.DataFrame, image_ids: Sequence[str]) -> NDArray[np.int64]:
    """Give each pair's fold as a symmetric (n, n) array; 0 on the diagonal."""
    first, second = (pd.Index(image_ids).get_indexer(pd.Index(table[column])) for column in ("image", "image_b"))
    fold = np.zeros((len(image_ids), len(image_ids)), dtype=np.int64)
    if min(first.min(initial=0), second.min(initial=0)) >= 0:
        fold[first, second] = fold[second, first] = table["fold"]
    n_pairs = len(image_ids) * (len(image_ids) - 1)
    if len(table) * 2 != n_pairs or np.count_nonzero(fold) != n_pairs:
        raise InputError("The folds are not those of these images: a row per pair is needed. Make the folds again.")
    return fold


def _cut_images(human: NDArray[np.float64], members: NDArray[np.bool_]) -> PairBlock:
    images = np.flatnonzero(members)
    return PairBlock(images, human[np.ix_(images, images)])


def _cut_pairs(human: NDArray[np.float64], members: NDArray[np.bool_]) -> PairBlock:
    return PairBlock(np.arange(len(human)), np.where(members, human, np.nan))


def _check(fold: Fold) -> None:
    for name, block in (("train", fold.train), ("test", fold.test)):
        judged = n_judged(block)
        if judged < MIN_PAIRS:
            pairs = counted(judged, "judged pair", "judged pairs")
            raise InputError(
                f"the {name} set of fold {fold.fold} has {pairs} of images, but a score needs "
                f"{MIN_PAIRS}. Use fewer folds, or more images or judgments.",
                where="cross_validation",
            )
