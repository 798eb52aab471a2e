"""Makes the demo: drawn images and simulated observers with a known ground truth, a positive control for heatmaps.

Every image shows a pictogram and, in the opposite quadrant, a coloured disc. One simulated group of observers judges
the images by the kind of pictogram, the other by the hue of the disc, so that the heatmaps of the two must lie on
different objects in the same images.
"""

import colorsys
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from alignment_importance.inputs.datasets import canonical
from alignment_importance.system import tables
from alignment_importance.system.atomic_write import atomic_folder

#: Ten kinds of six pictograms each, all in the font DejaVu Sans that comes with matplotlib.
GROUPS = {
    "cards": "🂡🂢🂣🂤🂥🂦",
    "cats": "😸😹😺😻😼😽",
    "dice": "⚀⚁⚂⚃⚄⚅",
    "digits": "❶❷❸❹❺❻",
    "dominoes": "🁣🁪🁱🁸🁿🂆",
    "flowers": "✽✾✿❀❁✤",
    "recycling": "♳♴♵♶♷♸",
    "stars": "★✪✦✹✸✶",
    "triangles": "▲▼◀▶◢◣",
    "trigrams": "☰☱☲☳☵☶",
}

#: Hues of the discs in degrees.
HUES = {"red": 0, "yellow": 60, "green": 120, "cyan": 180, "blue": 240, "magenta": 300}

#: Values of a mask's pixels.
BACKGROUND, PICTOGRAM, DISC = 0, 1, 2

SIDE = 224
_GLYPH_SIDE = 88
_DISC_SIDE = 64
_INK = (25, 25, 25)
_GREY, _GREY_SD, _GRAIN = 165, 40, 1.5
_DISC_SATURATION, _DISC_VALUE = 1.0, 0.9
_JITTER = 8

# Glyphs are drawn large and scaled down, so that each fills the same square whatever its size in the font.
_FONT_SIZE = 400

# Each use of random numbers has its own stream, so that the images do not depend on the number of observers.
_STREAM_IMAGES, _STREAM_SHAPE, _STREAM_COLOUR = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Picture:
    """One drawn image and its ground truth.

    Attributes:
        image: the id, group-number-hue.
        group: the pictogram's group, one of `GROUPS`.
        hue: the disc's hue in degrees.
        rgb: the image, 224 x 224.
        mask: 8-bit grey, 224 x 224: 0 background, 1 pictogram, 2 disc. The area of the pictogram is the rectangle
            around its ink: a network responds to the figure with the spaces that it encloses, and its maps are far too
            coarse to separate strokes from gaps.
    """

    image: str
    group: str
    hue: int
    rgb: Image.Image
    mask: Image.Image


