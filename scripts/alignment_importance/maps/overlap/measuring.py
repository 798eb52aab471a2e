"""Overlap of heatmaps with saliency maps: masks of their highest pixels, and the field's saliency scores.

Every heatmap is compared with the saliency map of its image (`observed`), in both directions: each mask is a prediction
of the other. There are three baselines (`tables.BASELINES`):

- `shuffled_saliency`: the saliency maps and the fixations of all other images, one after the other, in the place of
  the image's own. Maps are stretched to one frame, the most common size of what the network saw of an image.
- `centre_bias`: a Gaussian in the place of the saliency map; in AUC and NSS, in the place of the heatmap.
- `activations`: the mean activation in the place of the heatmap.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs import images
from alignment_importance.maps.heatmaps import place_image, resample
from alignment_importance.maps.overlap import masks, tables
from alignment_importance.maps.overlap import scores as scoring
from alignment_importance.maps.overlap.masks import Marked
from alignment_importance.maps.overlap.shuffled import SaliencyOfAll
from alignment_importance.maps.saliency import centre_bias
from alignment_importance.maps.saliency.computing import own_map
from alignment_importance.maps.saliency.fixations import pixels_along
from alignment_importance.statistics import roc
from alignment_importance.system import logs

#: Most pixels that the frame for all images may have.
_MOST_PIXELS = 2**20


def measure(
    heatmaps: xr.Dataset,
    saliency: Mapping[str, xr.Dataset],
    top_percent: Sequence[float],
    target_percent: Sequence[float],
    relative_risk_percent: Sequence[float] = (),
    spread: float = centre_bias.SPREAD,
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Measure how far each heatmap and the saliency maps of its image mark the same places.

    Only pixels that the network saw count. A mask holds the highest `percent` of them, exactly (rounded to whole
    pixels); equal values are ranked by their place, row by row from the top left.

    Args:
        heatmaps: what `heatmaps.make` returns.
        saliency: open files of `saliency.computing.write`, by the name of the kind of saliency, with at least the
            images of `heatmaps`. Joined by id; read one image at a time.
        top_percent: sizes of the predicting mask, in per cent of the pixels.
        target_percent: sizes of the predicted mask; each size of `top_percent` predicts a mask of its own size too.
        relative_risk_percent: further sizes; a mask of each size predicts a mask of each.
        spread: of the Gaussian centre bias, see `centre_bias.gaussian`.

    Returns:
        Two tables for every kind of saliency.

        `tables.COLUMNS`, a row per image, baseline, direction and pair of sizes. With P the predicting and T the target
        mask: precision |P & T| / |P|, recall (TPR) |P & T| / |T|, relative risk TPR / FPR with the false positive rate
        FPR = |P - T| / |not T|. The relative risk is infinite without false positives; every number is NaN where it
        would be 0 / 0 or where a map is NaN or the same everywhere. For shuffled images, precision, TPR and FPR are
        means over the other images, and the relative risk is the ratio of the mean rates (a mean of ratios would be
        infinite as soon as one image had no false positive).

        `tables.SCORE_COLUMNS`. `precision_area` and `recall_area`: the mean height of the curve of precision and of
        recall against the sizes `top_percent` (trapezoids); `equal_masks_area`: that of the curve where both masks have
        one size, and precision is recall. `cc`, `sim`, `kl_divergence`, `auc_judd`, `nss`: the heatmap as a prediction
        of the saliency map, and of the fixations where there are any, see `scores`. CC, SIM and KL divergence for
        shuffled images are means over at most 100 of them, evenly chosen in the order of ids.
    """
    equal_or_target = [(top, target) for top in top_percent for target in sorted({*target_percent, top})]
    pairs = list(dict.fromkeys([*equal_or_target, *itertools.product(relative_risk_percent, relative_risk_percent)]))
    prepared = _Heatmaps(heatmaps, np.unique(pairs), spread)
    kinds = {name: _Saliency(maps, prepared, pairs) for name, maps in saliency.items()}
    # Every saliency map is read and ranked once. Heatmaps are compared with other images' maps after all are read.
    for image in logs.progress(prepared.ids, "images compared", len(prepared.ids)):
        heatmap = _Heatmap(prepared, image)
        for kind in kinds.values():
            kind.compare(heatmap)
    for image in logs.progress(prepared.ids, "images compared with others", len(prepared.ids)):
        framed = prepared.mark_framed(prepared.seen(image, "heatmap"))
        for kind in kinds.values():
            kind.compare_with_others(image, framed)
    return {name: kind.tabulate(top_percent, target_percent) for name, kind in kinds.items()}


class View:
    """The part of images of one size that the network saw: the pixels that count."""

    def __init__(self, width: int, height: int, resize: str) -> None:
        """Find what a resize rule leaves of images of this size, see `images.input_region`."""
        left, top, right, bottom = images.input_region(width, height, resize)
        self.rows, self.columns = slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width))
        #: Height and width of the whole image, and of what the network saw.
        self.image_shape = height, width
        self.shape = self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def crop(self, map2d: NDArray[np.floating]) -> NDArray[np.floating]:
        """Cut what the network saw out of a map of the whole image."""
        return map2d[self.rows, self.columns]


