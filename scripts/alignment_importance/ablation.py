"""The ablation engine: second-order scores of a network without each of its feature maps, or with the top k alone.

Three routes, all exact, chosen by `networks.split` from what lies between the maps and the readout:

- `pooled` (`PooledAblation`): the readout is the pooled maps; closed forms, no forward pass at all.
- `linear` (`ReadoutAblation` over a `LinearHead`): the maps meet first in a fully connected layer, which is a sum of
  one contribution per map; only what follows is computed again.
- `general` (`ReadoutAblation` over a `GeneralHead`): batched forward passes of the head.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from alignment_importance import closed_forms, networks
from alignment_importance.compute import Compute
from alignment_importance.folds import PairBlock
from alignment_importance.logs import progress
from alignment_importance.similarity import SecondOrder, judged_pairs, rsm, unit_rows

#: Computes the readouts (variant, image, unit) of some ablated variants of a head.
ReadoutTask = Callable[[], torch.Tensor]


def ablate(
    head: networks.Head,
    feature_maps: np.ndarray,
    readout: np.ndarray,
    compute: Compute,
    similarity: str,
    score: str,
) -> "Ablation":
    """Choose the route for a head.

    Args:
        head: of the split network.
        feature_maps: (image, feature_map, y, x) float32.
        readout: (image, unit) float32, the head's output for these maps.
        compute: device, threads and memory.
        similarity: `pearson` or `cosine`.
        score: `pearson_r2`, `pearson` or `spearman`.
    """
    if head.route == "pooled":
        return PooledAblation(readout, compute, similarity, score)
    maps = torch.from_numpy(feature_maps)
    variants = LinearHead(head, maps, compute) if head.route == "linear" else GeneralHead(head, maps, compute)
    return ReadoutAblation(variants, compute, similarity, score)


class Ablation(ABC):
    """Scores of ablated representations of one image set by one network.

    Blocks are lists of judged image pairs (`folds.PairBlock`). Scores are float64.

    Attributes:
        active: (image, feature_map) bool, whether a map is anything but zero in an image.
    """

    active: np.ndarray

    def leave_one_out(self, blocks: Sequence[PairBlock]) -> tuple[np.ndarray, np.ndarray]:
        """Scores with all maps, s(S, H), and with each map ablated in all images, s(S(-k), H).

        Returns:
            (block,) and (block, feature_map). A map that is zero in all images of a block leaves the score as it is,
            to the bit.
        """
        whole = np.array([self._intact(block) for block in blocks])
        without = self._leave_one_out(blocks)
        for number, block in enumerate(blocks):
            without[number, ~_anywhere(self.active[block.images])] = whole[number]
        return whole, without

    def keep_top(self, order: np.ndarray, blocks: Sequence[PairBlock]) -> np.ndarray:
        """Scores (block, k) with the first k = 1..K maps of `order` (feature_map,) kept and the others ablated.

        Adding a map that is zero in all images of a block leaves the score as it is, to the bit.
        """
        scores = self._keep_top(order, blocks)
        for number, block in enumerate(blocks):
            active = _anywhere(self.active[block.images])[order]
            for k in np.flatnonzero(~active[1:]) + 1:
                scores[number, k] = scores[number, k - 1]
        return scores

    def leave_one_out_of_each_image(self, human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Correlations of each image's row of similarities with people's, its own maps ablated one at a time.

        Args:
            human: (image, image) judgments, NaN on the diagonal and where there are none.

        Returns:
            (image,) with all maps, and (image, feature_map) with each map ablated in that image alone, the others being
            whole. Rank correlations if the score is `spearman`, else Pearson correlations.
        """
        whole, without = self._leave_one_out_of_each_image(human)
        return whole, np.where(self.active, without, whole[:, None])

    @abstractmethod
    def _intact(self, block: PairBlock) -> float: ...

    @abstractmethod
    def _leave_one_out(self, blocks: Sequence[PairBlock]) -> np.ndarray: ...

    @abstractmethod
    def _keep_top(self, order: np.ndarray, blocks: Sequence[PairBlock]) -> np.ndarray: ...

    @abstractmethod
    def _leave_one_out_of_each_image(self, human: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


def _anywhere(active: np.ndarray) -> np.ndarray:
    """(feature_map,) whether a map is active in any of the images of (image, feature_map)."""
    return np.asarray(active.any(axis=0))


class _Scorer:
    """The score of a block, on the device, from similarity matrices or from similarities pair by pair."""

    def __init__(self, block: PairBlock, score: str, device: torch.device) -> None:
        rows, columns = judged_pairs(block.human)
        self.score = SecondOrder.of(torch.from_numpy(block.human[rows, columns]).to(device), score)
        self.images = torch.from_numpy(block.images).to(device)
        self.pairs = torch.from_numpy(rows).to(device), torch.from_numpy(columns).to(device)

    def of_all_images(self, similarities: torch.Tensor) -> torch.Tensor:
        """Scores (...) of matrices (..., image, image) of all images of the set."""
        rows, columns = (self.images[index] for index in self.pairs)
        return self.score(similarities[..., rows, columns])

    def of_block(self, similarities: torch.Tensor) -> torch.Tensor:
        """Scores (...) of matrices (..., image, image) of the images of the block."""
        rows, columns = self.pairs
        return self.score(similarities[..., rows, columns])


# ---------------------------------------------------------------------------------------------------------------------
# Readout = pooled maps


class PooledAblation(Ablation):
    """Ablation where readout unit k is the pooled value of map k, and 0 without it."""

    def __init__(self, readout: np.ndarray, compute: Compute, similarity: str, score: str) -> None:
        """Take the readout (image, unit) of the whole network."""
        self.active = readout != 0
        self._readout = torch.from_numpy(readout).to(compute.device, torch.float64)
        self._compute, self._similarity, self._score = compute, similarity, score

    def _intact(self, block: PairBlock) -> float:
        similarities = rsm(self._readout[torch.from_numpy(block.images)], self._similarity)
        return float(_Scorer(block, self._score, self._compute.device).of_block(similarities))

    def _leave_one_out(self, blocks: Sequence[PairBlock]) -> np.ndarray:
        one = self._without_each_ranked if self._score == "spearman" else self._without_each
        return _gather(progress(self._compute.map(one, blocks), "feature maps ablated, block", len(blocks)))

    def _without_each(self, block: PairBlock) -> torch.Tensor:
        judged = np.isfinite(block.human).any(axis=1)
        rows = self._rows(block.images[judged])
        human = torch.from_numpy(block.human[judged][:, judged]).to(self._compute.device)
        correlations = closed_forms.leave_one_out_correlations(rows, human)
        return correlations.square() if self._score == "pearson_r2" else correlations

    def _without_each_ranked(self, block: PairBlock) -> torch.Tensor:
        scorer = _Scorer(block, self._score, self._compute.device)
        rows = self._rows(block.images)
        n_maps = self._readout.shape[1]
        # Similarities, two gathered columns, and what sorting them takes.
        chunk = self._compute.chunk(8 * 8 * len(scorer.pairs[0]))
        return torch.cat(
            [
                scorer.score(closed_forms.leave_one_out_similarities(rows, scorer.pairs, slice(start, start + chunk)))
                for start in range(0, n_maps, chunk)
            ]
        )

    def _keep_top(self, order: np.ndarray, blocks: Sequence[PairBlock]) -> np.ndarray:
        columns = torch.from_numpy(np.ascontiguousarray(order)).to(self._compute.device)

        def curve(block: PairBlock) -> torch.Tensor:
            scorer = _Scorer(block, self._score, self._compute.device)
            x = self._readout[scorer.images][:, columns]
            # Small enough for the processor's cache, which decides the speed of these elementwise sums.
            chunk = min(
                self._compute.chunk(8 * 8 * len(scorer.pairs[0])), max(1, _CACHED_VALUES // len(scorer.pairs[0]))
            )
            return torch.cat(
                [
                    scorer.score(similarities)
                    for similarities in closed_forms.top_similarities(x, self._similarity, scorer.pairs, chunk)
                ]
            )

        return _gather(self._compute.map(curve, blocks))

    def _leave_one_out_of_each_image(self, human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        judged = torch.from_numpy(human).to(self._compute.device)
        own = closed_forms.OwnRows.of(closed_forms.Covariation.of(self._readout, self._similarity))
        if self._score != "spearman":
            whole, without = own.correlations(judged)
            return whole.cpu().numpy(), without.cpu().numpy()

        def ranked(image: int) -> torch.Tensor:
            others = torch.isfinite(judged[image]).nonzero()[:, 0]
            score = SecondOrder.of(judged[image, others], "spearman")
            whole, without = own.proportional(image, others)
            return score(torch.cat([whole[None], without]))

        images = progress(range(len(human)), "images ablated", len(human))
        scores = _gather(self._compute.map(ranked, images))
        return scores[:, 0], scores[:, 1:]

    def _rows(self, images: np.ndarray) -> closed_forms.Covariation:
        return closed_forms.Covariation.of(self._readout[torch.from_numpy(images)], self._similarity)


#: Float64 values of one chunk of the running sums of a curve.
_CACHED_VALUES = 65536


# ---------------------------------------------------------------------------------------------------------------------
# Any other head: its readout is computed again


class VariantHead(ABC):
    """A head that computes its readout under ablation.

    Attributes:
        maps: (image, feature_map, y, x) on the CPU.
        intact: (image, unit) readout with all maps, on the device.
        bytes_per_variant: memory that one ablated variant of all images takes while its readout is computed.
    """

    maps: torch.Tensor
    intact: torch.Tensor
    bytes_per_variant: int

    @abstractmethod
    def without_each(self, chunk: int) -> Iterator[ReadoutTask]:
        """Tasks for the readouts with map k ablated, `chunk` consecutive k each."""

    @abstractmethod
    def top(self, order: np.ndarray, chunk: int) -> Iterator[ReadoutTask]:
        """Tasks for the readouts with the first k maps of an order kept, `chunk` consecutive k each."""


class LinearHead(VariantHead):
    """Maps, operations on each map alone, a first fully connected layer, a tail.

    The layer's output is its bias plus one contribution c_k per map, so that ablating map k is h - c_k and keeping the
    top k is a running sum; only the tail is computed again.
    """

    def __init__(self, head: networks.Head, maps: torch.Tensor, compute: Compute) -> None:
        """Take a head of route `linear` and the maps (image, feature_map, y, x)."""
        assert head.per_map is not None and head.first_linear is not None and head.tail is not None
        linear = head.first_linear.to(compute.device)
        self.maps = maps
        self._tail = head.tail.to(compute.device)
        n_images, n_maps = maps.shape[:2]
        with torch.inference_mode():
            flat = torch.cat([head.per_map(part.to(compute.device)) for part in maps.split(_BATCH)])
            self._hidden = linear(flat)
            self.intact = self._tail(self._hidden)
        #: (map, image, value) and (map, value, hidden unit): contributions are products of the two.
        self._values = flat.reshape(n_images, n_maps, -1).transpose(0, 1)
        self._weights = linear.weight.reshape(linear.out_features, n_maps, -1).permute(1, 2, 0)
        bias = linear.bias if linear.bias is not None else torch.zeros(linear.out_features, device=compute.device)
        self._nothing = bias.expand_as(self._hidden)
        widths = [self._hidden.shape[1], self.intact.shape[1]]
        # The contribution, the hidden layer, two layers of the tail at a time, and the readout in float64.
        self.bytes_per_variant = n_images * (4 * 4 * max(widths) + 3 * 8 * widths[-1])

    def without_each(self, chunk: int) -> Iterator[ReadoutTask]:
        """The hidden layer less one contribution."""
        for start in range(0, self.maps.shape[1], chunk):
            maps = slice(start, start + chunk)

            def task(maps: slice = maps) -> torch.Tensor:
                return self._finish(self._hidden - self._contributions(maps))

            yield task

    def top(self, order: np.ndarray, chunk: int) -> Iterator[ReadoutTask]:
        """Running sums of contributions in the order of the ranking, one addition after the other."""
        total = self._nothing
        for maps in torch.from_numpy(np.ascontiguousarray(order)).to(self._hidden.device).split(chunk):
            with torch.inference_mode():
                hidden = self._contributions(maps)
                for step in hidden:
                    total = torch.add(total, step, out=step)

            def task(hidden: torch.Tensor = hidden) -> torch.Tensor:
                return self._finish(hidden)

            yield task

    def _contributions(self, maps: slice | torch.Tensor) -> torch.Tensor:
        """(map, image, hidden unit) c_k of some maps."""
        with torch.inference_mode():
            return self._values[maps] @ self._weights[maps]

    def _finish(self, hidden: torch.Tensor) -> torch.Tensor:
        """(variant, image, unit) readouts of hidden layers."""
        with torch.inference_mode():
            return self._tail(hidden.flatten(0, 1)).unflatten(0, hidden.shape[:2])


class GeneralHead(VariantHead):
    """Any head: its forward pass with maps set to zero."""

    def __init__(self, head: networks.Head, maps: torch.Tensor, compute: Compute) -> None:
        """Take a head and the maps (image, feature_map, y, x)."""
        self.maps = maps
        self._head, self._device = head.module.to(compute.device), compute.device
        with torch.inference_mode():
            self.intact = torch.cat([self._head(part.to(compute.device)) for part in maps.split(_BATCH)])
        self.bytes_per_variant = 3 * 8 * self.intact.numel() + 4 * maps[0].numel() * 4

    def without_each(self, chunk: int) -> Iterator[ReadoutTask]:
        """One map set to zero."""
        n_maps = self.maps.shape[1]
        for start in range(0, n_maps, chunk):
            kept = [[k for k in range(n_maps) if k != ablated] for ablated in range(start, min(start + chunk, n_maps))]
            yield self._task(kept)

    def top(self, order: np.ndarray, chunk: int) -> Iterator[ReadoutTask]:
        """All maps but the top k set to zero."""
        for start in range(0, len(order), chunk):
            yield self._task([order[: k + 1].tolist() for k in range(start, min(start + chunk, len(order)))])

    def _task(self, variants: list[list[int]]) -> ReadoutTask:
        def task() -> torch.Tensor:
            with torch.inference_mode():
                return torch.stack([self._forward(kept) for kept in variants])

        return task

    def _forward(self, kept: list[int]) -> torch.Tensor:
        """(image, unit) readout with only some maps kept."""
        readouts = []
        for part in self.maps.split(_BATCH):
            ablated = torch.zeros_like(part)
            ablated[:, kept] = part[:, kept]
            readouts.append(self._head(ablated.to(self._device)))
        return torch.cat(readouts)


#: Images per forward pass of a whole head.
_BATCH = 64


class ReadoutAblation(Ablation):
    """Ablation through readouts, chunk by chunk: never image x map x unit in memory."""

    def __init__(self, head: VariantHead, compute: Compute, similarity: str, score: str) -> None:
        """Take a head that computes its readout under ablation."""
        self.active = (head.maps != 0).flatten(2).any(2).numpy()
        self._head, self._compute, self._similarity, self._score = head, compute, similarity, score

    def _intact(self, block: PairBlock) -> float:
        similarities = rsm(self._head.intact[torch.from_numpy(block.images)], self._similarity)
        return float(self._scorer(block).of_block(similarities))

    def _leave_one_out(self, blocks: Sequence[PairBlock]) -> np.ndarray:
        scorers = [self._scorer(block) for block in blocks]

        def scores(readouts: torch.Tensor) -> torch.Tensor:
            similarities = rsm(readouts, self._similarity)
            return torch.stack([scorer.of_all_images(similarities) for scorer in scorers], dim=1)

        return self._over_maps(self._head.without_each(self._chunk()), scores, "feature maps ablated").T

    def _keep_top(self, order: np.ndarray, blocks: Sequence[PairBlock]) -> np.ndarray:
        scorers = [self._scorer(block) for block in blocks]

        def scores(readouts: torch.Tensor) -> torch.Tensor:
            return torch.stack(
                [scorer.of_block(rsm(readouts[:, scorer.images], self._similarity)) for scorer in scorers], dim=1
            )

        return self._over_maps(self._head.top(order, self._chunk()), scores, "top-k subsets").T

    def _leave_one_out_of_each_image(self, human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        judged = torch.from_numpy(human).to(self._compute.device)
        others = [torch.isfinite(row).nonzero()[:, 0] for row in judged]
        score = "spearman" if self._score == "spearman" else "pearson"
        agreements = [SecondOrder.of(judged[image, which], score) for image, which in enumerate(others)]
        whole = unit_rows(self._head.intact, self._similarity)

        def scores(readouts: torch.Tensor) -> torch.Tensor:
            # Only the image's own row is ablated: row i of the variant against the whole rows.
            similarities = unit_rows(readouts, self._similarity) @ whole.T
            own = [
                agreement(similarities[:, image, which])
                for image, (agreement, which) in enumerate(zip(agreements, others, strict=True))
            ]
            return torch.stack(own, dim=1)

        intact = scores(self._head.intact[None])[0].cpu().numpy()
        return intact, self._over_maps(self._head.without_each(self._chunk()), scores, "feature maps ablated").T

    def _over_maps(
        self, tasks: Iterator[ReadoutTask], scores: Callable[[torch.Tensor], torch.Tensor], what: str
    ) -> np.ndarray:
        """Scores (map or k, ...) of the readouts of all tasks."""
        chunk = self._chunk()
        done = self._compute.map(lambda task: scores(task()), tasks)
        n_tasks = -(-self.active.shape[1] // chunk)
        return torch.cat(list(progress(done, f"{what}, {chunk} at a time", n_tasks))).cpu().numpy()

    def _chunk(self) -> int:
        n_images = len(self.active)
        return self._compute.chunk(self._head.bytes_per_variant + 2 * 8 * n_images**2)

    def _scorer(self, block: PairBlock) -> _Scorer:
        return _Scorer(block, self._score, self._compute.device)


def _gather(parts: Iterator[torch.Tensor]) -> np.ndarray:
    """Stack results, one row each."""
    return torch.stack(list(parts)).cpu().numpy()
