"""Draws the pictures of the gallery: small files, numbered like the images, so that no id becomes a path."""

import functools
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alignment_importance.inputs import images
from alignment_importance.maps import heatmaps as heat
from alignment_importance.maps.overlap import masks
from alignment_importance.maps.saliency.computing import own_map
from alignment_importance.report import palette
from alignment_importance.report.gallery import content, explained
from alignment_importance.report.gallery.content import ImageSet, View
from alignment_importance.report.overlays import Scale, outline, overlay, shared_limits, shrunk
from alignment_importance.system import logs

#: Longest sides of pictures in pixels: in the large view, in the overview (also of contours), and of a feature map.
LARGE, SMALL, MAP = 480, 224, 128

#: Colours of the contours of heatmaps and of saliency maps.
CONTOURS = {"heatmap": palette.HEATMAP, "saliency": palette.SALIENCY}

#: Widths of contours in pixels of the screen, of the smallest mask and of the largest.
_WIDEST, _THINNEST = 2.4, 1.0

#: Quality of WebP (0 to 100), and compression effort: the default, 4, takes three times as long and saves a sixth.
_QUALITY, _EFFORT = 82, 1


def draw(image_set: ImageSet, percents: Sequence[float], folder: Path, scale: Scale) -> None:
    """Draw all pictures of a set below `folder`/pictures/{set}, where `{number}` counts the images from 0001.

    image/{large, small}/{number}.webp; saliency/{saliency}/{large, small}/{number}.webp;
    heatmap/{comparison}/{model}/{large, small}/{number}.webp; maps/{comparison}/{model}/{number}.webp, the leading maps
    in a row; contours/{comparison}/{model}/{saliency}/{number}.svg, to lie over the image;
    pairs/{comparison}/{model}/{number}.webp, see `explained.draw`, where the number counts the explained pairs.
    """
    root = folder / "pictures" / image_set.name
    limits = [shared_limits(view.heatmaps, scale) for view in image_set.views]
    rows = image_set.table.to_dict("records")
    for number, row in enumerate(logs.progress(rows, "images drawn", len(rows)), start=1):
        image, rgb = row["image"], shrunk(images.read_listed(row), LARGE)
        small = shrunk(rgb, SMALL)
        file = functools.partial(_file, root, number)
        _save_both(rgb, "image", file)
        salient = {name: own_map(maps, image) for name, maps in image_set.saliency.items()}
        for name, values in salient.items():
            _save_both(overlay(rgb, _stretched(values, rgb)), f"saliency/{name}", file)
        contours = Contours({name: _stretched(values, small) for name, values in salient.items()}, percents)
        for view, span in zip(image_set.views, limits, strict=True):
            if image in view.heatmaps.indexes["image"]:
                lay = functools.partial(heat.place_image, view.heatmaps, "heatmap", image)
                placed, smaller = lay(rgb.shape[:2]), lay(small.shape[:2])
                _save_both(overlay(rgb, placed, span), f"heatmap/{view.name}", file)
                _draw_maps(view, image, rgb, file)
                for name, svg in contours.with_heatmap(smaller).items():
                    path = file(f"contours/{view.name}/{name}", "svg")
                    path.write_text(svg, encoding="utf-8", newline="\n")
    for view in image_set.views:
        explained.draw(view.pairs, view.activations["feature_maps"], root / "pairs" / view.name, scale)


def _file(root: Path, number: int, layer: str, ending: str = "webp") -> Path:
    """Return the file of a picture of an image; its folder is made if it does not exist."""
    folder = root / layer
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{number:04d}.{ending}"


