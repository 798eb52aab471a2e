"""Representational similarity matrices and their match with human judgments (second-order isomorphism)."""

from dataclasses import dataclass

import numpy as np
import torch

SIMILARITIES = ("pearson", "cosine")
SCORES = ("pearson_r2", "pearson", "spearman")

#: A row whose variance is below this share of its mean square counts as constant: what is left is rounding.
CONSTANT = 1e-12

#: Similarities that agree to so many decimals are ties to a rank correlation: rounding must not put them in order.
TIED_DECIMALS = 10


def rsm(readout: torch.Tensor, similarity: str) -> torch.Tensor:
    """Representational similarity matrix.

    Args:
        readout: (..., image, unit), any float type.
        similarity: `pearson` (between rows) or `cosine`.

    Returns:
        (..., image, image) float64. Similarities of a constant row (for cosine: an all-zero row) are NaN.
    """
    rows = unit_rows(readout, similarity)
    return rows @ rows.transpose(-1, -2)


def unit_rows(readout: torch.Tensor, similarity: str) -> torch.Tensor:
    """Rows in float64, centred for `pearson`, of length one: their inner products are the similarities."""
    rows = readout.double()
    mean_square = rows.square().mean(-1, keepdim=True)
    if similarity == "pearson":
        rows = rows - rows.mean(-1, keepdim=True)
    variance = rows.square().mean(-1, keepdim=True)
    constant = ~(variance > CONSTANT * mean_square)
    length = (variance * rows.shape[-1]).sqrt()
    return rows / length.masked_fill(constant, torch.nan)


@dataclass(frozen=True)
class SecondOrder:
    """The score s(S, H): similarities of a network against human judgments of the same image pairs.

    Attributes:
        score: `pearson_r2`, `pearson` or `spearman`.
        human: (pair,) float64, the judgments (for `spearman` their ranks), centred, of length one.
    """

    score: str
    human: torch.Tensor

    @classmethod
    def of(cls, human: torch.Tensor, score: str) -> "SecondOrder":
        """Prepare the score against judgments (pair,). If they are all equal, or fewer than two, scores are NaN."""
        return cls(score, _unit(ranks(human) if score == "spearman" else human.double()))

    def __call__(self, similarities: torch.Tensor) -> torch.Tensor:
        """Scores (...) of similarities (..., pair). Any NaN among them, or equal values throughout, gives NaN."""
        similarities = similarities.double()
        values = ranks(similarities.round(decimals=TIED_DECIMALS)) if self.score == "spearman" else similarities
        correlation = _unit(values) @ self.human
        if self.score == "pearson_r2":
            correlation = correlation.square()
        # Ranks hide a NaN, a product does not.
        return correlation.masked_fill(similarities.isnan().any(-1), torch.nan)


def judged_pairs(human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (pair,) of the pairs above the diagonal of (image, image) that have a judgment."""
    rows, columns = np.nonzero(np.triu(np.isfinite(human), k=1))
    return rows, columns


def ranks(values: torch.Tensor) -> torch.Tensor:
    """Ranks 1..P along the last axis in float64, ties sharing their mean rank."""
    values = values.contiguous()
    ordered = values.sort(-1).values
    below = torch.searchsorted(ordered, values, side="left")
    up_to = torch.searchsorted(ordered, values, side="right")
    return (below + up_to + 1).double() / 2


def _unit(values: torch.Tensor) -> torch.Tensor:
    """Centre along the last axis and scale to length one; NaN where all values are equal."""
    centred = values - values.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    constant = ~(variance > CONSTANT**2 * values.square().mean(-1, keepdim=True))
    return centred / (variance * values.shape[-1]).sqrt().masked_fill(constant, torch.nan)
