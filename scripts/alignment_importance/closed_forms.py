"""Closed forms of ablation where the readout is the pooled maps: readout unit k is 0 without map k, and nothing else
changes.

Notation: X (image, map) is the readout in float64, D its number of units, t = X 1 the row sums, and
C = X X' - t t'/D the co-variation of the rows. Without map k, whose column is x, it is
C - (1 + 1/D) x x' + (t x' + x t')/D. Completing the square makes that one product less:

    C(-k) = B - g g',    B = X X' - t t'/(D + 1),    g = sqrt(1 + 1/D) (x - t/(D + 1)),

and the similarities are R(-k) = C(-k) / sqrt(v v') with v the diagonal of C(-k). For cosine similarity B = X X' and
g = x. What a correlation with judgments needs are the sums of R, of R*H and of R*R over the judged pairs.
"""

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from alignment_importance import kernels
from alignment_importance.similarity import CONSTANT, SecondOrder, varying


@dataclass(frozen=True)
class Covariation:
    """The rows of a pooled readout and their co-variation.

    Attributes:
        x: (image, map) float64.
        c: (image, image) C above.
        squares: (image,) sums of squares of the rows.
        t: (image,) row sums; zero for cosine similarity.
        inverse: 1 / D; zero for cosine similarity.
    """

    x: torch.Tensor
    c: torch.Tensor
    squares: torch.Tensor
    t: torch.Tensor
    inverse: float

    @classmethod
    def of(cls, x: torch.Tensor, gram: torch.Tensor, similarity: str) -> "Covariation":
        """Co-variation of the rows of x (image, map) for `pearson` or `cosine` similarity; `gram` is x x'."""
        squares = gram.diagonal().clone()
        if similarity == "cosine":
            return cls(x, gram, squares, torch.zeros_like(squares), 0.0)
        t = x.sum(1)
        return cls(x, torch.addr(gram, t, t, alpha=-1 / x.shape[1]), squares, t, 1 / x.shape[1])

    @functools.cached_property
    def base(self) -> torch.Tensor:
        """(image, image) B above."""
        return torch.addr(self.c, self.t, self.t, alpha=self.inverse**2 / (1 + self.inverse))

    @functools.cached_property
    def shifted(self) -> torch.Tensor:
        """(image, map) g above, of every map."""
        shift = self.t * (self.inverse / (1 + self.inverse))
        return (self.x - shift[:, None]).mul_((1 + self.inverse) ** 0.5)

    def variance(self) -> torch.Tensor:
        """(image,) diagonal of C; NaN for constant rows."""
        return varying(self.c.diagonal(), self.squares)

    def variance_without(self, maps: slice | torch.Tensor = slice(None)) -> torch.Tensor:
        """(image, map) diagonal of C(-k) for some maps k; NaN where the row is constant then."""
        left = self.base.diagonal()[:, None] - self.shifted[:, maps].square()
        return varying(left, self.squares[:, None])

    def similarities(self, pairs: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """(pair,) R of pairs of rows."""
        first, second = pairs
        scale = self.variance().rsqrt()
        return self.c[first, second] * scale[first] * scale[second]

    def similarities_without(
        self, pairs: tuple[torch.Tensor, torch.Tensor], maps: slice | torch.Tensor
    ) -> torch.Tensor:
        """(map, pair) R(-k) of pairs of rows, for some maps k."""
        first, second = pairs
        g, scale = self.shifted[:, maps].T, self.variance_without(maps).T.rsqrt()
        left = self.base[first, second] - g[:, first] * g[:, second]
        return left * scale[:, first] * scale[:, second]


@dataclass(frozen=True)
class LeaveOneOut:
    """Correlations of R and of every R(-k) with the judgments of a block, over all its judged pairs.

    Attributes:
        rows: of all images.
        images: (image,) those of the block.
        mask: (image, image) 1 where a pair of the block is judged, in both triangles, else 0.
        human: (image, image) judgments less their mean, 0 where there are none.
        base: (image, image) B of the block.
    """

    rows: Covariation
    images: torch.Tensor
    mask: torch.Tensor
    human: torch.Tensor
    base: torch.Tensor

    @classmethod
    def of(cls, rows: Covariation, images: torch.Tensor, human: torch.Tensor) -> "LeaveOneOut":
        """Prepare a block.

        Args:
            rows: of all images.
            images: (image,) those of the block.
            human: (image, image) their symmetric judgments, NaN on the diagonal and for pairs that are left out. Every
                image has at least one judged pair.
        """
        judged = torch.isfinite(human)
        centred = torch.where(judged, human - human.nansum() / judged.sum(), 0.0)
        return cls(rows, images, judged.double(), centred, rows.base[images[:, None], images])

    def intact(self) -> torch.Tensor:
        """The correlation of R."""
        scale = self.rows.variance()[self.images].rsqrt()
        r = self.rows.c[self.images[:, None], self.images] * scale * scale[:, None]
        masked = r * self.mask
        return self._correlate(torch.stack([masked.sum(), (r * self.human).sum(), (r * masked).sum()]) / 2)

    def without(self, maps: torch.Tensor) -> torch.Tensor:
        """(map,) the correlations of R(-k) for some maps k."""
        sums = self._sums_of_pairs(maps) if maps.device.type == "cpu" else self.sums_by_products(maps)
        return self._correlate(sums)

    def _sums_of_pairs(self, maps: torch.Tensor) -> torch.Tensor:
        """(map, 3) the sums that a correlation needs, on a processor: pair after pair, nothing stored."""
        base, human, mask = self._tables
        own = torch.stack([self.base.diagonal(), CONSTANT * self.rows.squares[self.images]], dim=1).numpy()
        shifted, images = self.rows.shifted.numpy(), self.images.numpy()
        return torch.from_numpy(kernels.leave_one_out_sums(base, own, shifted, images, human, mask, maps.numpy()))

    @functools.cached_property
    def _tables(self) -> list[np.ndarray]:
        """B, judgments and mask as `kernels.leave_one_out_sums` takes them."""
        wider = (0, -len(self.images) % kernels.STEP)
        tables = (self.base, self.human, self.mask)
        return [nn.functional.pad(table.tril(-1), wider * 2).numpy() for table in tables]

    def sums_by_products(self, maps: torch.Tensor) -> torch.Tensor:
        """(map, 3) the same sums from few products of matrices for all maps at once, which suits a GPU.

        With w = 1/sqrt(v) and q = w g, R(-k)_ij = w_i w_j B_ij - q_i q_j, so that each sum is one of quadratic forms in
        columns (image, map).
        """
        masked_b, human_b, masked_bb = self._factors
        w = self.rows.variance_without(maps)[self.images].rsqrt()
        q = w * self.rows.shifted[self.images[:, None], maps]
        u, wq, qq = w * w, w * q, q * q
        of_r = w * (masked_b @ w) - q * (self.mask @ q)
        of_rh = w * (human_b @ w) - q * (self.human @ q)
        of_rr = u * (masked_bb @ u) - 2 * wq * (masked_b @ wq) + qq * (self.mask @ qq)
        return torch.stack([of_r.sum(0), of_rh.sum(0), of_rr.sum(0)], dim=1) / 2

    @functools.cached_property
    def _factors(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """B over the judged pairs, over the judgments, and its square over the judged pairs."""
        masked = self.mask * self.base
        return masked, self.human * self.base, masked * self.base

    def _correlate(self, sums: torch.Tensor) -> torch.Tensor:
        """Pearson correlations (...) from sums (..., 3) over pairs; NaN where all similarities are equal."""
        sum_r, sum_rh, sum_rr = sums.unbind(-1)
        n_pairs, human_square = self._of_judgments
        spread = sum_rr - sum_r.square() / n_pairs
        spread = spread.masked_fill(~(spread > CONSTANT * sum_rr), torch.nan)
        return sum_rh / (spread * human_square).sqrt()

    @functools.cached_property
    def _of_judgments(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The number of judged pairs, and the sum of the squares of their judgments."""
        return self.mask.sum() / 2, self.human.square().sum() / 2


@dataclass(frozen=True)
class RankedLeaveOneOut:
    """Scores of R and of every R(-k) that need each similarity: rank correlations.

    Attributes:
        rows: of all images.
        pairs: (pair,) and (pair,), the images of each judged pair.
        score: against the judgments of these pairs.
    """

    rows: Covariation
    pairs: tuple[torch.Tensor, torch.Tensor]
    score: SecondOrder

    def intact(self) -> torch.Tensor:
        """The score of R."""
        return self.score(self.rows.similarities(self.pairs))

    def without(self, maps: torch.Tensor) -> torch.Tensor:
        """(map,) the scores of R(-k) for some maps k."""
        return self.score(self.rows.similarities_without(self.pairs, maps))


@dataclass(frozen=True)
class TopK:
    """Similarities with only the first k columns of x kept, for k = 1..K.

    The sums of products that make up R grow by one outer product per map. They are added one after the other, so that
    how many k are taken at a time changes no bit.

    Attributes:
        columns: (k, image) the columns of the readout in the order of the ranking.
        sums: (k, image) running row sums times sqrt(1/D); zero for cosine similarity.
        scale: (k, image) 1 / sqrt(variance of a row); NaN where it is constant.
    """

    columns: torch.Tensor
    sums: torch.Tensor
    scale: torch.Tensor

    @classmethod
    def of(cls, x: torch.Tensor, similarity: str) -> "TopK":
        """Prepare rows x (image, map) whose columns are in the order of the ranking."""
        columns = x.T.contiguous()
        inverse = 1 / x.shape[1] if similarity == "pearson" else 0.0
        nothing = torch.zeros_like(columns[0])
        sums = _running(nothing, columns.clone()).mul_(inverse**0.5)
        squares = _running(nothing, columns.square())
        return cls(columns, sums, varying(squares - sums.square(), squares).rsqrt())

    def tile_sums(
        self, rows: slice, others: slice, mask: torch.Tensor, human: torch.Tensor, chunk: int
    ) -> torch.Tensor:
        """Sums over the pairs of one tile, a block of rows against a block of others, from which correlations follow.

        Args:
            rows, others: the images of the tile.
            mask: (row, other) 1 for the pairs to count, else 0.
            human: (row, other) judgments, 0 for the other pairs.
            chunk: how many k at a time.

        Returns:
            (k, 3) the sums of R, of R * H and of R * R.
        """
        complete, weights, judgments = bool(mask.all()), mask.flatten(), human.flatten()
        products, done = torch.zeros_like(mask), []
        # Used again and again: fresh memory would cost more than the arithmetic.
        space, scales = mask.new_empty(2, chunk, *mask.shape)
        for start in range(0, len(self.columns), chunk):
            k = slice(start, start + chunk)
            columns, sums, scale = self.columns[k], self.sums[k], self.scale[k]
            r = space[: len(columns)]
            for at, of_k in enumerate(r):
                products.addmm_(columns[at, rows, None], columns[at, None, others])
                torch.addmm(products, sums[at, rows, None], sums[at, None, others], alpha=-1, out=of_k)
            r = r.mul_(torch.mul(scale[:, rows, None], scale[:, None, others], out=scales[: len(r)])).flatten(1)
            counted = r if complete else r * weights
            squares = torch.bmm(counted[:, None], r[:, :, None])[:, 0, 0]
            done.append(torch.stack([counted.sum(1), r @ judgments, squares], dim=1))
        return torch.cat(done)

    def similarities(self, pairs: tuple[torch.Tensor, torch.Tensor], chunk: int) -> Iterator[torch.Tensor]:
        """Yield R pair by pair: (k, pair) for `chunk` consecutive k at a time."""
        first, second = pairs
        products = torch.zeros_like(self.columns[0, first])
        for start in range(0, len(self.columns), chunk):
            k = slice(start, start + chunk)
            grown = _running(products, self.columns[k][:, first] * self.columns[k][:, second])
            products = grown[-1].clone()
            r = grown.sub_(self.sums[k][:, first] * self.sums[k][:, second])
            yield r.mul_(self.scale[k][:, first]).mul_(self.scale[k][:, second])


@dataclass(frozen=True)
class TopKCorrelations:
    """Correlations of the similarities of `TopK` with the judgments of a block, tile by tile.

    A tile is small enough for the processor's cache; memory grows with the readout and not with pairs times k.

    Attributes:
        top: of the images of the block.
        mask: (image, image) 1 above the diagonal where a pair is judged, else 0.
        human: (image, image) judgments less their mean there, else 0.
        chunk: how many k at a time.
    """

    top: TopK
    mask: torch.Tensor
    human: torch.Tensor
    chunk: int

    @classmethod
    def of(cls, x: torch.Tensor, human: torch.Tensor, similarity: str) -> "TopKCorrelations":
        """Prepare rows x (image, map) in the order of the ranking, and judgments, NaN where there are none."""
        judged = torch.isfinite(human).triu(1)
        centred = torch.where(judged, human - human[judged].mean(), 0.0)
        tile = min(len(human), _TILE)
        return cls(TopK.of(x, similarity), judged.double(), centred, max(1, _TILE**2 // tile**2))

    def tiles(self) -> list[tuple[slice, slice]]:
        """Rows and others of the tiles that hold the pairs above the diagonal."""
        cuts = [slice(start, start + _TILE) for start in range(0, len(self.mask), _TILE)]
        return list(itertools.combinations_with_replacement(cuts, 2))

    def sums(self, tile: tuple[slice, slice]) -> torch.Tensor:
        """(k, 3) `TopK.tile_sums` of one tile."""
        return self.top.tile_sums(*tile, self.mask[tile], self.human[tile], self.chunk)

    def correlate(self, sums: torch.Tensor) -> torch.Tensor:
        """(k,) Pearson correlations from the sums of all tiles; NaN where all similarities are equal."""
        sum_r, sum_rh, sum_rr = sums.unbind(1)
        spread = sum_rr - sum_r.square() / self.mask.sum()
        spread = spread.masked_fill(~(spread > CONSTANT * sum_rr), torch.nan)
        return sum_rh / (spread * self.human.square().sum()).sqrt()


def top_at(x: torch.Tensor, orders: torch.Tensor, numbers: Sequence[int], similarity: str) -> Iterator[torch.Tensor]:
    """Similarities with the first k columns of x kept, for some k and several orders at once.

    Args:
        x: (image, map) float64.
        orders: (draw, map) columns, from the first to the last that is kept.
        numbers: k, ascending.
        similarity: `pearson` or `cosine`.

    Yields:
        (draw, image, image) R for each k. The sums of products grow by one product of matrices per step.
    """
    inverse = 1 / x.shape[1] if similarity == "pearson" else 0.0
    products = x.new_zeros(len(orders), len(x), len(x))
    sums = x.new_zeros(len(orders), len(x))
    start = 0
    for k in numbers:
        added = x.T[orders[:, start:k]]
        products = torch.baddbmm(products, added.mT, added)
        sums = sums + added.sum(1)
        squares = products.diagonal(dim1=1, dim2=2)
        scale = varying(squares - inverse * sums.square(), squares).rsqrt()
        covariation = torch.baddbmm(products, sums[:, :, None], sums[:, None, :], alpha=-inverse)
        yield covariation.mul_(scale[:, :, None]).mul_(scale[:, None, :])
        start = k


#: Rows of a tile: its pairs in float64 take a fraction of a processor's second-level cache.
_TILE = 192


def _running(start: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Running sums along the first axis, from a start, one addition after the other; they overwrite `steps`."""
    total = start
    for step in steps:
        total = torch.add(total, step, out=step)
    return steps


@dataclass(frozen=True)
class OwnRows:
    """Similarities of each image with all others when a map is ablated in that image alone.

    The similarity of the ablated row i with the whole row j is (C_ij - x_ik (x_jk - t_j/D)) / sqrt(v_i(-k) v_j). The
    factor 1/sqrt(v_i(-k)) is the same for all j and changes neither a correlation nor ranks; what is left is
    q_ij - x_ik y_jk.

    Attributes:
        x: (image, map).
        q: (image, image) C_ij / sqrt(v_j), 0 in the columns of constant images.
        y: (image, map) (x_jk - t_j/D) / sqrt(v_j), 0 in the rows of constant images.
        constant: (image,) whether a whole row is constant.
        constant_without: (image, map) whether it is constant without the map.
    """

    x: torch.Tensor
    q: torch.Tensor
    y: torch.Tensor
    constant: torch.Tensor
    constant_without: torch.Tensor

    @classmethod
    def of(cls, rows: Covariation) -> "OwnRows":
        """Prepare the similarities of all images."""
        variance = rows.variance()
        constant = variance.isnan()
        scale = variance.rsqrt().masked_fill(constant, 0.0)
        y = (rows.x - rows.inverse * rows.t[:, None]) * scale[:, None]
        return cls(rows.x, rows.c * scale, y, constant, rows.variance_without().isnan())

    def proportional(self, image: int, others: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What is proportional to the similarities with `others`: (other,), and (map, other) without each map."""
        q, y = self.q[image, others], self.y[others]
        q = q.masked_fill(self.constant[others] | self.constant[image], torch.nan)
        without = q - self.x[image][:, None] * y.T
        return q, without.masked_fill(self.constant_without[image][:, None], torch.nan)

    def correlations(self, human: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pearson correlations of the similarities of each image with people's.

        Sums over j of q - x y, of its square and of its product with the judgments are polynomials in x whose
        coefficients are products (image x image) @ (image x map).

        Args:
            human: (image, image) judgments, NaN on the diagonal and where there are none.

        Returns:
            (image,) with all maps and (image, map) without each map.
        """
        judged = torch.isfinite(human)
        mask = judged.double()
        n_others = mask.sum(1, keepdim=True)
        centred = torch.where(judged, human - human.nansum(1, keepdim=True) / n_others, 0.0)
        x, y, q = self.x, self.y, self.q * mask
        sums = (q.sum(1, keepdim=True), mask @ y)
        squares = (q.square().sum(1, keepdim=True), q @ y, mask @ y.square())
        products = ((q * centred).sum(1, keepdim=True), centred @ y)

        def correlate(x: torch.Tensor) -> torch.Tensor:
            total = sums[0] - x * sums[1]
            square = squares[0] - 2 * x * squares[1] + x.square() * squares[2]
            spread = square - total.square() / n_others
            spread = spread.masked_fill(~(spread > CONSTANT * square), torch.nan)
            return (products[0] - x * products[1]) / (spread * centred.square().sum(1, keepdim=True)).sqrt()

        meets_constant = self.constant | (judged & self.constant).any(1)
        whole = correlate(torch.zeros_like(x))[:, 0]
        without = correlate(x).masked_fill(self.constant_without | meets_constant[:, None], torch.nan)
        return whole.masked_fill(meets_constant, torch.nan), without
