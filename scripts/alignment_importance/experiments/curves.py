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
    orders = _orders(folds, ranking)
    scores = engine.top_k_of_each(orders, [[fold.train, fold.test] for fold in folds])
    k, tables = np.arange(1, len(orders[0]) + 1), []
    for fold, (train, test) in zip(folds, scores, strict=True):
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
    columns, tests = {}, [fold.test for fold in folds]
    for name, orders in unguided.items():
        draws = engine.top_k_of_each(orders, [tests] * len(orders))
        with warnings.catch_warnings():
            # Where no draw has a score, mean and spread are NaN, which NumPy warns about.
            warnings.simplefilter("ignore", RuntimeWarning)
            columns[f"test_{name}"] = np.nanmean(draws, axis=0).ravel()
            if len(orders) > 1:
                columns[f"test_{name}_spread"] = np.nanstd(draws, axis=0, ddof=1).ravel()
    backward = [order[::-1].copy() for order in _orders(folds, ranking)]
    reverse = engine.top_k_of_each(backward, [[test] for test in tests])
    alone = engine.each_alone([fold.train for fold in folds])
    keep, scored = np.full((len(folds), 2, alone.shape[1]), np.nan), ~np.isnan(alone).all(axis=1)
    if scored.any():
        sides = [[fold.train, fold.test] for fold, any_scored in zip(folds, scored, strict=True) if any_scored]
        keep[scored] = engine.top_k_of_each([order_of(rank(scores)) for scores in alone[scored]], sides)
    train, test = np.concatenate(keep, axis=1)
    return pd.DataFrame({**columns, "test_reverse": reverse.ravel(), "train_keep": train, "test_keep": test})


def _orders(folds: Sequence[Fold], ranking: pd.DataFrame) -> list[np.ndarray]:
    """For each fold the maps (feature_map,) in the order of its ranking."""
    return [order_of(ranking[ranking["fold"] == fold.fold]) for fold in folds]
