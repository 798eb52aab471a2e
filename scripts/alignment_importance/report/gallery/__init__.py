"""A page on which every image of the sets is looked at with its heatmaps: numbers, pictures, and the page itself.

Everything lies in one folder and opens from disk; nothing is loaded from a network.
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
        percents: sizes of the masks whose contours are drawn and whose overlap is told, in per cent of the pixels.
        folder: exists and is empty.
        scale: what the colours of heatmaps span.
    """
    told = []
    for image_set in image_sets:
        agreement = pictures.draw(image_set, percents, folder, scale)
        told.append(content.describe(image_set, percents, agreement, scale))
    page.write({"percents": sorted(percents), "sets": told}, folder / "index.html")
