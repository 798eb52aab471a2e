"""Control with known truth: do heatmaps lie on the object that the observers judged by?"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs import identifiers, images
from alignment_importance.maps.heatmaps import place, place_image
from alignment_importance.statistics import roc
from alignment_importance.system import logs
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import some
from alignment_importance.system.problems import Problems

#: Columns of the table of a control.
COLUMNS = ("control", "comparison", "map", "image", "image_b", "auc")

_MOST_NUMBERS = 10


def evaluate(
    control: str,
    heatmaps: Mapping[str, xr.Dataset],
    pairs: Mapping[str, xr.Dataset],
    masks: str | Path,
    objects: Mapping[str, int],
) -> pd.DataFrame:
    """Measure for every image how well each map singles out the pixels of one object against those of another.

    Args:
        control: its name in the configuration.
        heatmaps: what `heatmaps.make` returns, by the name of the comparison.
        pairs: what `experiments.pairs.explain` returns, by the name of the comparison; a comparison that is missing
            here has no rows of pairs.
        masks: folder with {image}.png of the image's size, whose pixels are the number of the object they belong to.
        objects: the two objects and their numbers; the first one is to be singled out.

    Returns:
        The columns `COLUMNS`, a row per comparison, image and map (`ais`: the heatmap; `activations`: the mean of the
        feature maps, the same in every comparison), and a row for each image of every explained pair that people find
        more alike than the average pair (`pairs`: the heatmap in the light of image_b). For auc see
        `roc.area_under_curve`; pixels that the network did not see do not count.

    Raises:
        InputError: masks that are missing, unreadable, of another size or without an object.
    """
    files = _find_masks(Path(masks), set().union(*(maps.indexes["image"] for maps in heatmaps.values())))
    cases = [(comparison, image) for comparison, maps in heatmaps.items() for image in maps.indexes["image"]]
    rows = []
    for comparison, image in logs.progress(cases, "heatmaps compared with the truth", len(cases)):
        maps = heatmaps[comparison]
        shape = (int(maps["height"].sel(image=image)), int(maps["width"].sel(image=image)))
        first, second = _read_objects(files[image], shape, objects)
        for name, variable in (("ais", "heatmap"), ("activations", "activation_mean")):
            placed = place_image(maps, variable, image)
            rows.append((control, comparison, name, image, "", roc.area_under_curve(placed[first], placed[second])))
        for partner, map2d in _of_pairs(pairs[comparison], image) if comparison in pairs else ():
            placed = place(map2d, shape[1], shape[0], maps.attrs["resize"])
            area = roc.area_under_curve(placed[first], placed[second])
            rows.append((control, comparison, "pairs", image, partner, area))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_pairs(explained: xr.Dataset, image: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield partners that people find more like the image than the average pair, and its heatmap in their light."""
    sides = explained["side"].to_numpy().tolist()
    alike = explained["human"].to_numpy() > 0
    for side, name in enumerate(sides):
        for pair in np.flatnonzero(alike & (explained[name].to_numpy() == image)):
            yield str(explained[sides[1 - side]].to_numpy()[pair]), explained["heatmap"].to_numpy()[pair, side]


def check_masks(masks: Path, objects: Mapping[str, int], table: pd.DataFrame, problems: Problems) -> None:
    """Note in `problems` masks (see `evaluate`) that are missing or unusable; every image of `table` needs one."""
    if not masks.is_dir():
        problems.error(masks, "there is no such folder of masks", "Correct the control's `masks`.")
        return
    with problems.collect(masks):
        files = _find_masks(masks, table["image"])
        for image, width, height in zip(table["image"], table["width"], table["height"], strict=True):
            with problems.collect(files[image]):
                _read_objects(files[image], (height, width), objects)


def _find_masks(masks: Path, image_ids: Iterable[str]) -> dict[str, Path]:
    by_id = {identifiers.of_file(file): file for file in sorted(masks.glob("*.png"))}
    wanted = sorted(image_ids)
    missing = [image for image in wanted if image not in by_id]
    if missing:
        raise InputError(
            f"images without a mask: {some(missing)}. Every image needs one, called {{image}}.png.", where=masks
        )
    return {image: by_id[image] for image in wanted}


def _read_objects(file: Path, shape: tuple[int, int], objects: Mapping[str, int]) -> list[NDArray[np.bool_]]:
    """Read where the objects of one image are: bool (height, width) for each."""
    with images.opened(file, file.read_bytes(), ("PNG",)) as opened:
        labels = np.asarray(opened)
    if labels.shape != shape:
        raise InputError(
            f"the mask has the shape {labels.shape}, but must be {shape} (height, width), one number per "
            "pixel. Save it in grey at the size of the image.",
            where=file,
        )
    absent = [f"{name} ({number})" for name, number in objects.items() if not (labels == number).any()]
    if absent:
        raise InputError(
            f"the mask has no pixel of {' and '.join(absent)}; its numbers are "
            f"{', '.join(map(str, np.unique(labels)[:_MOST_NUMBERS]))}. Correct the mask or the control's `objects`.",
            where=file,
        )
    return [labels == number for number in objects.values()]
