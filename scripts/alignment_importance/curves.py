"""Top-k curves: how well the most important maps alone match people, on training and on test images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alignment_importance.ablation import Ablation
from alignment_importance.folds import Fold
from alignment_importance.importance import order_of


def trace(engine: Ablation, folds: Sequence[Fold], ranking: pd.DataFrame) -> pd.DataFrame:
    """Train and test scores of the top k maps, k = 1..K, of every fold's own ranking.

    Args:
        engine: scores subsets of maps.
        folds: of one seed.
        ranking: columns fold, feature_map, ais, rank.

    Returns:
        Columns fold, k, train_score, test_score.
    """
    tables = []
    for fold in folds:
        order = order_of(ranking[ranking["fold"] == fold.fold])
        train, test = engine.keep_top(order, [fold.train, fold.test])
        k = np.arange(1, len(order) + 1)
        tables.append(pd.DataFrame({"fold": fold.fold, "k": k, "train_score": train, "test_score": test}))
    return pd.concat(tables, ignore_index=True)
