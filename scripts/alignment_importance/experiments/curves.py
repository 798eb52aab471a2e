"""Top-k curves: how well the first k maps of a ranking match people, on training and on test images."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from alignment_importance.ablation import Ablation
from alignment_importance.experiments.rankings import order_of, rank
from alignment_importance.inputs.folds import Fold


def trace(engine: Ablation, folds: Sequence[Fold], ranking: pd.DataFrame) -> pd.DataFrame:
    """Train and test scores of the top k maps, k = 1..K, for every fold of one seed with its own ranking.

    Args:
        ranking: columns fold, feature_map, ais, rank.

    Returns:
        Columns fold, k, train_score, test_score.
    """
    tables = []
    for fold in folds:
        order = order_of(ranking[ranking["fold"] == fold.fold])
        train, test = engine.top_k(order, [fold.train, fold.test])
        k = np.arange(1, len(order) + 1)
        tables.append(pd.DataFrame({"fold": fold.fold, "k": k, "train_score": train, "test_score": test}))
    return pd.concat(tables, ignore_index=True)


def trace_others(
    engine: Ablation, folds: Sequence[Fold], ranking: pd.DataFrame, unguided: Mapping[str, Sequence[np.ndarray]]
) -> pd.DataFrame:
    """Curves of other rankings, in rows that match those of `trace`.

    Args:
        ranking: columns fold, feature_map, ais, rank.
        unguided: of `rankings.unguided`. The same for all folds, so that each order passes through the network once.

    Returns:
        test_random (mean over the draws that have a score) and test_random_spread (their standard deviation),
        test_total_activation, test_active_units, test_reverse (the lowest-ranked maps first), and train_keep and
        test_keep: maps ranked on the training images by the score that each has alone, all others ablated; NaN where no
        map has a score.
    """
    columns = {}
    for name, orders in unguided.items():
        draws = np.stack([engine.top_k(order, [fold.test for fold in folds]) for order in orders])
        with warnings.catch_warnings():
            # Where no draw has a score, mean and spread are NaN, which NumPy warns about.
            warnings.simplefilter("ignore", RuntimeWarning)
            columns[f"test_{name}"] = np.nanmean(draws, axis=0).ravel()
            if len(orders) > 1:
                columns[f"test_{name}_spread"] = np.nanstd(draws, axis=0, ddof=1).ravel()
    reverse, keep = [], []
    alone = engine.each_alone([fold.train for fold in folds])
    for fold, scores in zip(folds, alone, strict=True):
        backward = order_of(ranking[ranking["fold"] == fold.fold])[::-1].copy()
        reverse.append(engine.top_k(backward, [fold.test])[0])
        keep.append(_by_score_alone(engine, fold, scores))
    train, test = np.concatenate(keep, axis=1)
    return pd.DataFrame({**columns, "test_reverse": np.concatenate(reverse), "train_keep": train, "test_keep": test})


def _by_score_alone(engine: Ablation, fold: Fold, scores: np.ndarray) -> np.ndarray:
    """(2, k) train and test scores of the top k maps, ranked by the scores (feature_map,) that each has alone."""
    if np.isnan(scores).all():
        return np.full((2, len(scores)), np.nan)
    return engine.top_k(order_of(rank(scores)), [fold.train, fold.test])
