"""Collects the numbers that the gallery shows for every image, and by which its page sorts and filters."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.experiments.agreement import correlate_heatmaps
from alignment_importance.maps.overlap.tables import of_equal_masks
from alignment_importance.report.captions import unusual
from alignment_importance.report.gallery import explained
from alignment_importance.report.gallery.explained import significant
from alignment_importance.report.overlays import Scale, shared_limits
from alignment_importance.system.netcdf import origin_columns

#: Number of feature maps shown for each image, those with the largest weights in its heatmap.
N_MAPS = 6

#: Number of neighbours shown for each image.
N_NEAREST = 6

_DECIMALS = 3


@dataclass(frozen=True)
class View:
    """One comparison seen through one network.

    Attributes:
        heatmaps: what `heatmaps.make` returns.
        scores: what `rankings.score_images` returns.
        rsms: what `rsms.compute` returns.
        activations: `feature_maps` (image, feature_map, y, x), may be lazy.
        overlaps: what `overlap.measuring.measure` returns first, by the name of the saliency map.
        pairs: what `experiments.pairs.explain` returns; may be lazy.
    """

    comparison: str
    model: str
    heatmaps: xr.Dataset
    scores: xr.Dataset
    rsms: xr.Dataset
    activations: xr.Dataset
    overlaps: Mapping[str, pd.DataFrame]
    pairs: xr.Dataset

    @property
    def name(self) -> str:
        """Return comparison and model, which is unique in a gallery."""
        return f"{self.comparison}/{self.model}"


@dataclass(frozen=True)
class ImageSet:
    """The images of a set and their results.

    Attributes:
        name: of the set.
        table: `image`, `file`, `sha256` and `category` of the images; the gallery keeps their order.
        saliency: what `saliency.computing.write` writes, by name; may be lazy.
        views: of the set; each may lack some of the images.
    """

    name: str
    table: pd.DataFrame
    saliency: Mapping[str, xr.Dataset]
    views: Sequence[View]


def describe(image_set: ImageSet, percents: Sequence[float], scale: Scale) -> dict[str, Any]:
    """Collect the numbers of one set for JSON: lists in the order of the images, None where undefined."""
    ids = image_set.table["image"].tolist()
    categories = image_set.table["category"].astype(object).fillna("").tolist()
    heatmaps = [view.heatmaps for view in image_set.views]
    return {
        "name": image_set.name,
        "images": ids,
        "categories": categories if any(categories) else None,
        "saliency": list(image_set.saliency),
        "views": [_describe_view(view, ids, percents, scale) for view in image_set.views],
        "agreement": [
            {"views": [first, second], "values": numbers(_agreement(heatmaps[first], heatmaps[second], ids))}
            for first, second in itertools.combinations(range(len(heatmaps)), 2)
        ],
    }


def _agreement(heatmaps: xr.Dataset, heatmaps_b: xr.Dataset, ids: list[str]) -> list[float]:
    """Correlate the heatmaps of two views; NaN for images that one of them lacks."""
    both = set(heatmaps.indexes["image"]) & set(heatmaps_b.indexes["image"])
    return [correlate_heatmaps(heatmaps, heatmaps_b, image) if image in both else np.nan for image in ids]


def _describe_view(view: View, ids: list[str], percents: Sequence[float], scale: Scale) -> dict[str, Any]:
    origin = origin_columns(view.heatmaps.attrs)
    random = str(origin["weights"]).startswith("random weights")
    alignment = view.scores["alignment"].to_series().reindex(ids)
    retained = float(view.rsms.attrs["n_retained"])
    limits = shared_limits(view.heatmaps, scale)
    return {
        "name": view.name,
        "comparison": view.comparison,
        "model": view.model,
        **origin,
        "unusual": [*(["random weights"] if random else []), *unusual(origin["arithmetic"], origin["ablation"])],
        "maps_total": view.scores.sizes["feature_map"],
        "maps_retained": None if np.isnan(retained) else int(retained),
        "present": [int(image in view.heatmaps.indexes["image"]) for image in ids],
        # The values of the first and the last colour; None if each heatmap has its own range.
        "limits": limits and [significant(value) for value in limits],
        "alignment": numbers(alignment),
        "overlap": {name: _overlap(table, ids, percents) for name, table in view.overlaps.items()},
        "maps": [leading_maps(view.scores, image) for image in ids],
        "explained": explained.describe(view.pairs, view.heatmaps, ids),
        "nearest": {which: nearest(view.rsms[which], ids) for which in ("people", "full", "retained")},
    }


def leading_maps(scores: xr.Dataset, image: str) -> list[tuple[int, float, float]]:
    """Find the feature maps with the largest weights in the heatmap of an image.

    Returns:
        (feature map, its AIS, its share of all weights), at most `N_MAPS`, in descending order, ties by map index. Maps
        without a positive score have no weight; an image without any, or with an undefined score, has no heatmap.
    """
    if image not in scores.indexes["image"]:
        return []
    ais = scores["ais"].sel(image=image).to_numpy()
    weights = np.maximum(ais, 0.0)
    total = weights.sum()
    if not total > 0:
        return []
    order = np.argsort(-weights, kind="stable")[:N_MAPS]
    # Scores of single maps are small, hence significant digits instead of decimals.
    return [(int(k), significant(ais[k]), round(weights[k] / total, 4)) for k in order if weights[k] > 0]


def nearest(matrix: xr.DataArray, ids: list[str]) -> list[list[tuple[int, float]]]:
    """Find the images that are most similar to each image.

    Args:
        matrix: (image, image_b) similarities; NaN for images that cannot be neighbours.
        ids: all images of the set; those that the matrix lacks have no neighbours.

    Returns:
        For each of `ids` at most `N_NEAREST` pairs of a position in `ids` and the similarity, to three significant
        digits (those of people may have any scale), the most similar first, ties in the order of `ids`.
    """
    square = matrix.reindex(image=ids, image_b=ids).to_numpy().copy()
    np.fill_diagonal(square, np.nan)
    neighbours = []
    for row in square:
        order = np.argsort(-row, kind="stable")[:N_NEAREST]
        neighbours.append([(int(other), significant(row[other])) for other in order if not np.isnan(row[other])])
    return neighbours


def _overlap(table: pd.DataFrame, ids: list[str], percents: Sequence[float]) -> list[dict[str, Any]]:
    """Collect the share of pixels in common and the relative risk, by image, for each size that both masks have."""
    same = of_equal_masks(table)
    sizes = []
    for percent in sorted(percents):
        rows = same[same["top_percent"] == percent].set_index("image")
        if len(rows):
            shared, risk = (rows[column].reindex(ids) for column in ("precision", "relative_risk"))
            sizes.append({"percent": percent, "shared": numbers(shared), "risk": numbers(risk)})
    return sizes


def numbers(values: Iterable[float]) -> list[float | str | None]:
    """Round for the page; NaN becomes None, and infinity, which JSON lacks, the text that the page shows."""
    rounded = (round(float(value), _DECIMALS) for value in values)
    return [None if np.isnan(value) else "∞" if np.isinf(value) else value for value in rounded]
