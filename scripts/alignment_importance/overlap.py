"""Overlap of heatmaps with saliency maps: precision, recall and relative risk of the masks of their highest pixels."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from alignment_importance import heatmaps as heat
from alignment_importance import logs
from alignment_importance.errors import InputError

#: Columns of the table of overlaps.
COLUMNS = (
    "image",
    "top_percent",
    "target_percent",
    "direction",
    "precision",
    "recall",
    "relative_risk",
    "baseline",
)

#: Which mask is taken for a prediction of the other.
DIRECTIONS = ("saliency_predicts_ais", "ais_predicts_saliency")

#: `observed` is no baseline but the overlap itself.
BASELINES = ("observed", "shuffled_saliency", "activations")

#: (mask, pixel), the masks from the smallest to the largest.
Masks = NDArray[np.bool_]


def tabulate(
    heatmaps: xr.Dataset, salience: xr.Dataset, top_percent: Sequence[float], target_percent: Sequence[float]
) -> pd.DataFrame:
    """Measure how far the highest pixels of each heatmap and of a saliency map of its image are the same.

    Only pixels that the network saw count. A mask holds the highest `percent` of them, exactly (rounded to whole
    pixels); equal values are ranked by their place, row by row from the top left.

    Args:
        heatmaps: what `heatmaps.heatmaps` returns.
        salience: what `saliency.compute` returns, for at least the images of `heatmaps`. Joined by id.
        top_percent: sizes of the predicting mask, in per cent of the pixels.
        target_percent: sizes of the predicted mask.

    Returns:
        The columns `COLUMNS`, a row per image, direction, baseline and pair of sizes. With P the predicting and T the
        target mask: precision |P & T| / |P|, recall (TPR) |P & T| / |T|, relative risk TPR / FPR with the false
        positive rate FPR = |P - T| / |not T|; it is infinite without false positives, and every number is NaN where
        it would be 0 / 0 or where a map is NaN or the same everywhere.
        Baselines: `activations` has the mean activation in the place of the heatmap; `shuffled_saliency` has, one
        after the other, the saliency maps of all other images of `heatmaps`, stretched to this image, in the place of
        its own. Precision, TPR and FPR are then means over those maps, and the relative risk is the ratio of the two
        (a mean of ratios would be infinite as soon as one map had no false positive).

    Raises:
        InputError: images without saliency map or of another size, or percentages that are none.
    """
    _check(heatmaps, salience, [*top_percent, *target_percent])
    percents = np.unique([*top_percent, *target_percent])
    top, target = np.searchsorted(percents, top_percent), np.searchsorted(percents, target_percent)
    scores = dict(_scores_by_image(heatmaps, salience, percents))
    tables = [
        _table(image, direction, baseline, values[np.ix_(top, target)], top_percent, target_percent)
        for image in heatmaps.indexes["image"]
        for baseline in BASELINES
        for direction, values in zip(DIRECTIONS, scores[image][baseline], strict=True)
    ]
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)]


def highest(values: NDArray[np.floating], percents: NDArray[np.floating]) -> Masks:
    """Mark the highest values, for each of `percents` exactly that share, rounded to whole pixels.

    Args:
        values: (pixel), without NaN. Equal values are ranked by their place.
        percents: (mask).

    Returns:
        bool (mask, pixel).
    """
    sizes = _sizes(percents, len(values))
    # The smallest value that each mask still holds; where the mask is empty, the highest, which it does not hold.
    lowest = np.sort(values)[::-1][np.maximum(sizes, 1) - 1]
    masks = values > lowest[:, None]
    for mask, value, size in zip(masks, lowest, sizes, strict=True):
        equal = np.flatnonzero(values == value)
        mask[equal[: size - mask.sum()]] = True
    return masks


def _check(heatmaps: xr.Dataset, salience: xr.Dataset, percents: list[float]) -> None:
    wrong = [str(percent) for percent in percents if not 0 < percent <= 100]
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


def _table(
    image: str,
    direction: str,
    baseline: str,
    values: np.ndarray,
    top_percent: Sequence[float],
    target_percent: Sequence[float],
) -> pd.DataFrame:
    """The rows of one image, direction and baseline; `values` (top, target, measure)."""
    table = pd.DataFrame(values.reshape(-1, 3), columns=["precision", "recall", "relative_risk"])
    return table.assign(
        image=image,
        direction=direction,
        baseline=baseline,
        top_percent=np.repeat(top_percent, len(target_percent)),
        target_percent=np.tile(target_percent, len(top_percent)),
    )


class _Frame:
    """The pixels of one image size that the network saw, and the sizes of their masks."""

    def __init__(self, seen: NDArray[np.bool_], percents: NDArray[np.floating]) -> None:
        self.seen = seen
        self.percents = percents
        self.n_pixels = int(seen.sum())
        self.sizes = _sizes(percents, self.n_pixels)

    def masks(self, map2d: np.ndarray) -> Masks | None:
        """The masks of a map of this size; None where it is NaN or ranks no pixel above another."""
        values = map2d[self.seen]
        if np.isnan(values).any() or values.min() == values.max():
            return None
        return highest(values, self.percents)

    def shared(self, ais: Masks | None, other: np.ndarray | None, n_maps: int = 1) -> np.ndarray:
        """How many pixels each mask of one map shares with each of another: (mask, mask).

        `other` (mask, pixel) may be the sum of the masks of several maps: then their mean.
        """
        if ais is None or other is None or n_maps == 0:
            return np.full((len(self.sizes), len(self.sizes)), np.nan)
        # Sums of whole numbers, which float64 holds exactly in any order.
        return ais.astype(np.float64) @ other.astype(np.float64).T / n_maps

    def measures(self, shared: np.ndarray) -> np.ndarray:
        """Precision, recall and relative risk for `shared` (predicting mask, target mask): (.., .., measure)."""
        predicting, target = self.sizes[:, None], self.sizes[None, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            recall = shared / target
            false_positive_rate = (predicting - shared) / (self.n_pixels - target)
            return np.stack([shared / predicting, recall, recall / false_positive_rate], axis=-1)


def _scores_by_image(
    heatmaps: xr.Dataset, salience: xr.Dataset, percents: np.ndarray
) -> Iterator[tuple[str, dict[str, list[np.ndarray]]]]:
    """Yield each image's measures, by baseline and for both directions: (predicting, target, measure)."""
    framed = _frames(heatmaps, salience, percents)
    n_images = heatmaps.sizes["image"]
    for frame, image, times_marked, n_maps in logs.progress(framed, "images compared", n_images):
        ais = frame.masks(heat.place_image(heatmaps, "heatmap", image))
        activation = frame.masks(heat.place_image(heatmaps, "activation_mean", image))
        own = frame.masks(_unpadded(salience, image))
        others, n_others = (times_marked, n_maps) if own is None else (times_marked - own, n_maps - 1)
        shared = {
            "observed": frame.shared(ais, own),
            "shuffled_saliency": frame.shared(ais, others, n_others),
            "activations": frame.shared(activation, own),
        }
        yield image, {name: [frame.measures(pixels.T), frame.measures(pixels)] for name, pixels in shared.items()}


