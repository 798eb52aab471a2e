"""Overlap of heatmaps with saliency maps: masks of their highest pixels, and the field's saliency scores."""

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs import images
from alignment_importance.maps import heatmaps as heat
from alignment_importance.maps.overlap import masks
from alignment_importance.maps.overlap import scores as scoring
from alignment_importance.maps.saliency import centre_bias
from alignment_importance.maps.saliency.computing import own_map
from alignment_importance.system import logs
from alignment_importance.system.errors import InputError

#: Columns of the table of overlaps.
COLUMNS = ("image", "top_percent", "target_percent", "direction", "precision", "recall", "relative_risk", "baseline")

#: Columns of the table of scores and areas.
SCORE_COLUMNS = ("image", "measure", "direction", "baseline", "target_percent", "value")

#: Which mask is taken for a prediction of the other.
DIRECTIONS = ("saliency_predicts_ais", "ais_predicts_saliency")

#: `observed` is no baseline but the overlap itself.
BASELINES = ("observed", "shuffled_saliency", "centre_bias", "activations")

#: Scores of maps, and of a map at fixations.
SCORES = ("cc", "sim", "kl_divergence", "auc_judd", "nss")
AREAS = ("precision_area", "recall_area", "equal_masks_area")

#: Other images with which CC, SIM and KL divergence of an image are computed at most, and pixels of their frame.
_OTHERS, _PIXELS = 100, 2**20


