"""Bootstrap over images: how far the mean test scores would vary with another sample of images."""

import numpy as np
import pandas as pd
import scipy.special

from alignment_importance.inputs.folds import MIN_PAIRS
from alignment_importance.statistics.averages import average
from alignment_importance.statistics.inference import CONFIDENCE, weighted_scores

#: Kinds of similarities; the others are compared with the first.
KINDS = ("full", "retained", "ridge", "nonnegative")

#: Weights (draw x pair) held in memory at once.
_AT_ONCE = 2_000_000


def intervals(predicted: pd.DataFrame, score: str, n_draws: int, seed: int) -> pd.DataFrame:
    """Bootstrap standard errors and intervals of mean test scores.

    Images are drawn with replacement, the same draw for all folds of all seeds. In a fold's test block a pair then
    counts a * b times if its images were drawn a and b times; an image is never paired with itself. Maps are not
    selected again: the intervals are about other test images.

    Args:
        predicted: seed, fold, image, image_b, judged, and the similarities `KINDS`; a row per judged test pair.
        score: `pearson_r2`, `pearson` or `spearman`.

    Returns:
        quantity (`test_{kind}`, and `{kind}_difference` to `full`), estimate (mean over folds), se
        (standard deviation over draws), low and high (estimate -/+ 1.96 se; percentiles of the draws would lie too
        high, because a draw has fewer different images, which raises squared correlations).
    """
    ids = sorted({*predicted["image"], *predicted["image_b"]})
    times = np.random.default_rng(seed).multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=n_draws)
    # The first draw is the sample itself.
    times = np.vstack([np.ones(len(ids), dtype=int), times]).astype(float)
    first, second = (pd.Index(ids).get_indexer(pd.Index(predicted[name])) for name in ("image", "image_b"))
    scores = np.stack(
        [
            _scores_of_fold(predicted.iloc[at], times, (first[at], second[at]), score)
            for at in predicted.groupby(["seed", "fold"], sort=False).indices.values()
        ]
    )
    by_kind = dict(zip(KINDS, scores.swapaxes(0, 1), strict=True))
    quantities = {f"test_{kind}": by_fold for kind, by_fold in by_kind.items()}
    quantities |= {f"{kind}_difference": by_kind[kind] - by_kind["full"] for kind in KINDS[1:]}
    return pd.DataFrame([{"quantity": name, **_interval(average(by_fold))} for name, by_fold in quantities.items()])


def _scores_of_fold(
    pairs: pd.DataFrame, times: np.ndarray, images: tuple[np.ndarray, np.ndarray], score: str
) -> np.ndarray:
    """(kind, draw) scores of one fold's test pairs; NaN for draws that have fewer than `folds.MIN_PAIRS` of them."""
    human = pairs["judged"].to_numpy()
    size = max(1, _AT_ONCE // max(1, len(pairs)))
    chunks = []
    for start in range(0, len(times), size):
        draws = times[start : start + size]
        weights = draws[:, images[0]] * draws[:, images[1]]
        scores = [weighted_scores(pairs[name].to_numpy(), human, weights, score) for name in KINDS]
        chunks.append(np.where(np.count_nonzero(weights, axis=1) < MIN_PAIRS, np.nan, scores))
    return np.concatenate(chunks, axis=1)


def _interval(draws: np.ndarray) -> dict[str, float]:
    estimate, rest = float(draws[0]), draws[1:][np.isfinite(draws[1:])]
    se = float(rest.std(ddof=1)) if len(rest) > 1 else float("nan")
    half = float(scipy.special.ndtri((1 + CONFIDENCE) / 2)) * se
    return {"estimate": estimate, "se": se, "low": estimate - half, "high": estimate + half}
