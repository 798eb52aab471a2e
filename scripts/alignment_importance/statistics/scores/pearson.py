"""Pearson's correlation."""

from alignment_importance.statistics.scores.score import Score

SCORE = Score("Pearson r")
