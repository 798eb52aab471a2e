"""The kinds of work that are measured, by name."""

from collections.abc import Callable

import pandas as pd

from alignment_importance.system.compute import Compute
from benchmarks import experiments, runs, speed

CASES: dict[str, Callable[[Compute], pd.DataFrame]] = {
    "vgg16": speed.vgg16,
    "transformer": speed.transformer,
    "pooled": speed.pooled,
    "growth": speed.growth,
    "all_folds": speed.all_folds,
    "cross_validation": experiments.cross_validation,
    "permutations": experiments.permutations,
    "runs": runs.runs,
}
