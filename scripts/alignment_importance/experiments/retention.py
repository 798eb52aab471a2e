"""How many of the ranked feature maps are retained, and how well these predict, in one fold."""

import numpy as np
import pandas as pd

#: Rankings whose test scores are taken at the number of maps that the ranking by AIS retains.
_AT_THE_SAME_K = ("random", "random_spread", "total_activation", "active_units", "reverse")


def retain(curve: pd.DataFrame) -> dict[str, float]:
    """Full and retained scores of one fold, by the train maximum (the paper's rule).

    Args:
        curve: columns k, train_score, test_score.

    Returns:
        k_retained, the smallest k with the highest train score (NaN ignored), and train and test scores with all maps
        and with these k. If no k has a train score, k_retained and the retained scores are NaN.
    """
    full = curve.sort_values("k").iloc[-1]
    best = _best(curve, "train_score")
    return {
        "k_retained": best["k"],
        "train_full": full["train_score"],
        "train_retained": best["train_score"],
        "test_full": full["test_score"],
        "test_retained": best["test_score"],
    }


def best_k(scores: np.ndarray) -> int:
    """The smallest k whose score, of scores (k,) for k = 1..K, is the highest; 0 if none is defined."""
    return int(np.nanargmax(scores)) + 1 if np.isfinite(scores).any() else 0


def retain_otherwise(curve: pd.DataFrame, ais: np.ndarray, train_se: float) -> dict[str, float]:
    """Other rules for the number of maps, and other rankings, in the same fold.

    Args:
        curve: of `curves.trace` and `curves.trace_others`.
        ais: (feature_map,) scores from the training images.
        train_se: standard error of the highest train score.

    Returns:
        k_one_se and test_one_se: the smallest k whose train score is at most one standard error below the highest.
        k_positive and test_positive: the maps with a positive AIS. test_random, test_random_spread (over draws),
        test_total_activation, test_active_units, test_reverse: other rankings, with k_retained maps. k_keep and
        test_keep: maps ranked by the score each has alone, at that ranking's train maximum. NaN where undefined.
    """
    by_k = curve.set_index("k")
    highest = _best(curve, "train_score")
    near = by_k.index[by_k["train_score"] >= highest["train_score"] - train_se]
    k_one_se = float(near.min()) if len(near) else float("nan")
    n_positive = int(np.count_nonzero(ais > 0)) if np.isfinite(ais).any() else float("nan")
    keep = _best(curve, "train_keep")
    others = [f"test_{name}" for name in _AT_THE_SAME_K if f"test_{name}" in by_k]
    return {
        "k_one_se": k_one_se,
        "test_one_se": by_k["test_score"].get(k_one_se, np.nan),
        "k_positive": n_positive,
        "test_positive": by_k["test_score"].get(n_positive, np.nan),
        **{name: by_k[name].get(highest["k"], np.nan) for name in others},
        "k_keep": keep["k"],
        "test_keep": keep["test_keep"],
    }


def _best(curve: pd.DataFrame, column: str) -> pd.Series:
    """The row with the highest value of a column, at the smallest k if tied; all NaN if no row has a value."""
    scored = curve.dropna(subset=column).sort_values("k")
    return scored.iloc[int(np.argmax(scored[column]))] if len(scored) else pd.Series(np.nan, index=curve.columns)
