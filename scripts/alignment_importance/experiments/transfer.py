"""Transfer: does a ranking of feature maps, learned from one comparison, predict another?"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from alignment_importance.ablation import Ablation
from alignment_importance.experiments import rsms
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.experiments.rankings import order_of, rank, score_maps
from alignment_importance.experiments.retention import best_k
from alignment_importance.inputs.folds import MIN_PAIRS, Fold, PairBlock
from alignment_importance.statistics.similarity import rsm

#: A comparison that is tested, and its folds.
Target = tuple[Comparison, Sequence[Fold]]


def transfer(source: Comparison, targets: Mapping[str, Target]) -> dict[str, pd.DataFrame]:
    """Rank and choose maps by one comparison, and score them on the test images of others.

    Nothing of a test block is used for the ranking: images (or, where pairs are cut into folds, pairs) of the block
    that the source also has, matched by id, are left out.

    Args:
        source: maps are ranked by it. It also decides how many are retained: the smallest k with the highest score on
            the source.
        targets: by name.

    Returns:
        For each target a row per fold, in their order: n_source (images that the ranking is from), k, test_transferred.
        NaN where fewer than `folds.MIN_PAIRS` judged pairs of the source are left, or its score is undefined for every
        k.
    """
    blocks = {name: [source_block(source, target, fold) for fold in folds] for name, (target, folds) in targets.items()}
    # Each different block is ranked once: folds share it where nothing is left out, and targets with the same images.
    different = {
        _identity(block): block
        for block in itertools.chain(*blocks.values())
        if np.isfinite(block.human).sum() >= 2 * MIN_PAIRS
    }
    chosen = dict(zip(different, _choose(source.engine, list(different.values())), strict=True))
    tables = {}
    for name, (target, folds) in targets.items():
        rows = []
        for fold, block in zip(folds, blocks[name], strict=True):
            order, k = chosen.get(_identity(block), (None, 0))
            score = np.nan if order is None or not k else _score(target.engine, order[:k], fold.test)
            rows.append((len(block.images), k or np.nan, score))
        tables[name] = pd.DataFrame(rows, columns=["n_source", "k", "test_transferred"])
    return tables


def _score(engine: Ablation, kept: np.ndarray, block: PairBlock) -> float:
    """The score of a block with some maps (n,) kept and all others ablated."""
    alone = engine.only(np.isin(np.arange(engine.active.shape[1]), kept))
    return rsms.score(rsm(alone.readout, engine.similarity).cpu().numpy(), block, engine.score)


def source_block(source: Comparison, target: Comparison, fold: Fold) -> PairBlock:
    """The judgments of the source without the images or pairs that the target is tested on."""
    human = source.human.copy()
    np.fill_diagonal(human, np.nan)
    tested = [target.image_ids[at] for at in fold.test.images]
    if not set(fold.train.images) & set(fold.test.images):
        images = np.flatnonzero(~pd.Index(source.image_ids).isin(tested))
        return PairBlock(images, human[np.ix_(images, images)])
    # Pairs are cut into folds: every image is on both sides.
    in_test = pd.DataFrame(np.isfinite(fold.test.human), index=tested, columns=tested)
    ids = list(source.image_ids)
    human[in_test.reindex(index=ids, columns=ids, fill_value=False).to_numpy()] = np.nan
    return PairBlock(np.arange(len(ids)), human)


def _choose(engine: Ablation, blocks: Sequence[PairBlock]) -> list[tuple[np.ndarray, int]]:
    """For every block the order of the maps, and how many are retained; 0 if no number has a score."""
    if not blocks:
        return []
    orders = [order_of(rank(ais)) for ais in score_maps(engine, blocks)]
    curves = engine.top_k_of_each(orders, [[block] for block in blocks])[:, 0]
    return [(order, best_k(curve)) for order, curve in zip(orders, curves, strict=True)]


def _identity(block: PairBlock) -> tuple[bytes, bytes]:
    return block.images.tobytes(), block.human.tobytes()
