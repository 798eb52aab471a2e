"""All figures, in one style. The only module that imports matplotlib and seaborn.

Every figure function takes tables or labelled arrays and returns a Figure; `save` writes it. What is simulated and what
has random weights is written into the figure.
"""

import functools
import logging
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from alignment_importance import arrays, images, logs
from alignment_importance import heatmaps as heat

mpl.use("Agg")  # draws into files; needs no display

#: Width of a figure in inches: a page's text, and about 900 pixels in a README.
WIDTH = 7.2

_DOTS_PER_INCH = 200
_COLOURS = sns.color_palette("colorblind")
_BLUE, _ORANGE, _GREEN, _RED, _PURPLE, _GREY = (_COLOURS[at] for at in (0, 1, 2, 3, 4, 7))
_COMPARISONS = (_BLUE, _ORANGE, _GREEN, _RED, _PURPLE)
_STYLE = {
    **sns.axes_style("ticks"),
    **sns.plotting_context("paper", font_scale=0.95),
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that figures are the same everywhere
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "figure.titlesize": 10,
    "figure.titleweight": "bold",
    "legend.frameon": False,
    "pdf.fonttype": 42,  # TrueType: text stays text
    "text.parse_math": False,  # names of images and comparisons may hold dollar signs
}

#: Images side by side, and the longest names that are written in full: of anything, and over one of these images.
_COLUMNS, _SHORT, _SHORTER = 5, 28, 20

_HEATMAP_NOTE = (
    "Heatmaps: clear (lowest) to bright (highest), each over its own range; crossed out where there is none."
)

_BASELINES = {
    "observed": ("heatmap and saliency map of one image", _BLUE),
    "shuffled_saliency": ("saliency maps of other images", _ORANGE),
    "activations": ("activations instead of the heatmap", _GREY),
}

_DIRECTIONS: dict[str, tuple[str, Literal["-", "--"]]] = {
    "saliency_predicts_ais": ("the saliency map predicts", "-"),
    "ais_predicts_saliency": ("the heatmap predicts", "--"),
}

_SCORES = {"pearson_r2": "R²", "pearson": "Pearson r", "spearman": "Spearman ρ"}

# Overlays: the photograph keeps this part of its colours, and the heatmap at its strongest covers this part of it.
_COLOUR_KEPT = 0.35
_STRONGEST = 0.75
_HEAT = mpl.colormaps["inferno"]

logger = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def _styled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Run a function in the style of all figures."""

    @functools.wraps(function)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with mpl.rc_context(_STYLE):
            return function(*args, **kwargs)

    return run


@_styled
def save(figure: Figure, png: str | Path, pdf: str | Path) -> None:
    """Write a figure as PNG and as PDF; the same figure gives the same bytes."""
    with arrays.atomic(png) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH)
    with arrays.atomic(pdf) as partial:
        figure.savefig(partial, format="pdf", dpi=_DOTS_PER_INCH, metadata={"CreationDate": None})


# ----------------------------------------------------------------------------------------------------------------------
# Overlays


def overlay(rgb: NDArray[np.uint8], placed: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Lay a heatmap over its photograph, which loses colour but stays recognisable.

    The heatmap is scaled to its own range; colour and opacity rise with it. Pixels that the network did not see (NaN)
    are faded. An image without a heatmap (all NaN) is crossed out.

    Args:
        rgb: uint8 (height, width, 3).
        placed: (height, width), see `heatmaps.place`.

    Returns:
        uint8 (height, width, 3).
    """
    grey = rgb @ np.array([0.299, 0.587, 0.114])
    photograph = _COLOUR_KEPT * rgb + (1 - _COLOUR_KEPT) * grey[..., None]
    seen = ~np.isnan(placed)
    if not seen.any():
        return _crossed_out(_to_bytes(photograph))
    low, high = placed[seen].min(), placed[seen].max()
    strength = np.where(seen, placed - low, 0.0) / (high - low if high > low else 1.0)
    opacity = _STRONGEST * strength[..., None]
    mixed = photograph * (1 - opacity) + 255 * _HEAT(strength)[..., :3] * opacity
    return _to_bytes(np.where(seen[..., None], mixed, 0.4 * photograph + 0.6 * 255))


