"""The second-order scores: a module of this package each, a line each here."""

from collections.abc import Mapping
from importlib import import_module

from alignment_importance.statistics.scores.score import Score

_MODULES = (
    "pearson_r2",
    "pearson",
    "spearman",
)

#: Every score by its name in the configuration.
SCORES: Mapping[str, Score] = {name: import_module(f"{__package__}.{name}").SCORE for name in _MODULES}
