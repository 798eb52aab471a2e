"""The second-order scores: how similarities of a network and human judgments of the same pairs are compared."""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

Correlation = TypeVar("Correlation", bound=Any)


@dataclass(frozen=True)
class Score:
    """A correlation of similarities with judgments, or what follows from one.

    Attributes:
        ranked: whether ranks are correlated instead of values.
        squared: whether the correlation is squared.
    """

    ranked: bool = False
    squared: bool = False

    def of(self, correlation: Correlation) -> Correlation:
        """The score that follows from a correlation (a number, an array or a tensor)."""
        return correlation * correlation if self.squared else correlation

    @property
    def unsquared(self) -> "Score":
        """The correlation itself, whose sign tells agreement from its opposite."""
        return Score(self.ranked)


#: Every score by its name in the configuration.
SCORES = {"pearson_r2": Score(squared=True), "pearson": Score(), "spearman": Score(ranked=True)}

#: Similarities of two readouts.
SIMILARITIES = ("pearson", "cosine")


def judged_pairs(human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (pair,) of the pairs above the diagonal of (image, image) that have a judgment."""
    rows, columns = np.nonzero(np.triu(np.isfinite(human), k=1))
    return rows, columns
