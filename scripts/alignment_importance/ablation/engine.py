"""The ablation engine: second-order scores of a network without each of its feature maps, or with the top k alone.

Routes, all exact, chosen by `networks.cut` from what lies between the maps and the readout:

- `pooled` (`PooledAblation`): the readout is the pooled maps; closed forms, no forward pass at all.
- `linear` (`ReadoutAblation` over a `LinearHead`): the maps meet first in a fully connected layer, whose output is a
  sum of one contribution per map; only what follows is computed again.
- `attention` (`ReadoutAblation` over an `AttentionHead`): the maps are the patches that enter the last block of a
  transformer, of which only the class token is read; closed forms up to the projection of that token.
- `general`, `hooked` (`ReadoutAblation` over a `GeneralHead`): batched forward passes of the head, or of the network.
"""

import functools
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
import xarray as xr

from alignment_importance.ablation import closed_forms, kernels
from alignment_importance.ablation.attention import AttentionHead
from alignment_importance.ablation.heads import GeneralHead, LinearHead, ReadoutTask, VariantHead
from alignment_importance.inputs.folds import MIN_PAIRS, PairBlock
from alignment_importance.networks.head import Head
from alignment_importance.statistics.judged import judged_pairs, places_among_judged
from alignment_importance.statistics.scores import SCORES
from alignment_importance.statistics.similarity import SecondOrder, rsm, scaled_rows, similarities_to
from alignment_importance.system.compute import Compute
from alignment_importance.system.logs import progress

#: Float64 values of one array that fit the processor's cache, on which the speed of elementwise arithmetic depends.
_CACHED_VALUES = 60_000

#: How a head computes its readout under ablation, by route.
_VARIANTS: dict[str, type[VariantHead]] = {
    "linear": LinearHead,
    "attention": AttentionHead,
    "general": GeneralHead,
    "hooked": GeneralHead,
}

#: Computes the scores (map,) of some maps.
_ScoreMaps = Callable[[torch.Tensor], torch.Tensor]

#: A task, and what turns its readouts (variant, image, unit) into scores (variant, ...).
_ScoredTask = tuple[ReadoutTask, Callable[[torch.Tensor], torch.Tensor]]

#: Most variants of a head at a time: more gain no speed, and their memory would come afresh from the system.
_MOST_VARIANTS = 64


def ablate(head: Head | None, recorded: xr.Dataset, compute: Compute, similarity: str, score: str) -> "Ablation":
    """Choose the route for a head.

    Args:
        head: of the cut network; None where the readout is the pooled maps, which needs no network.
        recorded: `feature_maps` (image, feature_map, y, x) and `readout` (image, unit), the head's output for them.
            Ablated maps are 0, unless the attribute `ablation` is `mean`: then they are `map_mean` (feature_map), and
            ablated units of the readout `unit_mean` (unit).
        compute: device, threads and memory.
        similarity: `pearson` or `cosine`.
        score: one of `statistics.scores.SCORES`.
    """
    unit_fill = _fill(recorded, "readout", "unit_mean")
    if head is None or head.route == "pooled":
        return PooledAblation(recorded["readout"].to_numpy(), compute, similarity, score, unit_fill)
    fill = _fill(recorded, "feature_maps", "map_mean")
    inputs = [recorded[name].to_numpy() for name in ("feature_maps", "prefix_tokens")[: 1 + head.reads_prefix]]
    variants = _VARIANTS[head.route](head, compute, *map(torch.from_numpy, [fill, *inputs]))
    return ReadoutAblation(variants, compute, similarity, score, unit_fill)


def _fill(recorded: xr.Dataset, name: str, mean: str) -> np.ndarray:
    """The fill: the value of ablated maps at all places (feature_map,), or of ablated units of the readout (unit,)."""
    if recorded.attrs.get("ablation") == "mean":
        return recorded[mean].to_numpy()
    return np.zeros(recorded[name].shape[1], recorded[name].dtype)


