"""Permutation test of the whole procedure: the images' labels in the judgments are permuted, everything is repeated.

Under every permutation the maps are ranked on the training images of each fold, the number to retain is chosen on
them, and test scores are computed. Similarities without a map do not depend on the judgments, so that one pass over the
maps ranks them for all permutations. Rank correlations of the first k maps of a pooled readout would still take long: k
is chosen among a grid there and not among all numbers, for the judgments as they are as well.
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
from alignment_importance.statistics.scores import SCORES
from alignment_importance.statistics.similarity import SecondOrder, rsm
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
    if isinstance(engine, PooledAblation):
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
    """Full and retained test scores (fold, draw) under labels (draw, image)."""
    sides = [[_relabel(block, human, order) for block in (fold.train, fold.test)] for fold in folds for order in labels]
    intact, without = engine.leave_one_out([train for train, _ in sides])
    results = np.full((2, len(sides)), np.nan)
    for number, blocks in enumerate(progress(sides, "permutations of a fold", len(sides))):
        train, test = engine.top_k(order_of(rank(intact[number] - without[number])), blocks)
        results[0, number] = test[-1]
        if np.isfinite(train).any():
            results[1, number] = test[np.nanargmax(train)]
    full, retained = results.reshape(2, len(folds), len(labels))
    return full, retained


def _relabel(block: PairBlock, human: np.ndarray, labels: np.ndarray) -> PairBlock:
    """The block with judgments (image, image) whose images are labelled otherwise."""
    images = labels[block.images]
    return PairBlock(block.images, np.where(np.isfinite(block.human), human[np.ix_(images, images)], np.nan))


def _repeat_at_once(
    engine: PooledAblation, folds: Sequence[Fold], human: np.ndarray, labels: np.ndarray, score: str
) -> tuple[np.ndarray, np.ndarray]:
    """Full and retained test scores (fold, draw) under labels (draw, image), many draws at once."""
    results = []
    for fold in progress(folds, "permutations of fold", len(folds)):
        train, test = (_Pairs.of(block, engine.readout.device) for block in (fold.train, fold.test))
        # Judgments and what is made of them, curves, and the readout of the test images with the maps retained.
        n_values = 8 * len(train.rows) + (8 + 2 * len(test.images)) * engine.readout.shape[1]
        size = engine.compute.chunk(8 * n_values)
        parts = [_Permuted(human, labels[start : start + size], score) for start in range(0, len(labels), size)]
        results.append(torch.cat([_retain(engine, fold.train, train, test, part) for part in parts], dim=1))
    full, retained = torch.stack(results, dim=1).cpu().numpy()
    return full, retained


@dataclass(frozen=True)
class _Pairs:
    """The pairs of a block.

    Attributes:
        images: (image,) of the block, as positions in the image set.
        rows, columns: (pair,) as positions in the block.
    """

    images: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor

    @classmethod
    def of(cls, block: PairBlock, device: torch.device) -> "_Pairs":
        """Those of a block of `folds.members`."""
        return cls(*(torch.from_numpy(index).to(device) for index in (block.images, *judged_pairs(block.human))))

    @property
    def in_set(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(pair,) rows and columns as positions in the image set."""
        return self.images[self.rows], self.images[self.columns]


@dataclass(frozen=True)
class _Permuted:
    """Judgments (image, image) whose images are labelled otherwise in every draw, labels (draw, image), and a score."""

    human: np.ndarray
    labels: np.ndarray
    score: str

    def of(self, pairs: _Pairs) -> torch.Tensor:
        """(draw, pair) judgments of some pairs."""
        first, second = (self.labels[:, images.cpu().numpy()] for images in pairs.in_set)
        return torch.from_numpy(self.human[first, second]).to(pairs.images.device)


def _retain(engine: PooledAblation, block: PairBlock, train: _Pairs, test: _Pairs, permuted: _Permuted) -> torch.Tensor:
    """(2, draw) test scores with all maps and with those that training, on the pairs of a block, retains."""
    orders = _orders(engine, block, train, permuted)
    numbers, curves = _curves(engine, orders, block, train, permuted)
    # The first of the highest; no map where no number has a score.
    n_retained = numbers[curves.nan_to_num(-torch.inf).argmax(1)].masked_fill(curves.isnan().all(1), 0)
    first = torch.arange(orders.shape[1], device=orders.device) < n_retained[:, None]
    kept = torch.zeros_like(first).scatter_(1, orders, first)
    readout, human = engine.readout[test.images], permuted.of(test)
    full, retained = (
        rsm(variants, engine.similarity)[:, test.rows, test.columns]
        for variants in (readout[None], torch.where(kept[:, None], readout, 0.0))
    )
    return torch.stack([_of_each(full, human, permuted.score)[0], _of_own(retained, human, permuted.score)])


