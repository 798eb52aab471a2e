"""The pictures of the gallery: small files, numbered in the order of the images, so that no id becomes a path."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import contourpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alignment_importance.inputs import images
from alignment_importance.maps import heatmaps as heat
from alignment_importance.maps.overlap import masks
from alignment_importance.maps.saliency.computing import own_map
from alignment_importance.report.gallery import content
from alignment_importance.report.gallery.content import ImageSet, View
from alignment_importance.report.overlays import Scale, overlay, shared_limits
from alignment_importance.statistics.correlation import correlate
from alignment_importance.system import logs

#: Longest sides in pixels: of the large view, of the overview, of a single feature map, of the masks of contours.
LARGE, SMALL, MAP, MASK = 480, 192, 128, 224

#: Colours of the contours of heatmaps and of saliency maps, told apart by colour-blind people too.
CONTOURS = {"heatmap": "#e69f00", "saliency": "#56b4e9"}

#: Widths of contours in pixels of the screen, of the smallest mask and of the largest.
_WIDEST, _THINNEST = 2.4, 1.0

_QUALITY = 82


def draw(
    image_set: ImageSet, percents: Sequence[float], folder: Path, scale: Scale
) -> dict[tuple[int, int], list[float]]:
    """Draw all pictures of a set below `folder`/pictures/{set}, where `{number}` counts the images from 0001.

    photograph/{large, small}/{number}.webp; saliency/{saliency}/{large, small}/{number}.webp;
    heatmap/{comparison}/{model}/{large, small}/{number}.webp; maps/{comparison}/{model}/{number}.webp, the leading maps
    in a row; contours/{comparison}/{model}/{saliency}/{number}.svg, to lie over the photograph.

    Returns:
        By the positions of two views: for each image the correlation of their heatmaps over the pixels that both
        networks saw, NaN where there is no heatmap or it is the same everywhere.
    """
    pairs = list(itertools.combinations(range(len(image_set.views)), 2))
    agreement: dict[tuple[int, int], list[float]] = {pair: [] for pair in pairs}
    root = folder / "pictures" / image_set.name
    limits = [shared_limits(view.heatmaps, scale) for view in image_set.views]
    rows = image_set.table.to_dict("records")
    for number, row in enumerate(logs.progress(rows, "images drawn", len(rows)), start=1):
        image, rgb = row["image"], _shrunk(images.read_listed(row), LARGE)
        pages = _Pages(root, f"{number:04d}")
        pages.save_both("photograph", rgb)
        salient = {name: own_map(maps, image) for name, maps in image_set.saliency.items()}
        for name, values in salient.items():
            pages.save_both(f"saliency/{name}", overlay(rgb, _stretched(values, rgb)))
        placed = [_heatmap_of(view, image, rgb) for view in image_set.views]
        for view, heatmap, range_of_view in zip(image_set.views, placed, limits, strict=True):
            if heatmap is not None:
                pages.save_both(f"heatmap/{view.name}", overlay(rgb, heatmap, range_of_view))
                _draw_maps(view, image, rgb, pages)
                _draw_contours(view, image, rgb, salient, percents, pages)
        for first, second in pairs:
            one, other = placed[first], placed[second]
            agreement[first, second].append(np.nan if one is None or other is None else correlate(one, other))
    return agreement


class _Pages:
    """Where the pictures of one image are written to."""

    def __init__(self, root: Path, number: str) -> None:
        self._root, self._number = root, number

    def save(self, layer: str, rgb: NDArray[np.uint8]) -> None:
        """Write one picture as WebP."""
        Image.fromarray(rgb).save(self._path(layer, "webp"), quality=_QUALITY, method=4)

    def save_both(self, layer: str, rgb: NDArray[np.uint8]) -> None:
        """Write a picture for the large view and for the overview."""
        self.save(f"{layer}/large", rgb)
        self.save(f"{layer}/small", _shrunk(rgb, SMALL))

    def save_svg(self, layer: str, svg: str) -> None:
        """Write a drawing."""
        self._path(layer, "svg").write_text(svg, encoding="utf-8", newline="\n")

    def _path(self, layer: str, ending: str) -> Path:
        path = self._root / layer / f"{self._number}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _draw_maps(view: View, image: str, rgb: NDArray[np.uint8], pages: _Pages) -> None:
    """Draw the leading feature maps of an image over small pictures of it, side by side."""
    leading = [k for k, _, _ in content.leading_maps(view.scores, image)]
    if leading:
        small = _shrunk(rgb, MAP)
        maps = view.activations["feature_maps"].sel(image=image).transpose("feature_map", "y", "x").to_numpy()
        overlays = [overlay(small, _placed(maps[k], view, small)) for k in leading]
        pages.save(f"maps/{view.name}", np.concatenate(overlays, axis=1))


def _draw_contours(
    view: View,
    image: str,
    rgb: NDArray[np.uint8],
    salient: Mapping[str, NDArray[np.float32]],
    percents: Sequence[float],
    pages: _Pages,
) -> None:
    """Outline the masks of a heatmap with those of every saliency map."""
    small = _shrunk(rgb, MASK)
    heatmap = _heatmap_of(view, image, small)
    assert heatmap is not None
    for name, values in salient.items():
        pages.save_svg(f"contours/{view.name}/{name}", contours(heatmap, _stretched(values, small), percents))


def _heatmap_of(view: View, image: str, rgb: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """The heatmap of an image laid over a picture of it; None if the comparison lacks the image."""
    if image not in view.heatmaps.indexes["image"]:
        return None
    return _placed(view.heatmaps["heatmap"].sel(image=image).to_numpy(), view, rgb)


def _stretched(values: NDArray[np.float32], rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """A map of a whole image at the size of a picture of it."""
    return heat.resample(values, rgb.shape[1], rgb.shape[0]).astype(np.float64)


def _placed(map2d: np.ndarray, view: View, rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Lay a map of the network over a picture."""
    return heat.place(map2d, rgb.shape[1], rgb.shape[0], view.heatmaps.attrs["resize"])


