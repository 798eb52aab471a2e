"""Permutation test of the whole procedure: the images' labels in the judgments are permuted, everything is repeated.

Under every permutation the maps are ranked on the training images of each fold, the number to retain is chosen on
them, and test scores are computed. Similarities without a map do not depend on the judgments, so that one pass over the
maps ranks them for all permutations. Rank correlations of a pooled readout for every k would still take long: there k
is chosen from a `grid` instead of from all numbers of maps, under the unpermuted judgments too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from alignment_importance.ablation import Ablation, PooledAblation, closed_forms, kernels
from alignment_importance.experiments.rankings import order_of, rank
from alignment_importance.inputs.folds import MIN_PAIRS, Fold, PairBlock
from alignment_importance.statistics.averages import average
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.statistics.scores import SCORES, Score
from alignment_importance.statistics.similarity import SecondOrder
from alignment_importance.system.logs import progress
from alignment_importance.system.resumable import AT_ONCE, Budget

#: First and second image (pair,) of pairs, as positions in the image set.
_Pairs = tuple[torch.Tensor, torch.Tensor]

#: How many numbers of maps a grid has at most.
_GRID_STEPS = 64

#: Float64 values, of several draws, that fit the processor's cache.
_CACHED_VALUES = 200_000


def grid(n_maps: int) -> list[int]:
    """Numbers of maps to choose from: all for up to 64 maps, otherwise at most 64, from 1 to all in equal ratios."""
    if n_maps <= _GRID_STEPS:
        return list(range(1, n_maps + 1))
    steps = np.geomspace(1, n_maps, _GRID_STEPS)
    return sorted({round(step) for step in steps.tolist()})


def permute(
    engine: Ablation,
    folds: Sequence[Fold],
    human: np.ndarray,
    n_draws: int,
    seed: int,
    budget: Budget = AT_ONCE,
) -> pd.DataFrame:
    """Test scores under permuted judgments.

    Args:
        engine: ablates feature maps.
        folds: of `folds.members`, of one seed.
        human: (image, image) judgments, NaN on the diagonal and where there are none.
        n_draws: number of permutations; 0 for no test.
        seed: of the permutations.
        budget: keeps finished permutations where the readout is not the pooled maps and each may take a minute.

    Returns:
        draw (0: the judgments as they are), test_full, test_retained, difference: means over the folds that have both
        scores, and at least `folds.MIN_PAIRS` judged test pairs in the draw. No rows if `n_draws` is 0.
    """
    if n_draws == 0:
        return pd.DataFrame({name: [] for name in ("draw", "test_full", "test_retained", "difference")})
    rng = np.random.default_rng(seed)
    labels = np.stack([np.arange(len(human)), *(rng.permutation(len(human)) for _ in range(n_draws))])
    if isinstance(engine, PooledAblation):
        full, retained = _repeat_at_once(engine, folds, human, labels)
    else:
        full, retained = _repeat(engine, folds, human, labels, budget)
    both = np.isfinite(full) & np.isfinite(retained) & _enough_judged(folds, human, labels)
    means = [average(np.where(both, values, np.nan)) for values in (full, retained)]
    return pd.DataFrame(
        {
            "draw": np.arange(len(labels)),
            "test_full": means[0],
            "test_retained": means[1],
            "difference": means[1] - means[0],
        }
    )


def _repeat(
    engine: Ablation, folds: Sequence[Fold], human: np.ndarray, labels: np.ndarray, budget: Budget
) -> tuple[np.ndarray, np.ndarray]:
    """Full and retained test scores (fold, draw) under labels (draw, image), one draw at a time."""
    sides = [[_relabel(block, human, order) for block in (fold.train, fold.test)] for fold in folds for order in labels]
    intact, without = engine.leave_one_out([train for train, _ in sides])
    results = np.full((2, len(sides)), np.nan)

    def score_permuted(number: int) -> None:
        train, test = engine.top_k(order_of(rank(intact[number] - without[number])), sides[number])
        results[0, number] = test[-1]
        if np.isfinite(train).any():
            results[1, number] = test[np.nanargmax(train)]

    budget.run({"scores": results}, score_permuted, len(sides), "permutations of a fold")
    full, retained = results.reshape(2, len(folds), len(labels))
    return full, retained


def _enough_judged(folds: Sequence[Fold], human: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(fold, draw) whether the test block has enough judged pairs for a score, under labels (draw, image)."""
    judged = np.isfinite(human)
    of_tests = [fold.test.images[np.stack(judged_pairs(fold.test.human))] for fold in folds]
    return np.array([[judged[*order[pairs]].sum() >= MIN_PAIRS for order in labels] for pairs in of_tests])


