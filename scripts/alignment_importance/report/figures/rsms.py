"""Draws the similarity matrices of judgments, of all and of the retained feature maps side by side."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.cluster import hierarchy

from alignment_importance.report import palette
from alignment_importance.report.figures import style
from alignment_importance.statistics.correlation import correlate

#: The most images that are labelled beside the first matrix, and the longest name written in full.
_MOST_NAMED, _LONGEST_ID = 20, 16


@style.styled
def draw_rsms(matrices: xr.Dataset, pictures: pd.DataFrame, comparison: str, model: str) -> Figure:
    """Draw the similarities of all images in judgments, all and the retained feature maps, in one order.

    Args:
        matrices: `people`, `full`, `retained` (image, image_b), see `rsms.compute`.
    """
    ids = matrices["image"].to_numpy().tolist()
    named = pictures.set_index("image")["category"].astype(object).reindex(ids)
    category = named.where(named.notna(), "").to_numpy(dtype=str)
    people = matrices["people"].to_numpy()
    order, tree = order_of_images(people, category, ids)
    above = 0.01 if tree is None else 1  # part of the height that the tree takes, of which 6 are the matrices
    figure = style.new_figure(3.4 + 0.5 * above)
    grid = figure.add_gridspec(2, 4, height_ratios=[above, 6], width_ratios=[1, 1, 1, 0.05])
    n_retained = float(matrices.attrs["n_retained"])
    retained = "retained maps (none)" if np.isnan(n_retained) else f"{n_retained:.0f} retained maps"
    headings = {"people": "judgments", "full": "all feature maps", "retained": retained}
    upper = np.triu_indices_from(people, k=1)
    panels = []
    for at, (name, heading) in enumerate(headings.items()):
        panel = figure.add_subplot(grid[1, at])
        panels.append(panel)
        values = matrices[name].to_numpy()
        drawn = panel.imshow(_percentiles(values)[np.ix_(order, order)], vmin=0, vmax=100, cmap="cividis")
        panel.set_xticks([])
        panel.set_yticks([])
        panel.spines[:].set_visible(False)
        r = correlate(values[upper], people[upper])
        match = "" if name == "people" else f"\n{style.said('r with judgments', r, '.2f')}"
        panel.set_xlabel(f"{len(ids)} images{match}", fontsize=7)
        panel.set_title(heading)
    categories = _category_bars(panels, category[order])
    if len(ids) <= _MOST_NAMED:
        names = [style.short(ids[at], _LONGEST_ID) for at in order]
        panels[0].set_yticks(range(len(ids)), names, fontsize=5)
        panels[0].tick_params(axis="y", length=0, pad=9 if categories else 2)
    _dendrogram(figure.add_subplot(grid[0, 0]), tree)
    figure.colorbar(drawn, cax=figure.add_subplot(grid[1, 3]), label="similarity (percentile of pairs)")
    style.title(figure, "Similarities of all images", comparison, model, matrices.attrs)
    by_name = "by category and name" if named.notna().any() else "by name"
    arranged = "by the average linkage of the judgments" if tree is not None else by_name
    missing = any(np.isnan(matrices[name].to_numpy()[upper]).any() for name in headings)
    undefined = ", and what is undefined" if missing else ""
    style.key(
        figure,
        categories,
        f"One order of images in all panels, {arranged}. White: the diagonal{undefined}. r: Pearson's "
        "correlation over pairs; the retained maps were chosen by judgments of the same images, so that their r is not "
        "out of sample.",
        columns=4,
    )
    return style.worded(figure, [matrices.attrs["weights"]])


def order_of_images(
    people: NDArray[np.float64], category: NDArray[np.str_], ids: list[str]
) -> tuple[NDArray[np.intp], NDArray[np.float64] | None]:
    """Order images so that those that people find similar are neighbours.

    Returns:
        The positions of the images, and the average linkage of the judgments that gives this order. If a pair
        has no judgment, images are ordered by category and id, and the linkage is None.
    """
    pairs = np.triu_indices(len(people), k=1)
    if len(people) < 2 or not np.isfinite(people[pairs]).all():
        return np.lexsort((np.array(ids), category)), None
    distances = people[pairs].max() - people[pairs]
    tree = np.asarray(hierarchy.linkage(distances, "average", optimal_ordering=True))
    return hierarchy.leaves_list(tree), tree


def _percentiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert similarities to percentiles of the pairs; NaN on the diagonal and where undefined."""
    pairs = np.triu(np.isfinite(values), k=1)
    result = np.full_like(values, np.nan)
    if pairs.sum() > 1:
        result[pairs] = 100 * (pd.Series(values[pairs]).rank().to_numpy() - 1) / (pairs.sum() - 1)
    return np.fmax(result, result.T)


def _dendrogram(panel: Axes, tree: NDArray[np.float64] | None) -> None:
    panel.axis("off")
    if tree is not None:
        lines, n_images = joints(tree), len(tree) + 1
        # Lines of many images would cover the space between them.
        width = min(0.6, 60 / n_images)
        panel.add_collection(LineCollection(list(lines), colors="0.3", linewidths=width))
        panel.set_xlim(-0.5, n_images - 0.5)
        panel.set_ylim(0, 1.02 * lines[..., 1].max() or 1)


def joints(tree: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the lines that join the branches of a linkage, with images at 0, 1, ... in the order of its leaves.

    This replaces `scipy.cluster.hierarchy.dendrogram`, which is recursive and so fails for a tree that is deeper than
    Python's limit of recursion, as a tree of a thousand images may be.

    Args:
        tree: (joint, 4) of `scipy.cluster.hierarchy.linkage`.

    Returns:
        (joint, 4, 2) x and y of the ends and corners, in the order of the linkage.
    """
    order = hierarchy.leaves_list(tree)
    n_images = len(order)
    x, y = np.zeros(n_images + len(tree)), np.zeros(n_images + len(tree))
    x[order] = np.arange(n_images)
    first, second = tree[:, :2].astype(int).T
    y[n_images:] = tree[:, 2]
    for joint, branches in enumerate(zip(first, second, strict=True), start=n_images):
        x[joint] = x[list(branches)].mean()
    sides = [(x[first], y[first]), (x[first], tree[:, 2]), (x[second], tree[:, 2]), (x[second], y[second])]
    return np.moveaxis(np.array(sides), 2, 0)


def _category_bars(panels: list[Axes], category: NDArray[np.str_]) -> dict[str, Artist]:
    """Draw a strip of category colours along the left of every matrix, and return the entries of their legend.

    There is no strip for fewer than two categories, or for more categories than colours.
    """
    names = sorted(set(category) - {""})
    if not 1 < len(names) <= len(palette.COLOURS):
        return {}
    colours = {name: palette.COLOURS[at] for at, name in enumerate(names)} | {"": "white"}
    strip = to_rgba_array([colours[name] for name in category])[:, None]
    for panel in panels:
        bar = panel.inset_axes((-0.06, 0, 0.04, 1))
        bar.imshow(strip, aspect="auto")
        bar.axis("off")
    return {style.short(name): Line2D([], [], marker="s", linestyle="", color=colours[name]) for name in names}