def measure(
    heatmaps: xr.Dataset,
    salience: xr.Dataset,
    top_percent: Sequence[float],
    target_percent: Sequence[float],
    risk_percent: Sequence[float] = (),
    spread: float = centre_bias.SPREAD,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure how far each heatmap and a saliency map of its image mark the same places.

    Only pixels that the network saw count. A mask holds the highest `percent` of them, exactly (rounded to whole
    pixels); equal values are ranked by their place, row by row from the top left.

    Args:
        heatmaps: what `heatmaps.heatmaps` returns.
        salience: what `saliency.computing.write` writes, open, for at least the images of `heatmaps`. Joined by id;
            read one image at a time.
        top_percent: sizes of the predicting mask, in per cent of the pixels.
        target_percent: sizes of the predicted mask; each size of `top_percent` predicts a mask of its own size too.
        risk_percent: further sizes, of which every one predicts every one.
        spread: of the Gaussian centre bias, see `centre_bias.gaussian`.

    Returns:
        A table with the columns `COLUMNS`, a row per image, baseline, direction and pair of sizes. With P the
        predicting and T the target mask: precision |P & T| / |P|, recall (TPR) |P & T| / |T|, relative risk TPR / FPR
        with the false positive rate FPR = |P - T| / |not T|; it is infinite without false positives, and every number
        is NaN where it would be 0 / 0 or where a map is NaN or the same everywhere.

        A table with the columns `SCORE_COLUMNS`. `precision_area` and `recall_area`: the mean height of the curve of
        precision and of recall against the sizes `top_percent` (trapezoids); `equal_masks_area`: the same where both
        masks have one size, and precision is recall. `cc`, `sim`, `kl_divergence`, `auc_judd`, `nss`: the heatmap as a
        prediction of the saliency map, and of the fixations where there are any, see `saliency_scores`.

        Baselines: `shuffled_saliency` has the saliency maps of all other images of `heatmaps`, one after the other, in
        the place of the image's own, and the fixations likewise. Precision, TPR and FPR are means over them, and the
        relative risk is the ratio of the two (a mean of ratios would be infinite as soon as one map had no false
        positive). All are brought to one frame for it, what the network saw at the set's most common size. CC, SIM and
        KL divergence are means over at most 100 of them, evenly chosen in the order of ids. `centre_bias` has a
        Gaussian in the place of the saliency map, and for AUC and NSS in the place of the heatmap; `activations` has
        the mean activation in the place of the heatmap.

    Raises:
        InputError: images without saliency map or of another size, or percentages that are none.
    """
    pairs: list[tuple[float, float]] = list(
        dict.fromkeys(
            [
                *((top, target) for top in top_percent for target in sorted({*target_percent, top})),
                *itertools.product(risk_percent, risk_percent),
            ]
        )
    )
    _check(heatmaps, salience, [size for pair in pairs for size in pair])
    work = _Work(heatmaps, salience, pairs, spread)
    ids = heatmaps.indexes["image"].tolist()
    values, scored = [], []
    for image in logs.progress(ids, "images compared", len(ids)):
        measures, scores = work.compare(image)
        values.append(measures)
        scored.append(scores)
    stacked = np.stack(values)
    return _overlap_table(ids, work.pairs, stacked), pd.concat(
        [_score_table(ids, np.stack(scored)), _area_table(ids, work.pairs, stacked, top_percent, target_percent)],
        ignore_index=True,
    )


def _check(heatmaps: xr.Dataset, salience: xr.Dataset, percents: list[float]) -> None:
    wrong = [str(percent) for percent in dict.fromkeys(percents) if not 0 < percent <= 100]
    if wrong:
        raise InputError(f"overlap: {', '.join(wrong)} is no share of the pixels. Give per cents above 0, at most 100.")
    ids = heatmaps.indexes["image"]
    missing = ids.difference(salience.indexes["image"])
    if len(missing):
        raise InputError(
            f"{len(missing)} of {len(ids)} images have no saliency map, the first is {missing[0]!r}. "
            "Compute the saliency of the image set again."
        )
    for side in ("width", "height"):
        other = heatmaps[side].to_numpy() != salience[side].sel(image=ids).to_numpy()
        if other.any():
            raise InputError(
                f"The {side} of {int(other.sum())} images differs between heatmaps and saliency maps, the first is "
                f"{ids[other][0]!r}. Make both from the same image files."
            )


# ----------------------------------------------------------------------------------------------------------------------
# One image


class _View:
    """What the network saw of images of one size: the pixels that count, and their order."""

    def __init__(self, width: int, height: int, resize: str, spread: float) -> None:
        left, top, right, bottom = images.input_region(width, height, resize)
        self.shape = height, width
        self.rows = slice(max(top, 0), min(bottom, height))
        self.columns = slice(max(left, 0), min(right, width))
        self.centre = centre_bias.gaussian(width, height, spread)[self.rows, self.columns]
        self.seen_shape: tuple[int, int] = self.centre.shape[0], self.centre.shape[1]

    def of(self, map2d: NDArray[np.floating]) -> NDArray[np.floating]:
        """The part of a map of the whole image."""
        return map2d[self.rows, self.columns]


class _Work:
    """Everything that the comparison of one image after the other needs."""

    def __init__(
        self,
        heatmaps: xr.Dataset,
        salience: xr.Dataset,
        pairs: list[tuple[float, float]],
        spread: float,
    ) -> None:
        self.heatmaps, self.salience, self.spread = heatmaps, salience, spread
        self.pairs = pairs
        self.percents = np.unique(pairs)
        self._views: dict[tuple[int, int], _View] = {}
        self._top, self._target = (np.searchsorted(self.percents, side) for side in zip(*self.pairs, strict=True))
        self.fixations = _Fixations(salience, heatmaps.indexes["image"].tolist())
        self.others = _Others(self)

    def view(self, image: str) -> _View:
        one = self.heatmaps["width"].sel(image=image)
        size = int(one), int(one["height"])
        if size not in self._views:
            self._views[size] = _View(*size, self.heatmaps.attrs["resize"], self.spread)
        return self._views[size]

    def heatmap(self, image: str, variable: str) -> NDArray[np.float64]:
        return np.asarray(self.view(image).of(heat.place_image(self.heatmaps, variable, image)), dtype=np.float64)

    def saliency(self, image: str) -> NDArray[np.floating]:
        return self.view(image).of(own_map(self.salience, image))

    def levels(self, map2d: NDArray[np.floating]) -> masks.Levels | None:
        """The levels of a map's pixels; None where it is NaN or ranks no pixel above another."""
        values = map2d.ravel()
        return masks.levels(values, self.percents) if masks.ranks(values) else None

    def compare(self, image: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All measures (baseline, direction, pair, measure) and scores (baseline, score) of an image."""
        ais, activation = self.heatmap(image, "heatmap"), self.heatmap(image, "activation_mean")
        own, centre = self.saliency(image), self.view(image).centre
        ranked = [self.levels(map2d) for map2d in (ais, activation, own, centre)]
        at_ais, at_activation, at_own, at_centre = ranked
        shared = {
            "observed": (self._shared(at_ais, at_own), ais.size),
            "shuffled_saliency": (self.others.shared(image, at_ais, at_own), self.others.n_pixels),
            "centre_bias": (self._shared(at_ais, at_centre), ais.size),
            "activations": (self._shared(at_activation, at_own), ais.size),
        }
        measures = [self._measures(*shared[baseline]) for baseline in BASELINES]
        fixated = self.fixations.of(image, self.view(image))
        scores = {
            "observed": [*_map_scores(ais, own), *_fixation_scores(ais, fixated)],
            "shuffled_saliency": self.others.scores(image),
            "centre_bias": [*_map_scores(ais, centre), *_fixation_scores(centre, fixated)],
            "activations": [*_map_scores(activation, own), *_fixation_scores(activation, fixated)],
        }
        return np.stack(measures), np.array([scores[baseline] for baseline in BASELINES])

    def _shared(self, ais: masks.Levels | None, other: masks.Levels | None) -> NDArray[np.floating]:
        """How many pixels each mask of a heatmap shares with each of a saliency map: (mask, mask)."""
        n_masks = len(self.percents)
        if ais is None or other is None:
            return np.full((n_masks, n_masks), np.nan)
        return masks.shared(ais, other, n_masks).astype(np.float64)

    def _measures(self, shared: NDArray[np.floating], n_pixels: int) -> NDArray[np.float64]:
        """Precision, recall and relative risk (direction, pair, measure)."""
        sizes = masks.sizes(self.percents, n_pixels)
        predicting, target = sizes[self._top], sizes[self._target]
        return np.stack(
            [_ratios(one[self._top, self._target], predicting, target, n_pixels) for one in (shared.T, shared)]
        )


def _ratios(
    hits: NDArray[np.floating], predicting: NDArray[np.intp], target: NDArray[np.intp], n_pixels: int
) -> NDArray[np.float64]:
    """Precision, recall and relative risk from numbers of pixels: (pair, measure)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = hits / target
        false_positive_rate = (predicting - hits) / (n_pixels - target)
        return np.stack([hits / predicting, recall, recall / false_positive_rate], axis=-1)


def _map_scores(prediction: NDArray[np.floating], truth: NDArray[np.floating]) -> list[float]:
    """CC, SIM and KL divergence; NaN where a map is NaN or ranks no pixel above another."""
    first, second = prediction.ravel(), truth.ravel()
    if not (masks.ranks(first) and masks.ranks(second)):
        return [np.nan] * 3
    return [scoring.cc(first, second), scoring.sim(first, second), scoring.kl_divergence(first, second)]


def _fixation_scores(prediction: NDArray[np.floating], fixated: NDArray[np.intp]) -> list[float]:
    """AUC-Judd and NSS; NaN without fixations, or where the map is NaN or ranks no pixel above another."""
    values = prediction.ravel()
    if not len(fixated) or not masks.ranks(values):
        return [np.nan] * 2
    return [scoring.auc_judd(values, fixated), scoring.nss(values, fixated)]


# ----------------------------------------------------------------------------------------------------------------------
# The other images


class _Fixations:
    """Where people looked, as parts of the sides of the images."""

    def __init__(self, salience: xr.Dataset, ids: list[str]) -> None:
        if "fixation_x" not in salience:
            self.image, self.across, self.down = np.array([], dtype=object), np.zeros(0), np.zeros(0)
            return
        image = salience["fixation_image"].to_numpy().astype(object)
        judged = np.isin(image.astype(str), np.array(ids, dtype=str))
        self.image = image[judged]
        one = salience.sel(image=xr.DataArray(self.image, dims="fixation"))
        self.across = salience["fixation_x"].to_numpy()[judged] / one["width"].to_numpy()
        self.down = salience["fixation_y"].to_numpy()[judged] / one["height"].to_numpy()

    def of(self, image: str, view: _View) -> NDArray[np.intp]:
        """Places of an image's own fixations among the pixels that count."""
        return self.places(self.image == image, view)[0]

    def places(self, chosen: NDArray[np.bool_], view: _View) -> tuple[NDArray[np.intp], NDArray]:
        """Places of some fixations among the pixels that count of an image, and the images that they are from."""
        height, width = view.shape
        x = np.minimum(np.floor(self.across[chosen] * width).astype(np.intp), width - 1)
        y = np.minimum(np.floor(self.down[chosen] * height).astype(np.intp), height - 1)
        rows, columns = view.rows, view.columns
        seen = (x >= columns.start) & (x < columns.stop) & (y >= rows.start) & (y < rows.stop)
        places = (y[seen] - rows.start) * (columns.stop - columns.start) + x[seen] - columns.start
        return places, self.image[chosen][seen]


class _Others:
    """The saliency maps of all images in one frame, of which each image is compared with those of the others."""

    def __init__(self, work: _Work) -> None:
        self.work = work
        ids = work.heatmaps.indexes["image"].tolist()
        self.shape = _frame([work.view(image) for image in ids])
        self.n_pixels = self.shape[0] * self.shape[1]
        n_masks = len(work.percents)
        counts = np.zeros((n_masks + 1, self.n_pixels), dtype=np.min_scalar_type(len(ids)))
        pixels = np.arange(self.n_pixels)
        self.n_maps = 0
        self.references: dict[str, scoring.Reference] = {}
        chosen = set(_evenly(sorted(ids), _OTHERS + 1))
        for image in logs.progress(ids, "saliency maps brought to one frame", len(ids)):
            map2d = self._framed(work.saliency(image))
            levels = work.levels(map2d)
            if levels is not None:
                counts[levels, pixels] += 1
                self.n_maps += 1
                if image in chosen:
                    self.references[image] = scoring.Reference.of(map2d.ravel())
        #: (mask, pixel): how many maps have the pixel in this mask.
        self.times_marked = np.cumsum(counts[:n_masks], axis=0, dtype=counts.dtype)

    def shared(self, image: str, ais: masks.Levels | None, own: masks.Levels | None) -> NDArray[np.floating]:
        """Pixels that each mask of a heatmap shares with each of another image's saliency map, on average."""
        n_masks = len(self.work.percents)
        if self.work.view(image).seen_shape != self.shape:
            ais = self.work.levels(self._framed(self.work.heatmap(image, "heatmap")))
            own = self.work.levels(self._framed(self.work.saliency(image)))
        n_others = self.n_maps - (own is not None)
        if ais is None or n_others == 0:
            return np.full((n_masks, n_masks), np.nan)
        # Sums of whole numbers, which float64 holds exactly in any order.
        sums = [np.bincount(ais, weights=marked, minlength=n_masks + 1)[:n_masks] for marked in self.times_marked]
        together = np.stack(sums, axis=1).cumsum(axis=0)
        if own is not None:
            together -= masks.shared(ais, own, n_masks)
        return together / n_others

    def scores(self, image: str) -> list[float]:
        """All scores with the saliency maps and the fixations of other images, averaged."""
        heatmap = self.work.heatmap(image, "heatmap")
        framed = self._framed(heatmap).ravel()
        references = [reference for other, reference in self.references.items() if other != image]
        known = len(references) and masks.ranks(framed)
        maps = scoring.mean_scores(framed, references) if known else [np.nan] * 3
        return [*maps, *self._fixation_scores(image, heatmap)]

    def _fixation_scores(self, image: str, heatmap: NDArray[np.floating]) -> list[float]:
        """AUC-Judd and NSS of a heatmap at the fixations of other images, every image weighing the same."""
        values = heatmap.ravel()
        fixations = self.work.fixations
        places, origins = fixations.places(fixations.image != image, self.work.view(image))
        if not len(places) or not masks.ranks(values):
            return [np.nan] * 2
        maps = {"auc_judd": scoring.places_of_ranks(values)[places], "nss": scoring.standardised(values)[places]}
        return pd.DataFrame(maps).groupby(origins).mean().mean().tolist()

    def _framed(self, seen: NDArray[np.floating]) -> NDArray[np.floating]:
        """Stretch what the network saw of an image to the frame."""
        if seen.shape == self.shape:
            return seen
        return heat.resample(seen.astype(np.float32), self.shape[1], self.shape[0])


def _frame(views: list[_View]) -> tuple[int, int]:
    """Height and width of the frame: the most common size of what the network saw, with a limited number of pixels."""
    found = Counter(view.seen_shape for view in views)
    height, width = min(found, key=lambda shape: (-found[shape], shape))
    shrink = min(1.0, (_PIXELS / (height * width)) ** 0.5)
    return max(1, int(height * shrink)), max(1, int(width * shrink))


def _evenly(ids: list[str], n: int) -> list[str]:
    """Choose at most n of some ids, evenly spaced."""
    return [ids[at] for at in np.linspace(0, len(ids) - 1, min(n, len(ids))).round().astype(int)]


# ----------------------------------------------------------------------------------------------------------------------
# Tables


def _overlap_table(ids: list[str], pairs: list[tuple[float, float]], values: NDArray[np.float64]) -> pd.DataFrame:
    """A row per image, baseline, direction and pair; `values` has these dimensions and the measure."""
    rows = [(b, d, top, target) for b in BASELINES for d in DIRECTIONS for top, target in pairs]
    one = pd.DataFrame(rows, columns=["baseline", "direction", "top_percent", "target_percent"])
    table = pd.DataFrame(values.reshape(-1, 3), columns=["precision", "recall", "relative_risk"])
    for column in one:
        table[column] = np.tile(one[column].to_numpy(), len(ids))
    table["image"] = np.repeat(np.array(ids, dtype=object), len(one))
    return table[list(COLUMNS)]


def _score_table(ids: list[str], scores: NDArray[np.float64]) -> pd.DataFrame:
    """A row per image, baseline and score; `scores` (image, baseline, score)."""
    index = pd.MultiIndex.from_product([ids, BASELINES, SCORES], names=["image", "baseline", "measure"])
    table = pd.DataFrame({"value": scores.ravel()}, index=index).reset_index()
    return table.assign(direction="ais_predicts_saliency", target_percent=np.nan)[list(SCORE_COLUMNS)]


def _area_table(
    ids: list[str],
    pairs: list[tuple[float, float]],
    values: NDArray[np.float64],
    top_percent: Sequence[float],
    target_percent: Sequence[float],
) -> pd.DataFrame:
    """Areas below the curves of `values` (image, baseline, direction, pair, measure) over the sizes."""
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
        index = pd.MultiIndex.from_product([ids, BASELINES, DIRECTIONS], names=["image", "baseline", "direction"])
        table = pd.DataFrame({"value": areas.ravel()}, index=index).reset_index()
        tables.append(table.assign(measure=measure, target_percent=target))
    return pd.concat(tables, ignore_index=True)[list(SCORE_COLUMNS)]
