"""The positive control: where the heatmaps of different observers of the same images lie."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from alignment_importance.maps.heatmaps import place_image
from alignment_importance.report.figures import style
from alignment_importance.report.figures.heatmaps import heatmap_bar, heatmap_note, limits_of
from alignment_importance.report.overlays import overlay, read_image
from alignment_importance.statistics import resampling

#: Images side by side.
_COLUMNS = 5


@style.styled
def draw_control(
    table: pd.DataFrame,
    heatmaps: Mapping[str, xr.Dataset],
    pictures: pd.DataFrame,
    objects: Sequence[str],
    model: str,
) -> Figure:
    """A few images with the heatmaps of every comparison, and how well these single out the first object.

    Args:
        table: what `controls.evaluate` returns.
        heatmaps: what `heatmaps.make` returns, by the name of the comparison.
        pictures: `image`, `file` and `sha256` of the images.
        objects: names of the first and the second object.
        model: its name.
    """
    names = list(heatmaps)
    figure = style.new_figure(0.8 + (0.28 + 0.9 * style.aspect(heatmaps[names[0]])) * (1 + len(names)))
    halves = figure.add_gridspec(1, 2, width_ratios=[2.2, 1])
    _examples(
        figure.add_subfigure(halves[0]), heatmaps, pictures, resampling.evenly(_shared_images(heatmaps), _COLUMNS)
    )
    _areas(figure.add_subfigure(halves[1]).subplots(), table, names, objects)
    observers = "simulated observers" if any(maps.attrs["simulated"] for maps in heatmaps.values()) else "observers"
    network = style.network(model, heatmaps[names[0]].attrs)
    figure.suptitle(
        f"Heatmaps under different {observers}\nsame images, same network: {network}",
        x=0.01,
        ha="left",
    )
    note = heatmap_note(limits_of(heatmaps[names[0]]))
    style.footnote(figure, f"{note} Points: images; bars: medians.")
    return figure


def _shared_images(heatmaps: Mapping[str, xr.Dataset]) -> list[str]:
    """Images of all comparisons; of any, if comparisons of different categories share none."""
    of_each = [set(maps["image"].to_numpy().tolist()) for maps in heatmaps.values()]
    return sorted(set.intersection(*of_each) or set.union(*of_each))


def _examples(
    figure: SubFigure, heatmaps: Mapping[str, xr.Dataset], pictures: pd.DataFrame, chosen: Sequence[str]
) -> None:
    """A row of images, and one of overlays for every comparison."""
    rows = figure.add_gridspec(1 + len(heatmaps), 1)
    photographs = [read_image(pictures, image) for image in chosen]
    above = figure.add_subfigure(rows[0])
    panels = _example_row(above, "image", "black", photographs)
    heatmap_bar(above, panels, limits_of(next(iter(heatmaps.values()))), hidden=True)
    for at, (name, maps) in enumerate(heatmaps.items()):
        limits = limits_of(maps)
        covered = [
            overlay(rgb, place_image(maps, "heatmap", image), limits)
            if image in maps["image"]
            else np.full_like(rgb, 255)
            for image, rgb in zip(chosen, photographs, strict=True)
        ]
        colour = style.OBSERVERS[at % len(style.OBSERVERS)]
        row = figure.add_subfigure(rows[at + 1])
        heatmap_bar(row, _example_row(row, style.observers(name, maps.attrs), colour, covered), limits)


def _example_row(figure: SubFigure, label: str, colour: Any, pictures: Sequence[NDArray[np.uint8]]) -> np.ndarray:
    """Draw pictures side by side under a label; return their panels."""
    figure.suptitle(label, x=0.01, ha="left", fontsize="medium", fontweight="normal", color=colour)
    panels = np.asarray(figure.subplots(1, len(pictures), squeeze=False))
    for panel, picture in zip(panels[0], pictures, strict=True):
        panel.imshow(picture)
        panel.axis("off")
    return panels


def _areas(panel: Axes, table: pd.DataFrame, names: Sequence[str], objects: Sequence[str]) -> None:
    """Every image's area under the ROC curve, for each comparison and for the activations, with the median."""
    ais = table[table["map"] == "ais"]
    plain = table[table["map"] == "activations"].drop_duplicates("image")
    groups = [(name, ais.loc[ais["comparison"] == name, "auc"]) for name in names]
    groups.append(("activations without AIS", plain["auc"]))
    for at, (_, areas) in enumerate(groups):
        colour = style.ACTIVATIONS if at == len(names) else style.OBSERVERS[at % len(style.OBSERVERS)]
        panel.scatter(areas, at + style.scattered(len(areas), 0.5), s=9, color=colour, alpha=0.7, linewidths=0)
        panel.plot([areas.median()] * 2, [at - 0.33, at + 0.33], color="black", linewidth=2)
    panel.axvline(0.5, color="black", linestyle=":", linewidth=0.9)
    panel.set_yticks(range(len(groups)), [textwrap.fill(name, 12) for name, _ in groups])
    panel.set_ylim(len(groups) - 0.5, -0.5)
    panel.set_xlim(-0.05, 1.05)
    panel.set_xticks([0, 0.5, 1], [f"0\n({objects[1]})", "0.5", f"1\n({objects[0]})"])
    panel.set_xlabel("area under\nthe ROC curve")