def draw_overlays(heatmaps: xr.Dataset, table: pd.DataFrame, folder: Path) -> None:
    """Draw the overlay of every image of a dataset of heatmaps into `folder`/{image}.png, at the image's own size.

    Args:
        heatmaps: what `heatmaps.heatmaps` returns.
        table: `image`, `file` and `sha256` of the images.
        folder: exists.
    """
    ids = heatmaps.indexes["image"]
    for image in logs.progress(ids, "overlays", len(ids)):
        placed = heat.place_image(heatmaps, "heatmap", image)
        if np.isnan(placed).all():
            logger.warning("no heatmap, crossed out: %s", image)
        Image.fromarray(overlay(_read(table, image), placed)).save(folder / f"{image}.png")


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
# Prediction


@_styled
def prediction(summary: pd.DataFrame, folds: pd.DataFrame) -> Figure:
    """Bars of the test score of all and of the retained feature maps, for every comparison and model.

    Args:
        summary: a row per comparison and model.
        folds: `comparison`, `model`, `test_full`, `test_retained`, a row per fold.
    """
    models = summary["model"].unique().tolist()
    n_groups = summary["comparison"].nunique()
    figure = _figure(1.0 + 2.6 * len(models), width=max(WIDTH, 1.7 * n_groups))
    panels = figure.subplots(len(models), 1, squeeze=False, sharey=True)[:, 0]
    for panel, model in zip(panels, models, strict=True):
        rows = summary[summary["model"] == model].reset_index(drop=True)
        _prediction_panel(panel, rows, folds[folds["model"] == model])
        panel.set_title(_network(model, _provenance(rows)))
    panels[0].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)
    figure.suptitle("Alignment with human judgments in the test folds", x=0.01, ha="left")
    numbers = ", ".join(map(str, sorted(summary["n_folds"].unique())))
    _footnote(
        figure,
        f"Bars: mean over {numbers} folds; whiskers: ± 1 standard deviation; points: single folds. One-sided t-tests "
        "of retained > all: paired, and corrected for folds that share training data (Nadeau & Bengio 2003).",
    )
    return figure


def _prediction_panel(panel: Axes, rows: pd.DataFrame, folds: pd.DataFrame) -> None:
    """The bars of one model, a pair per comparison."""
    kinds = (("full", "all feature maps", _GREY, -0.2), ("retained", "retained feature maps", _BLUE, 0.2))
    for kind, label, colour, shift in kinds:
        mean, sd = rows[f"test_{kind}_mean"], rows[f"test_{kind}_sd"]
        panel.bar(rows.index + shift, mean, 0.38, color=colour, alpha=0.7, label=label, zorder=1)
        panel.errorbar(rows.index + shift, mean, sd, fmt="none", ecolor="black", elinewidth=1, capsize=3, zorder=3)
        for at, comparison in enumerate(rows["comparison"]):
            values = folds.loc[folds["comparison"] == comparison, f"test_{kind}"]
            places = at + shift + _scattered(len(values), 0.28)
            panel.scatter(places, values, s=6, color="black", alpha=0.4, linewidths=0, zorder=2)
    panel.axhline(0, color="black", linewidth=0.8)
    margin = max(0.6, 1.35 - 0.375 * len(rows))  # wider where there are few, so that bars do not become blocks
    panel.set_xlim(-margin, len(rows) - 1 + margin)
    panel.set_xticks(rows.index, [_prediction_label(row) for _, row in rows.iterrows()])
    panel.tick_params(axis="x", length=0)
    panel.set_ylabel(f"test alignment ({_score(rows['score'].iloc[0])})")


def _prediction_label(row: pd.Series) -> str:
    """What stands below a pair of bars."""
    lines = [
        _short(row["comparison"]),
        "(simulated observers)" if row["simulated"] else "",
        f"{row['k_retained_mean']:.0f} maps retained",
        f"{_p(row['p_paired'])}, corrected {_p(row['p_corrected'])}",
    ]
    return "\n".join(line for line in lines if line)


