"""Permutation test of the whole procedure: the images' labels in the judgments are permuted, everything is repeated.

Under every permutation the maps are ranked on the training images of each fold, the number to retain is chosen on
them, and test scores are computed. Rank correlations with a pooled readout would take long, one permutation after the
other: since similarities do not depend on the judgments, they are ranked once for many permutations, and k is chosen
among a grid and not among all numbers, for the judgments as they are as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from alignment_importance.ablation import Ablation, PooledAblation, closed_forms, kernels
from alignment_importance.experiments.rankings import order_of, rank
from alignment_importance.inputs.folds import Fold, PairBlock
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.statistics.similarity import SecondOrder
from alignment_importance.system.logs import progress

#: Numbers of maps to choose among.
_GRID_STEPS = 64

#: Float64 values of the similarities of some draws that fit the processor's cache.
_CACHED_VALUES = 200_000


def grid(n_maps: int) -> list[int]:
    """Numbers of maps to choose among: all where there are at most 64, otherwise 64 from 1 to all, in equal ratios."""
    if n_maps <= _GRID_STEPS:
        return list(range(1, n_maps + 1))
    steps = np.geomspace(1, n_maps, _GRID_STEPS)
    return sorted({round(step) for step in steps.tolist()})


def permute(
    engine: Ablation, folds: Sequence[Fold], human: np.ndarray, score: str, n_draws: int, seed: int
) -> pd.DataFrame:
    """Test scores under permuted judgments.

    Args:
        engine: ablates feature maps.
        folds: of `folds.members`, of one seed.
        human: (image, image) judgments, NaN on the diagonal and where there are none.
        score: second-order score.
        n_draws: number of permutations; 0 for no test.
        seed: of the permutations.

    Returns:
        draw (0: the judgments as they are), test_full, test_retained, difference: means over the folds that have both
        scores. No rows without a test.
    """
    if n_draws == 0:
        return pd.DataFrame({name: [] for name in ("draw", "test_full", "test_retained", "difference")})
    rng = np.random.default_rng(seed)
    labels = np.stack([np.arange(len(human)), *(rng.permutation(len(human)) for _ in range(n_draws))])
    if isinstance(engine, PooledAblation) and not engine.closed_form:
        full, retained = _repeat_at_once(engine, folds, human, labels, score)
    else:
        full, retained = _repeat(engine, folds, human, labels)
    both = np.isfinite(full) & np.isfinite(retained)
    with np.errstate(invalid="ignore"):
        means = [np.where(both, values, 0).sum(axis=0) / both.sum(axis=0) for values in (full, retained)]
    return pd.DataFrame(
        {
            "draw": np.arange(len(labels)),
            "test_full": means[0],
            "test_retained": means[1],
            "difference": means[1] - means[0],
        }
    )


def _repeat(
    engine: Ablation, folds: Sequence[Fold], human: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Full and retained test scores (fold, draw), one draw of labels (draw, image) after the other."""
    results = np.full((2, len(folds), len(labels)), np.nan)
    for draw, order in enumerate(progress(labels, "permutations", len(labels))):
        permuted = human[np.ix_(order, order)]
        blocks = [(_judged(fold.train, permuted), _judged(fold.test, permuted)) for fold in folds]
        intact, without = engine.leave_one_out([train for train, _ in blocks])
        for number, (ais, (train, test)) in enumerate(zip(intact[:, None] - without, blocks, strict=True)):
            results[:, number, draw] = _choose(*torch.from_numpy(engine.top_k(order_of(rank(ais)), [train, test])))
    return results[0], results[1]


def _judged(block: PairBlock, human: np.ndarray) -> PairBlock:
    """The block with other judgments of the pairs in it."""
    return PairBlock(
        block.images, np.where(np.isfinite(block.human), human[np.ix_(block.images, block.images)], np.nan)
    )


def _choose(train: torch.Tensor, test: torch.Tensor) -> torch.Tensor:
    """(2, ...) test scores with all maps and with the number that has the highest train score; both (k, ...)."""
    best = train.nan_to_num(-torch.inf).argmax(0, keepdim=True)
    retained = test.gather(0, best)[0].masked_fill(train.isnan().all(0), torch.nan)
    return torch.stack([test[-1], retained])


