"""The figures of one comparison and network, in the style of `drawing`.

Every figure function takes tables or labelled arrays and returns a Figure; `save` writes it. What is simulated and what
has random weights is written into the figure.
"""

import logging
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from alignment_importance.maps import heatmaps as heat
from alignment_importance.report.figures.style import BLUE as _BLUE
from alignment_importance.report.figures.style import GREEN as _GREEN
from alignment_importance.report.figures.style import GREY as _GREY
from alignment_importance.report.figures.style import ORANGE as _ORANGE
from alignment_importance.report.figures.style import PURPLE as _PURPLE
from alignment_importance.report.figures.style import RED as _RED
from alignment_importance.report.figures.style import aspect as _aspect
from alignment_importance.report.figures.style import dots_per_inch, one_heatmap_scale
from alignment_importance.report.figures.style import evenly as _evenly
from alignment_importance.report.figures.style import footnote as _footnote
from alignment_importance.report.figures.style import network as _network
from alignment_importance.report.figures.style import new_figure as _figure
from alignment_importance.report.figures.style import number as _number
from alignment_importance.report.figures.style import observers as _observers
from alignment_importance.report.figures.style import provenance as _provenance
from alignment_importance.report.figures.style import read_image as _read
from alignment_importance.report.figures.style import scattered as _scattered
from alignment_importance.report.figures.style import score_name as _score
from alignment_importance.report.figures.style import short as _short
from alignment_importance.report.figures.style import styled as _styled
from alignment_importance.report.figures.style import title as _title
from alignment_importance.system import logs
from alignment_importance.system.atomic_write import atomic

_COMPARISONS = (_BLUE, _ORANGE, _GREEN, _RED, _PURPLE)

#: Images side by side, and the longest name that is written in full over one of them.
_COLUMNS, _SHORTER = 5, 20

#: Categories below each other, and images of a category, each beside its heatmap.
_MOST_ROWS, _PAIRS = 10, 4

# Overlays: the photograph keeps this part of its colours, and the heatmap at its strongest covers this part of it.
_COLOUR_KEPT = 0.35
_STRONGEST = 0.75
_HEAT = mpl.colormaps["inferno"]

#: A colour bar is at most as high as so many rows of images.
_ROWS_OF_BAR = 3

#: The lowest and the highest value that colours stand for.
Limits = tuple[float, float]

logger = logging.getLogger(__name__)


@_styled
def save(figure: Figure, png: str | Path, pdf: str | Path) -> None:
    """Write a figure as PNG and as PDF; the same figure gives the same bytes."""
    with atomic(png) as partial:
        figure.savefig(partial, format="png", dpi=dots_per_inch())
    with atomic(pdf) as partial:
        figure.savefig(partial, format="pdf", dpi=dots_per_inch(), metadata={"CreationDate": None})


# ----------------------------------------------------------------------------------------------------------------------
# Overlays


def overlay(rgb: NDArray[np.uint8], placed: NDArray[np.float64], limits: Limits | None = None) -> NDArray[np.uint8]:
    """Lay a heatmap over its photograph, which loses colour but stays recognisable.

    Colour and opacity rise with the heatmap. Pixels that the network did not see (NaN) are faded. An image without a
    heatmap (all NaN) is crossed out.

    Args:
        rgb: uint8 (height, width, 3).
        placed: (height, width), see `heatmaps.place`.
        limits: values of the first and of the last colour, see `shared_limits`; the heatmap's own range when None.

    Returns:
        uint8 (height, width, 3).
    """
    grey = rgb @ np.array([0.299, 0.587, 0.114])
    photograph = _COLOUR_KEPT * rgb + (1 - _COLOUR_KEPT) * grey[..., None]
    seen = ~np.isnan(placed)
    if not seen.any():
        return _crossed_out(_to_bytes(photograph))
    low, high = limits or (placed[seen].min(), placed[seen].max())
    strength = (np.where(seen, placed - low, 0.0) / (high - low if high > low else 1.0)).clip(0, 1)
    opacity = _STRONGEST * strength[..., None]
    mixed = photograph * (1 - opacity) + 255 * _HEAT(strength)[..., :3] * opacity
    return _to_bytes(np.where(seen[..., None], mixed, 0.4 * photograph + 0.6 * 255))


