"""How Alignment Importance Scores are spread over feature maps and images, and how networks differ in that."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.special
import xarray as xr

#: Columns of the table of differences.
COLUMNS = ("model", "model_b", "quantity", "over", "n", "n_b", "median", "median_b", "ks", "p")

#: Quantities that are compared between networks, and whether each has a value per image or per feature map.
QUANTITIES = {"mean_absolute_deviation": "image", "gini": "image", "ais_mean": "feature_map", "entropy": "feature_map"}


def over_maps(scores: xr.Dataset) -> pd.DataFrame:
    """How unequal the maps of each image are.

    Args:
        scores: `ais` (image, feature_map), see `rankings.score_images`.

    Returns:
        image, mean_absolute_deviation (of the image's scores from their mean), gini (of their absolute values); NaN
        for an image with an undefined score.
    """
    ais = scores["ais"].transpose("image", "feature_map").to_numpy()
    deviation = np.abs(ais - ais.mean(axis=1, keepdims=True)).mean(axis=1)
    return pd.DataFrame(
        {"image": scores.indexes["image"], "mean_absolute_deviation": deviation, "gini": [gini(row) for row in ais]}
    )


def over_images(scores: xr.Dataset) -> pd.DataFrame:
    """How each map's scores are spread over those images that have no undefined score.

    Args:
        scores: `ais` (image, feature_map).

    Returns:
        feature_map, n_images, ais_mean, entropy (bits, see `entropy`).
    """
    ais = scores["ais"].transpose("image", "feature_map").to_numpy()
    defined = ais[np.isfinite(ais).all(axis=1)]
    n_images, n_maps = len(defined), ais.shape[1]
    return pd.DataFrame(
        {
            "feature_map": np.arange(n_maps),
            "n_images": n_images,
            "ais_mean": defined.mean(axis=0) if n_images else np.nan,
            "entropy": entropy(defined) if n_images else np.nan,
        }
    )


def entropy(ais: np.ndarray) -> np.ndarray:
    """Shannon entropy, in bits, of each map's absolute scores over images, taken as shares of their sum.

    Args:
        ais: (image, feature_map).

    Returns:
        (feature_map,): 0 where one image has the whole sum, log2(n_images) where all have equal shares; NaN for a map
        whose scores are all 0.
    """
    sizes = np.abs(ais)
    total = sizes.sum(axis=0)
    shares = sizes / np.where(total > 0, total, np.nan)
    return np.asarray(scipy.special.entr(shares).sum(axis=0) / np.log(2))


def gini(values: np.ndarray) -> float:
    """Gini coefficient of the absolute values of `values` (n,).

    Half the mean absolute difference between two of them, divided by their mean: 0 where all are equal, 1 - 1/n where
    all but one are 0. NaN if any value is NaN or all are 0.
    """
    sizes = np.sort(np.abs(values))
    if not sizes.sum() > 0:
        return float("nan")
    n = len(sizes)
    return float((2 * np.arange(1, n + 1) - n - 1) @ sizes / (n * sizes.sum()))


def differences(images: Mapping[str, pd.DataFrame], maps: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Two-sample Kolmogorov-Smirnov tests of the spread, for every two networks.

    Args:
        images: tables of `over_maps` by the network's name.
        maps: tables of `over_images`.

    Returns:
        The columns `COLUMNS`: over is image or feature_map, ks the largest difference of the two distribution
        functions, p two-sided. Undefined values are left out; NaN where none are left.
    """
    rows = []
    for model, model_b in itertools.combinations(images, 2):
        for quantity, over in QUANTITIES.items():
            tables = images if over == "image" else maps
            first, second = (tables[name][quantity].dropna() for name in (model, model_b))
            numbers = (len(first), len(second), first.median(), second.median(), *_kolmogorov_smirnov(first, second))
            rows.append((model, model_b, quantity, over, *numbers))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _kolmogorov_smirnov(first: pd.Series, second: pd.Series) -> tuple[float, float]:
    """Statistic and p of the two-sample test; NaN where one sample is empty."""
    if first.empty or second.empty:
        return np.nan, np.nan
    from scipy.stats import ks_2samp  # slow to import, and needed only to compare networks

    test = ks_2samp(first, second)
    return float(test.statistic), float(test.pvalue)


def describe(prediction: pd.DataFrame, ranking: pd.DataFrame, images: pd.DataFrame, maps: pd.DataFrame) -> dict:
    """Describe one network in one row.

    Args:
        prediction: a row per fold: k_retained, test_full, test_retained.
        ranking: `ais` of every map over all images.
        images: table of `over_maps`.
        maps: table of `over_images`.

    Returns:
        n_maps; means and standard deviations over folds of the test scores of all maps, of those of the retained maps,
        and of the share of maps retained; the share of maps with a positive score over all images and the Gini
        coefficient of these scores; and the median over images or maps of each of `QUANTITIES`.
    """
    n_maps = len(ranking)
    by_fold = {
        "test_full": prediction["test_full"],
        "test_retained": prediction["test_retained"],
        "share_retained": prediction["k_retained"] / n_maps,
    }
    ais = ranking["ais"].to_numpy(float)
    medians = {
        f"{quantity}_median": float((images if over == "image" else maps)[quantity].median())
        for quantity, over in QUANTITIES.items()
    }
    return {
        "n_maps": n_maps,
        **{f"{name}_mean": float(values.mean()) for name, values in by_fold.items()},
        **{f"{name}_sd": float(values.std(ddof=1)) for name, values in by_fold.items()},
        "share_positive": float((ais > 0).mean()) if np.isfinite(ais).any() else float("nan"),
        "gini_of_ranking": gini(ais),
        **medians,
    }