def common_frame(views: Iterable[View]) -> tuple[int, int]:
    """Height and width of the most common view, made smaller if it has more than about a million pixels."""
    counts = Counter(view.shape for view in views)
    height, width = min(counts, key=lambda shape: (-counts[shape], shape))
    shrink = min(1.0, (_MOST_PIXELS / (height * width)) ** 0.5)
    return max(1, int(height * shrink)), max(1, int(width * shrink))


class Fixations:
    """Where people looked, in pixels of the images that they saw."""

    def __init__(self, saliency: xr.Dataset, image_ids: list[str]) -> None:
        """Take the fixations within the given images from a dataset of saliency maps, which may have none."""
        if "fixation_x" not in saliency:
            self.image = np.array([], dtype=object)
            self._x = self._y = np.zeros(0)
            self._width = self._height = np.zeros(0, dtype=np.intp)
            return
        image = saliency["fixation_image"].to_numpy().astype(object)
        wanted = np.isin(image.astype(str), np.array(image_ids, dtype=str))
        self.image = image[wanted]
        self._x, self._y = (saliency[f"fixation_{axis}"].to_numpy()[wanted] for axis in "xy")
        sizes = saliency[["width", "height"]].sel(image=xr.DataArray(self.image, dims="fixation"))
        self._width, self._height = (sizes[side].to_numpy() for side in ("width", "height"))

    def places(self, chosen: NDArray[np.bool_], view: View) -> tuple[NDArray[np.intp], NDArray]:
        """Places of the chosen fixations among the pixels of a view, and the images that they are from.

        Fixations of an image of another size are placed as if that image were stretched to the view's image.
        """
        height, width = view.image_shape
        x = pixels_along(self._x[chosen], self._width[chosen], width)
        y = pixels_along(self._y[chosen], self._height[chosen], height)
        rows, columns = view.rows, view.columns
        seen = (x >= columns.start) & (x < columns.stop) & (y >= rows.start) & (y < rows.stop)
        places = (y[seen] - rows.start) * view.shape[1] + x[seen] - columns.start
        return places, self.image[chosen][seen]


class _Heatmaps:
    """The heatmaps of all images, and the frame to which maps of different sizes are stretched."""

    def __init__(self, heatmaps: xr.Dataset, percents: NDArray, spread: float) -> None:
        self.percents = percents
        self.ids: list[str] = heatmaps.indexes["image"].tolist()
        self._heatmaps = heatmaps
        sizes = list(zip(heatmaps["width"].to_numpy().tolist(), heatmaps["height"].to_numpy().tolist(), strict=True))
        by_size = {size: View(*size, heatmaps.attrs["resize"]) for size in set(sizes)}
        self.views = {image: by_size[size] for image, size in zip(self.ids, sizes, strict=True)}
        self.centres = {
            view.image_shape: self.mark(view.crop(centre_bias.gaussian(*size, spread)))
            for size, view in by_size.items()
        }
        self.frame = common_frame(self.views.values())

    def mark(self, map2d: NDArray[np.floating]) -> Marked:
        return Marked(map2d, self.percents)

    def mark_framed(self, map2d: NDArray[np.floating], marked: Marked | None = None) -> Marked:
        """Mark a map stretched to the frame; `marked` is the unstretched map, reused if it has the frame's shape."""
        if map2d.shape != self.frame:
            height, width = self.frame
            return self.mark(resample(map2d.astype(np.float32), width, height))
        return marked or self.mark(map2d)

    def seen(self, image: str, variable: str) -> NDArray[np.floating]:
        """The part of an image's map that the network saw."""
        return self.views[image].crop(place_image(self._heatmaps, variable, image))


class _Heatmap:
    """The heatmap of one image, and the parts of its comparisons that are the same for every kind of saliency."""

    def __init__(self, heatmaps: _Heatmaps, image: str) -> None:
        self.image, self.view = image, heatmaps.views[image]
        seen = heatmaps.seen(image, "heatmap")
        #: The heatmap, the mean activation and the Gaussian centre bias, where the network saw the image.
        self.ais = heatmaps.mark(seen)
        self.activation = heatmaps.mark(heatmaps.seen(image, "activation_mean"))
        self.centre = heatmaps.centres[self.view.image_shape]
        self.framed = heatmaps.mark_framed(seen, self.ais)
        self.compared_with_centre = _compare(self.ais, self.centre, len(heatmaps.percents))