def shared_limits(heatmaps: xr.Dataset) -> Limits | None:
    """The range of all heatmaps of a dataset, where the page wants one scale for them; None for each its own.

    Args:
        heatmaps: what `heatmaps.heatmaps` returns. Enlarging its maps to the images leads to no value beyond theirs.
    """
    values = heatmaps["heatmap"].to_numpy()
    if not one_heatmap_scale() or np.isnan(values).all():
        return None
    return float(np.nanmin(values)), float(np.nanmax(values))


def heatmap_note(limits: Limits | None) -> str:
    """Say how the colours of heatmaps in a figure are read."""
    scale = "each over its own range" if limits is None else "one scale for all images of the comparison and network"
    return f"Heatmaps: clear (lowest) to bright (highest), {scale}; crossed out where there is none."


def heatmap_bar(figure: Figure | SubFigure, panels: np.ndarray, limits: Limits | None, *, hidden: bool = False) -> None:
    """Draw a colour bar beside panels (row, column), if their colours stand for numbers that can be compared.

    Args:
        figure: that the panels are in.
        panels: the heatmaps, among others.
        limits: see `shared_limits`; there is no bar without.
        hidden: leave no more than the bar's space, so that rows of panels with and without one are aligned.
    """
    if limits is None:
        return
    colours = mpl.cm.ScalarMappable(mpl.colors.Normalize(*limits), mpl.colors.ListedColormap(heat_colours(256)))
    shrink = min(0.8, _ROWS_OF_BAR / len(panels))
    bar = figure.colorbar(
        colours, ax=panels, aspect=15, shrink=shrink, pad=0.01, ticks=MaxNLocator(3), alpha=0 if hidden else None
    )
    bar.set_label("mean activation", fontsize=7)
    bar.outline.set_visible(False)
    if hidden:
        bar.ax.tick_params(colors="none")
        bar.ax.yaxis.label.set_color("none")


def heat_colours(n: int) -> list[str]:
    """The colours of heatmaps over mid grey, from the lowest to the highest value, n of them, as #rrggbb."""
    grey = np.full((1, n, 3), 128, dtype=np.uint8)
    return [mpl.colors.to_hex(colour / 255) for colour in overlay(grey, np.linspace(0, 1, n)[None])[0]]


def draw_overlays(heatmaps: xr.Dataset, table: pd.DataFrame, folder: Path) -> None:
    """Draw the overlay of every image of a dataset of heatmaps into `folder`/{image}.png, at the image's own size.

    A scale that they share (see `shared_limits`) is said in the log.

    Args:
        heatmaps: what `heatmaps.heatmaps` returns.
        table: `image`, `file` and `sha256` of the images.
        folder: exists.
    """
    ids, limits = heatmaps.indexes["image"], shared_limits(heatmaps)
    if limits:
        logger.info("colours of all overlays: from %.6g (clear) to %.6g (bright)", *limits)
    for image in logs.progress(ids, "overlays", len(ids)):
        placed = heat.place_image(heatmaps, "heatmap", image)
        if np.isnan(placed).all():
            logger.warning("no heatmap, crossed out: %s", image)
        Image.fromarray(overlay(_read(table, image), placed, limits)).save(folder / f"{image}.png")


def _crossed_out(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(rgb)
    draw = ImageDraw.Draw(image)
    right, bottom = image.width - 1, image.height - 1
    thin = max(1, min(image.size) // 60)
    for colour, width in (("white", 3 * thin), ("black", thin)):
        draw.line((0, 0, right, bottom), fill=colour, width=width)
        draw.line((0, bottom, right, 0), fill=colour, width=width)
    return np.array(image)


def _to_bytes(values: np.ndarray) -> NDArray[np.uint8]:
    return np.round(values).clip(0, 255).astype(np.uint8)


# ----------------------------------------------------------------------------------------------------------------------
# Importance


@_styled
def importance(rankings: pd.DataFrame, everything: pd.DataFrame, comparison: str, model: str, score: str) -> Figure:
    """How the scores are spread over feature maps, and how far the folds agree on them.

    Args:
        rankings: `seed`, `fold`, `feature_map`, `ais` of all folds.
        everything: `feature_map`, `ais` over all images, and the provenance (see `_provenance`).
        comparison: its name.
        model: its name.
        score: name of the second-order score.
    """
    figure = _figure(3.2)
    spread, agreement = figure.subplots(1, 2)
    _spread_panel(spread, everything["ais"])
    spread.set_ylabel(f"AIS (loss of {_score(score)} without the map)")
    _agreement_panel(agreement, rankings)
    _title(figure, "Alignment Importance Scores (AIS) of the feature maps", comparison, model, _provenance(everything))
    return figure


def _spread_panel(panel: Axes, ais: pd.Series) -> None:
    """The scores of all maps over all images, in descending order."""
    ordered = ais.sort_values(ascending=False, ignore_index=True)
    kinds = (("help", ordered > 0, _BLUE), ("hinder", ordered < 0, _ORANGE))
    for verb, chosen, colour in kinds:
        values = ordered.where(chosen)
        panel.fill_between(values.index + 1, values, 0, color=colour, linewidth=0, step="mid")
        panel.plot(values.index + 1, values, color=colour, linewidth=1, label=f"{verb}: {chosen.sum()}")
    panel.plot([], [], " ", label=f"change nothing: {(ordered == 0).sum()}")
    panel.axhline(0, color="black", linewidth=0.8)
    panel.set_xlabel(f"feature maps by rank (of {len(ais)})")
    panel.yaxis.set_major_locator(MaxNLocator(5))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(f"{value:g}")))
    panel.legend(loc="upper right", title="feature maps that", alignment="left")