def _save(rgb: NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(rgb).save(path, quality=_QUALITY, method=_EFFORT)


def _save_both(rgb: NDArray[np.uint8], layer: str, file: Callable[[str], Path]) -> None:
    """Write a picture for the large view and the overview, which are identical if it is small."""
    large, small = file(f"{layer}/large"), shrunk(rgb, SMALL)
    _save(rgb, large)
    if small is rgb:
        shutil.copyfile(large, file(f"{layer}/small"))
    else:
        _save(small, file(f"{layer}/small"))


def _draw_maps(view: View, image: str, rgb: NDArray[np.uint8], file: Callable[[str], Path]) -> None:
    """Draw the leading feature maps of an image over small pictures of it, side by side."""
    leading = [k for k, _, _ in content.leading_maps(view.scores, image)]
    if leading:
        small = shrunk(rgb, MAP)
        maps = view.activations["feature_maps"].sel(image=image).transpose("feature_map", "y", "x").to_numpy()
        height, width = small.shape[:2]
        placed = [heat.place(maps[k], width, height, view.heatmaps.attrs["resize"]) for k in leading]
        overlays = [overlay(small, values) for values in placed]
        _save(np.concatenate(overlays, axis=1), file(f"maps/{view.name}"))


def _stretched(values: NDArray[np.float32], rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Scale a map of a whole image to a picture of it."""
    return heat.resample(values, rgb.shape[1], rgb.shape[0]).astype(np.float64)


class Contours:
    """Draws the outlines of the highest pixels of the saliency maps of an image, and of its heatmaps above them.

    The masks are those of `masks.masks`: exactly as many per cent of the pixels that the network saw. A map that is NaN
    or constant has none.
    """

    def __init__(self, salience: Mapping[str, NDArray[np.float64]], percents: Sequence[float]) -> None:
        """Store the saliency maps (height, width) by name, and the sizes of masks; smaller ones have wider outlines."""
        self._salience, self._percents = salience, sorted(percents)
        #: Outlines of saliency maps by the pixels that a network saw, which are the same for most networks.
        self._outlined: dict[bytes, dict[str, list[tuple[str, str]]]] = {}

    def with_heatmap(self, heatmap: NDArray[np.float64]) -> dict[str, str]:
        """Draw a transparent SVG for every saliency map.

        Args:
            heatmap: (height, width), NaN where the network did not see the image.
        """
        seen = ~np.isnan(heatmap)
        if (key := seen.tobytes()) not in self._outlined:
            self._outlined[key] = {
                name: _outlined("saliency", np.where(seen, values, np.nan), self._percents)
                for name, values in self._salience.items()
            }
        above = _outlined("heatmap", heatmap, self._percents)
        return {name: _drawing([*below, *above], *seen.shape) for name, below in self._outlined[key].items()}


def _drawing(outlined: Sequence[tuple[str, str]], height: int, width: int) -> str:
    """Combine paths and their strokes into an SVG."""
    paths, uses = ("".join(parts[at] for parts in outlined) for at in (0, 1))
    # Half pixels are whole numbers in these coordinates.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * width} {2 * height}" width="{width}" '
        f'height="{height}" fill="none" stroke-linejoin="round"><defs>{paths}</defs>{uses}</svg>\n'
    )


def _outlined(name: str, values: NDArray[np.float64], percents: Sequence[float]) -> list[tuple[str, str]]:
    """Return the path of each mask's outline, and its strokes, the largest mask first."""
    nested = masks.masks(values, percents)
    if nested is None:
        return []
    result = []
    widths = np.linspace(_WIDEST, _THINNEST, len(percents))
    for at, (mask, width) in reversed(list(enumerate(zip(nested, widths, strict=True)))):
        key = f"{name}{at}"
        path = f'<path id="{key}" d="{_path(mask)}" vector-effect="non-scaling-stroke"/>'
        # A white line below the coloured one separates it from the picture.
        below = f'<use href="#{key}" stroke="#fff" stroke-opacity="0.8" stroke-width="{width + 1.2:g}"/>'
        result.append((path, f'{below}<use href="#{key}" stroke="{CONTOURS[name]}" stroke-width="{width:g}"/>'))
    return result


def _path(mask: NDArray[np.bool_]) -> str:
    """Write the outlines of a mask as the path of an SVG, in half pixels. Steps in the same direction are joined."""
    outlines, starts = outline(mask)
    points = np.rint(2 * outlines).astype(int)
    begins, ends = starts[:-1], starts[1:] - 1
    steps = np.diff(points, axis=0, append=points[:1])
    turns = np.any(steps != np.roll(steps, 1, axis=0), axis=1)
    turns[begins] = turns[ends] = True  # the jump to the next line is not a step of either
    joints = np.flatnonzero(turns)
    joined = [f"{x} {y}" for x, y in np.add.reduceat(steps, joints).tolist()] if len(joints) else []
    # The last step of a line closes it, which is what "z" says.
    spans = np.stack([points[begins, 0], points[begins, 1], *np.searchsorted(joints, [begins, ends])], axis=1)
    return "".join(f"M{x} {y}l{' '.join(joined[first : last - 1])}z" for x, y, first, last in spans.tolist())
