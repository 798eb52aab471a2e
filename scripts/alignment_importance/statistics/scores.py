"""The second-order scores: how a network's similarities are compared with human judgments of the same pairs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: Measures of the similarity of two readouts.
SIMILARITIES = ("pearson", "cosine")


@dataclass(frozen=True)
class Score:
    """A correlation of a network's similarities with judgments of the same pairs, or a function of it.

    Attributes:
        label: what figures and captions call it.
        ranked: whether ranks are correlated instead of values.
        of: computes the score from the correlation: a number, an array or a tensor.
        lowest: the lowest possible score.
    """

    label: str
    ranked: bool = False
    of: Callable[[Any], Any] = lambda correlation: correlation
    lowest: float = -1.0

    @property
    def correlation(self) -> "Score":
        """The correlation itself, whose sign tells agreement from its opposite."""
        return Score(self.label, self.ranked)


#: Every score by its name in the configuration.
SCORES: Mapping[str, Score] = {
    "pearson_r2": Score("R²", of=lambda correlation: correlation * correlation, lowest=0.0),
    "pearson": Score("Pearson r"),
    "spearman": Score("Spearman ρ", ranked=True),
}
