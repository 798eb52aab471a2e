"""A small gallery whose numbers can be worked out by hand, with names that would harm a careless page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import image_sets
import numpy as np
import pandas as pd
import xarray as xr
from PIL import Image

from alignment_importance.report.gallery.content import ImageSet, View

#: Ids that, unescaped, would leave the folder, run a script or end the page's own script; one looks like a number.
IDS = ["007", "../up", "<img src=x onerror=run()>", "</script><script>run()</script>", "é b", "with 'quotes\" & %41"]
CATEGORIES = ["b", "a", "<b>bold</b>", "a", "a", "b"]

#: Widths and heights in pixels.
SIZES = [(24, 24), (40, 20), (20, 30), (24, 24), (600, 300), (24, 24)]

PERCENTS = (5, 25, 15)

#: The images of explained pairs: people and network agree about the first pair, and disagree about the second.
PAIRS = [(IDS[1], IDS[2]), (IDS[2], IDS[5])]

#: (image, feature_map): map 3 has no positive score anywhere, image 4 has none at all.
AIS = np.array(
    [
        [0.1, 0.3, 0.0, -0.2],
        [0.2, 0.2, 0.4, -0.2],
        [0.0, 0.0, 0.5, -0.2],
        [0.1, 0.2, 0.3, -0.2],
        [-0.1, 0.0, -0.3, -0.2],
        [0.3, 0.2, 0.1, -0.2],
    ]
)


def write_images(folder: Path) -> pd.DataFrame:
    """Write an image for every id, under names that can be written, and list them."""
    folder.mkdir()
    random = np.random.default_rng(3)
    for number, (width, height) in enumerate(SIZES):
        pixels = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((width, height)).save(folder / f"{number}.png")
    return image_sets.tabulate(folder).assign(image=IDS, category=CATEGORIES)


def explained(ids: Sequence[str], maps: np.ndarray, attrs: Mapping[str, str | int]) -> xr.Dataset:
    """The explained pairs with both images in `ids`; each of 3 x 3 places meets one place of the other image most."""
    human, similarity = np.array([0.5, 0.5]), np.array([0.25, -0.25])
    heatmap = np.stack([maps[[IDS.index(image) for image in pair], 0] for pair in PAIRS])
    heatmap[1, 1] = np.nan
    # Place p meets place 8 - p; in the second pair, place 0 meets nothing, nor does place 8 of the other image.
    places = np.where(np.eye(9)[::-1], [[[1.0]], [[2.0]]], -0.1)
    places[1, 0] = -0.1
    dataset = xr.Dataset(
        {
            "contribution": (("pair", "feature_map"), np.tile([0.3, -0.1, 0.2, 0.0], (2, 1))),
            "human": ("pair", human),
            "similarity": ("pair", similarity),
            "similarity_retained": ("pair", 2 * similarity),
            "heatmap": (("pair", "side", "y", "x"), heatmap),
            "places": (("pair", "y", "x", "y_b", "x_b"), places.reshape(2, 3, 3, 3, 3).astype(np.float32)),
        },
        coords={side: ("pair", [pair[at] for pair in PAIRS]) for at, side in enumerate(("image", "image_b"))},
        attrs={**attrs, "n_judged": 4, "ranks": 0},
    )
    return dataset.isel(pair=[at for at, pair in enumerate(PAIRS) if set(pair) <= set(ids)])


def view(comparison: str, model: str = "net.1", ids: Sequence[str] = tuple(IDS), seed: int = 1) -> View:
    """The results of one comparison and one network for the images of `ids`."""
    random = np.random.default_rng(seed)
    chosen = [IDS.index(image) for image in ids]
    attrs = {
        "resize": "whole",
        "weights": "random weights (seed 1)" if model == "net.1" else "ImageNet",
        "arithmetic": "float32",
        "ablation": "zero",
        "simulated": int(comparison == "made-up"),
    }
    maps = random.random((len(IDS), 4, 3, 3)).astype(np.float32)
    heatmap = np.einsum("ik,ikyx->iyx", np.maximum(AIS, 0), maps).astype(np.float32)
    heatmap[4] = np.nan
    sizes = {
        "image": list(ids),
        "width": ("image", [SIZES[at][0] for at in chosen]),
        "height": ("image", [SIZES[at][1] for at in chosen]),
    }
    square = random.random((len(IDS), len(IDS)))
    square = (square + square.T)[np.ix_(chosen, chosen)]
    matrices = {name: (("image", "image_b"), square + shift) for name, shift in (("people", 0), ("full", 1))}
    matrices["retained"] = (("image", "image_b"), np.full(square.shape, np.nan))
    overlap = pd.DataFrame(
        {
            "image": list(ids),
            "top_percent": 15,
            "target_percent": 15,
            "direction": "saliency_predicts_ais",
            "baseline": "observed",
            "precision": np.linspace(0, 1, len(ids)),
            "relative_risk": [*np.linspace(0, 4, len(ids))[:-1], np.inf],
        }
    )
    other_rows = [overlap.assign(baseline="activations", precision=9), overlap.assign(target_percent=5, precision=9)]
    return View(
        comparison=comparison,
        model=model,
        heatmaps=xr.Dataset({"heatmap": (("image", "y", "x"), heatmap[chosen])}, coords=sizes, attrs=attrs),
        scores=xr.Dataset(
            {
                "ais": (("image", "feature_map"), AIS[chosen]),
                "alignment": ("image", np.linspace(0.9, -0.1, len(IDS))[chosen] * seed / 2),
            },
            coords={"image": list(ids)},
        ),
        rsms=xr.Dataset(matrices, coords={"image": list(ids), "image_b": list(ids)}, attrs={"n_retained": 2.0}),
        activations=xr.Dataset({"feature_maps": (("image", "feature_map", "y", "x"), maps)}, coords={"image": IDS}),
        overlaps={"gaze": pd.concat([overlap, *other_rows])},
        pairs=explained(ids, maps, attrs),
    )


def image_set(folder: Path, views: Sequence[View]) -> ImageSet:
    """The image set with its views and one kind of saliency, which has no map of the second image."""
    values = np.full((len(IDS), 300, 600), np.nan, dtype=np.float32)
    for place, (width, height) in zip(values, SIZES, strict=True):
        place[:height, :width] = np.arange(width * height).reshape(height, width)
    values[1] = np.nan
    widths, heights = zip(*SIZES, strict=True)
    sizes = {"width": ("image", list(widths)), "height": ("image", list(heights))}
    salience = xr.Dataset({"saliency": (("image", "y", "x"), values)}, coords={"image": IDS, **sizes})
    return ImageSet("tiny", write_images(folder), {"gaze": salience}, views)