def _agreement_panel(panel: Axes, rankings: pd.DataFrame) -> None:
    """Histogram of the rank correlations of the scores between folds."""
    wide = rankings.pivot_table(index="feature_map", columns=["seed", "fold"], values="ais")
    correlation = wide.corr("spearman").to_numpy()
    seeds = wide.columns.get_level_values("seed").to_numpy()
    first, second = np.triu_indices(len(seeds), k=1)
    pairs = pd.DataFrame({"rho": correlation[first, second], "same": seeds[first] == seeds[second]}).dropna()
    kinds = [
        ("of one seed", pairs.loc[pairs["same"], "rho"], _GREEN),
        ("of different seeds", pairs.loc[~pairs["same"], "rho"], _PURPLE),
    ]
    panel.hist(
        [values for _, values, _ in kinds],
        bins=25,
        stacked=True,
        color=[colour for *_, colour in kinds],
        label=[
            f"{name}: median {_number(f'{values.median():.2f}')}" if len(values) else name for name, values, _ in kinds
        ],
    )
    panel.set_xlim(min([0, *pairs["rho"]]), 1)
    panel.set_ylim(top=1.4 * panel.get_ylim()[1])  # room for the legend
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    panel.set_xlabel("agreement of folds (Spearman ρ of AIS)")
    panel.set_ylabel("pairs of folds")
    panel.legend(loc="upper left", title="folds", alignment="left")


# ----------------------------------------------------------------------------------------------------------------------
# Heatmaps