def _repeat_at_once(
    engine: PooledAblation, folds: Sequence[Fold], human: np.ndarray, labels: np.ndarray, score: str
) -> tuple[np.ndarray, np.ndarray]:
    """Full and retained test scores (fold, draw), many draws of labels (draw, image) at once."""
    device = engine.readout.device
    permuted = _Permuted(torch.from_numpy(human).to(device), torch.from_numpy(labels).to(device))
    some = max(1, _CACHED_VALUES // len(human) ** 2)
    results = []
    for fold in progress(folds, "permutations of fold", len(folds)):
        train, test = (_pairs(block, device) for block in (fold.train, fold.test))
        at_once = engine.compute.chunk(8 * 8 * len(train[0]))
        orders = torch.cat([_orders(engine, part.of(train), train, score) for part in permuted.split(at_once)])
        parts = zip(orders.split(some), permuted.split(some), strict=True)
        traced = [_trace(engine, order, part.of(train), part.of(test), train, test, score) for order, part in parts]
        results.append(torch.cat(traced, dim=1))
    full, retained = torch.stack(results, dim=1).cpu().numpy()
    return full, retained


@dataclass(frozen=True)
class _Permuted:
    """Judgments (image, image) whose images are labelled otherwise in every draw, labels (draw, image)."""

    human: torch.Tensor
    labels: torch.Tensor

    def split(self, size: int) -> list["_Permuted"]:
        """The same judgments with some draws each."""
        return [_Permuted(self.human, part) for part in self.labels.split(size)]

    def of(self, pairs: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """(draw, pair) judgments of some pairs."""
        first, second = pairs
        return self.human[self.labels[:, first], self.labels[:, second]]


def _pairs(block: PairBlock, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """(pair,) and (pair,) images of the pairs of a block, as positions in the image set."""
    rows, columns = judged_pairs(block.human)
    first, second = (torch.from_numpy(block.images[index]).to(device) for index in (rows, columns))
    return first, second


def _orders(
    engine: PooledAblation, human: torch.Tensor, pairs: tuple[torch.Tensor, torch.Tensor], score: str
) -> torch.Tensor:
    """(draw, feature_map) maps by their AIS under judgments (draw, pair) of the training pairs, descending."""
    rows = engine.rows
    maps = torch.arange(kernels.NO_MAP, engine.readout.shape[1], device=engine.readout.device)
    parts = maps.split(engine.compute.chunk(8 * 8 * len(pairs[0])))
    scores = torch.cat([_of_each(rows.similarities_without(pairs, part), human, score) for part in parts])
    # The first is that of all maps.
    ais = (scores[:1] - scores[1:]).T.nan_to_num(-torch.inf)
    return ais.argsort(dim=1, descending=True, stable=True)


def _trace(
    engine: PooledAblation,
    orders: torch.Tensor,
    human_train: torch.Tensor,
    human_test: torch.Tensor,
    train: tuple[torch.Tensor, torch.Tensor],
    test: tuple[torch.Tensor, torch.Tensor],
    score: str,
) -> torch.Tensor:
    """(2, draw) full and retained test scores of some draws, with maps in the orders (draw, feature_map)."""
    sides = ((train, human_train), (test, human_test))
    curves = [
        [_of_own(similarities[:, *pairs], human, score) for pairs, human in sides]
        for similarities in closed_forms.top_at(engine.readout, orders, grid(orders.shape[1]), engine.similarity)
    ]
    of_train, of_test = (torch.stack(list(side)) for side in zip(*curves, strict=True))
    return _choose(of_train, of_test)


def _of_each(similarities: torch.Tensor, human: torch.Tensor, score: str) -> torch.Tensor:
    """Scores (map, draw) of similarities (map, pair) against judgments (draw, pair), NaN where there are none."""
    if human.isfinite().all():
        return SecondOrder.of(human, score)(similarities)
    return torch.stack([_of_judged(similarities, one, score) for one in human], dim=1)


def _of_own(similarities: torch.Tensor, human: torch.Tensor, score: str) -> torch.Tensor:
    """Scores (draw,) of similarities (draw, pair) against judgments (draw, pair), each against its own."""
    if human.isfinite().all():
        return SecondOrder.of(human, score).paired(similarities)
    return torch.cat([_of_judged(one[None], other, score) for one, other in zip(similarities, human, strict=True)])


def _of_judged(similarities: torch.Tensor, human: torch.Tensor, score: str) -> torch.Tensor:
    """Scores (map,) of similarities (map, pair) over the pairs that have a judgment (pair,)."""
    judged = human.isfinite()
    return SecondOrder.of(human[judged], score)(similarities[:, judged])