@_styled
def curves(curve: pd.DataFrame, table: pd.DataFrame, comparison: str, model: str, score: str) -> Figure:
    """Training and test score of the k highest-ranked feature maps against k.

    Args:
        curve: `k`, `train_score`, `test_score` of all folds of all seeds.
        table: `k_retained`, `test_retained`, a row per fold, and the provenance (see `_provenance`).
        comparison: its name.
        model: its name.
        score: name of the second-order score.
    """
    figure = _figure(3.6)
    panel = figure.subplots()
    for side, name, colour in (("train", "training", _ORANGE), ("test", "test", _BLUE)):
        grouped = curve.groupby("k")[f"{side}_score"]
        mean, sd = grouped.mean(), grouped.std()
        panel.fill_between(mean.index, mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)
        panel.plot(mean.index, mean, color=colour, label=name)
        panel.axhline(mean.iloc[-1], color=colour, linestyle="--", linewidth=0.9, label=f"{name}, all maps")
    _mark_retained(panel, table)
    panel.set_xlim(1, curve["k"].max())
    panel.set_xlabel("feature maps kept, the highest-ranked first (k)")
    panel.set_ylabel(f"alignment ({_score(score)})")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside right upper")
    _title(figure, "Alignment of the k highest-ranked feature maps", comparison, model, _provenance(table))
    _footnote(
        figure,
        f"Lines: mean over {len(table)} folds; bands: ± 1 standard deviation. Maps are ranked, and the number to "
        "retain is chosen, on the training data.",
    )
    return figure