class Ablation(ABC):
    """Scores of ablated representations of one image set by one network.

    Blocks are lists of judged image pairs (`folds.PairBlock`). Scores are float64.

    Attributes:
        active: (image, feature_map) bool, whether a map differs from its fill in an image.
        readout: (image, unit) with all maps, on the device.
        compute: device, threads and memory.
        similarity: of readouts, `pearson` or `cosine`.
        score: name of the second-order score.
        closed_form: whether scores follow from sums of products, without computing a readout or a similarity again.
    """

    active: np.ndarray
    readout: torch.Tensor
    compute: Compute
    similarity: str
    score: str
    closed_form: bool = False

    def leave_one_out(
        self, blocks: Sequence[PairBlock], maps: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores with all maps, s(S, H), and with each map ablated in all images, s(S(-k), H).

        Args:
            blocks: of judged pairs.
            maps: (n,) the maps to ablate, one at a time; all of them by default.

        Returns:
            (block,) and (block, n). A map that is active in no image of a block leaves the score as it is, to the bit.
        """
        chosen = np.arange(self.active.shape[1]) if maps is None else np.asarray(maps, dtype=np.intp)
        whole, without = self._leave_one_out(blocks, chosen)
        for number, block in enumerate(blocks):
            without[number, ~_anywhere(self.active[block.images])[chosen]] = whole[number]
        return whole, without

    @abstractmethod
    def only(self, kept: np.ndarray) -> "Ablation":
        """The same network with only some maps, `kept` (feature_map,) bool, and the others ablated in all images.

        All scores of the result are scores without the others, its leave-one-out scores as well.
        """

    @abstractmethod
    def each_alone(self, blocks: Sequence[PairBlock]) -> np.ndarray:
        """Scores (block, feature_map) with one map at a time kept and all others ablated.

        Where the readout is the pooled maps and others are set to zero, one unit alone is left, and the similarity of
        two images is 1 or -1 or not defined. Unless the map takes both signs and is zero in no image, there is nothing
        to correlate: NaN.
        """

    @property
    @abstractmethod
    def units(self) -> "PooledAblation":
        """Ablation of the units of the readout instead of feature maps, while nothing else changes."""

    def top_k(self, order: np.ndarray, blocks: Sequence[PairBlock]) -> np.ndarray:
        """Scores (block, k) with the first k = 1..K maps of `order` (feature_map,) kept and the others ablated.

        Adding a map that is active in no image of a block leaves the score as it is, to the bit.
        """
        return self.top_k_of_each([order], [blocks])[0]

    def top_k_of_each(self, orders: Sequence[np.ndarray], blocks: Sequence[Sequence[PairBlock]]) -> np.ndarray:
        """Scores (order, block, k) of several orders, each over as many blocks of its own, as `top_k` computes them."""
        scores = self._top_k(orders, blocks)
        for curves, order, of_order in zip(scores, orders, blocks, strict=True):
            for curve, block in zip(curves, of_order, strict=True):
                active = _anywhere(self.active[block.images])[order]
                # Where the added map is active in no image of the block, the preceding score is repeated.
                curve[:] = curve[np.maximum.accumulate(np.where(active, np.arange(len(order)), 0))]
        return scores

    def leave_one_out_of_each_image(self, human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Correlations of each image's row of similarities with people's, its own maps ablated one at a time.

        Args:
            human: (image, image) judgments, NaN on the diagonal and where there are none.

        Returns:
            (image,) with all maps, and (image, feature_map) with each map ablated in that image alone, the other images
            being whole. Correlations are of ranks if those of the score are, and never squared. NaN for images that
            have fewer than `folds.MIN_PAIRS` judged pairs.
        """
        whole, without = self._leave_one_out_of_each_image(_rows_with_enough(human))
        return whole, np.where(self.active, without, whole[:, None])

    def contributions(self, human: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By how much the parts of some pairs in a correlation fall without each map.

        Judgments and similarities, or their ranks for rank correlations, are standardised: centred over all pairs that
        are correlated and scaled so that their squares sum to 1. A pair's part is the product of the two. The parts of
        all these pairs sum to the correlation.

        Args:
            human: (image, image) judgments, NaN on the diagonal and where there are none.
            pairs: (pair, 2) images, each pair a judged one.

        Returns:
            (3, pair, map): in the correlation of all judged pairs, with maps ablated in all images; in the correlation
            of the first image's row, with maps ablated in this image alone; and the same for the second image. A map
            that is not active there changes no bit of the part. (2, pair) the judgments and the similarities with all
            maps, standardised over all judged pairs. (1 + map,) the correlations of all judged pairs, with all maps and
            without each.
        """
        scorer, sides = self._scorer(PairBlock(np.arange(len(human)), human)), [pairs, pairs[:, ::-1]]
        places = places_among_judged(human, pairs)
        rows = torch.from_numpy(_rows_with_enough(human)).to(scorer.images.device)
        own = SecondOrder.of(rows, SCORES[self.score].correlation)
        values = self._standardised(scorer, own, torch.from_numpy(places), np.concatenate(sides))
        parts = values[:, :-1].T.reshape(3, len(pairs), len(values))
        judged = [scorer.score.human.cpu().numpy()[places], *(own.human.cpu().numpy()[*side.T] for side in sides)]
        of_pairs = [self.active[side[:, 0]] for side in sides]
        active = np.stack([np.broadcast_to(_anywhere(self.active), of_pairs[0].shape), *of_pairs])
        lost = parts[:, :, :1] - np.where(active, parts[:, :, 1:], parts[:, :, :1])
        lost *= np.stack(judged)[:, :, None]
        return lost, np.stack([judged[0], parts[0, :, 0]]), values[:, -1]

    @abstractmethod
    def _leave_one_out(self, blocks: Sequence[PairBlock], maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...

    def _scorer(self, block: PairBlock) -> "_Scorer":
        return _Scorer(block, self.score, self.compute.device)

    @abstractmethod
    def _standardised(self, scorer: "_Scorer", own: SecondOrder, places: torch.Tensor, rows: np.ndarray) -> np.ndarray:
        """(1 + map, place + row + 1) standardised similarities with all maps and without each, then correlations.

        Args:
            scorer: scores all judged pairs.
            own: correlates the row of each image.
            places: (place,) positions of some pairs among the judged ones.
            rows: (row, 2) an image, whose maps are ablated in it alone, and another one.
        """

    @abstractmethod
    def _top_k(self, orders: Sequence[np.ndarray], blocks: Sequence[Sequence[PairBlock]]) -> np.ndarray: ...

    @abstractmethod
    def _leave_one_out_of_each_image(self, human: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


def _anywhere(active: np.ndarray) -> np.ndarray:
    """(feature_map,) whether a map is active in any of the images of (image, feature_map)."""
    return np.asarray(active.any(axis=0))


def _rows_with_enough(human: np.ndarray) -> np.ndarray:
    """Judgments (image, image), NaN in rows with fewer than `folds.MIN_PAIRS` of them."""
    return np.where(np.isfinite(human).sum(axis=1, keepdims=True) < MIN_PAIRS, np.nan, human)


class _Scorer:
    """The score of a block, on the device, from the similarities of its judged `pairs` (positions in the block)."""

    def __init__(self, block: PairBlock, score: str, device: torch.device) -> None:
        rows, columns = judged_pairs(block.human)
        self.score = SecondOrder.of(torch.from_numpy(block.human[rows, columns]).to(device), SCORES[score])
        self.images = torch.from_numpy(block.images).to(device)
        self.pairs = torch.from_numpy(rows).to(device), torch.from_numpy(columns).to(device)
        self.pairs_of_set = self.images[self.pairs[0]], self.images[self.pairs[1]]

    def parts(self, similarities: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Standardised similarities (..., place) of the judged pairs at `places`, and correlations (..., 1) of all."""
        standard = self.score.standard(similarities)
        return standard[..., places], (standard * self.score.human).sum(-1, keepdim=True)


class PooledAblation(Ablation):
    """Ablation where readout unit k is the pooled value of map k, or its fill when the map is ablated.

    Attributes:
        readout: (image, unit) float64, on the device.
        fill: (unit,) float64, on the device: values of ablated units.
    """

    def __init__(
        self, readout: np.ndarray, compute: Compute, similarity: str, score: str, fill: np.ndarray | None = None
    ) -> None:
        """Take the readout (image, unit) of the whole network, and the fill (unit,), which is zero by default."""
        fill = np.zeros(readout.shape[1], readout.dtype) if fill is None else fill
        self.active = readout != fill
        self.readout, self.fill = (
            torch.from_numpy(values).to(compute.device, torch.float64) for values in (readout, fill)
        )
        self.compute, self.similarity, self.score = compute, similarity, score
        self._to_zero = not fill.any()
        self.closed_form = not SCORES[score].ranked

    @functools.cached_property
    def rows(self) -> closed_forms.Covariation:
        """The rows of all images and their co-variation, of which each block uses its images' part."""
        return closed_forms.Covariation.of(self.readout, self.similarity, None if self._to_zero else self.fill)

    @property
    def units(self) -> "PooledAblation":
        """This same ablation: units are maps here."""
        return self

    def each_alone(self, blocks: Sequence[PairBlock]) -> np.ndarray:
        """Scores (block, feature_map) with one map at a time kept: with zeros, similarities are products of signs."""
        if self._to_zero:
            signs = self.readout.sign()
            signs = signs.masked_fill(signs == 0, torch.nan)
            return np.stack([self._of_signs(signs, block) for block in blocks])
        # With the roles exchanged: all units hold the fill, and "ablating" a map gives its unit the value it has. Such
        # rows differ by so little that sums of squares would lose the differences: pair by pair.
        rows = closed_forms.Covariation.of(self.fill.expand_as(self.readout), self.similarity, self.readout)
        maps = torch.arange(len(self.fill), device=self.compute.device)
        return self._without_each(rows, blocks, maps, self._pair_by_pair)

    def _of_signs(self, signs: torch.Tensor, block: PairBlock) -> np.ndarray:
        """(feature_map,) scores of a block from the signs (image, feature_map) of the readout, for all maps at once.

        Ranks of two values are a linear function of them: a rank correlation is that of signs with ranked judgments.
        """
        judged = np.isfinite(block.human).any(axis=1)
        scorer = _Scorer(PairBlock(block.images[judged], block.human[judged][:, judged]), self.score, signs.device)
        block_signs, human = signs[scorer.images], scorer.score.human
        tables = block_signs.new_zeros(2, len(block_signs), len(block_signs))
        tables[:, *scorer.pairs] = torch.stack([torch.ones_like(human), human])
        sum_r, sum_rh = ((block_signs * (table @ block_signs)).sum(0) for table in tables)
        sums = sum_r, sum_rh, torch.full_like(sum_r, len(human))
        correlations = closed_forms.correlations(sums, len(human), human.square().sum())
        return SCORES[self.score].of(correlations).cpu().numpy()

    def only(self, kept: np.ndarray) -> "PooledAblation":
        """The same network with only some maps, the others ablated in all images."""
        fill = self.fill.cpu().numpy()
        readout = np.where(kept, self.readout.cpu().numpy(), fill)
        return PooledAblation(readout, self.compute, self.similarity, self.score, fill)

    def _leave_one_out(self, blocks: Sequence[PairBlock], maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # First the whole network: `NO_MAP` ablates none.
        ablated = torch.from_numpy(np.insert(maps, 0, kernels.NO_MAP)).to(self.compute.device)
        score_of = self._correlated if self.closed_form else self._pair_by_pair
        scores = self._without_each(self.rows, blocks, ablated, score_of)
        return scores[:, 0], scores[:, 1:]

    def _without_each(
        self,
        rows: closed_forms.Covariation,
        blocks: Sequence[PairBlock],
        maps: torch.Tensor,
        score_of: Callable[[closed_forms.Covariation, PairBlock], tuple[_ScoreMaps, int]],
    ) -> np.ndarray:
        """Scores (block, n) of rows without each of some maps (n,), in closed form or pair by pair."""

        def tasks() -> Iterator[Callable[[], torch.Tensor]]:
            for block in progress(blocks, "feature maps ablated, block", len(blocks)):
                score, chunk = score_of(rows, block)
                for group in maps.split(chunk):
                    yield functools.partial(score, group)

        scores = torch.cat(list(self.compute.map(lambda task: task(), tasks())))
        return scores.unflatten(0, (len(blocks), len(maps))).cpu().numpy()

    def _correlated(self, rows: closed_forms.Covariation, block: PairBlock) -> tuple[_ScoreMaps, int]:
        """What scores maps over a block in closed form, and how many maps to take at a time."""
        images, human = self._judged(block)
        sums = closed_forms.sums_over(human)

        def score(maps: torch.Tensor) -> torch.Tensor:
            pair_sums = sums.without(rows, images, maps)
            scores = SCORES[self.score].of(closed_forms.correlations(pair_sums, sums.n_pairs, sums.spread))
            rough = closed_forms.rough(pair_sums, sums.n_pairs) | rows.cancelled_anywhere(maps)
            if rough.any():
                score_pair_by_pair, _ = self._pair_by_pair(rows, block)
                # One map at a time, so that no bit of its score depends on the other maps.
                scores[rough] = torch.cat([score_pair_by_pair(single) for single in maps[rough].split(1)])
            return scores

        return score, self._maps_at_once(len(human))

    def _judged(self, block: PairBlock) -> tuple[torch.Tensor, torch.Tensor]:
        """The images (image,) of a block that have a judged pair, and their judgments (image, image)."""
        judged = np.isfinite(block.human).any(axis=1)
        images, human = block.images[judged], block.human[judged][:, judged]
        return torch.from_numpy(images).to(self.compute.device), torch.from_numpy(human).to(self.compute.device)

    def _maps_at_once(self, n_images: int) -> int:
        """How many maps to take at a time: an equal part for every thread, or what the memory of a GPU holds.

        On a processor the scores of a map do not depend on which maps are computed with it.
        """
        if self.compute.device.type != "cpu":
            return self.compute.chunk(16 * 8 * n_images)
        n_fillings = -(-(self.readout.shape[1] + 1) // kernels.FILLED_LANES)
        return kernels.FILLED_LANES * -(-n_fillings // self.compute.threads)

    def _pair_by_pair(self, rows: closed_forms.Covariation, block: PairBlock) -> tuple[_ScoreMaps, int]:
        """What scores maps over a block from each similarity, and how many maps to take at a time."""
        scorer = self._scorer(block)

        def score(maps: torch.Tensor) -> torch.Tensor:
            return scorer.score(rows.similarities_without(scorer.pairs_of_set, maps))

        # Memory for the similarities, two gathered columns, and sorting.
        return score, self.compute.chunk(8 * 8 * len(scorer.pairs[0]))

    def _top_k(self, orders: Sequence[np.ndarray], blocks: Sequence[Sequence[PairBlock]]) -> np.ndarray:
        of_blocks = np.repeat(orders, len(blocks[0]), axis=0)
        curves = self._curves(of_blocks, list(itertools.chain.from_iterable(blocks)))
        return curves.reshape(len(orders), len(blocks[0]), -1)

    def _curves(self, orders: np.ndarray, blocks: Sequence[PairBlock]) -> np.ndarray:
        """(block, k) scores with the first k maps of each block's order (block, feature_map)."""
        columns = torch.tensor(orders, device=self.compute.device)
        if not self.closed_form:
            tasks = zip(columns, blocks, strict=True)
            return _gather(self.compute.map(lambda task: self._pair_by_pair_curve(*task), tasks))
        totals = torch.zeros(3, *orders.shape, dtype=torch.float64, device=self.compute.device)
        n_pairs, spread = [], []

        def tiles() -> Iterator[tuple[int, closed_forms.PairSums, closed_forms.TopK, tuple[slice, slice]]]:
            for number, (order, block) in enumerate(zip(columns, blocks, strict=True)):
                images, human = self._judged(block)
                sums = closed_forms.sums_over(human)
                n_pairs.append(sums.n_pairs)
                spread.append(sums.spread)
                top = self._top(order, images)
                for tile in sums.tiles(len(images)):
                    yield number, sums, top, tile

        # Added in the order of the tiles, whichever is ready first.
        for number, tile_sums in self.compute.map(lambda task: (task[0], task[1].top_k(*task[2:])), tiles()):
            totals[:, number] += tile_sums
        per_block = totals.new_tensor([n_pairs, spread])[:, :, None]
        scores = SCORES[self.score].of(closed_forms.correlations(totals, *per_block))
        rough = closed_forms.rough(totals, per_block[0])
        # With one map and zeros elsewhere, similarities are 1 or -1: if they are nearly equal, they are equal.
        rough[:, 0] &= not self._to_zero
        for number in rough.any(1).nonzero()[:, 0].tolist():
            chosen = rough[number].nonzero()[:, 0]
            one_by_one = self._pair_by_pair_curve(columns[number], blocks[number], int(chosen[-1]) + 1)
            scores[number, chosen] = one_by_one[chosen]
        return scores.cpu().numpy()

    @functools.cached_property
    def _columns(self) -> torch.Tensor:
        """(map, image) the readout, a map's values side by side."""
        return self.readout.T.contiguous()

    def _top(self, order: torch.Tensor, images: torch.Tensor) -> closed_forms.TopK:
        """Similarities of some images (image,) with the first k maps of an order (map,)."""
        inverse = 1 / len(self._columns) if self.similarity == "pearson" else 0.0
        return closed_forms.TopK(self._columns, self.fill, order, images, inverse)

    def _pair_by_pair_curve(self, columns: torch.Tensor, block: PairBlock, n: int | None = None) -> torch.Tensor:
        """(k,) scores of a block from each similarity, for k = 1..n at least; for all k by default."""
        scorer = self._scorer(block)
        top = self._top(columns, scorer.images)
        chunk = max(1, _CACHED_VALUES // max(1, len(scorer.pairs[0])))
        chunks = itertools.islice(top.similarities(scorer.pairs, chunk), n and -(-n // chunk))
        return torch.cat([scorer.score(similarities) for similarities in chunks])

    def _leave_one_out_of_each_image(self, human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        judged = torch.from_numpy(human).to(self.compute.device)
        own = closed_forms.OwnRows.of(self.rows)
        if self.closed_form:
            whole, without = own.correlations(judged)
            return whole.cpu().numpy(), without.cpu().numpy()

        def ranked(image: int) -> torch.Tensor:
            others = torch.isfinite(judged[image]).nonzero()[:, 0]
            score = SecondOrder.of(judged[image, others], SCORES[self.score].correlation)
            return score(own.similarities(image, others))

        images = progress(range(len(human)), "images ablated", len(human))
        scores = _gather(self.compute.map(ranked, images))
        return scores[:, 0], scores[:, 1:]

    def _standardised(self, scorer: _Scorer, own: SecondOrder, places: torch.Tensor, rows: np.ndarray) -> np.ndarray:
        n_maps = self.readout.shape[1]
        maps = torch.tensor([kernels.NO_MAP, *range(n_maps)], device=self.compute.device)
        # Memory as in `_pair_by_pair`.
        tasks = maps.split(self.compute.chunk(8 * 8 * len(scorer.pairs[0])))
        chunks = self.compute.map(
            lambda group: scorer.parts(self.rows.similarities_without(scorer.pairs, group), places), tasks
        )
        by_pair, correlations = (torch.cat(column) for column in zip(*chunks, strict=True))
        by_image, own_rows = np.empty((1 + n_maps, len(rows))), closed_forms.OwnRows.of(self.rows)
        all_images = torch.arange(len(self.readout), device=self.compute.device)

        def standardised_row(image: int) -> np.ndarray:
            return own.of_set(image).standard(own_rows.similarities(image, all_images)).cpu().numpy()

        images = np.unique(rows[:, 0])
        for image, row in zip(images, self.compute.map(standardised_row, images), strict=True):
            by_image[:, rows[:, 0] == image] = row[:, rows[rows[:, 0] == image, 1]]
        return np.concatenate([by_pair.cpu().numpy(), by_image, correlations.cpu().numpy()], axis=1)


class ReadoutAblation(Ablation):
    """Ablation through readouts, chunk by chunk: never image x map x unit in memory."""

    def __init__(
        self, head: VariantHead, compute: Compute, similarity: str, score: str, unit_fill: np.ndarray | None = None
    ) -> None:
        """Take a head that computes its readout under ablation, and the fill (unit,) of ablated `units`."""
        self.active, self.readout = head.active.numpy(), head.intact
        self._head, self.compute, self.similarity, self.score = head, compute, similarity, score
        self._unit_fill = unit_fill

    def only(self, kept: np.ndarray) -> "ReadoutAblation":
        """The same network with only some maps, the others ablated in all images."""
        head = self._head.only(torch.from_numpy(np.asarray(kept, dtype=bool)))
        return ReadoutAblation(head, self.compute, self.similarity, self.score, self._unit_fill)

    def _leave_one_out(self, blocks: Sequence[PairBlock], maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scorers = [self._scorer(block) for block in blocks]

        def scores(readouts: torch.Tensor) -> torch.Tensor:
            similarities = rsm(readouts, self.similarity)
            return torch.stack([scorer.score(similarities[..., *scorer.pairs_of_set]) for scorer in scorers], dim=1)

        whole = scores(self.readout[None])[0].cpu().numpy()
        tasks = self._head.without_each(maps, self._chunk())
        return whole, self._over_maps(tasks, len(maps), scores, "feature maps ablated").T

    def _standardised(self, scorer: _Scorer, own: SecondOrder, places: torch.Tensor, rows: np.ndarray) -> np.ndarray:
        whole, (images, others) = scaled_rows(self.readout, self.similarity), torch.from_numpy(rows).T

        def standardised(readouts: torch.Tensor) -> torch.Tensor:
            by_pair, correlations = scorer.parts(rsm(readouts, self.similarity)[..., *scorer.pairs], places)
            by_image = own.standard(similarities_to(readouts, whole, self.similarity))[..., images, others]
            return torch.cat([by_pair, by_image, correlations], dim=-1)

        intact, n_maps = standardised(self.readout[None]).cpu().numpy(), self.active.shape[1]
        tasks = self._head.without_each(np.arange(n_maps), self._chunk())
        return np.concatenate([intact, self._over_maps(tasks, n_maps, standardised, "feature maps ablated")])

    @property
    def units(self) -> "PooledAblation":
        """An ablated unit holds its fill and changes no other, as if the readout were pooled maps."""
        return PooledAblation(self.readout.cpu().numpy(), self.compute, self.similarity, self.score, self._unit_fill)

    def each_alone(self, blocks: Sequence[PairBlock]) -> np.ndarray:
        """Scores (block, feature_map) with one map at a time kept and all others ablated."""
        head, scores = self._of_blocks(blocks)
        tasks, n_maps = head.each_alone(self._chunk()), self.active.shape[1]
        return self._over_maps(tasks, n_maps, scores, "feature maps kept alone").T

    def _top_k(self, orders: Sequence[np.ndarray], blocks: Sequence[Sequence[PairBlock]]) -> np.ndarray:
        def tasks() -> Iterator[_ScoredTask]:
            for order, of_order in zip(orders, blocks, strict=True):
                head, scores = self._of_blocks(of_order)
                yield from zip(head.top_k(order, self._chunk()), itertools.repeat(scores))

        n_maps = len(orders[0])
        scores = self._over_tasks(tasks(), len(orders) * -(-n_maps // self._chunk()), "top-k subsets")
        return scores.reshape(len(orders), n_maps, -1).transpose(0, 2, 1)

    def _of_blocks(self, blocks: Sequence[PairBlock]) -> tuple[VariantHead, Callable[[torch.Tensor], torch.Tensor]]:
        """The head for the images of some blocks, and what turns its readouts (variant, image, unit) into scores.

        Scores are (variant, block), each from the images of its block alone.
        """
        images = np.unique(np.concatenate([block.images for block in blocks]))
        head = self._head if len(images) == len(self.active) else self._head.of(torch.from_numpy(images))
        scorers = [self._scorer(PairBlock(np.searchsorted(images, block.images), block.human)) for block in blocks]

        def scores(readouts: torch.Tensor) -> torch.Tensor:
            matrices = ((scorer, rsm(readouts, self.similarity, scorer.images)) for scorer in scorers)
            return torch.stack([scorer.score(matrix[..., *scorer.pairs]) for scorer, matrix in matrices], dim=1)

        return head, scores

    def _leave_one_out_of_each_image(self, human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        judged = torch.from_numpy(human).to(self.compute.device)
        agreement = SecondOrder.of(judged, SCORES[self.score].correlation)
        whole = scaled_rows(self.readout, self.similarity)

        def scores(readouts: torch.Tensor) -> torch.Tensor:
            # Only the image's own row is ablated: row i of the variant against the whole rows.
            return agreement(similarities_to(readouts, whole, self.similarity))

        intact = scores(self.readout[None])[0].cpu().numpy()
        n_maps = self.active.shape[1]
        tasks = self._head.without_each(np.arange(n_maps), self._chunk())
        return intact, self._over_maps(tasks, n_maps, scores, "feature maps ablated").T

    def _over_maps(
        self, tasks: Iterator[ReadoutTask], n: int, scores: Callable[[torch.Tensor], torch.Tensor], what: str
    ) -> np.ndarray:
        """Scores (n, ...) of the readouts of all tasks, for n maps."""
        return self._over_tasks(zip(tasks, itertools.repeat(scores)), -(-n // self._chunk()), what)

    def _over_tasks(self, tasks: Iterable[_ScoredTask], n_tasks: int, what: str) -> np.ndarray:
        """Scores (variant, ...) of the variants of all tasks."""
        scored = self.compute.map(lambda task: task[1](task[0]()), tasks)
        return torch.cat(list(progress(scored, f"{what}, {self._chunk()} at a time", n_tasks))).cpu().numpy()

    def _chunk(self) -> int:
        n_images = len(self.active)
        # The similarities of all images, twice, and what becomes of them while they are ranked or standardised.
        by_memory = self.compute.chunk(self._head.bytes_per_variant + 6 * 8 * n_images**2)
        return min(by_memory, _MOST_VARIANTS)


def _gather(results: Iterator[torch.Tensor]) -> np.ndarray:
    """Stack results into an array, one row each."""
    return torch.stack(list(results)).cpu().numpy()
