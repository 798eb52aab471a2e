"""The baseline of shuffled images: the saliency maps of all other images in the place of the image's own."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from alignment_importance.maps.overlap import masks, scores
from alignment_importance.maps.overlap.masks import Levels, Marked
from alignment_importance.statistics import resampling

#: Other images with which CC, SIM and KL divergence of an image are computed at most.
_MOST_REFERENCES = 100


class SaliencyOfAll:
    """The saliency maps of all images in one frame, of which each image is compared with those of the others."""

    def __init__(self, marked: Iterable[tuple[str, Marked]], image_ids: Sequence[str], n_pixels: int, n_masks: int):
        """Go through the maps of all images once.

        Args:
            marked: image id and saliency map of every image, brought to the frame.
            image_ids: of all of them.
            n_pixels: of the frame.
            n_masks: of every map.
        """
        self.n_pixels, self.n_masks, self.n_maps = n_pixels, n_masks, 0
        self.references: dict[str, scores.Reference] = {}
        chosen = set(resampling.evenly(sorted(image_ids), _MOST_REFERENCES + 1))
        counts = np.zeros((n_masks + 1, n_pixels), dtype=np.min_scalar_type(len(image_ids)))
        pixels = np.arange(n_pixels)
        for image, one in marked:
            if one.levels is not None:
                counts[one.levels, pixels] += 1
                self.n_maps += 1
                if image in chosen:
                    self.references[image] = scores.Reference.of(one.pixels)
        #: (mask, pixel): how many maps have the pixel in this mask.
        self.times_marked = np.cumsum(counts[:n_masks], axis=0, dtype=counts.dtype)

    def shared(self, heatmap: Levels | None, own: Levels | None) -> NDArray[np.float64]:
        """Count the pixels that each mask of a heatmap shares with each of another image's map, on average.

        Args:
            heatmap: of the image.
            own: of its own saliency map, which is left out.

        Returns:
            (mask, mask); NaN without a heatmap or without other images.
        """
        n_others = self.n_maps - (own is not None)
        if heatmap is None or n_others == 0:
            return np.full((self.n_masks, self.n_masks), np.nan)
        # Sums of whole numbers, which float64 holds exactly in any order.
        sums = [
            np.bincount(heatmap, weights=marked, minlength=self.n_masks + 1)[: self.n_masks]
            for marked in self.times_marked
        ]
        together = np.stack(sums, axis=1).cumsum(axis=0)
        if own is not None:
            together -= masks.shared(heatmap, own, self.n_masks)
        return together / n_others

    def scores(self, image: str, heatmap: Marked) -> list[float]:
        """CC, SIM and KL divergence of an image's heatmap with other images' saliency maps, averaged; NaN without."""
        references = [reference for other, reference in self.references.items() if other != image]
        if not references or heatmap.levels is None:
            return [np.nan] * 3
        return scores.mean_scores(heatmap.pixels, references)
