"""Overlap and saliency scores over images, with bootstrap intervals, for all images and for every category."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.statistics import resampling

#: Columns of the summary.
COLUMNS = (
    "category",
    "measure",
    "direction",
    "baseline",
    "top_percent",
    "target_percent",
    "statistic",
    "n_images",
    "value",
    "lower",
    "upper",
    "difference",
    "difference_lower",
    "difference_upper",
)

#: What stands in the column `category` for all images together.
ALL_IMAGES = "all images"

_KEYS = ["measure", "direction", "baseline", "top_percent", "target_percent"]


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
        The columns `COLUMNS`, a row per group of images (all, and every category if there are several), measure,
        direction, baseline and sizes of the masks. `statistic` is the mean over images, and the median of the relative
        risk, which may be infinite; `lower` and `upper` bound its 95 % percentile interval over resamples of the
        images. `difference` is the mean over images of the observed value minus the baseline's, with its interval; it
        is NaN for `observed` itself and for medians. NaN is left out, and `n_images` is the number of the others.
    """
    ids = overlap["image"].drop_duplicates().tolist()
    columns, values = _wide(overlap, scores, risk_percent, len(ids))
    names = sorted({categories[image] for image in ids if image in categories})
    groups: dict[str, NDArray[np.bool_]] = {ALL_IMAGES: np.ones(len(ids), dtype=bool)}
    if len(names) > 1:
        groups |= {name: np.array([categories.get(image) == name for image in ids]) for name in names}
    tables = [_group(columns, values[inside], resamples, seed).assign(category=name) for name, inside in groups.items()]
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)]


def _wide(
    overlap: pd.DataFrame, scores: pd.DataFrame, risk_percent: Sequence[float], n_images: int
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """What is summarised (a row per column of values, `_KEYS`), and the values (image, column)."""
    one = overlap.iloc[: len(overlap) // n_images].reset_index(drop=True)
    at_risk = (one["top_percent"] == one["target_percent"]) & one["top_percent"].isin(risk_percent)
    parts = []
    for measure in ("precision", "recall", "relative_risk"):
        chosen = at_risk.to_numpy() if measure == "relative_risk" else np.ones(len(one), dtype=bool)
        found = overlap[measure].to_numpy(dtype=np.float64).reshape(n_images, -1)[:, chosen]
        parts.append((one[chosen].assign(measure=measure)[_KEYS], found))
    ordered = scores.assign(at=pd.Categorical(scores["image"], scores["image"].unique()))
    ordered = ordered.sort_values("at", kind="stable")
    first = ordered.iloc[: len(ordered) // n_images].assign(top_percent=np.nan)
    parts.append((first[_KEYS], ordered["value"].to_numpy(dtype=np.float64).reshape(n_images, -1)))
    return pd.concat([keys for keys, _ in parts], ignore_index=True), np.concatenate([v for _, v in parts], axis=1)


def _group(columns: pd.DataFrame, values: NDArray[np.float64], resamples: int, seed: int) -> pd.DataFrame:
    """Statistics, intervals and differences of one group of images."""
    drawn = resampling.resample(len(values), resamples, seed)
    risk = (columns["measure"] == "relative_risk").to_numpy()
    known = ~np.isnan(values)
    result = columns.assign(statistic=np.where(risk, "median", "mean"), n_images=known.sum(axis=0))
    result["value"] = [_statistic(column, median) for column, median in zip(values.T, risk.tolist(), strict=True)]
    bounds = np.full((2, len(columns)), np.nan)
    bounds[:, ~risk] = resampling.mean_interval(values[:, ~risk], drawn)
    if risk.any():
        bounds[:, risk] = resampling.median_interval(values[:, risk], drawn)
    result["lower"], result["upper"] = bounds
    return result.assign(**_differences(columns, values, risk, drawn))


def _statistic(column: NDArray[np.float64], median: bool) -> float:
    known = column[~np.isnan(column)]
    if not len(known):
        return np.nan
    return float(np.median(known) if median else known.mean())


def _differences(
    columns: pd.DataFrame, values: NDArray[np.float64], risk: NDArray[np.bool_], drawn: NDArray[np.intp]
) -> dict[str, NDArray[np.float64]]:
    """The observed value minus the baseline's, image by image, and its interval."""
    keys = [tuple(row) for row in columns.drop(columns="baseline").fillna(-1).itertuples(index=False)]
    observed = (columns["baseline"] == "observed").to_numpy()
    place = {keys[at]: at for at in np.flatnonzero(observed)}
    compared = ~observed & ~risk
    pairs = values[:, [place[keys[at]] for at in np.flatnonzero(compared)]] - values[:, compared]
    found = np.full((3, len(columns)), np.nan)
    found[0, compared] = [_statistic(column, False) for column in pairs.T]
    found[1:, compared] = resampling.mean_interval(pairs, drawn)
    return dict(zip(("difference", "difference_lower", "difference_upper"), found, strict=True))