@_styled
def heatmap_grid(
    heatmaps: xr.Dataset, alignment: xr.DataArray, table: pd.DataFrame, comparison: str, model: str
) -> Figure:
    """A few images, evenly chosen from the best to the worst aligned, each with its heatmap.

    Images of several categories are chosen within each, and stand in a row for each.

    Args:
        heatmaps: what `heatmaps.heatmaps` returns.
        alignment: (image), the correlation of an image's similarities with people's.
        table: `image`, `file`, `sha256` and, where there are some, `category` of the images.
        comparison: its name.
        model: its name.
    """
    ranked = alignment.to_series().sort_values(ascending=False, kind="stable")
    named = table[table["image"].isin(ranked.index) & table["category"].notna()] if "category" in table else table[:0]
    categories = sorted(named["category"].unique()) if len(named) else []
    if len(categories) > 1:
        rows = {name: named.loc[named["category"] == name, "image"].tolist() for name in categories}
        return _heatmap_rows(heatmaps, ranked, rows, table, comparison, model)
    chosen, limits = _evenly(ranked.index.tolist(), 2 * _COLUMNS), shared_limits(heatmaps)
    n_blocks = -(-len(chosen) // _COLUMNS)
    figure = _figure(0.8 + n_blocks * (0.5 + 2.8 * _aspect(heatmaps)))
    panels = figure.subplots(2 * n_blocks, _COLUMNS, squeeze=False)
    for panel in panels.flat:
        panel.axis("off")
    for at, image in enumerate(chosen):
        block, column = divmod(at, _COLUMNS)
        photograph, covered = panels[2 * block : 2 * block + 2, column]
        rgb = _read(table, image)
        photograph.imshow(rgb)
        photograph.set_title(f"{_short(image, _SHORTER)}\nr = {_number(f'{ranked[image]:.2f}')}", fontsize=7.5)
        covered.imshow(overlay(rgb, heat.place_image(heatmaps, "heatmap", image), limits))
    heatmap_bar(figure, panels, limits)
    _title(figure, "Images and their heatmaps, from the best to the worst aligned", comparison, model, heatmaps.attrs)
    _footnote(
        figure,
        f"{heatmap_note(limits)} r: correlation of the network's with people's similarities of an image to all others.",
    )
    return figure


def _heatmap_rows(
    heatmaps: xr.Dataset,
    ranked: pd.Series,
    images_of: Mapping[str, Sequence[str]],
    table: pd.DataFrame,
    comparison: str,
    model: str,
) -> Figure:
    """A row for every category: images from the best to the worst aligned, each beside its heatmap."""
    shown, limits = _evenly(list(images_of), _MOST_ROWS), shared_limits(heatmaps)
    figure = _figure(0.9 + len(shown) * (0.16 + 0.73 * _aspect(heatmaps)))
    panels = figure.subplots(len(shown), 2 * _PAIRS, squeeze=False)
    for panel in panels.flat:
        panel.axis("off")
    for row, category in zip(panels, shown, strict=True):
        members = set(images_of[category])
        for at, image in enumerate(_evenly([name for name in ranked.index if name in members], _PAIRS)):
            photograph, covered = row[2 * at : 2 * at + 2]
            rgb = _read(table, image)
            photograph.imshow(rgb)
            photograph.set_title(f"r = {_number(f'{ranked[image]:.2f}')}", fontsize=6.5, pad=2)
            covered.imshow(overlay(rgb, heat.place_image(heatmaps, "heatmap", image), limits))
        beside = textwrap.fill(_short(category), 12)
        row[0].text(-0.08, 0.5, beside, transform=row[0].transAxes, ha="right", va="center", fontsize=7.5)
    heatmap_bar(figure, panels, limits)
    _title(figure, "Images of every category and their heatmaps", comparison, model, heatmaps.attrs)
    left_out = f" {len(shown)} of {len(images_of)} categories." if len(shown) < len(images_of) else ""
    _footnote(
        figure,
        f"In a row from the best to the worst aligned.{left_out} {heatmap_note(limits)} r: correlation of the "
        "network's with people's similarities of an image to all others.",
    )
    return figure


# ----------------------------------------------------------------------------------------------------------------------
# Control


@_styled
def control(
    table: pd.DataFrame,
    heatmaps: Mapping[str, xr.Dataset],
    pictures: pd.DataFrame,
    objects: Sequence[str],
    model: str,
) -> Figure:
    """A few images with the heatmaps of every comparison, and how well these single out the first object.

    Args:
        table: what `control.evaluate` returns.
        heatmaps: what `heatmaps.heatmaps` returns, by the name of the comparison.
        pictures: `image`, `file` and `sha256` of the images.
        objects: names of the first and the second object.
        model: its name.
    """
    names = list(heatmaps)
    figure = _figure(0.8 + (0.28 + 0.9 * _aspect(heatmaps[names[0]])) * (1 + len(names)))
    halves = figure.add_gridspec(1, 2, width_ratios=[2.2, 1])
    _examples(figure.add_subfigure(halves[0]), heatmaps, pictures, _evenly(_shared_images(heatmaps), _COLUMNS))
    _areas(figure.add_subfigure(halves[1]).subplots(), table, names, objects)
    simulated = any(maps.attrs["simulated"] for maps in heatmaps.values())
    network = _network(model, heatmaps[names[0]].attrs)
    figure.suptitle(
        f"Heatmaps under different {'simulated ' * simulated}observers\nsame images, same network: {network}",
        x=0.01,
        ha="left",
    )
    note = heatmap_note(shared_limits(heatmaps[names[0]]))
    _footnote(figure, f"{note} Points: images; bars: medians.")
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
    photographs = [_read(pictures, image) for image in chosen]
    above = figure.add_subfigure(rows[0])
    panels = _example_row(above, "image", "black", photographs)
    heatmap_bar(above, panels, shared_limits(next(iter(heatmaps.values()))), hidden=True)
    for at, (name, maps) in enumerate(heatmaps.items()):
        limits = shared_limits(maps)
        covered = [
            overlay(rgb, heat.place_image(maps, "heatmap", image), limits)
            if image in maps["image"]
            else np.full_like(rgb, 255)
            for image, rgb in zip(chosen, photographs, strict=True)
        ]
        colour = _COMPARISONS[at % len(_COMPARISONS)]
        row = figure.add_subfigure(rows[at + 1])
        heatmap_bar(row, _example_row(row, _observers(name, maps.attrs), colour, covered), limits)


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
        colour = _GREY if at == len(names) else _COMPARISONS[at % len(_COMPARISONS)]
        panel.scatter(areas, at + _scattered(len(areas), 0.5), s=9, color=colour, alpha=0.7, linewidths=0)
        panel.plot([areas.median()] * 2, [at - 0.33, at + 0.33], color="black", linewidth=2)
    panel.axvline(0.5, color="black", linestyle=":", linewidth=0.9)
    panel.set_yticks(range(len(groups)), [textwrap.fill(name, 12) for name, _ in groups])
    panel.set_ylim(len(groups) - 0.5, -0.5)
    panel.set_xlim(-0.05, 1.05)
    panel.set_xticks([0, 0.5, 1], [f"0\n({objects[1]})", "0.5", f"1\n({objects[0]})"])
    panel.set_xlabel("area under\nthe ROC curve")


# ----------------------------------------------------------------------------------------------------------------------
# Speed


@_styled
def speed(summary: pd.DataFrame) -> Figure:
    """How many times faster the engine is than other ways, and how time and memory grow with the number of images.

    Args:
        summary: `network`, `work`, `against`, `n_images`, `ours_seconds`, `other_seconds`, `ratio`, `ours_peak_mb`.
    """
    figure = _figure(5.6)
    above, below = np.asarray(figure.subfigures(2, 1, height_ratios=[1, 1.2]), dtype=object)
    _ratio_panel(above.subplots(), summary.dropna(subset="ratio"))
    times, memory = below.subplots(1, 2)
    grown = summary[(summary["network"] == "pooled") & (summary["against"] == "nothing")]
    grown = grown[grown["work"] != "40_folds"]
    for panel, column, label in ((times, "ours_seconds", "time (s)"), (memory, "ours_peak_mb", "peak memory (MB)")):
        _growth_panel(panel, grown, column)
        panel.set_ylabel(label)
    memory.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    times.legend(loc="upper left", fontsize="small")
    figure.suptitle("Speed and memory of the ablation engine", x=0.01, ha="left")
    _footnote(
        figure,
        "Simulated data; VGG-16 has random weights. Other ways are timed on a part and extrapolated. Below: pooled "
        "readout of 1280 maps, curves of one fold, memory with all libraries; dotted: square of the number of images.",
    )
    return figure


def _ratio_panel(panel: Axes, compared: pd.DataFrame) -> None:
    """A bar for each other way, on a logarithmic axis."""
    named = compared[["network", "work", "n_images", "against"]].astype(str).to_numpy().tolist()
    labels = [
        f"{network}, {work.replace('_', ' ')}, {n_images} images, against {against}"
        for network, work, n_images, against in named
    ]
    positions = np.arange(len(compared))[::-1]
    panel.barh(positions, compared["ratio"], color=_BLUE, alpha=0.7)
    for position, ratio in zip(positions, compared["ratio"], strict=True):
        panel.annotate(f"{ratio:.0f} x", (ratio, position), xytext=(3, 0), textcoords="offset points", va="center")
    panel.set_xscale("log")
    panel.set_xlim(1, 2 * compared["ratio"].max())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.set_yticks(positions, labels)
    panel.set_xlabel("times faster")


def _growth_panel(panel: Axes, grown: pd.DataFrame, column: str) -> None:
    """A line for each kind of work, and the square of the number of images through the last point of the highest."""
    for colour, (work, rows) in zip((_BLUE, _ORANGE, _GREEN), grown.groupby("work", sort=False), strict=False):
        panel.plot(rows["n_images"], rows[column], "o-", color=colour, label=str(work).replace("_", " "))
    last = grown[grown["n_images"] == grown["n_images"].max()][column].max()
    n_images = np.array(sorted(grown["n_images"].unique()))
    panel.plot(n_images, last * (n_images / n_images[-1]) ** 2, color="black", linestyle=":", linewidth=0.9)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xticks(n_images, [f"{number}" for number in n_images])
    panel.minorticks_off()
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    low, high = grown[column].min(), grown[column].max()
    panel.set_ylim(low / 2, high * 2)
    panel.set_xlabel("images")
