"""The baseline of shuffled images: the saliency maps of all other images take the place of the image's own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alignment_importance.maps.overlap import masks, scores
from alignment_importance.maps.overlap.masks import Marked
from alignment_importance.statistics import resampling

#: At most so many other images are used for the CC, SIM and KL divergence of an image.
_MOST_REFERENCES = 100


class SaliencyOfAll:
    """The saliency maps of all images in one frame; each image's heatmap is compared with those of the other images.

    All maps are added first. CC, and KL divergence but for a term of the saliency map alone, are linear in the saliency
    map (standardised for CC), so that their means over maps follow from sums of maps. SIM needs every map. What an
    image's own map adds to sums and counts is kept, and subtracted in `compare`.
    """

    def __init__(self, image_ids: Sequence[str], n_pixels: int, n_masks: int) -> None:
        self.n_pixels, self.n_masks = n_pixels, n_masks
        self._chosen = set(resampling.evenly(sorted(image_ids), _MOST_REFERENCES))
        #: By image, of those chosen: the density, its standard deviation, and the sum of its values times their logs.
        self._densities: dict[str, NDArray[np.float32]] = {}
        self._deviations: dict[str, float] = {}
        self._information: dict[str, float] = {}
        self._sum, self._sum_of_standardised = np.zeros(n_pixels), np.zeros(n_pixels)
        #: (level, pixel): how many maps have this level at the pixel, see `masks.levels`.
        self._counts = np.zeros((n_masks + 1, n_pixels), dtype=np.min_scalar_type(len(image_ids)))
        self._own: dict[str, NDArray[np.intp] | None] = {}

    def add(self, image: str, salience: Marked, heatmap: Marked) -> None:
        """Add the saliency map of an image, and compare it with the image's heatmap, both stretched to the frame."""
        if salience.levels is None:
            return
        self._counts[salience.levels, np.arange(self.n_pixels)] += 1
        if image in self._chosen:
            P = scores.density(salience.pixels)
            positive = P[P > 0]
            self._densities[image] = P.astype(np.float32)
            self._deviations[image] = float(P.std())
            self._information[image] = float((positive * np.log(positive)).sum())
            kept = self._densities[image].astype(np.float64)
            self._sum += kept
            self._sum_of_standardised += kept / self._deviations[image]
        own = None if heatmap.levels is None else masks.shared(heatmap.levels, salience.levels, self.n_masks)
        self._own[image] = own

    def compare(self, image: str, heatmap: Marked) -> tuple[NDArray[np.float64], list[float]]:
        """Compare an image's heatmap, stretched to the frame, with the saliency maps of all other images, on average.

        Returns:
            How many pixels their masks share (mask, mask), and CC, SIM and KL divergence; NaN without a heatmap or
            without other images.
        """
        own = self._own.get(image)
        n_others = len(self._own) - (image in self._own)
        if heatmap.levels is None or n_others == 0:
            return np.full((self.n_masks, self.n_masks), np.nan), [np.nan] * 3
        # Sums of whole numbers are exact in float64, in any order.
        sums = [np.bincount(heatmap.levels, weights=marked, minlength=self.n_masks + 1) for marked in self._counts[:-1]]
        together = np.stack(sums, axis=1)[:-1].cumsum(axis=0).cumsum(axis=1)
        shared = (together if own is None else together - own) / n_others
        return shared, self._mean_scores(image, heatmap.pixels)

    def _mean_scores(self, image: str, pixels: NDArray[np.floating]) -> list[float]:
        """Mean CC, SIM and KL divergence of a heatmap with the chosen saliency maps of other images."""
        others = [name for name in self._densities if name != image]
        if not others:
            return [np.nan] * 3
        z, Q = scores.standardised(pixels), scores.density(pixels)
        total, total_of_standardised = self._sum, self._sum_of_standardised
        if image in self._densities:
            own = self._densities[image].astype(np.float64)
            total, total_of_standardised = total - own, total_of_standardised - own / self._deviations[image]
        sums = (
            _dot(total_of_standardised, z) / len(z),
            sum(float(np.minimum(self._densities[name], Q).sum()) for name in others),
            sum(self._information[name] for name in others) - _dot(total, np.log(Q + scores.EPSILON)),
        )
        return [score / len(others) for score in sums]


def _dot(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Sum of products without BLAS, whose rounding may depend on the number of threads."""
    return float(np.einsum("p,p->", first, second))
