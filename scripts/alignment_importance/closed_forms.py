"""Closed forms of ablation where the readout is the pooled maps: readout unit k is 0 without map k, and nothing else
changes.

Notation: X (image, map) is the readout in float64, D its number of units, t = X 1 the row sums, and
C = X X' - t t'/D the co-variation of the rows. Without map k, whose column is x, it is

    C(-k) = C - a x x' + (t x' + x t')/D,    a = 1 + 1/D,

and the similarities are R(-k) = C(-k) / sqrt(v v') with v the diagonal of C(-k). For cosine similarity the same holds
with t = 0 and a = 1. What a correlation with judgments needs, the sums of R, of R*R and of R*H over the judged pairs,
are quadratic forms in the columns of matrices (image, map), so that a few products (image x image) @ (image x map) give
the scores of all maps at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from alignment_importance.similarity import CONSTANT, varying


@dataclass(frozen=True)
class Covariation:
    """The rows of a pooled readout and their co-variation.

    Attributes:
        x: (image, map) float64.
        c: (image, image) C above.
        t: (image,) row sums; zero for cosine similarity.
        inverse: 1 / D; zero for cosine similarity.
    """

    x: torch.Tensor
    c: torch.Tensor
    t: torch.Tensor
    inverse: float

    @classmethod
    def of(cls, x: torch.Tensor, similarity: str) -> "Covariation":
        """Co-variation of the rows of x (image, map) for `pearson` or `cosine` similarity."""
        gram = x @ x.T
        if similarity == "cosine":
            return cls(x, gram, torch.zeros_like(x[:, 0]), 0.0)
        t = x.sum(1)
        return cls(x, gram - torch.outer(t, t) / x.shape[1], t, 1 / x.shape[1])

    def variance(self) -> torch.Tensor:
        """(image,) diagonal of C; NaN for constant rows."""
        return varying(self.c.diagonal(), self.x.square().sum(1))

    def variance_without(self) -> torch.Tensor:
        """(image, map) diagonal of C(-k) for every map k; NaN where the row is constant then."""
        x, t = self.x, self.t[:, None]
        left = self.c.diagonal()[:, None] - (1 + self.inverse) * x.square() + 2 * self.inverse * t * x
        return varying(left, self.x.square().sum(1, keepdim=True))


def leave_one_out_correlations(rows: Covariation, human: torch.Tensor) -> torch.Tensor:
    """Pearson correlation of R(-k) with judgments over all judged pairs, for every map k.

    Args:
        rows: of the images of the block.
        human: (image, image) symmetric judgments, NaN on the diagonal and for pairs that are left out. Every image has
            at least one judged pair.

    Returns:
        (map,) float64.
    """
    mask = torch.isfinite(human).double()
    n_ordered = mask.sum()
    centred = torch.where(mask.bool(), human - human.nansum() / n_ordered, 0.0)
    x, t, inverse = rows.x, rows.t[:, None], rows.inverse
    a = 1 + inverse
    w = rows.variance_without().rsqrt()
    # Sum over ordered pairs of mask * R: the terms of C(-k) one after the other.
    wx, wt = w * x, w * t
    mask_wx = mask @ wx
    sum_r = _forms(w, (mask * rows.c) @ w) - a * _forms(wx, mask_wx) + 2 * inverse * _forms(wt, mask_wx)
    human_wx = centred @ wx
    sum_rh = _forms(w, (centred * rows.c) @ w) - a * _forms(wx, human_wx) + 2 * inverse * _forms(wt, human_wx)
    # Sum of mask * R * R: the square of the same terms, with u = w * w.
    u = w.square()
    ux, ut = u * x, u * t
    uxx, uxt = ux * x, ux * t
    c_ux, mask_uxx = (mask * rows.c) @ ux, mask @ uxx
    sum_rr = (
        _forms(u, (mask * rows.c.square()) @ u)
        + a**2 * _forms(uxx, mask_uxx)
        + 2 * inverse**2 * (_forms(ut * t, mask_uxx) + _forms(uxt, mask @ uxt))
        - 2 * a * _forms(ux, c_ux)
        + 4 * inverse * _forms(ut, c_ux)
        - 4 * a * inverse * _forms(uxt, mask_uxx)
    )
    spread = sum_rr - sum_r.square() / n_ordered
    spread = spread.masked_fill(~(spread > CONSTANT**2 * sum_rr), torch.nan)
    return sum_rh / (spread * centred.square().sum()).sqrt()


def _forms(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Sums over images of two (image, map) matrices: one number per map."""
    return (left * right).sum(0)


def leave_one_out_similarities(
    rows: Covariation, pairs: tuple[torch.Tensor, torch.Tensor], maps: slice
) -> torch.Tensor:
    """R(-k) for the maps of a slice, pair by pair: (map, pair)."""
    first, second = pairs
    x, t, inverse = rows.x[:, maps].T, rows.t, rows.inverse
    w = rows.variance_without()[:, maps].T.rsqrt()
    xi, xj = x[:, first], x[:, second]
    left = rows.c[first, second] - (1 + inverse) * xi * xj + inverse * (t[first] * xj + t[second] * xi)
    return left * w[:, first] * w[:, second]


def top_similarities(
    x: torch.Tensor, similarity: str, pairs: tuple[torch.Tensor, torch.Tensor], chunk: int
) -> Iterator[torch.Tensor]:
    """Similarities with only the first k columns of x kept, for k = 1..K.

    Sums of products grow by one outer product per map. They are added one by one, so that the chunk changes no bit.

    Args:
        x: (image, map) with the columns in the order of the ranking.
        similarity: `pearson` or `cosine`.
        pairs: the images of each pair, (pair,) each.
        chunk: how many k at a time.

    Yields:
        (k, pair) for consecutive k.
    """
    first, second = pairs
    inverse = 1 / x.shape[1] if similarity == "pearson" else 0.0
    columns = x.T.contiguous()
    products = torch.zeros(len(first), dtype=x.dtype, device=x.device)
    sums = torch.zeros(len(x), dtype=x.dtype, device=x.device)
    squares = torch.zeros_like(sums)
    for part in columns.split(chunk):
        products_k = _running(products, part[:, first] * part[:, second])
        sums_k, squares_k = _running(sums, part.clone()), _running(squares, part.square())
        products, sums, squares = products_k[-1], sums_k[-1], squares_k[-1]
        w = varying(squares_k - inverse * sums_k.square(), squares_k).rsqrt()
        scaled = sums_k * inverse**0.5
        yield (products_k - scaled[:, first] * scaled[:, second]) * w[:, first] * w[:, second]


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
            spread = spread.masked_fill(~(spread > CONSTANT**2 * square), torch.nan)
            return (products[0] - x * products[1]) / (spread * centred.square().sum(1, keepdim=True)).sqrt()

        meets_constant = self.constant | (judged & self.constant).any(1)
        whole = correlate(torch.zeros_like(x))[:, 0]
        without = correlate(x).masked_fill(self.constant_without | meets_constant[:, None], torch.nan)
        return whole.masked_fill(meets_constant, torch.nan), without
