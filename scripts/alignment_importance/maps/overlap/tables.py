"""Tables of the overlap of heatmaps with one kind of saliency map."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

#: Columns of the table of overlaps.
COLUMNS = ("image", "top_percent", "target_percent", "direction", "precision", "recall", "relative_risk", "baseline")

#: Columns of the table of scores and areas.
SCORE_COLUMNS = ("image", "measure", "direction", "baseline", "target_percent", "value")

#: Which mask is taken as a prediction of the other.
DIRECTIONS = ("saliency_predicts_ais", "ais_predicts_saliency")

#: `observed` is no baseline but the overlap itself.
BASELINES = ("observed", "shuffled_saliency", "centre_bias", "activations")

#: Scores of a map against another, and (the last two) against fixations.
SCORES = ("cc", "sim", "kl_divergence", "auc_judd", "nss")

#: Sizes of the predicting and of the predicted mask, in per cent of the pixels.
Pair = tuple[float, float]


def tabulate_overlap(ids: Sequence[str], pairs: Sequence[Pair], values: NDArray[np.float64]) -> pd.DataFrame:
    """Tabulate precision, recall and relative risk (image, baseline, direction, pair, measure) in `COLUMNS`."""
    table = _long(values, ["precision", "recall", "relative_risk"], ids, direction=DIRECTIONS, pair=range(len(pairs)))
    sizes = pd.DataFrame(pairs, columns=["top_percent", "target_percent"]).iloc[table["pair"]]
    return pd.concat([table, sizes.reset_index(drop=True)], axis=1)[list(COLUMNS)]


def tabulate_scores(ids: Sequence[str], scores: NDArray[np.float64]) -> pd.DataFrame:
    """Tabulate scores (image, baseline, score) in the columns `SCORE_COLUMNS`."""
    table = _long(scores, ["value"], ids, measure=SCORES)
    return table.assign(direction="ais_predicts_saliency", target_percent=np.nan)[list(SCORE_COLUMNS)]


def tabulate_areas(
    ids: Sequence[str],
    pairs: Sequence[Pair],
    values: NDArray[np.float64],
    top_percent: Sequence[float],
    target_percent: Sequence[float],
) -> pd.DataFrame:
    """Tabulate areas below the curves of precision and recall over sizes `top_percent` in the columns `SCORE_COLUMNS`.

    Args:
        ids, pairs, values: see `tabulate_overlap`.
        top_percent: sizes of the predicting mask.
        target_percent: sizes of the predicted mask, a curve for each; one more curve has both masks of one size.
    """
    tops = sorted(top_percent)
    curves = [
        *(("precision_area", 0, target, [(top, target) for top in tops]) for target in target_percent),
        *(("recall_area", 1, target, [(top, target) for top in tops]) for target in target_percent),
        ("equal_masks_area", 0, np.nan, [(top, top) for top in tops]),
    ]
    place = {pair: at for at, pair in enumerate(pairs)}
    tables = []
    for measure, column, target, on_curve in curves:
        heights = values[..., [place[pair] for pair in on_curve], column]
        length = tops[-1] - tops[0]
        areas = np.trapezoid(heights, tops, axis=-1) / length if length else np.full(heights.shape[:-1], np.nan)
        table = _long(areas, ["value"], ids, direction=DIRECTIONS)
        tables.append(table.assign(measure=measure, target_percent=target))
    return pd.concat(tables, ignore_index=True)[list(SCORE_COLUMNS)]


def of_equal_masks(overlap: pd.DataFrame) -> pd.DataFrame:
    """Select the observed overlap of masks of one size, whose two directions are equal."""
    same = overlap["top_percent"] == overlap["target_percent"]
    return overlap[same & (overlap["baseline"] == "observed") & (overlap["direction"] == DIRECTIONS[0])]


def _long(values: ArrayLike, columns: list[str], ids: Sequence[str], **further: Sequence[object]) -> pd.DataFrame:
    """Tabulate values (image, baseline, further.., column): a row per image, baseline and item of each of `further`."""
    index = pd.MultiIndex.from_product([ids, BASELINES, *further.values()], names=["image", "baseline", *further])
    return pd.DataFrame(np.reshape(values, (len(index), -1)), index, columns).reset_index()
