"""The second-order scores: how similarities of a network and human judgments of the same pairs are compared."""

from alignment_importance.statistics.scores.registry import SCORES
from alignment_importance.statistics.scores.score import Score

__all__ = ["SCORES", "SIMILARITIES", "Score"]

#: Similarities of two readouts.
SIMILARITIES = ("pearson", "cosine")