def _frames(
    heatmaps: xr.Dataset, salience: xr.Dataset, percents: np.ndarray
) -> Iterator[tuple[_Frame, str, np.ndarray, int]]:
    """Yield each image with its frame, with how often the masks of all saliency maps have a pixel, and their number.

    The images of one size come together, so that all saliency maps are stretched and masked once per size; from how
    often each pixel is marked, the mean over all maps costs no more than one map.
    """
    sizes = zip(heatmaps["width"].to_numpy().tolist(), heatmaps["height"].to_numpy().tolist(), strict=True)
    by_size: dict[tuple[int, int], list[str]] = {}
    for image, size in zip(heatmaps.indexes["image"], sizes, strict=True):
        by_size.setdefault(size, []).append(image)
    for (width, height), group in by_size.items():
        frame = _Frame(~np.isnan(heat.place(np.zeros((1, 1)), width, height, heatmaps.attrs["resize"])), percents)
        times_marked = np.zeros((len(percents), frame.n_pixels), dtype=np.int32)
        n_maps = 0
        for image in heatmaps.indexes["image"]:
            stretched = heat.resample(_unpadded(salience, image), width, height)
            masks = frame.masks(stretched)
            if masks is not None:
                times_marked += masks
                n_maps += 1
        for image in group:
            yield frame, image, times_marked, n_maps


def _unpadded(salience: xr.Dataset, image: str) -> np.ndarray:
    """The saliency map of one image, (height, width)."""
    one = salience["saliency"].sel(image=image)
    return one.to_numpy()[: int(one["height"]), : int(one["width"])]


def _sizes(percents: NDArray[np.floating], n_pixels: int) -> NDArray[np.intp]:
    """The number of pixels of each mask."""
    return np.round(percents * n_pixels / 100).astype(np.intp)
