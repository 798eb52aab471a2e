"""Cuts images, or pairs of images, into folds, and the human judgments into training and test blocks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.system.errors import InputError
from alignment_importance.system.names import counted

#: What can be cut into folds, and its name in tables. The paper cuts images; when pairs are cut, every image is on both
#: sides, so that information about it leaks.
UNIT_NAMES = {"images": "images", "pairs": "pairs (leaky)"}

#: A correlation needs at least as many values: two always lie on a line.
MIN_PAIRS = 3


@dataclass(frozen=True, eq=False)
class PairBlock:
    """The images, and the judged pairs among them, that one score uses.

    Attributes:
        images: int (n,), positions in the list of image ids that the block was made with, ascending.
        human: float64 (n, n), the judgments between these images; symmetric, NaN on the diagonal and wherever a pair
            was not judged or is not in the block.
    """

    images: NDArray[np.intp]
    human: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold: its number (from 1), the block that the ranking may use, and the block that it is tested on."""

    fold: int
    train: PairBlock
    test: PairBlock


def cut(unit: str, image_ids: Sequence[str], n_folds: int, seed: int) -> pd.DataFrame:
    """Sort images or pairs of images (the `unit`) by id, permute them, and cut them into folds of nearly equal size.

    Returns:
        Columns image, image_b (only for pairs; sorts after `image`) and fold (1 to `n_folds`: the one in whose test
        set the image or pair is), sorted by id.

    Raises:
        InputError: more folds than images or pairs.
    """
    ids = np.array(sorted(image_ids), dtype=object)
    if unit == "images":
        return pd.DataFrame({"image": ids, "fold": _assign(len(ids), n_folds, seed, "images")})
    first, second = np.triu_indices(len(ids), k=1)
    assigned = _assign(len(first), n_folds, seed, "pairs of images")
    return pd.DataFrame({"image": ids[first], "image_b": ids[second], "fold": assigned})


def blocks(table: pd.DataFrame, human: NDArray[np.float64], image_ids: Sequence[str]) -> list[Fold]:
    """Cut the judgments into the train and test blocks of every fold.

    Args:
        table: what `cut` made; rows in any order.
        human: (n, n) mean judgments in the order of `image_ids`, NaN where no one judged.
        image_ids: the n image ids.

    Returns:
        The folds by number. In folds of images, a block holds all pairs among its images; in folds of pairs, every
        block holds all images, and NaN for the pairs outside it.

    Raises:
        InputError: the table is not of these images, or a block has fewer than `MIN_PAIRS` judged pairs.
    """
    assigned = (_pair_folds if _of_pairs(table) else _image_folds)(table, image_ids)
    everything = whole(human)
    folds = [_fold(int(number), everything, assigned) for number in sorted(set(table["fold"]))]
    for fold in folds:
        _check(fold)
    return folds


def unit_name(table: pd.DataFrame) -> str:
    """Return the name, as tables give it, of what was cut into folds in a table made by `cut`."""
    return UNIT_NAMES["pairs" if _of_pairs(table) else "images"]


def members(table: pd.DataFrame, image_ids: Sequence[str]) -> list[Fold]:
    """Make folds whose blocks hold 1 for each of their pairs, judged or not, and NaN for all others."""
    return blocks(table, np.ones((len(image_ids), len(image_ids))), image_ids)


def inside(fold: Fold, n_folds: int, seed: int, by_pairs: bool) -> list[Fold]:
    """Cut the training block of a fold into inner folds, of images or `by_pairs`, for choosing a setting.

    Returns:
        Folds whose blocks hold training images, or training pairs, alone. Folds with fewer than `MIN_PAIRS` judged
        pairs on a side are left out; if there are fewer images or pairs than folds, there are none.
    """
    images, human = fold.train.images, fold.train.human
    if n_folds > (n_judged(fold.train) if by_pairs else len(images)):
        return []
    if by_pairs:
        rows, columns = np.nonzero(np.triu(~np.isnan(human), k=1))
        assigned = np.zeros(human.shape, dtype=np.int64)
        assigned[rows, columns] = assigned[columns, rows] = _assign(len(rows), n_folds, seed, "pairs of images")
    else:
        assigned = _assign(len(images), n_folds, seed, "training images")
    folds = [_fold(number, fold.train, assigned) for number in range(1, n_folds + 1)]
    return [inner for inner in folds if min(n_judged(inner.train), n_judged(inner.test)) >= MIN_PAIRS]


def n_judged(block: PairBlock) -> int:
    """The number of judged pairs of a block."""
    return int(np.count_nonzero(~np.isnan(block.human))) // 2


def whole(human: NDArray[np.float64]) -> PairBlock:
    """Make the block of all images and all judged pairs."""
    human = np.array(human, dtype=np.float64)
    np.fill_diagonal(human, np.nan)
    return PairBlock(np.arange(len(human)), human)


def _assign(count: int, n_folds: int, seed: int, what: str) -> NDArray[np.int64]:
    """Assign a fold number to each of `count` items."""
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
    """Return the fold of each image, in the order of `image_ids`."""
    if sorted(table["image"]) != sorted(image_ids):
        raise InputError("The folds are not those of these images: a row per image is needed. Make the folds again.")
    return table.set_index("image")["fold"].loc[list(image_ids)].to_numpy()


def _pair_folds(table: pd.DataFrame, image_ids: Sequence[str]) -> NDArray[np.int64]:
    """Return the fold of each pair as a symmetric (n, n) array; 0 on the diagonal."""
    first, second = (pd.Index(image_ids).get_indexer(pd.Index(table[column])) for column in ("image", "image_b"))
    fold = np.zeros((len(image_ids), len(image_ids)), dtype=np.int64)
    if min(first.min(initial=0), second.min(initial=0)) >= 0:
        fold[first, second] = fold[second, first] = table["fold"]
    n_pairs = len(image_ids) * (len(image_ids) - 1)
    if len(table) * 2 != n_pairs or np.count_nonzero(fold) != n_pairs:
        raise InputError("The folds are not those of these images: a row per pair is needed. Make the folds again.")
    return fold


def _fold(number: int, block: PairBlock, assigned: NDArray[np.int64]) -> Fold:
    """Cut a block by the folds of its images (image,), or of its pairs (image, image)."""
    test = assigned == number
    return Fold(number, train=_part(block, ~test), test=_part(block, test))


def _part(block: PairBlock, members: NDArray[np.bool_]) -> PairBlock:
    """Select images (image,) of a block, or pairs (image, image)."""
    if members.ndim == 1:
        return PairBlock(block.images[members], block.human[np.ix_(members, members)])
    return PairBlock(block.images, np.where(members, block.human, np.nan))


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