class _Saliency:
    """The saliency maps of one kind, and how the heatmaps compare with them."""

    def __init__(self, saliency: xr.Dataset, heatmaps: _Heatmaps, pairs: Sequence[tables.Pair]) -> None:
        self._saliency, self._heatmaps, self._pairs = saliency, heatmaps, pairs
        height, width = heatmaps.frame
        self._of_all = SaliencyOfAll(heatmaps.ids, height * width, len(heatmaps.percents))
        self._fixations = Fixations(saliency, heatmaps.ids)
        self._at_other_fixations: dict[str, list[float]] = {}
        #: By baseline, an entry per image: measures (direction, pair, measure), and scores.
        self._measures: dict[str, list[NDArray[np.float64]]] = {name: [] for name in tables.BASELINES}
        self._scores: dict[str, list[list[float]]] = {name: [] for name in tables.BASELINES}

    def compare(self, heatmap: _Heatmap) -> None:
        """Compare a heatmap with the saliency map of its image, and with baselines that need no other image."""
        map2d = heatmap.view.crop(own_map(self._saliency, heatmap.image))
        own = self._heatmaps.mark(map2d)
        self._of_all.add(heatmap.image, self._heatmaps.mark_framed(map2d, own), heatmap.framed)
        ais, activation, n_masks = heatmap.ais, heatmap.activation, len(self._heatmaps.percents)
        fixated, _ = self._fixations.places(self._fixations.image == heatmap.image, heatmap.view)
        for baseline, predicting, (shared, scores) in (
            ("observed", ais, _compare(ais, own, n_masks)),
            ("centre_bias", heatmap.centre, heatmap.compared_with_centre),
            ("activations", activation, _compare(activation, own, n_masks)),
        ):
            self._keep(baseline, shared, len(ais.pixels), [*scores, *_fixation_scores(predicting, fixated)])
        self._at_other_fixations[heatmap.image] = _scores_at_other_fixations(heatmap, self._fixations)

    def compare_with_others(self, image: str, framed: Marked) -> None:
        """Compare a heatmap, stretched to the frame, with the saliency maps of all other images."""
        shared, scores = self._of_all.compare(image, framed)
        self._keep("shuffled_saliency", shared, self._of_all.n_pixels, [*scores, *self._at_other_fixations[image]])

    def tabulate(
        self, top_percent: Sequence[float], target_percent: Sequence[float]
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The two tables of `measure`."""
        ids, pairs = self._heatmaps.ids, self._pairs
        values = np.stack([np.stack(self._measures[name]) for name in tables.BASELINES], axis=1)
        scores = np.stack([np.array(self._scores[name]) for name in tables.BASELINES], axis=1)
        areas = tables.tabulate_areas(ids, pairs, values, top_percent, target_percent)
        scored = pd.concat([tables.tabulate_scores(ids, scores), areas], ignore_index=True)
        return tables.tabulate_overlap(ids, pairs, values), scored

    def _keep(self, baseline: str, shared: NDArray[np.float64], n_pixels: int, scores: list[float]) -> None:
        self._measures[baseline].append(_measures(shared, n_pixels, self._heatmaps.percents, self._pairs))
        self._scores[baseline].append(scores)


def _compare(heatmap: Marked, other: Marked, n_masks: int) -> tuple[NDArray[np.float64], list[float]]:
    """How many pixels each mask of a heatmap shares with each of another map (mask, mask); CC, SIM and KL divergence.

    All are NaN where a map is NaN or ranks no pixel above another.
    """
    if heatmap.levels is None or other.levels is None:
        return np.full((n_masks, n_masks), np.nan), [np.nan] * 3
    shared = masks.shared(heatmap.levels, other.levels, n_masks).astype(np.float64)
    measures = (scoring.cc, scoring.sim, scoring.kl_divergence)
    return shared, [score(heatmap.pixels, other.pixels) for score in measures]


def _measures(
    shared: NDArray[np.float64], n_pixels: int, percents: NDArray, pairs: Sequence[tables.Pair]
) -> NDArray[np.float64]:
    """Precision, recall and relative risk: (direction, pair, measure)."""
    top, target = (np.searchsorted(percents, side) for side in zip(*pairs, strict=True))
    sizes = masks.sizes(percents, n_pixels)
    hits = np.stack([shared.T[top, target], shared[top, target]])
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = hits / sizes[target]
        false_positive_rate = (sizes[top] - hits) / (n_pixels - sizes[target])
        return np.stack([hits / sizes[top], recall, recall / false_positive_rate], axis=-1)


def _fixation_scores(prediction: Marked, fixated: NDArray[np.intp]) -> list[float]:
    """AUC-Judd and NSS; NaN without fixations, or where the map is NaN or ranks no pixel above another."""
    if not len(fixated) or prediction.levels is None:
        return [np.nan] * 2
    return [scoring.auc_judd(prediction.pixels, fixated), scoring.nss(prediction.pixels, fixated)]


def _scores_at_other_fixations(heatmap: _Heatmap, fixations: Fixations) -> list[float]:
    """AUC-Judd and NSS of a heatmap at the fixations of other images, every image weighing the same."""
    places, origins = fixations.places(fixations.image != heatmap.image, heatmap.view)
    if not len(places) or heatmap.ais.levels is None:
        return [np.nan] * 2
    pixels = heatmap.ais.pixels
    at_places = {"auc_judd": roc.share_below(pixels[places], pixels), "nss": scoring.standardised(pixels)[places]}
    return pd.DataFrame(at_places).groupby(origins).mean().mean().tolist()