def _mark_retained(panel: Axes, table: pd.DataFrame) -> None:
    """Mark how many maps each fold retains, and the mean."""
    retained = table["k_retained"].astype(float)
    panel.axvline(retained.mean(), color="black", linestyle=":", linewidth=0.9)
    label = f"retained: {retained.mean():.0f} maps on average"
    panel.scatter(retained.mean(), table["test_retained"].mean(), color=_BLUE, edgecolor="black", label=label, zorder=3)
    below = panel.get_xaxis_transform()
    panel.vlines(retained, -0.02, 0.02, colors="black", alpha=0.6, transform=below, clip_on=False, linewidth=1)
    panel.plot([], [], "|", color="black", label="retained in one fold")


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

    Args:
        heatmaps: what `heatmaps.heatmaps` returns.
        alignment: (image), the correlation of an image's similarities with people's.
        table: `image`, `file` and `sha256` of the images.
        comparison: its name.
        model: its name.
    """
    ranked = alignment.to_series().sort_values(ascending=False, kind="stable")
    chosen = _evenly(ranked.index.tolist(), 2 * _COLUMNS)
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
        covered.imshow(overlay(rgb, heat.place_image(heatmaps, "heatmap", image)))
    _title(figure, "Images and their heatmaps, from the best to the worst aligned", comparison, model, heatmaps.attrs)
    _footnote(
        figure,
        f"{_HEATMAP_NOTE} r: correlation of the network's with people's similarities of an image to all others.",
    )
    return figure


# ----------------------------------------------------------------------------------------------------------------------
# Overlap with saliency


@_styled
def overlap(table: pd.DataFrame, comparison: str, model: str) -> Figure:
    """Precision, recall and relative risk of saliency maps and heatmaps as predictions of each other.

    Args:
        table: what `overlap.tabulate` returns for each saliency map, whose name is in the column `saliency`, and the
            provenance (see `_provenance`).
        comparison: its name.
        model: its name.
    """
    saliencies = table["saliency"].unique().tolist()
    targets = sorted(table["target_percent"].unique())
    target = targets[len(targets) // 2]
    figure = _figure(1.5 + 2.0 * len(saliencies))
    panels = figure.subplots(len(saliencies), 3, squeeze=False, sharex="col", sharey="col")
    for row, saliency in zip(panels, saliencies, strict=True):
        one = table[table["saliency"] == saliency]
        aimed = one[one["target_percent"] == target]
        for panel, measure in zip(row, ("precision", "recall"), strict=False):
            _overlap_curves(panel, aimed, measure)
        row[0].axhline(target / 100, color="black", linewidth=0.8, linestyle=":")
        row[1].axline((0, 0), (100, 1), color="black", linewidth=0.8, linestyle=":")
        _relative_risks(row[2], one)
        row[0].set_title(_short(saliency))
    for panel in panels[-1, :2]:
        panel.set_xlabel("predicting mask (% of pixels)")
        panel.set_xlim(0, table["top_percent"].max())
    panels[-1, 2].set_xlabel("both masks (% of pixels)")
    note = (
        f"Predicted mask: {target:g} % of the pixels. Lines: means over {table['image'].nunique()} images; bands: 95 % "
        "interval of the mean.\nRelative risk: medians and quartiles over images."
    )
    figure.legend(
        handles=_overlap_legend(), title=note, title_fontsize=7, alignment="left", loc="outside lower left", ncols=2
    )
    _title(figure, "Saliency maps and heatmaps as predictions of each other", comparison, model, _provenance(table))
    return figure


def _overlap_curves(panel: Axes, table: pd.DataFrame, measure: str) -> None:
    """One measure against the size of the predicting mask; a colour per baseline, a line style per direction."""
    for (baseline, direction), rows in table.groupby(["baseline", "direction"], sort=False):
        colour = _BASELINES[str(baseline)][1]
        grouped = rows.groupby("top_percent")[measure]
        mean, margin = grouped.mean(), 1.96 * grouped.sem()
        panel.fill_between(mean.index, mean - margin, mean + margin, color=colour, alpha=0.12, linewidth=0)
        panel.plot(mean.index, mean, _DIRECTIONS[str(direction)][1], color=colour)
    panel.set_ylabel(measure)
    panel.set_ylim(bottom=0)


def _relative_risks(panel: Axes, table: pd.DataFrame) -> None:
    """Median and quartiles of the relative risk where both masks have one size, and so both directions one value."""
    same = table[(table["top_percent"] == table["target_percent"]) & (table["direction"] == "saliency_predicts_ais")]
    sizes = sorted(same["top_percent"].unique())
    for at, (baseline, (_, colour)) in enumerate(_BASELINES.items()):
        grouped = same[same["baseline"] == baseline].groupby("top_percent")["relative_risk"]
        low, middle, high = (grouped.quantile(q).reindex(sizes).to_numpy() for q in (0.25, 0.5, 0.75))
        places = np.arange(len(sizes)) + 0.22 * (at - 1)
        panel.vlines(places, low, high, color=colour)
        panel.plot(places, middle, "o", color=colour, markersize=5)
    panel.axhline(1, color="black", linewidth=0.8, linestyle=":")
    panel.set_xticks(range(len(sizes)), [f"{size:g}" for size in sizes])
    panel.set_xlim(-0.6, len(sizes) - 0.4)
    panel.set_ylim(bottom=0)
    panel.set_ylabel("relative risk")


def _overlap_legend() -> list[Line2D]:
    baselines = [Line2D([], [], color=colour, label=label) for label, colour in _BASELINES.values()]
    directions = [Line2D([], [], color="black", linestyle=style, label=label) for label, style in _DIRECTIONS.values()]
    return [*baselines, *directions, Line2D([], [], color="black", linestyle=":", linewidth=0.8, label="chance")]


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
    _examples(figure.add_subfigure(halves[0]), heatmaps, pictures, _evenly(sorted(table["image"].unique()), _COLUMNS))
    _areas(figure.add_subfigure(halves[1]).subplots(), table, names, objects)
    simulated = any(maps.attrs["simulated"] for maps in heatmaps.values())
    network = _network(model, heatmaps[names[0]].attrs)
    figure.suptitle(
        f"Heatmaps under different {'simulated ' * simulated}observers\nsame images, same network: {network}",
        x=0.01,
        ha="left",
    )
    _footnote(figure, f"{_HEATMAP_NOTE} Points: images; bars: medians.")
    return figure


def _examples(
    figure: SubFigure, heatmaps: Mapping[str, xr.Dataset], pictures: pd.DataFrame, chosen: Sequence[str]
) -> None:
    """A row of images, and one of overlays for every comparison."""
    rows = figure.add_gridspec(1 + len(heatmaps), 1)
    photographs = [_read(pictures, image) for image in chosen]
    _example_row(figure.add_subfigure(rows[0]), "image", "black", photographs)
    for at, (name, maps) in enumerate(heatmaps.items()):
        covered = [
            overlay(rgb, heat.place_image(maps, "heatmap", image))
            for image, rgb in zip(chosen, photographs, strict=True)
        ]
        colour = _COMPARISONS[at % len(_COMPARISONS)]
        _example_row(figure.add_subfigure(rows[at + 1]), _observers(name, maps.attrs), colour, covered)


def _example_row(figure: SubFigure, label: str, colour: Any, pictures: Sequence[NDArray[np.uint8]]) -> None:
    figure.suptitle(label, x=0.01, ha="left", fontsize="medium", fontweight="normal", color=colour)
    for panel, picture in zip(figure.subplots(1, len(pictures), squeeze=False)[0], pictures, strict=True):
        panel.imshow(picture)
        panel.axis("off")


def _areas(panel: Axes, table: pd.DataFrame, names: Sequence[str], objects: Sequence[str]) -> None:
    """Every image's area under the ROC curve, for each comparison and for the activations, with the median."""
    ais = table[table["map"] == "ais"]
    plain = table[(table["map"] == "activations") & (table["comparison"] == names[0])]
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
# What the figures share