def draw(seed: int) -> Iterator[Picture]:
    """Draw the 60 images: every group with every hue once, and each of a group's pictograms with a different hue."""
    random = np.random.default_rng([seed, _STREAM_IMAGES])
    for row, (group, characters) in enumerate(GROUPS.items()):
        for column, character in enumerate(characters):
            hue_number = (row + column) % len(HUES)
            # Each quadrant is used 15 times, by every group once or twice and by every hue two or three times.
            quadrant = (hue_number + row + row // 9) % 4
            name, hue = list(HUES.items())[hue_number]
            rgb, mask = _draw(character, hue, quadrant, random)
            yield Picture(f"{group}-{column + 1}-{name}", group, hue, rgb, mask)


def judge_by_shape(table: pd.DataFrame, observers: int, noise: float, seed: int) -> pd.DataFrame:
    """Simulate observers to whom two images are alike (1) if their pictograms are of one group, else not (0).

    Args:
        table: a row per image with the columns image, category (the group) and hue (degrees).
        observers: number of observers; each rates every pair once.
        noise: standard deviation of the normal noise on every single rating.

    Returns:
        Columns image_a, image_b, similarity, participant.
    """
    a, b = _pairs(table)
    same = (a["category"] == b["category"]).to_numpy().astype(np.float64)
    return _rate(table, same, observers, noise, np.random.default_rng([seed, _STREAM_SHAPE]))


def judge_by_colour(table: pd.DataFrame, observers: int, noise: float, seed: int) -> pd.DataFrame:
    """Simulate observers to whom the similarity of two images is that of their hues: 1 - (angle between) / 180 degrees.

    Arguments and returns as for `judge_by_shape`.
    """
    a, b = _pairs(table)
    apart = (a["hue"] - b["hue"]).abs().to_numpy(dtype=np.float64)
    alike = 1 - np.minimum(apart, 360 - apart) / 180
    return _rate(table, alike, observers, noise, np.random.default_rng([seed, _STREAM_COLOUR]))


def pairs_that_share(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """List the pairs of images with the same `column`, category or hue. No two images share both.

    Returns:
        Columns image_a and image_b.
    """
    a, b = _pairs(table)
    return pd.DataFrame({"image_a": a["image"], "image_b": b["image"]})[a[column] == b[column]]


def _pairs(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the first and of the second image of every pair."""
    table = table.sort_values("image")
    first, second = np.triu_indices(len(table), k=1)
    return table.iloc[first].reset_index(drop=True), table.iloc[second].reset_index(drop=True)


def _rate(
    table: pd.DataFrame, truth: NDArray[np.float64], observers: int, noise: float, random: np.random.Generator
) -> pd.DataFrame:
    """Rate every pair of images once per observer: the true similarity (pair,) plus noise."""
    ratings = np.round(truth + noise * random.standard_normal((observers, len(truth))), 4)
    names = [f"simulated-{number:0{len(str(observers))}d}" for number in range(1, observers + 1)]
    return canonical.tabulate_pairs(sorted(table["image"]), ratings, "similarity", names)


def _draw(character: str, hue: int, quadrant: int, random: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """Draw one image and its mask; the pictogram goes into `quadrant` (by rows), the disc into the opposite one."""
    grain = random.normal(_GREY, _GREY_SD, (SIDE, SIDE)).clip(0, 255).astype(np.uint8)
    rgb = Image.fromarray(grain).filter(ImageFilter.GaussianBlur(_GRAIN)).convert("RGB")
    mask = Image.new("L", rgb.size, BACKGROUND)

    glyph, disc = _glyph(character), _disc()
    down, right = divmod(quadrant, 2)
    glyph_box = _place(glyph, right, down, random)
    disc_box = _place(disc, 1 - right, 1 - down, random)
    colour = colorsys.hsv_to_rgb(hue / 360, _DISC_SATURATION, _DISC_VALUE)
    rgb.paste(_INK, glyph_box, glyph)
    rgb.paste(tuple(round(255 * channel) for channel in colour), disc_box, disc)
    mask.paste(PICTOGRAM, glyph_box)
    mask.paste(DISC, disc_box, disc.point(lambda covered: 255 * (covered > 127)))
    return rgb, mask


def _place(drawing: Image.Image, right: int, down: int, random: np.random.Generator) -> tuple[int, int, int, int]:
    """Place a drawing in the middle of a quadrant, shifted by a few random pixels, and return its box."""
    centre = SIDE // 4 + SIDE // 2 * np.array([right, down]) + random.integers(-_JITTER, _JITTER + 1, 2)
    left, top = (centre - np.array(drawing.size) // 2).tolist()
    return left, top, left + drawing.width, top + drawing.height


@cache
def _disc() -> Image.Image:
    """Draw the disc as a mask: how much of each pixel it covers (0 to 255)."""
    fine = 8
    large = Image.new("L", (fine * _DISC_SIDE, fine * _DISC_SIDE), 0)
    ImageDraw.Draw(large).ellipse((0, 0, large.width - 1, large.height - 1), fill=255)
    return large.resize((_DISC_SIDE, _DISC_SIDE), Image.Resampling.BOX)


@cache
def _glyph(character: str) -> Image.Image:
    """Draw a glyph as a mask, as `_disc` does, cropped to its ink and scaled to `_GLYPH_SIDE` on its longer side."""
    page = Image.new("L", (3 * _FONT_SIZE, 3 * _FONT_SIZE), 0)
    ImageDraw.Draw(page).text((_FONT_SIZE, _FONT_SIZE), character, fill=255, font=_font())
    glyph = page.crop(page.getbbox())
    scale = _GLYPH_SIDE / max(glyph.size)
    size = (max(1, round(glyph.width * scale)), max(1, round(glyph.height * scale)))
    return glyph.resize(size, Image.Resampling.BOX)


@cache
def _font() -> ImageFont.FreeTypeFont:
    """Load matplotlib's font without importing matplotlib."""
    package = importlib.util.find_spec("matplotlib")
    assert package is not None and package.origin is not None
    file = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    # The basic layout engine needs no other library, so that the drawing does not depend on what is installed.
    return ImageFont.truetype(file, _FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)


def make(sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path], settings: Mapping[str, Any]) -> None:
    """Draw images and masks (PNG) and their table, and simulate judgments by shape and by colour, see `registry.maker`.

    Also lists the pairs of images whose pictograms are of one group, and those whose discs have one hue.
    """
    seed, observers, noise = settings["seed"], settings["observers"], settings["noise"]
    rows = []
    with atomic_folder(outputs["images"]) as images, atomic_folder(outputs["masks"]) as masks:
        for picture in draw(seed):
            picture.rgb.save(images / f"{picture.image}.png")
            picture.mask.save(masks / f"{picture.image}.png")
            rows.append((picture.image, picture.group, picture.hue))
    listed = pd.DataFrame(rows, columns=["image", "category", "hue"]).sort_values("image", ignore_index=True)
    tables.write_table(listed, outputs["table"])
    tables.write_table(judge_by_shape(listed, observers, noise, seed), outputs["shape"])
    tables.write_table(judge_by_colour(listed, observers, noise, seed), outputs["colour"])
    tables.write_table(pairs_that_share(listed, "category"), outputs["same_shape"])
    tables.write_table(pairs_that_share(listed, "hue"), outputs["same_hue"])