def contours(heatmap: NDArray[np.float64], salience: NDArray[np.float64], percents: Sequence[float]) -> str:
    """Outline the highest pixels of a heatmap and of a saliency map of the same image, as a transparent SVG.

    The masks are those of `masks.masks`: exactly so many per cent of the pixels that the network saw. A map that is NaN
    or the same everywhere has none.

    Args:
        heatmap: (height, width), NaN where the network did not see the image.
        salience: (height, width).
        percents: sizes of the masks. The smaller a mask, the wider its outline.
    """
    seen = ~np.isnan(heatmap)
    height, width = seen.shape
    shapes: list[str] = []
    drawn: list[str] = []
    for name, values in (("saliency", salience), ("heatmap", heatmap)):
        for path, stroke in _outlines(values, seen, sorted(percents)):
            key = f"{name}{len(shapes)}"
            shapes.append(f'<path id="{key}" d="{path}" vector-effect="non-scaling-stroke"/>')
            # A dark line below keeps the bright one visible on any photograph.
            drawn.append(f'<use href="#{key}" stroke="#000" stroke-opacity="0.55" stroke-width="{stroke + 1.2:g}"/>')
            drawn.append(f'<use href="#{key}" stroke="{CONTOURS[name]}" stroke-width="{stroke:g}"/>')
    # Half pixels are whole numbers in these coordinates.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * width} {2 * height}" width="{width}" '
        f'height="{height}" fill="none" stroke-linejoin="round"><defs>{"".join(shapes)}</defs>{"".join(drawn)}</svg>\n'
    )


def _outlines(
    values: NDArray[np.float64], seen: NDArray[np.bool_], percents: Sequence[float]
) -> Iterator[tuple[str, float]]:
    """Yield the path of each mask's outline with its width, the largest mask first."""
    found = masks.masks(np.where(seen, values, np.nan), percents)
    if found is None:
        return
    widths = np.linspace(_WIDEST, _THINNEST, len(percents))
    for mask, width in reversed(list(zip(found, widths, strict=True))):
        # A margin closes outlines at the edge of the picture.
        flat = np.zeros(np.add(seen.shape, 2))
        flat[1:-1, 1:-1] = mask
        lines = contourpy.contour_generator(z=flat, line_type=contourpy.LineType.Separate).lines(0.5)
        yield _path(cast(list[np.ndarray], lines)), float(width)


def _path(lines: Sequence[np.ndarray]) -> str:
    """Write closed lines (point, x and y) of a grid with a margin of one as the path of an SVG, in half pixels."""
    parts = []
    for line in lines:
        # The centre of the first pixel is at 1 in the grid with margin, and half a pixel from the edge of the picture.
        points = np.rint(2 * line - 1).astype(int)
        first, steps = points[0], _straightened(np.diff(points, axis=0))
        parts.append(f"M{first[0]} {first[1]}l{' '.join(f'{x} {y}' for x, y in steps[:-1].tolist())}z")
    return "".join(parts)


def _straightened(steps: NDArray[np.int_]) -> NDArray[np.int_]:
    """Join steps (step, x and y) that follow each other in one direction."""
    starts = np.flatnonzero(np.any(np.diff(steps, axis=0, prepend=steps[:1] - 1), axis=1))
    return np.add.reduceat(steps, starts, axis=0)


def _shrunk(rgb: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """Shrink a picture so that neither side is longer; never enlarge it."""
    height, width = rgb.shape[:2]
    if max(height, width) <= longest:
        return rgb
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