def _orders(engine: PooledAblation, block: PairBlock, pairs: _Pairs, permuted: _Permuted) -> torch.Tensor:
    """(draw, feature_map) maps by their AIS under the judgments of the training pairs, descending."""
    human, device = permuted.of(pairs), engine.readout.device
    maps = torch.arange(kernels.NO_MAP, engine.readout.shape[1], device=device)
    parts = maps.split(engine.compute.chunk(8 * 8 * len(pairs.rows)))
    similarities = (engine.rows.similarities_without(pairs.in_set, part) for part in parts)
    # The first is that of all maps.
    whole, *without = torch.cat([_of_each(some, human, permuted.score) for some in similarities])
    active = torch.from_numpy(engine.active[block.images].any(0)).to(device)
    ais = torch.where(active[:, None], whole - torch.stack(without), whole - whole)
    return ais.T.nan_to_num(-torch.inf).argsort(dim=1, descending=True, stable=True)


def _curves(
    engine: PooledAblation, orders: torch.Tensor, block: PairBlock, pairs: _Pairs, permuted: _Permuted
) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of maps (k,) and train scores (draw, k) of so many first maps of the orders (draw, feature_map)."""
    n_maps = orders.shape[1]
    if engine.closed_form:
        blocks = [_relabel(block, permuted.human, labels) for labels in permuted.labels]
        curves = torch.from_numpy(engine.top_k_of_each(orders.cpu().numpy(), blocks))
        return torch.arange(1, n_maps + 1, device=orders.device), curves.to(orders.device)
    steps, readout, parts = grid(n_maps), engine.readout[pairs.images], []
    size = max(1, _CACHED_VALUES // len(pairs.images) ** 2)
    for some, human in zip(orders.split(size), permuted.of(pairs).split(size), strict=True):
        similarities = closed_forms.top_at(readout, some, steps, engine.similarity)
        of_pairs = (of_k[:, pairs.rows, pairs.columns] for of_k in similarities)
        parts.append(torch.stack([_of_own(one, human, permuted.score) for one in of_pairs], dim=1))
    return torch.tensor(steps, device=orders.device), torch.cat(parts)


def _of_each(similarities: torch.Tensor, human: torch.Tensor, score: str) -> torch.Tensor:
    """Scores (map, draw) of similarities (map, pair) against judgments (draw, pair), NaN where there are none."""
    judged = human.isfinite()
    if judged.all():
        return SecondOrder.of(human, score)(similarities)
    if SCORES[score].ranked:
        return torch.stack([_of_judged(similarities, one, score) for one in human], dim=1)
    n_judged = judged.sum(1)
    centred = torch.where(judged, human - human.nansum(1, keepdim=True) / n_judged[:, None], 0.0)
    counted, undefined = judged.double().T, similarities.isnan()
    r = similarities.masked_fill(undefined, 0)
    sums = torch.stack([r @ counted, r @ centred.T, r.square() @ counted], dim=-1)
    correlations = closed_forms.correlations(sums, n_judged, centred.square().sum(1))
    return SCORES[score].of(correlations.masked_fill(undefined.double() @ counted > 0, torch.nan))


def _of_own(similarities: torch.Tensor, human: torch.Tensor, score: str) -> torch.Tensor:
    """Scores (draw,) of similarities (draw, pair) against judgments (draw, pair), each against its own."""
    if human.isfinite().all():
        return SecondOrder.of(human, score).paired(similarities)
    return torch.cat([_of_judged(one[None], other, score) for one, other in zip(similarities, human, strict=True)])


def _of_judged(similarities: torch.Tensor, human: torch.Tensor, score: str) -> torch.Tensor:
    """Scores (map,) of similarities (map, pair) over the pairs that have a judgment (pair,)."""
    judged = human.isfinite()
    return SecondOrder.of(human[judged], score)(similarities[:, judged])
