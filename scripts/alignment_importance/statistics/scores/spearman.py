"""Spearman's rank correlation."""

from alignment_importance.statistics.scores.score import Score

SCORE = Score("Spearman ρ", ranked=True)
