"""The square of Pearson's correlation."""

from alignment_importance.statistics.scores.score import Score

SCORE = Score("R²", of=lambda correlation: correlation * correlation, lowest=0.0)
