"""Representational similarity matrices and their match with human judgments (second-order isomorphism)."""

from dataclasses import dataclass

import torch

from alignment_importance.statistics.judged import TIED_DECIMALS, tied
from alignment_importance.statistics.scores import Score

#: A row whose variance is below this share of its mean square counts as constant: what is left is rounding.
CONSTANT = 1e-12

#: Decimals of rank correlations: the rounding of matrix products must not make one of two equal ones the larger.
_DECIMALS_OF_RANK_CORRELATIONS = 12


def rsm(readout: torch.Tensor, similarity: str, images: torch.Tensor | None = None) -> torch.Tensor:
    """Representational similarity matrices.

    Args:
        readout: (image, unit), or (variant, image, unit) for several, of any float type.
        similarity: `pearson` (between rows) or `cosine`.
        images: (image,) the images to compare; all of them by default.

    Returns:
        (image, image) or (variant, image, image) float64. Similarities of a constant row (for cosine: an all-zero row)
        are NaN.
    """
    if readout.ndim == 3 and readout.device.type == "cpu":
        # One variant after the other in the same buffers: in float64, one fits the processor's cache.
        images = torch.arange(readout.shape[1]) if images is None else images
        chosen = readout.new_empty(len(images), readout.shape[2])
        rows = torch.empty_like(chosen, dtype=torch.float64)
        gram, sums = rows.new_empty(len(readout), len(rows), len(rows)), rows.new_empty(len(readout), len(rows))
        for variant, gram_of_variant, sums_of_variant in zip(readout, gram, sums, strict=True):
            rows.copy_(torch.index_select(variant, 0, images, out=chosen))
            torch.mm(rows, rows.T, out=gram_of_variant)
            torch.sum(rows, 1, out=sums_of_variant)
    else:
        rows = (readout if images is None else readout[..., images, :]).double()
        gram, sums = rows @ rows.mT, rows.sum(-1)
    products = sums[..., :, None] * sums[..., None, :]
    covariation = gram if similarity == "cosine" else gram - products / rows.shape[-1]
    squares, spread = (matrix.diagonal(dim1=-2, dim2=-1) for matrix in (gram, covariation))
    scale = varying(spread, squares).rsqrt()
    return covariation * scale[..., :, None] * scale[..., None, :]


def scaled_rows(readout: torch.Tensor, similarity: str) -> torch.Tensor:
    """Rows (image, unit) in float64, centred (for `pearson`) and of length one: their products are those of `rsm`.

    A constant row is NaN.
    """
    rows = readout.double()
    deviations = rows - rows.mean(1, keepdim=True) if similarity == "pearson" else rows
    scale = varying(deviations.square().sum(1), rows.square().sum(1)).rsqrt()
    return deviations * scale[:, None]


def similarities_to(readout: torch.Tensor, others: torch.Tensor, similarity: str) -> torch.Tensor:
    """Similarities with other readouts.

    Args:
        readout: (image, unit), or (variant, image, unit) for several, rows to compare.
        others: (other, unit) rows to compare with, as `scaled_rows` gives them.
        similarity: `pearson` or `cosine`.

    Returns:
        (image, other) or (variant, image, other) float64; NaN where a row is constant.
    """
    if readout.ndim == 3 and readout.device.type == "cpu":
        # One variant after the other: in float64, one fits the processor's cache.
        return torch.stack([similarities_to(variant, others, similarity) for variant in readout])
    rows = readout.double()
    squares = rows.square().sum(-1)
    spread = squares if similarity == "cosine" else squares - rows.sum(-1).square() / rows.shape[-1]
    # `others` are centred: then the products are those of deviations, and `rows` need not be centred.
    return (rows @ others.T) * varying(spread, squares).rsqrt()[..., None]


def varying(spread: torch.Tensor, squares: torch.Tensor) -> torch.Tensor:
    """Sums of squared deviations, NaN where they are no more than rounding of the sums of squares behind them."""
    return spread.masked_fill(~(spread > CONSTANT * squares), torch.nan)


