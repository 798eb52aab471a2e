"""Closed forms of ablation where the readout is the pooled maps: ablating map k sets readout unit k to its fill m_k and
changes nothing else; m is 0, or the readout of maps that are all replaced by their means.

Notation: Z (image, map) is the readout in float64, D its number of units, t = Z 1 the row sums,
C = Z Z' - t t'/D the co-variation of the rows, and x = z - m_k what column z of map k loses when it is ablated. C turns
into C - (1 + 1/D) x x' + u x' + x u' with u = t/D - m_k. Completing the square leaves two products:

    C(-k) = C + f f' - g g',    f = u / sqrt(1 + 1/D),    g = sqrt(1 + 1/D) x - f,

and the similarities are R(-k) = C(-k) / sqrt(v v') with v the diagonal of C(-k). For cosine similarity 1/D and t are
zero. Where m is zero, f is the same for all maps, and C(-k) = B - g g' with B = C + f f' takes one product less. A
correlation with judgments H needs the sums of R, of R*H and of R*R over the judged pairs.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from alignment_importance.ablation import kernels
from alignment_importance.statistics.scores import SCORES
from alignment_importance.statistics.similarity import (
    CONSTANT,
    SecondOrder,
    scaled_rows,
    similarities_to,
    varying,
)

#: When the difference of two sums of squares keeps no more than this share of them, it is recomputed pair by pair.
_ROUGH = 1e-8

#: When less than this share of a row's variance is left without a map, the row's similarities are computed by their
#: definition: the closed form would be less exact than ranks need, see `judged.TIED_DECIMALS`.
_CANCELLED = 1e-4


@dataclass(frozen=True)
class Covariation:
    """The rows of a pooled readout and their co-variation.

    Attributes:
        z: (image, map) float64.
        fill: m above, (map,), or (image, map) if it differs between images; None where it is zero.
        c: (image, image) C above.
        squares: (image,) sums of squares of the rows.
        t: (image,) row sums; zero for cosine similarity.
        inverse: 1 / D; zero for cosine similarity.
    """

    z: torch.Tensor
    fill: torch.Tensor | None
    c: torch.Tensor
    squares: torch.Tensor
    t: torch.Tensor
    inverse: float

    @classmethod
    def of(cls, z: torch.Tensor, similarity: str, fill: torch.Tensor | None = None) -> "Covariation":
        """Co-variation of the rows of z (image, map) for `pearson` or `cosine` similarity."""
        # By BLAS: a compiled loop takes 0.5 instead of 0.6 ms for 92 images and 1280 maps, where all scores take 5 ms,
        # but 0.25 instead of 0.19 s for 1854 images.
        gram = z @ z.T
        squares = gram.diagonal().clone()
        if similarity == "cosine":
            return cls(z, fill, gram, squares, torch.zeros_like(squares), 0.0)
        t = z.sum(1)
        return cls(z, fill, torch.addr(gram, t, t, alpha=-1 / z.shape[1]), squares, t, 1 / z.shape[1])

    @functools.cached_property
    def x(self) -> torch.Tensor:
        """(image, map) x above: what each unit loses when its map is ablated."""
        return self.z if self.fill is None else self.z - self.fill

    @functools.cached_property
    def base(self) -> torch.Tensor:
        """(image, image) B above where m is zero, else C."""
        if self.fill is not None:
            return self.c
        return torch.addr(self.c, self.t, self.t, alpha=self.inverse**2 / (1 + self.inverse))

    @functools.cached_property
    def own(self) -> torch.Tensor:
        """(image, 3) diagonal of `base`, the largest variance that counts as zero, and `shift`."""
        return torch.stack([self.base.diagonal(), CONSTANT * self.squares, self.shift], dim=1)

    @property
    def factor(self) -> float:
        """sqrt(1 + 1/D), the factor of x in g."""
        return float((1 + self.inverse) ** 0.5)

    @property
    def shift(self) -> torch.Tensor:
        """(image,) t/D / sqrt(1 + 1/D), which is f where m is zero."""
        return self.t * (self.inverse / self.factor)

    @functools.cached_property
    def f(self) -> torch.Tensor | None:
        """(image, map) f above; None where m is zero."""
        return None if self.fill is None else self.shift[:, None] - self.fill / self.factor

    def f_of(self, maps: torch.Tensor) -> torch.Tensor:
        """(image, map) f of some maps, where m is not zero; 0 for `kernels.NO_MAP`, for which g is 0 as well."""
        assert self.f is not None
        return self.f[:, maps].masked_fill_(maps == kernels.NO_MAP, 0)

    def g(self, maps: torch.Tensor) -> torch.Tensor:
        """(image, map) g of some maps, each of which may be `kernels.NO_MAP`."""
        x = self.x[:, maps].masked_fill_(maps == kernels.NO_MAP, 0)
        return x.mul_(self.factor).sub_(self.shift[:, None] if self.f is None else self.f_of(maps))

    def variance_without(self, maps: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        """(image, map) diagonal of C(-k) for some maps k with this g; NaN where the row is constant without the map."""
        variance = self.base.diagonal()[:, None] - g.square()
        if self.f is not None:
            variance += self.f_of(maps).square()
        return varying(variance, self.squares[:, None])

    @functools.cached_property
    def cancelled(self) -> torch.Tensor:
        """(image, map) whether a row varies so little without a map that closed forms lose it, see `_CANCELLED`."""
        all_maps = torch.arange(self.z.shape[1], device=self.z.device)
        variance = self.base.diagonal()[:, None]
        if self.f is not None:
            variance = variance + self.f.square()
        return variance - self.g(all_maps).square_() < _CANCELLED * variance

    def cancelled_anywhere(self, maps: torch.Tensor) -> torch.Tensor:
        """(map,) whether any row is `cancelled` without some maps, each of which may be `kernels.NO_MAP` (False)."""
        return self.cancelled.any(0)[maps] & (maps != kernels.NO_MAP)

    def similarities_by_definition(self, k: int, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """(pair,) R(-k) by its definition for one map k, without which a row of every pair is `cancelled`."""
        z, cancelled = self.z.clone(), self.cancelled[:, k]
        z[:, k] = 0 if self.fill is None else self.fill[..., k]
        rows, places = scaled_rows(z, self.similarity), cancelled.cumsum(0) - 1
        row, partner = torch.where(cancelled[first], first, second), torch.where(cancelled[first], second, first)
        return (rows[cancelled] @ rows.T)[places[row], partner]

    @property
    def similarity(self) -> str:
        """The similarity of the rows, `pearson` or `cosine`."""
        return "pearson" if self.inverse else "cosine"

    def similarities_without(self, pairs: tuple[torch.Tensor, torch.Tensor], maps: torch.Tensor) -> torch.Tensor:
        """(map, pair) R(-k) of pairs of rows, for some maps k, each of which may be `kernels.NO_MAP`."""
        first, second = pairs
        g = self.g(maps)
        scale = self.variance_without(maps, g).rsqrt()
        # (pair, map) until the end, so that gathering pairs copies whole rows.
        covariation = torch.addcmul(self.base[first, second, None], g[first], g[second], value=-1)
        if self.f is not None:
            f = self.f_of(maps)
            covariation.addcmul_(f[first], f[second])
        covariation.mul_(scale[first]).mul_(scale[second])
        for index in self.cancelled_anywhere(maps).nonzero()[:, 0].tolist():
            k = int(maps[index])
            affected = (self.cancelled[first, k] | self.cancelled[second, k]).nonzero()[:, 0]
            covariation[affected, index] = self.similarities_by_definition(k, first[affected], second[affected])
        return covariation.T


@dataclass(frozen=True)
class TopK:
    """Similarities with only the first k columns of Z kept, for k = 1..K, and m in the others.

    The sums of products that make up R grow by one outer product per map. They are added one after the other, so that
    the result is the same, to the bit, however many k are computed at a time.

    Attributes:
        readout: (map, any image) float64.
        fill: (map,) m.
        order: (k,) maps, the most important first.
        images: (image,) images of the block.
        inverse: 1/D; zero for cosine similarity.
    """

    readout: torch.Tensor
    fill: torch.Tensor
    order: torch.Tensor
    images: torch.Tensor
    inverse: float

    @functools.cached_property
    def columns(self) -> torch.Tensor:
        """(k, image) the columns of Z in the order of the ranking."""
        return self.readout[:, self.images][self.order]

    @functools.cached_property
    def sums(self) -> torch.Tensor:
        """(k, image) row sums, fill included, times sqrt(1/D); zero for cosine similarity."""
        fill = _sums_after(self.fill[self.order])
        return self.columns.cumsum(0).add_(fill[:, None]).mul_(self.inverse**0.5)

    @functools.cached_property
    def fill_squares(self) -> torch.Tensor:
        """(k, 1) the sum of squares of m over the columns that are not kept."""
        return _sums_after(self.fill[self.order].square())[:, None]

    @functools.cached_property
    def scale(self) -> torch.Tensor:
        """(k, image) 1 / sqrt(variance of a row); NaN where it is constant."""
        squares = self.columns.square().cumsum(0).add_(self.fill_squares)
        return varying(squares - self.sums.square(), squares).rsqrt()

    def similarities(self, pairs: tuple[torch.Tensor, torch.Tensor], chunk: int) -> Iterator[torch.Tensor]:
        """Yield R pair by pair: (k, pair) for `chunk` consecutive k at a time."""
        first, second = pairs
        products = torch.zeros_like(self.columns[0, first])
        for start in range(0, len(self.columns), chunk):
            k = slice(start, start + chunk)
            grown = self.columns[k][:, first] * self.columns[k][:, second]
            for step in grown:
                products = torch.add(products, step, out=step)
            products = products.clone()
            # The squares of the fill are folded into the subtracted term, which costs nothing where the fill is zero.
            r = grown.sub_(torch.addcmul(-self.fill_squares[k], self.sums[k][:, first], self.sums[k][:, second]))
            yield r.mul_(self.scale[k][:, first]).mul_(self.scale[k][:, second])


@dataclass(frozen=True)
class PairSums(ABC):
    """Sums over the judged pairs of a block of images, from which Pearson correlations with its judgments H follow.

    Attributes:
        n_pairs: how many pairs are judged.
        spread: the sum of the squares of H over them, less its mean.
        side: images along a side of a tile of pairs.
    """

    n_pairs: int
    spread: float
    side: ClassVar[int]

    @abstractmethod
    def without(self, rows: Covariation, images: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
        """(3, map) the sums of R(-k), of R(-k) * H and of R(-k) * R(-k).

        Args:
            rows: of all images.
            images: (image,) images of the block.
            maps: the maps k; `kernels.NO_MAP` among them gives the sums of R with all maps.
        """

    @abstractmethod
    def top_k(self, top: TopK, tile: tuple[slice, slice]) -> torch.Tensor:
        """(3, k) the sums of R, of R * H and of R * R over the pairs of one tile, with the first k = 1..K maps.

        Args:
            top: similarities of the images of the block. Memory grows with its arrays, not with pairs times k.
            tile: rows and others, one of `tiles`.
        """

    def tiles(self, n_images: int) -> list[tuple[slice, slice]]:
        """Slices (rows, others) of the tiles that together hold all pairs below the diagonal."""
        cuts = [slice(start, min(start + self.side, n_images)) for start in range(0, n_images, self.side)]
        return [(rows, others) for rows in cuts for others in cuts if others.start <= rows.start]


@dataclass(frozen=True)
class SumsPairByPair(PairSums):
    """The sums on a processor: pair after pair in compiled loops, nothing stored.

    Attributes:
        human, mask: the judgments, see `kernels.pair_tables`.
    """

    human: np.ndarray
    mask: np.ndarray
    #: A tile of this side fits the processor's cache.
    side: ClassVar[int] = kernels.TILE

    @classmethod
    def of(cls, human: torch.Tensor) -> "SumsPairByPair":
        """Prepare judgments, see `sums_over`."""
        centred, mask, n_pairs, spread = kernels.pair_tables(human.numpy())
        return cls(n_pairs, spread, centred, mask)

    def without(self, rows: Covariation, images: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
        """(3, map) sums, one group of maps after the other."""
        base, own, x = rows.base.numpy(), rows.own.numpy(), rows.x.numpy()
        f = None if rows.f is None else rows.f.numpy()
        pairs = (images.numpy(), self.human, self.mask)
        return torch.from_numpy(kernels.leave_one_out_sums(base, own, x, rows.factor, f, *pairs, maps.numpy()))

    def top_k(self, top: TopK, tile: tuple[slice, slice]) -> torch.Tensor:
        """(3, k) sums, two k at a time."""
        readout, fill, order, images = (values.numpy() for values in (top.readout, top.fill, top.order, top.images))
        tables = (self.human, self.mask, *tile)
        return torch.from_numpy(kernels.top_k_sums(readout, fill, order, images, top.inverse, CONSTANT, *tables))


@dataclass(frozen=True)
class SumsByProducts(PairSums):
    """The sums from few and large operations on matrices, which suits a GPU.

    Attributes:
        mask: (image, image) 1 where a pair is judged, in both triangles, else 0.
        human: (image, image) judgments less their mean, 0 where there are none.
    """

    mask: torch.Tensor
    human: torch.Tensor
    #: Each array of a tile takes 67 MB at most.
    side: ClassVar[int] = 512

    @classmethod
    def of(cls, human: torch.Tensor) -> "SumsByProducts":
        """Prepare judgments, see `sums_over`."""
        judged = torch.isfinite(human)
        n_pairs = int(judged.sum()) // 2
        centred = torch.where(judged, human - human.nansum() / (2 * n_pairs), 0.0)
        return cls(n_pairs, float(centred.square().sum() / 2), judged.double(), centred)

    def without(self, rows: Covariation, images: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
        """(map, 3) sums of all maps at once.

        With w = 1/sqrt(v) and q = w g, R(-k)_ij = w_i w_j B_ij - q_i q_j, so that each sum over pairs is made of
        quadratic forms in the columns of (image, map). Where m is not zero, p_i p_j with p = w f is added to R(-k)_ij.
        """
        base = rows.base[images[:, None], images]
        masked = self.mask * base
        g = rows.g(maps)
        w = rows.variance_without(maps, g)[images].rsqrt()
        q = w * g[images]
        u, wq, qq = w * w, w * q, q * q
        r_terms = w * (masked @ w) - q * (self.mask @ q)
        rh_terms = w * ((self.human * base) @ w) - q * (self.human @ q)
        base_terms = u * ((masked * base) @ u)
        rr_terms = base_terms - 2 * wq * (masked @ wq) + qq * (self.mask @ qq)
        if rows.f is not None:
            p = w * rows.f_of(maps)[images]
            wp, pp, pq = w * p, p * p, p * q
            r_terms += p * (self.mask @ p)
            rh_terms += p * (self.human @ p)
            rr_terms += 2 * wp * (masked @ wp) + pp * (self.mask @ pp) - 2 * pq * (self.mask @ pq)
        sums = torch.stack([r_terms.sum(0), rh_terms.sum(0), rr_terms.sum(0)]) / 2
        # Sums of 0, which are `rough`, where the products lose the differences between similarities, as without a map
        # that is much larger than all others.
        spread = sums[2] - sums[0].square() / self.n_pairs
        return sums.masked_fill(spread <= _ROUGH * base_terms.sum(0) / 2, 0.0)

    def top_k(self, top: TopK, tile: tuple[slice, slice]) -> torch.Tensor:
        """(3, k) sums, `_K_OF_TILE` k at a time."""
        rows, others = tile
        mask, human = self.mask[tile], self.human[tile]
        if rows == others:
            mask, human = mask.tril(-1), human.tril(-1)
        products, results = torch.zeros_like(mask), []
        chunks = (values.split(_K_OF_TILE) for values in (top.columns, top.sums, top.scale, top.fill_squares))
        for columns, sums, scale, fill_squares in zip(*chunks, strict=True):
            grown = columns[:, rows, None] * columns[:, None, others]
            grown[0] += products
            # Along the first axis, so that one thread adds up each running sum in the order of k.
            products = grown.cumsum_(0)[-1].clone()
            r = grown.sub_((sums[:, rows, None] * sums[:, None, others]).sub_(fill_squares[:, None]))
            r = r.mul_(scale[:, rows, None]).mul_(scale[:, None, others]).flatten(1)
            counted = r * mask.flatten()
            squares = torch.bmm(counted[:, None], r[:, :, None])[:, 0, 0]
            results.append(torch.stack([counted.sum(1), r @ human.flatten(), squares]))
        return torch.cat(results, dim=1)


#: How many k are computed at a time for one tile, on a GPU.
_K_OF_TILE = 32


def sums_over(human: torch.Tensor) -> PairSums:
    """Prepare sums over the judged pairs of a block, on the device of its judgments.

    Args:
        human: (image, image) symmetric judgments, NaN on the diagonal and for pairs that are left out. Every image has
            at least one judged pair.
    """
    return (SumsPairByPair if human.device.type == "cpu" else SumsByProducts).of(human)


def correlations(
    sums: Iterable[torch.Tensor], n_pairs: torch.Tensor | int, spread: torch.Tensor | float
) -> torch.Tensor:
    """Pearson correlations (...) of similarities R with judgments H; NaN where all similarities are equal.

    Args:
        sums: (...) of R, of R * H and of R * R over judged pairs.
        n_pairs: how many pairs are judged.
        spread: the sum of the squares of H, which is centred.
    """
    sum_r, sum_rh, sum_rr = sums
    spread_r = sum_rr - sum_r.square() / n_pairs
    spread_r = spread_r.masked_fill(~(spread_r > CONSTANT * sum_rr), torch.nan)
    return sum_rh / (spread_r * spread).sqrt()


def rough(sums: Iterable[torch.Tensor], n_pairs: torch.Tensor | int) -> torch.Tensor:
    """Whether similarities R are so nearly equal that their sums (see `correlations`) have lost what tells them apart.

    One map that is a thousand times larger than all others does this. False where an R is NaN.
    """
    sum_r, _, sum_rr = sums
    return sum_rr - sum_r.square() / n_pairs <= _ROUGH * sum_rr


def top_at(
    z: torch.Tensor, fill: torch.Tensor, orders: torch.Tensor, numbers: Sequence[int], similarity: str
) -> Iterator[torch.Tensor]:
    """Similarities with the first k columns kept, for some k and several orders at once.

    Args:
        z: (image, map) float64.
        fill: (map,) m, the values of the columns that are not kept.
        orders: (draw, map) columns in the order in which they are kept.
        numbers: k, ascending.
        similarity: `pearson` or `cosine`.

    Yields:
        (draw, image, image) R for each k. The sums of products grow by one product of matrices per step.
    """
    inverse = 1 / z.shape[1] if similarity == "pearson" else 0.0
    products = z.new_zeros(len(orders), len(z), len(z))
    sums = z.new_zeros(len(orders), len(z))
    start = 0
    for k in numbers:
        added = z.T[orders[:, start:k]]
        products = torch.baddbmm(products, added.mT, added)
        sums = sums + added.sum(1)
        ablated = fill[orders[:, k:]]
        fill_squares = ablated.square().sum(1, keepdim=True)
        totals, squares = sums + ablated.sum(1, keepdim=True), products.diagonal(dim1=-2, dim2=-1) + fill_squares
        scale = varying(squares - inverse * totals.square(), squares).rsqrt()
        subtracted = (totals[:, :, None] * totals[:, None, :]).mul_(inverse).sub_(fill_squares[:, :, None])
        covariation = torch.sub(products, subtracted, out=subtracted)
        yield covariation.mul_(scale[:, :, None]).mul_(scale[:, None, :])
        start = k


def of_kept(
    z: torch.Tensor, fill: torch.Tensor, kept: torch.Tensor, pairs: tuple[torch.Tensor, torch.Tensor], similarity: str
) -> torch.Tensor:
    """Similarities of some pairs of rows with only some columns kept, for several choices of columns at once.

    Args:
        z: (image, map) float64.
        fill: (map,) m, the values of the columns that are not kept.
        kept: (draw, map) bool.
        pairs: (pair,) and (pair,) rows.
        similarity: `pearson` or `cosine`.

    Returns:
        (draw, pair) R; NaN where a row is constant. Sums over the columns that are kept are products of matrices.
    """
    inverse, (first, second) = 1 / z.shape[1] if similarity == "pearson" else 0.0, pairs
    chosen, others = kept.double(), (~kept).double()
    fill_squares = (others @ fill.square())[:, None]
    totals, squares = chosen @ z.T + (others @ fill)[:, None], chosen @ z.square().T + fill_squares
    scale = varying(squares - inverse * totals.square(), squares).rsqrt()
    products = chosen @ (z[first] * z[second]).T + fill_squares
    covariation = products.sub_(totals[:, first] * totals[:, second], alpha=inverse)
    return covariation.mul_(scale[:, first]).mul_(scale[:, second])


def _sums_after(values: torch.Tensor) -> torch.Tensor:
    """(k,) for each of values (k,) the sum of those that come after it."""
    return values.flip(0).cumsum(0).flip(0) - values


@dataclass(frozen=True)
class OwnRows:
    """Similarities of each image with all others when a map is ablated in that image alone.

    The similarity of the ablated row i with the whole row j is (C_ij - x_ik (z_jk - t_j/D)) / sqrt(v_i(-k) v_j), that
    is, q_ij - x_ik y_jk times the factor 1/sqrt(v_i(-k)), which is the same for all j and changes no correlation.

    Attributes:
        q: (image, image) C_ij / sqrt(v_j), 0 in the columns of constant images.
        y: (image, map) (z_jk - t_j/D) / sqrt(v_j), 0 in the rows of constant images.
        scale: (image,) 1 / sqrt(v_i), NaN if the whole row is constant.
        scale_without: (image, map) 1 / sqrt(v_i(-k)), NaN if the row is constant without the map; 1 where it is
            `cancelled`, and similarities are computed by their definition.
        rows: all rows and their co-variation.
    """

    q: torch.Tensor
    y: torch.Tensor
    scale: torch.Tensor
    scale_without: torch.Tensor
    rows: Covariation

    @classmethod
    def of(cls, rows: Covariation) -> "OwnRows":
        """Prepare the similarities of all images."""
        scale = varying(rows.c.diagonal(), rows.squares).rsqrt()
        scale_of_others = scale.nan_to_num(0.0)
        y = (rows.z - rows.inverse * rows.t[:, None]) * scale_of_others[:, None]
        all_maps = torch.arange(rows.z.shape[1], device=rows.z.device)
        without = rows.variance_without(all_maps, rows.g(all_maps)).rsqrt().masked_fill_(rows.cancelled, 1.0)
        return cls(rows.c * scale_of_others, y, scale, without, rows)

    def similarities(self, image: int, others: torch.Tensor) -> torch.Tensor:
        """Similarities of an image with `others`: (1 + map, other), with all maps and without each."""
        q = self.q[image, others].masked_fill(self.scale[others].isnan(), torch.nan)
        without = self.scale_without[image][:, None] * (q - self.rows.x[image][:, None] * self.y[others].T)
        maps = self.rows.cancelled[image].nonzero()[:, 0].tolist()
        if maps:
            whole = scaled_rows(self.rows.z[others], self.rows.similarity)
            ablated = self.rows.z[image].repeat(len(maps), 1)
            ablated[range(len(maps)), maps] = 0 if self.rows.fill is None else self.rows.fill[maps]
            without[maps] = similarities_to(ablated, whole, self.rows.similarity)
        return torch.cat([self.scale[image] * q[None], without])

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
        # Column 0 is for all maps: nothing is lost where x is zero.
        x, y = (torch.nn.functional.pad(values, (1, 0)) for values in (self.rows.x, self.y))
        q = self.q * mask
        total = q.sum(1, keepdim=True) - x * (mask @ y)
        squares = q.square().sum(1, keepdim=True) + x.square() * (mask @ y.square())
        spread = squares - 2 * x * (q @ y) - total.square() / n_others
        product = (q * centred).sum(1, keepdim=True) - x * (centred @ y)
        scores = product / (spread * centred.square().sum(1, keepdim=True)).sqrt()
        rough = ~(spread > _ROUGH * squares) | torch.nn.functional.pad(self.rows.cancelled, (1, 0))
        for image in rough.any(1).nonzero()[:, 0].tolist():
            others = judged[image].nonzero()[:, 0]
            agreement = SecondOrder.of(human[image, others], SCORES["pearson"])
            scores[image, rough[image]] = agreement(self.similarities(image, others)[rough[image]])
        constant = self.scale.isnan()
        scales = torch.cat([self.scale[:, None], self.scale_without], dim=1)
        scores = scores.masked_fill(scales.isnan() | (judged & constant).any(1, keepdim=True), torch.nan)
        return scores[:, 0], scores[:, 1:]
