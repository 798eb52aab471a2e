"""Draws the positive control: heatmaps of different observers of the same images."""

import itertools
import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from alignment_importance.report import palette
from alignment_importance.report.figures import style
from alignment_importance.report.figures.heatmaps import heatmap_note, heatmap_rows, limits_of
from alignment_importance.statistics import resampling

#: Number of images in a row.
_COLUMNS = 5

#: Bootstrap resamples of the images for the intervals of medians, and their seed.
_RESAMPLES, _SEED = 1000, 1


@style.styled
def draw_control(
    table: pd.DataFrame,
    heatmaps: Mapping[str, xr.Dataset],
    pictures: pd.DataFrame,
    objects: Sequence[str],
    model: str,
) -> Figure:
    """Draw a few images with the heatmaps of every comparison, and how well these single out the first object.

    Args:
        table: what `controls.evaluate` returns.
        heatmaps: by the name of the comparison.
        objects: names of the first and the second object.
    """
    names, aspect = list(heatmaps), style.aspect(next(iter(heatmaps.values())))
    figure = style.new_figure(0.8 + (0.28 + 0.9 * aspect) * (1 + len(names)))
    judged = [set(maps["image"].to_numpy().tolist()) for maps in heatmaps.values()]
    # If the comparisons share no image, images of any comparison are taken.
    shared = sorted(set.intersection(*judged) or set.union(*judged))
    chosen = resampling.evenly(shared, _COLUMNS)
    halves = figure.add_gridspec(1, 2, width_ratios=[2.2, 1])
    titles = dict.fromkeys(chosen, "")
    above, *rows = heatmap_rows(figure.add_subfigure(halves[0]), titles, [*heatmaps.values()], pictures, aspect, 0.25)
    above.head(0, 0, "image", "black")
    for row, (name, maps), colour in zip(rows, heatmaps.items(), itertools.cycle(palette.OBSERVERS)):
        row.head(0, 0, style.observers(name, maps.attrs["simulated"]), colour)
    _areas(figure.add_subfigure(halves[1]).subplots(), table, names, objects)
    observers = "simulated observers" if any(maps.attrs["simulated"] for maps in heatmaps.values()) else "observers"
    network = style.network(model, heatmaps[names[0]].attrs)
    if len(names) > 1:
        style.heading(figure, f"Heatmaps under different {observers}", f"same images, same network: {network}")
    else:
        style.heading(figure, f"Heatmaps under {observers}", network)
    count = style.some(len(chosen), len(shared), "images").capitalize()
    shown = [maps["heatmap"].sel(image=maps["image"].isin(chosen)) for maps in heatmaps.values()]
    note = heatmap_note(shown, limits_of(heatmaps[names[0]]))
    style.footnote(
        figure,
        f"{count}, evenly chosen by name. {note} Points: all images (of pairs: means over an image's partners); bars: "
        "medians with 95 % bootstrap intervals over images.",
    )
    return figure


def _areas(panel: Axes, table: pd.DataFrame, names: Sequence[str], objects: Sequence[str]) -> None:
    """Draw the area under the ROC curve of every image, for each comparison and the activations, with the median."""
    ais = table[table["map"] == "ais"]
    plain = table[table["map"] == "activations"].drop_duplicates("image")
    with_partners = table[table["map"] == "pairs"].groupby(["comparison", "image"], as_index=False)["auc"].mean()
    groups = [
        (label, areas.loc[areas["comparison"] == name, "auc"], colour)
        for name, colour in zip(names, itertools.cycle(palette.OBSERVERS))
        for label, areas in ((name, ais), (f"{name}, pairs", with_partners))
        if (areas["comparison"] == name).any()
    ]
    groups.append(("activations without AIS", plain["auc"], palette.ACTIVATIONS))
    for at, (_, areas, colour) in enumerate(groups):
        panel.scatter(areas, at + style.scattered(len(areas), 0.5), s=9, color=colour, alpha=0.7, linewidths=0)
        panel.plot([areas.median()] * 2, [at - 0.33, at + 0.33], color="black", linewidth=2)
        drawn = resampling.resample(len(areas), _RESAMPLES, _SEED)
        interval = resampling.median_interval(areas.to_numpy()[:, None], drawn)[:, 0]
        panel.plot(interval, [at, at], color="black", linewidth=1)
        if areas.isna().all():
            panel.text(0.5, at, "undefined", ha="center", va="center", fontsize=7)
    panel.axvline(0.5, color="black", linestyle=":", linewidth=0.9)
    panel.set_yticks(range(len(groups)), [textwrap.fill(name, 12) for name, *_ in groups])
    panel.set_ylim(len(groups) - 0.5, -0.5)
    panel.set_xlim(-0.05, 1.05)
    panel.set_xticks([0, 0.5, 1], [f"0\n({objects[1]})", "0.5", f"1\n({objects[0]})"])
    panel.set_xlabel("area under\nthe ROC curve")
