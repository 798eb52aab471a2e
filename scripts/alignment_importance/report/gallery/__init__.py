"""Builds the gallery: a page that shows every image of the sets with its heatmaps.

Everything is in one folder and opens from disk; nothing is loaded over a network.
"""

from collections.abc import Sequence
from pathlib import Path

from alignment_importance.report.gallery import content, page, pictures
from alignment_importance.report.gallery.content import ImageSet, View
from alignment_importance.report.overlays import Scale

__all__ = ["ImageSet", "View", "build"]


def build(image_sets: Sequence[ImageSet], percents: Sequence[float], folder: Path, scale: Scale) -> None:
    """Write index.html and the pictures that it shows.

    Args:
        image_sets: what to show, in this order.
        percents: sizes of the masks that are outlined and whose overlap is shown, in per cent of the pixels.
        folder: exists and is empty.
    """
    described = []
    for image_set in image_sets:
        pictures.draw(image_set, percents, folder, scale)
        described.append(content.describe(image_set, percents, scale))
    page.write({"percents": sorted(percents), "sets": described}, folder / "index.html")
