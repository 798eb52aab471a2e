"""Overlap and saliency scores over images, with bootstrap intervals, for all images and for every category."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.statistics import resampling
from alignment_importance.statistics.averages import average

#: Value of the column `category` in the rows of all images together.
ALL_IMAGES = "all images"

_KEYS = ["measure", "direction", "baseline", "top_percent", "target_percent"]

_ESTIMATES = ("value", "lower", "upper", "difference", "difference_lower", "difference_upper")


def summarise(
    overlap: pd.DataFrame,
    scores: pd.DataFrame,
    categories: Mapping[str, str],
    risk_percent: Sequence[float],
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Summarise both tables of `measuring.measure` over images.

    Args:
        overlap, scores: the tables; every image has the same rows in the same order.
        categories: of the images that have one.
        risk_percent: sizes of both masks at which the relative risk is summarised.
        resamples: number of bootstrap resamples of the images.
        seed: of the resamples.

    Returns:
        A row per `category` of images (all together, and each if there are several), `measure`, `direction`,
        `baseline` and sizes of the masks, `top_percent` and `target_percent`. `value` is the `statistic` over images:
        the mean, or the median of the relative risk, which may be infinite; `lower` and `upper` bound its 95 %
        percentile interval over resamples of the images. `difference` is the mean over images of the observed value
        minus the baseline's, with its interval; it is NaN for `observed` itself and for medians. `n_images` counts the
        values; NaN is left out.
    """
    ids = overlap["image"].drop_duplicates().tolist()
    columns, values = _wide(overlap, scores, risk_percent, len(ids))
    names = sorted({categories[image] for image in ids if image in categories})
    groups: dict[str, NDArray[np.bool_]] = {ALL_IMAGES: np.ones(len(ids), dtype=bool)}
    if len(names) > 1:
        groups |= {name: np.array([categories.get(image) == name for image in ids]) for name in names}
    risk = (columns["measure"] == "relative_risk").to_numpy()
    compared, observed = _compared(columns, risk)
    columns["statistic"] = np.where(risk, "median", "mean")
    columns.insert(0, "category", "")
    tables = []
    for name, inside in groups.items():
        drawn = resampling.resample(inside.sum(), resamples, seed)
        estimates = _summarise(values[inside], risk, compared, observed, drawn)
        tables.append(columns.assign(category=name, **estimates))
    return pd.concat(tables, ignore_index=True)


def _wide(
    overlap: pd.DataFrame, scores: pd.DataFrame, risk_percent: Sequence[float], n_images: int
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """What is summarised (`_KEYS`, a row per column of the values), and the values (image, column)."""
    keys = overlap.iloc[: len(overlap) // n_images].reset_index(drop=True)
    at_risk = (keys["top_percent"] == keys["target_percent"]) & keys["top_percent"].isin(risk_percent)
    parts = []
    for measure in ("precision", "recall", "relative_risk"):
        chosen = at_risk.to_numpy() if measure == "relative_risk" else np.ones(len(keys), dtype=bool)
        values = overlap[measure].to_numpy(dtype=np.float64).reshape(n_images, -1)[:, chosen]
        parts.append((keys[chosen].assign(measure=measure)[_KEYS], values))
    ordered = scores.assign(at=pd.Categorical(scores["image"], scores["image"].unique()))
    ordered = ordered.sort_values("at", kind="stable")
    first = ordered.iloc[: len(ordered) // n_images].assign(top_percent=np.nan)
    parts.append((first[_KEYS], ordered["value"].to_numpy(dtype=np.float64).reshape(n_images, -1)))
    return pd.concat([rows for rows, _ in parts], ignore_index=True), np.concatenate([v for _, v in parts], axis=1)


def _compared(columns: pd.DataFrame, risk: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The baselines' columns whose mean is compared with the observed one, and the observed column of each."""
    keys = [tuple(row) for row in columns.drop(columns="baseline").fillna(-1).itertuples(index=False)]
    is_observed = (columns["baseline"] == "observed").to_numpy()
    place = {keys[at]: at for at in np.flatnonzero(is_observed)}
    compared = np.flatnonzero(~is_observed & ~risk)
    return compared, np.array([place[keys[at]] for at in compared], dtype=np.intp)


def _summarise(
    values: NDArray[np.float64],
    risk: NDArray[np.bool_],
    compared: NDArray[np.intp],
    observed: NDArray[np.intp],
    drawn: NDArray[np.intp],
) -> dict[str, NDArray[Any]]:
    """Statistics, intervals and differences of the values (image, column) of one group of images."""
    result = np.full((len(_ESTIMATES), values.shape[1]), np.nan)
    result[0, ~risk], result[0, risk] = average(values[:, ~risk]), resampling.medians(values[:, risk].T)
    result[1:3, ~risk] = resampling.mean_interval(values[:, ~risk], drawn)
    if risk.any():
        result[1:3, risk] = resampling.median_interval(values[:, risk], drawn)
    by_image = values[:, observed] - values[:, compared]
    result[3, compared] = average(by_image)
    result[4:, compared] = resampling.mean_interval(by_image, drawn)
    return {"n_images": (~np.isnan(values)).sum(axis=0), **dict(zip(_ESTIMATES, result, strict=True))}