@dataclass(frozen=True)
class SecondOrder:
    """The score s(S, H): similarities of a network against human judgments of the same image pairs.

    Attributes:
        score: whether ranks are correlated, and the function of the correlation.
        human: (pair,) float64, the judgments (or their ranks), centred and of length one over the judged pairs, 0 for
            all others; or (set, pair) for several sets of judgments, such as those of each image with all others.
        judged: of the same shape, whether there is a judgment; None where all pairs are judged.
    """

    score: Score
    human: torch.Tensor
    judged: torch.Tensor | None

    @classmethod
    def of(cls, human: torch.Tensor, score: Score) -> "SecondOrder":
        """Prepare a score against judgments (pair,) or (set, pair), NaN where there are none.

        If the judgments of a set are all equal, or fewer than two, its scores are NaN.
        """
        judged = torch.isfinite(human)
        some_judged = None if judged.all() else judged
        values = human.double()
        if score.ranked:
            values = torch.from_numpy(tied(values.cpu().numpy())).to(human.device)
        return cls(score, _standard(values, some_judged, score.ranked), some_judged)

    def __call__(self, similarities: torch.Tensor) -> torch.Tensor:
        """Scores (...) of similarities (..., pair), or (..., set) of (..., set, pair), each set against its own.

        Any NaN among the similarities of judged pairs, or equal values throughout, gives NaN.
        """
        # Not a product of matrices, whose rounding for one set of similarities may depend on the others.
        return self._of_correlation((self.standard(similarities) * self.human).sum(-1))

    def of_every_set(self, similarities: torch.Tensor) -> torch.Tensor:
        """Scores (set, ...) of similarities (..., pair) against every set of judgments, in all of which all are."""
        return self._of_correlation((self.standard(similarities) @ self.human.mT).movedim(-1, 0))

    def standard(self, similarities: torch.Tensor) -> torch.Tensor:
        """Similarities (..., pair), or their ranks, standardised like `human`; NaN throughout where one is NaN."""
        similarities = similarities.double()
        if not self.score.ranked:
            return _standard(similarities, self.judged, ranked=False)
        # NaN has a rank like any value.
        undefined = similarities.isnan() if self.judged is None else similarities.isnan() & self.judged
        standard = _standard(similarities.round(decimals=TIED_DECIMALS), self.judged, ranked=True)
        return standard.masked_fill(undefined.any(-1, keepdim=True), torch.nan)

    def of_set(self, number: int) -> "SecondOrder":
        """The score against one of several sets of judgments."""
        return SecondOrder(self.score, self.human[number], None if self.judged is None else self.judged[number])

    def _of_correlation(self, correlation: torch.Tensor) -> torch.Tensor:
        if not self.human.shape[-1]:
            return torch.full_like(correlation, torch.nan)
        if self.score.ranked:
            correlation = correlation.round(decimals=_DECIMALS_OF_RANK_CORRELATIONS)
        return self.score.of(correlation)


def _standard(values: torch.Tensor, judged: torch.Tensor | None, ranked: bool) -> torch.Tensor:
    """Values (..., pair), or their ranks, standardised like `SecondOrder.human`; NaN where all are equal."""

    def others(values: torch.Tensor, value: float) -> torch.Tensor:
        return values if judged is None else values.masked_fill(~judged, value)

    # Pairs that are not judged rank last and change no rank of the others.
    values = others(ranks(others(values, torch.inf)) if ranked else values, 0)
    n_judged = values.shape[-1] if judged is None else judged.sum(-1, keepdim=True)
    centred = others(values - values.sum(-1, keepdim=True) / n_judged, 0)
    spread = centred.square().sum(-1, keepdim=True)
    constant = ~(spread > CONSTANT**2 * values.square().sum(-1, keepdim=True))
    return centred / spread.sqrt().masked_fill(constant, torch.nan)


def ranks(values: torch.Tensor) -> torch.Tensor:
    """Ranks 1..P along the last axis in float64, ties sharing their mean rank."""
    ordered, places = values.sort(-1)
    positions = torch.arange(values.shape[-1], dtype=torch.float64, device=values.device).expand(values.shape)
    tied = ordered[..., 1:] == ordered[..., :-1]
    if tied.any():
        positions = (_first_of_tied(positions, tied) - _first_of_tied(-positions.flip(-1), tied.flip(-1)).flip(-1)) / 2
    return torch.empty_like(positions, memory_format=torch.contiguous_format).scatter_(-1, places, positions + 1)


def _first_of_tied(positions: torch.Tensor, tied: torch.Tensor) -> torch.Tensor:
    """For each position the first one tied with it; `tied`: whether each but the first equals the one before."""
    starts = positions.clone()
    starts[..., 1:].masked_fill_(tied, -torch.inf)
    return starts.cummax(-1).values
