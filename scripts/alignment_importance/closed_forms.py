"""Closed forms of ablation where the readout is the pooled maps: readout unit k is 0 without map k, and nothing else
changes.

Notation: X (image, map) is the readout in float64, D its number of units, t = X 1 the row sums, and
C = X X' - t t'/D the co-variation of the rows. Without map k, whose column is x, it is

    C(-k) = C - a x x' + (t x' + x t')/D = C + (x s' + s x')/2,    a = 1 + 1/D,    s = 2 t/D - a x,

and the similarities are R(-k) = C(-k) / sqrt(v v') with v the diagonal of C(-k). For cosine similarity the same holds
with t = 0 and a = 1. What a correlation with judgments needs, the sums of R, of R*R and of R*H over the judged pairs,
are quadratic forms in columns of matrices (image, map), so that five products (image x image) @ (image x map) give the
scores of all maps at once.
"""

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

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
    def of(cls, x: torch.Tensor, similarity: str) -> "Covariation":
        """Co-variation of the rows of x (image, map) for `pearson` or `cosine` similarity."""
        gram = x @ x.T
        squares = gram.diagonal().clone()
        if similarity == "cosine":
            return cls(x, gram, squares, torch.zeros_like(squares), 0.0)
        t = x.sum(1)
        return cls(x, gram - torch.outer(t, t) / x.shape[1], squares, t, 1 / x.shape[1])

    def variance(self) -> torch.Tensor:
        """(image,) diagonal of C; NaN for constant rows."""
        return varying(self.c.diagonal(), self.squares)

    def variance_without(self) -> torch.Tensor:
        """(image, map) diagonal of C(-k) for every map k; NaN where the row is constant then."""
        x, t = self.x, self.t[:, None]
        left = self.c.diagonal()[:, None] - (1 + self.inverse) * x.square() + 2 * self.inverse * t * x
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
        x, t, inverse = self.x[:, maps].T, self.t, self.inverse
        scale = self.variance_without()[:, maps].T.rsqrt()
        xi, xj = x[:, first], x[:, second]
        left = self.c[first, second] - (1 + inverse) * xi * xj + inverse * (t[first] * xj + t[second] * xi)
        return left * scale[:, first] * scale[:, second]


@dataclass(frozen=True)
class LeaveOneOut:
    """Correlations of R and of every R(-k) with the judgments of a block, over all its judged pairs.

    Attributes:
        rows: of the images of the block.
        mask: (image, image) 1 where a pair is judged, in both triangles, else 0.
        human: (image, image) judgments less their mean, 0 where there are none.
        complete: whether all pairs are judged, so that a product with the mask is a column sum less the column.
    """

    rows: Covariation
    mask: torch.Tensor
    human: torch.Tensor
    complete: bool

    @classmethod
    def of(cls, rows: Covariation, human: torch.Tensor) -> "LeaveOneOut":
        """Prepare a block.

        Args:
            rows: of the images of the block.
            human: (image, image) symmetric judgments, NaN on the diagonal and for pairs that are left out. Every image
                has at least one judged pair.
        """
        judged = torch.isfinite(human)
        n_ordered = int(judged.sum())
        centred = torch.where(judged, human - human.nansum() / n_ordered, 0.0)
        return cls(rows, judged.double(), centred, n_ordered == len(human) * (len(human) - 1))

    def intact(self) -> torch.Tensor:
        """The correlation of R."""
        scale = self.rows.variance().rsqrt()
        r = self.rows.c * scale * scale[:, None]
        masked = r * self.mask
        return self._correlate(masked.sum(), (r * self.human).sum(), (r * masked).sum())

    @functools.cached_property
    def _products(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """C over the judgments times C (2 image, image); C; the square of C; the last two masked.

        A complete block keeps its diagonal, where every similarity is one: that is easily taken off the sums.
        """
        masked = self.rows.c if self.complete else self.mask * self.rows.c
        return torch.cat([masked, self.human * self.rows.c]), masked, masked * self.rows.c

    def without(self, maps: torch.Tensor) -> torch.Tensor:
        """(map,) the correlations of R(-k) for some maps k.

        With w = 1/sqrt(v), y = w x and z = w s (columns for every map), R = w w' * C + (y z' + z y')/2.
        """
        x, n_images = self.rows.x[:, maps], len(self.human)
        s = torch.add(2 * self.rows.inverse * self.rows.t[:, None], x, alpha=-(1 + self.rows.inverse))
        variance = torch.addcmul(self.rows.c.diagonal()[:, None], x, s)
        w = varying(variance, self.rows.squares[:, None]).rsqrt_()
        y, z = w * x, s.mul_(w)
        masked_and_human_c, masked_c, masked_cc = self._products
        of_c, of_human_c = (masked_and_human_c @ w).split(n_images)
        sum_r = (w * of_c).sum(0) + self._masked_sums(y, z)
        sum_rh = of_human_c.mul_(w).addcmul_(z, self.human @ y).sum(0)
        sum_rr = self._masked_squares(y, z)
        u, wy, wz = w * w, y.mul_(w), z.mul_(w)
        sum_rr += (masked_cc @ u).mul_(u).addcmul_(wy, masked_c @ wz, value=2).sum(0)
        if self.complete:
            sum_r, sum_rr = sum_r - n_images, sum_rr - n_images
        return self._correlate(sum_r, sum_rh, sum_rr)

    def _masked_sums(self, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """(map,) sums of y z' over judged pairs, and over the diagonal of a complete block."""
        if self.complete:
            return y.sum(0) * z.sum(0)
        return (y * (self.mask @ z)).sum(0)

    def _masked_squares(self, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """(map,) sums of the square of (y z' + z y')/2 over judged pairs, and over the diagonal of a complete block."""
        yz, yy, zz = y * z, y * y, z * z
        if self.complete:
            return (yy.sum(0) * zz.sum(0) + yz.sum(0).square()) / 2
        return (yy * (self.mask @ zz)).addcmul_(yz, self.mask @ yz).sum(0) / 2

    def _correlate(self, sum_r: torch.Tensor, sum_rh: torch.Tensor, sum_rr: torch.Tensor) -> torch.Tensor:
        """Pearson correlations from sums over ordered pairs; NaN where all similarities are equal."""
        spread = sum_rr - sum_r.square() / self.mask.sum()
        spread = spread.masked_fill(~(spread > CONSTANT * sum_rr), torch.nan)
        return sum_rh / (spread * self.human.square().sum()).sqrt()


@dataclass(frozen=True)
class RankedLeaveOneOut:
    """Scores of R and of every R(-k) that need each similarity: rank correlations.

    Attributes:
        rows: of the images of the block.
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