def _relabel(block: PairBlock, human: np.ndarray, labels: np.ndarray) -> PairBlock:
    """The block with judgments of `human` (image, image) after relabelling: image i gets those of image labels[i]."""
    images = labels[block.images]
    return PairBlock(block.images, np.where(np.isfinite(block.human), human[np.ix_(images, images)], np.nan))


@dataclass(frozen=True)
class _Permuted:
    """Judgments (image, image), and labels (draw, image): in draw d image i gets those of image labels[d, i]."""

    human: np.ndarray
    labels: np.ndarray

    def split(self, size: int) -> list["_Permuted"]:
        """Parts with at most `size` draws each."""
        return [_Permuted(self.human, self.labels[start : start + size]) for start in range(0, len(self.labels), size)]

    def of(self, pairs: _Pairs) -> torch.Tensor:
        """(draw, pair) judgments of pairs in every draw."""
        first, second = (self.labels[:, images.cpu().numpy()] for images in pairs)
        return torch.from_numpy(self.human[first, second]).to(pairs[0].device)


def _repeat_at_once(
    engine: PooledAblation, folds: Sequence[Fold], human: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Full and retained test scores (fold, draw) under labels (draw, image), many draws at once."""
    permuted, n_maps, results = _Permuted(human, labels), engine.readout.shape[1], []
    for fold in progress(folds, "permutations of fold", len(folds)):
        # Bytes per draw: judgments and curves.
        size = engine.compute.chunk(8 * (4 * len(fold.train.images) ** 2 + 8 * n_maps))
        orders = _orders(engine, fold.train, permuted, size)
        chunks = zip(orders.split(size), permuted.split(size), strict=True)
        results.append(torch.cat([_test(engine, fold, *chunk) for chunk in chunks], dim=1))
    full, retained = torch.stack(results, dim=1).cpu().numpy()
    return full, retained


def _orders(engine: PooledAblation, block: PairBlock, permuted: _Permuted, size: int) -> torch.Tensor:
    """(draw, feature_map) maps by descending AIS in a training block, under the judgments of each draw.

    Similarities without a map are computed once for all draws; pair by pair, `size` draws are scored at a time.
    """
    if engine.closed_form:
        scores = _correlated_without(engine, block, permuted, size)
    else:
        scores = _pair_by_pair_without(engine, block, permuted, size, _maps(engine))
    whole, without = scores[:, :1], scores[:, 1:]
    # A map that is active in no image of the block changes nothing, to the bit.
    active = torch.from_numpy(engine.active[block.images].any(0)).to(scores.device)
    ais = torch.where(active, whole - without, whole - whole)
    return ais.nan_to_num(-torch.inf).argsort(dim=1, descending=True, stable=True)


def _correlated_without(engine: PooledAblation, block: PairBlock, permuted: _Permuted, size: int) -> torch.Tensor:
    """(draw, 1 + feature_map) scores with all maps and without each, from sums over judged pairs, chunk by chunk."""
    maps, pairs = _maps(engine), _pairs(block, engine.readout.device)
    n_draws = len(permuted.labels)
    # Where all pairs are judged, every draw has the same pairs, and one row of sums serves them all.
    complete = np.isnan(permuted.human).sum() == len(permuted.human)  # on the diagonal alone
    of_r, of_rr, undefined = engine.readout.new_zeros(3, 1 if complete else n_draws, len(maps))
    n_pairs, of_h, of_hh = engine.readout.new_zeros(3, n_draws, 1)
    of_rh = engine.readout.new_zeros(n_draws, len(maps))
    # Judgments are centred near their mean, so that the difference of sums of squares loses little precision.
    middle = np.nanmean(permuted.human)
    n_at_once = engine.compute.chunk(8 * 4 * (2 * len(maps) + n_draws))
    for chunk in zip(*(images.split(n_at_once) for images in pairs), strict=True):
        r, human = engine.rows.similarities_without(chunk, maps), permuted.of(chunk) - middle
        judged = human.isfinite().double()
        n_pairs += judged.sum(1, keepdim=True)
        judged, human = judged[: len(of_r)], human.nan_to_num(0.0)
        undefined += judged @ r.isnan().double().T
        r = r.nan_to_num(0.0)
        of_r, of_rr, of_rh = of_r + judged @ r.T, of_rr + judged @ r.square().T, of_rh + human @ r.T
        of_h, of_hh = of_h + human.sum(1, keepdim=True), of_hh + human.square().sum(1, keepdim=True)
    of_rh -= of_h * of_r / n_pairs
    of_r, of_rr = (sums.masked_fill(undefined > 0, torch.nan) for sums in (of_r, of_rr))
    sums = of_r, of_rh, of_rr
    scores = SCORES[engine.score].of(closed_forms.correlations(sums, n_pairs, of_hh - of_h.square() / n_pairs))
    rough = closed_forms.rough(sums, n_pairs).any(0)
    if rough.any():
        scores[:, rough] = _pair_by_pair_without(engine, block, permuted, size, maps[rough])
    return scores


def _pair_by_pair_without(
    engine: PooledAblation, block: PairBlock, permuted: _Permuted, size: int, maps: torch.Tensor
) -> torch.Tensor:
    """(draw, n) scores without each of `maps` (n,), from the similarity of every pair, `size` draws at a time."""
    pairs = _pairs(block, engine.readout.device)
    scores = []
    for chunk in maps.split(engine.compute.chunk(8 * 8 * len(pairs[0]))):
        similarities = engine.rows.similarities_without(pairs, chunk)
        of_draws = [_of_each(similarities, part.of(pairs), SCORES[engine.score]) for part in permuted.split(size)]
        scores.append(torch.cat(of_draws))
    return torch.cat(scores, dim=1)


def _maps(engine: PooledAblation) -> torch.Tensor:
    """(1 + feature_map,) `kernels.NO_MAP`, then every map."""
    return torch.arange(kernels.NO_MAP, engine.readout.shape[1], device=engine.readout.device)


def _pairs(block: PairBlock, device: torch.device) -> _Pairs:
    """The judged pairs of a block, on the device."""
    first, second = (torch.from_numpy(block.images[index]).to(device) for index in judged_pairs(block.human))
    return first, second


def _test(engine: PooledAblation, fold: Fold, orders: torch.Tensor, permuted: _Permuted) -> torch.Tensor:
    """(2, draw) test scores with all maps, and with the retained first maps of the orders (draw, feature_map)."""
    numbers, curves = _train_curves(engine, fold.train, orders, permuted)
    # The smallest number with the highest score; 0 where no number has a score.
    best = numbers[curves.nan_to_num(-torch.inf).argmax(1)].masked_fill(curves.isnan().all(1), 0)
    first = torch.arange(orders.shape[1], device=orders.device) < best[:, None]
    kept = torch.cat([torch.ones_like(first[:1]), torch.zeros_like(first).scatter_(1, orders, first)])
    n_at_once = engine.compute.chunk(8 * 4 * sum(kept.shape))
    chunks = zip(*(torch.from_numpy(rows).split(n_at_once) for rows in judged_pairs(fold.test.human)), strict=True)
    readout = engine.readout[torch.from_numpy(fold.test.images)]
    of_chunks = [closed_forms.of_kept(readout, engine.fill, kept, chunk, engine.similarity) for chunk in chunks]
    similarities = torch.cat(of_chunks, dim=1)
    agreement = SecondOrder.of(permuted.of(_pairs(fold.test, orders.device)), SCORES[engine.score])
    return torch.stack([agreement(similarities[:1]), agreement(similarities[1:])])


def _train_curves(
    engine: PooledAblation, block: PairBlock, orders: torch.Tensor, permuted: _Permuted
) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of maps (k,), and train scores (draw, k) with that many first maps of the orders (draw, feature_map)."""
    n_maps, device = orders.shape[1], orders.device
    if engine.closed_form:
        blocks = [[_relabel(block, permuted.human, labels)] for labels in permuted.labels]
        scores = torch.from_numpy(engine.top_k_of_each(list(orders.cpu().numpy()), blocks)[:, 0])
        return torch.arange(1, n_maps + 1, device=device), scores.to(device)
    steps, pairs, curves = grid(n_maps), _pairs(block, device), []
    size = max(1, _CACHED_VALUES // len(engine.readout) ** 2)
    for chunk, part in zip(orders.split(size), permuted.split(size), strict=True):
        agreement = SecondOrder.of(part.of(pairs), SCORES[engine.score])
        similarities = closed_forms.top_at(engine.readout, engine.fill, chunk, steps, engine.similarity)
        curves.append(torch.stack([agreement(of_k[:, *pairs]) for of_k in similarities], dim=1))
    return torch.tensor(steps, device=device), torch.cat(curves)


def _of_each(similarities: torch.Tensor, human: torch.Tensor, score: Score) -> torch.Tensor:
    """Scores (draw, map) of similarities (map, pair) against the judgments (draw, pair) of every draw."""
    judged = human.isfinite()
    if judged.all():
        return SecondOrder.of(human, score).of_every_set(similarities)
    of_draws = zip(human, judged, strict=True)
    return torch.stack([SecondOrder.of(drawn[pairs], score)(similarities[:, pairs]) for drawn, pairs in of_draws])
