"""Make a figure as small as a page of the documentation shows it."""

from pathlib import Path

from job import run

from PIL import Image

from alignment_importance.system.atomic_write import atomic

#: Pixels; a page is half as wide on a usual screen, and as wide on one of high density.
_WIDTH = 1000


def shrink_figure(figure: Path, picture: Path) -> None:
    """Write a figure with 1000 pixels to the row, as WebP: a third of what it takes as PNG."""
    with Image.open(figure) as image, atomic(picture) as partial:
        height = round(image.height * _WIDTH / image.width)
        small = image.convert("RGB").resize((_WIDTH, height), Image.Resampling.LANCZOS)
        small.save(partial, "WEBP", quality=85, method=6)


if __name__ == "__main__":
    run(shrink_figure, globals()["snakemake"])