def _figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure, sizes in inches; it has no window and is not kept anywhere."""
    return Figure(figsize=(width, height), layout="constrained")


def _title(figure: Figure, what: str, comparison: str, model: str, provenance: Mapping[str, Any]) -> None:
    """Head a figure with what it shows and, in the second line, of what."""
    about = f"{_observers(comparison, provenance)}, {_network(model, provenance)}"
    figure.suptitle(f"{what}\n{about}", x=0.01, ha="left")


def _observers(comparison: str, provenance: Mapping[str, Any]) -> str:
    """Name a comparison, and say if its observers are simulated."""
    return f"{_short(comparison)} (simulated observers)" if provenance.get("simulated", False) else _short(comparison)


def _network(model: str, provenance: Mapping[str, Any]) -> str:
    """Name a model, and say if its weights are random or its arithmetic is not that of float32."""
    weights, arithmetic = str(provenance.get("weights", "")), str(provenance.get("arithmetic", "float32"))
    special = [weights] * weights.startswith("random weights") + [arithmetic] * (arithmetic != "float32")
    return f"{_short(model)} ({', '.join(special)})" if special else _short(model)


def _provenance(table: pd.DataFrame) -> dict[str, Any]:
    """What a table says of its observers (`simulated`, true or false) and its network's `weights` and `arithmetic`."""
    return {name: table[name].iloc[0] for name in ("simulated", "weights", "arithmetic") if name in table}


def _footnote(figure: Figure, text: str) -> None:
    wrapped = textwrap.fill(text, int(19 * figure.get_figwidth()))
    figure.supxlabel(wrapped, x=0.01, ha="left", fontsize=7, color="0.3")


def _read(table: pd.DataFrame, image: str) -> NDArray[np.uint8]:
    """Read one of the listed images."""
    file, sha256 = table.loc[table["image"] == image, ["file", "sha256"]].iloc[0].tolist()
    images.verify(file, sha256)
    return images.read_image(file)


def _evenly(items: Sequence[str], n: int) -> list[str]:
    """Choose at most n items, evenly spaced from the first to the last."""
    places = np.linspace(0, len(items) - 1, min(n, len(items))).round().astype(int)
    return [items[at] for at in places]


def _aspect(heatmaps: xr.Dataset) -> float:
    """Height of a typical image as a part of its width."""
    return float(np.clip((heatmaps["height"] / heatmaps["width"]).median(), 0.5, 2))


def _scattered(n: int, width: float) -> np.ndarray:
    """Shifts that keep n points apart: multiples of the golden ratio, which look random and are always the same."""
    return (np.arange(n) * 0.6180339887 % 1 - 0.5) * width


def _short(name: str, longest: int = _SHORT) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _score(score: str) -> str:
    return _SCORES.get(score, score)


def _number(text: str) -> str:
    return text.replace("-", "−")


def _p(p: float) -> str:
    if np.isnan(p):
        return "p undefined"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


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
