"""Representational similarity matrices and their match with human judgments (second-order isomorphism)."""

from dataclasses import dataclass

import torch

from alignment_importance.statistics.judged import TIED_DECIMALS, tied
from alignment_importance.statistics.scores import SCORES, Score

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
        human: (pair,) float64, the judgments (or their ranks), centred, of length one; or (draw, pair) for
            several sets of judgments.
    """

    score: Score
    human: torch.Tensor

    @classmethod
    def of(cls, human: torch.Tensor, score: str) -> "SecondOrder":
        """Prepare one of `SCORES` against judgments (pair,).

        If the judgments are all equal, or fewer than two, scores are NaN.
        """
        return cls.against(human, SCORES[score])

    @classmethod
    def against(cls, human: torch.Tensor, score: Score) -> "SecondOrder":
        """Prepare a score that need not be one of `SCORES`."""
        return cls(score, _unit(ranks(_tied(human)) if score.ranked else human.double()))

    def __call__(self, similarities: torch.Tensor) -> torch.Tensor:
        """Scores (...) of similarities (..., pair), or (..., draw) against several sets of judgments.

        Any NaN among the similarities, or equal values throughout, gives NaN.
        """
        standard = self.standard(similarities)
        if self.human.ndim == 1:
            # Not a product of matrices, whose rounding for one set of similarities may depend on the others.
            return self._of_correlation((standard * self.human).sum(-1))
        return self._of_correlation(standard @ self.human.mT)

    def paired(self, similarities: torch.Tensor) -> torch.Tensor:
        """Scores (draw,) of similarities (draw, pair), each against its own set of judgments."""
        return self._of_correlation((self.standard(similarities) * self.human).sum(-1))

    def standard(self, similarities: torch.Tensor) -> torch.Tensor:
        """Similarities, or their ranks, centred, of length one; NaN throughout where one is NaN."""
        similarities = similarities.double()
        if not self.score.ranked:
            return _unit(similarities)
        # NaN has a rank like any value.
        undefined = similarities.isnan().any(-1, keepdim=True)
        return _unit(ranks(similarities.round(decimals=TIED_DECIMALS))).masked_fill(undefined, torch.nan)

    def _of_correlation(self, correlation: torch.Tensor) -> torch.Tensor:
        if not self.human.shape[-1]:
            return torch.full_like(correlation, torch.nan)
        if self.score.ranked:
            correlation = correlation.round(decimals=_DECIMALS_OF_RANK_CORRELATIONS)
        return self.score.of(correlation)


@dataclass(frozen=True)
class OwnSecondOrder:
    """The match of each image's similarities with people's: a correlation per row, over the images judged with it.

    Attributes:
        ranked: whether ranks are correlated.
        judged: (image, other) whether there is a judgment.
        human: (image, other) float64, the judgments (or their ranks), each row centred and of length one
            over the images judged with it, and 0 elsewhere.
    """

    ranked: bool
    judged: torch.Tensor
    human: torch.Tensor

    @classmethod
    def of(cls, human: torch.Tensor, ranked: bool) -> "OwnSecondOrder":
        """Prepare the score against judgments (image, other), NaN where there are none."""
        judged = torch.isfinite(human)
        values = _tied(human) if ranked else human.double()
        return cls(ranked, judged, _standard_rows(values, judged, ranked))

    def __call__(self, similarities: torch.Tensor) -> torch.Tensor:
        """Correlations (..., image) of similarities (..., image, other).

        Any NaN among the similarities of judged pairs, or equal values throughout, gives NaN.
        """
        return (self.standard(similarities) * self.human).sum(-1)

    def standard(self, similarities: torch.Tensor) -> torch.Tensor:
        """Similarities (..., image, other), or their ranks, standardised like `human`; a row with a NaN is all NaN."""
        similarities = similarities.double()
        undefined = (similarities.isnan() & self.judged).any(-1, keepdim=True)
        if self.ranked:
            similarities = similarities.round(decimals=TIED_DECIMALS)
        return _standard_rows(similarities, self.judged, self.ranked).masked_fill(undefined, torch.nan)

    def of_image(self, image: int) -> "OwnSecondOrder":
        """The score of one image alone."""
        return OwnSecondOrder(self.ranked, self.judged[[image]], self.human[[image]])


def _standard_rows(values: torch.Tensor, judged: torch.Tensor, ranked: bool) -> torch.Tensor:
    """Values (..., image, other), or their ranks, standardised like `OwnSecondOrder.human`; NaN where all are equal."""
    if ranked:
        # Images that are not judged with a row's image rank last and change no rank of the others.
        values = ranks(values.masked_fill(~judged, torch.inf))
    values = values.masked_fill(~judged, 0)
    n_judged = judged.sum(-1, keepdim=True)
    centred = (values - values.sum(-1, keepdim=True) / n_judged).masked_fill(~judged, 0)
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


def _tied(human: torch.Tensor) -> torch.Tensor:
    """Judgments (..., pair) in float64, rounded by `tied`."""
    return torch.from_numpy(tied(human.double().cpu().numpy())).to(human.device)


def _first_of_tied(positions: torch.Tensor, tied: torch.Tensor) -> torch.Tensor:
    """For each position the first one tied with it; `tied`: whether each but the first equals the one before."""
    starts = positions.clone()
    starts[..., 1:].masked_fill_(tied, -torch.inf)
    return starts.cummax(-1).values


def _unit(values: torch.Tensor) -> torch.Tensor:
    """Centre along the last axis and scale to length one; NaN where all values are equal."""
    centred = values - values.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    constant = ~(variance > CONSTANT**2 * values.square().mean(-1, keepdim=True))
    return centred / (variance * values.shape[-1]).sqrt().masked_fill(constant, torch.nan)
