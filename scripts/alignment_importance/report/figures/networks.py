"""Draws networks, or comparisons, side by side."""

import itertools
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy.special
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from alignment_importance.report import palette
from alignment_importance.report.captions import score_name
from alignment_importance.report.figures import style
from alignment_importance.report.figures.heatmaps import heatmap_note, heatmap_rows, limits_of
from alignment_importance.statistics.inference import CONFIDENCE

#: Quantities that are compared: the label of the axis, and whether images or feature maps have the values.
_QUANTITIES = {
    "mean_absolute_deviation": ("mean absolute deviation of AIS", "images"),
    "gini": ("Gini coefficient of |AIS|", "images"),
    "ais_mean": ("mean AIS over images", "feature maps"),
    "entropy": ("entropy of |AIS| over images (bits)", "feature maps"),
}

#: Dashes of the first ten networks, the next ten and so on: ten colours are used again and again.
_DASHES = ("-", "--", ":", "-.")

#: Number of images on which two networks agree most, and of those on which they agree least.
_SHOWN = 3

_LONGEST_ID = 11

#: Length of the lines that name a network beside its row.
_LONGEST_LABEL = 28

#: Length of the lines of names at the edges of a matrix, and how many of them fit without being rotated.
_LONGEST_NAME, _UPRIGHT = 20, 3


@style.styled
def draw_networks(table: pd.DataFrame, score: str) -> Figure:
    """Draw test scores of all and of the retained maps, and the share of maps retained, network by network.

    Args:
        table: of `spread.describe`, a row per `comparison` and `model`, with `unit` and the provenance.
    """
    comparisons, models = (table[name].unique().tolist() for name in ("comparison", "model"))
    figure = style.new_figure(1)
    scores, shares = figure.subplots(1, 2, sharey=True, width_ratios=[2, 1])
    rows = table.set_index(["comparison", "model"]).loc[list(itertools.product(comparisons, models))]
    # Above the networks of each comparison is a line for its name.
    headings = np.arange(len(comparisons)) * (len(models) + 1)
    places = np.add.outer(headings, np.arange(1, len(models) + 1)).ravel()
    _scores(scores, rows, places, score)
    _shares(shares, rows, places)
    simulated = table.groupby("comparison")["simulated"].first()
    for place, name in zip(headings, comparisons, strict=True):
        scores.text(
            0.01, place + 0.3, style.observers(name, simulated[name]), transform=scores.get_yaxis_transform(),
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    labels = [
        textwrap.fill(style.network(model, style.provenance(rows.loc[[(comparison, model)]])), _LONGEST_LABEL)
        for comparison, model in rows.index
    ]
    scores.set_yticks(places, labels)
    scores.set_ylim(places[-1] + 0.6, -0.6)
    style.heading(figure, "Networks side by side: alignment in the test folds")
    note = f"Means over folds; whiskers: ± 1 standard deviation.{style.warning(table)}"
    style.key(figure, style.entries([scores]), note, columns=2)
    lines = max(label.count("\n") + 1 for label in labels)
    style.fit(figure, 0.7 + max(0.28, 0.13 * lines) * (places[-1] + 1))
    return style.worded(figure, table["weights"])


def _scores(panel: Axes, rows: pd.DataFrame, places: np.ndarray, score: str) -> None:
    """Draw the test scores of all maps and, below them, of the retained ones."""
    kinds = (("full", "all maps", palette.ALL_MAPS, -0.15), ("retained", "maps retained", palette.RETAINED, 0.15))
    for kind, label, colour, shift in kinds:
        means, sds = (rows[f"test_{kind}_{name}"].to_numpy(float) for name in ("mean", "sd"))
        sizes = np.abs(style.bounded([means - sds, means + sds], score) - means)
        panel.errorbar(
            means, places + shift, xerr=sizes, fmt="o", label=label, color=colour, markersize=5, elinewidth=1, capsize=2
        )
    for place in places[rows[["test_full_mean", "test_retained_mean"]].isna().all(axis=1)]:
        panel.text(0, place, " undefined", va="center", fontsize=7)
    panel.axvline(0, color="black", linewidth=0.8, linestyle=":")
    panel.set_xlabel(f"test alignment ({score_name(score)})")


def _shares(panel: Axes, rows: pd.DataFrame, places: np.ndarray) -> None:
    """Draw which share of its maps each network retains."""
    share, sd = 100 * rows["share_retained_mean"], 100 * rows["share_retained_sd"]
    panel.barh(places, share, 0.7, color=palette.RETAINED, alpha=0.7)
    panel.errorbar(share, places, xerr=sd, fmt="none", ecolor="black", elinewidth=1, capsize=2)
    panel.set_xlabel("maps retained (%)")
    panel.set_xlim(0, 100)


@style.styled
def draw_spread(images: pd.DataFrame, maps: pd.DataFrame, differences: pd.DataFrame, comparison: str) -> Figure:
    """Draw distributions of how AIS are spread over maps and images, network by network.

    Args:
        images: `model` and the columns of `spread.over_maps`, with the provenance.
        maps: `model` and the columns of `spread.over_images`.
        differences: see `spread.differences`.
    """
    models = images["model"].unique().tolist()
    figure = style.new_figure(1)
    panels = figure.subplots(2, 2)
    for panel, (quantity, (label, things)) in zip(panels.flat, _QUANTITIES.items(), strict=True):
        table = images if things == "images" else maps
        for at, model in enumerate(models):
            rows = table[table["model"] == model]
            label_of_model = style.network(model, style.provenance(rows))
            cycle, number = divmod(at, len(palette.COLOURS))
            look = {"color": palette.COLOURS[number], "linestyle": _DASHES[cycle % len(_DASHES)]}
            _distribution(panel, rows[quantity].dropna().to_numpy(), look, label_of_model, 0.6 / max(3, len(models)))
        if table[quantity].isna().all():
            style.undefined(panel, label)
            continue
        panel.set_xlabel(textwrap.fill(label, int(6.5 * figure.get_figwidth())))
        panel.set_ylabel(f"share of {things}")
        panel.set_ylim(0, 1)
        panel.xaxis.set_major_locator(MaxNLocator(5))
        panel.set_title(_tests(differences[differences["quantity"] == quantity]), fontsize=7.5)
    about = style.observers(comparison, images["simulated"].iloc[0])
    style.heading(figure, "How Alignment Importance Scores are spread", about)
    style.key(
        figure,
        style.entries([panels[0, 0]]),
        "Share of images or feature maps up to a value; bands: 95 % of the whole curve (Dvoretzky, Kiefer & Wolfowitz; "
        "Massart 1990). D: two-sample Kolmogorov-Smirnov between networks, which takes values as independent. "
        "Deviations and means of AIS fall with the number of feature maps.",
        columns=4,
    )
    style.fit(figure, 4)
    return style.worded(figure, images["weights"])


def _distribution(panel: Axes, values: np.ndarray, look: dict[str, Any], label: str, opacity: float) -> None:
    """Draw an empirical distribution function with its uniform 95 % band."""
    n = len(values)
    if not n:
        panel.plot([], [], **look, label=f"{label} (undefined)")
        return
    at, share = np.sort(values), np.arange(1, n + 1) / n
    margin = np.sqrt(np.log(2 / 0.05) / (2 * n))
    low, high = (np.clip(share + sign * margin, 0, 1) for sign in (-1, 1))
    panel.fill_between(at, low, high, step="post", color=look["color"], alpha=opacity, linewidth=0)
    panel.step(at, share, where="post", **look, label=label)


def _tests(differences: pd.DataFrame) -> str:
    """Write the test of two networks, or the range of tests of several."""
    ks = differences["ks"]
    least = style.said("D", ks.min(), ".2f")
    if len(ks) == 1:
        return f"{least}, {style.p_value(differences['p'].iloc[0])}"
    return least if np.isnan(ks.min()) else f"{least} to {style.number(ks.max(), '.2f')}"


@style.styled
def draw_agreement(
    table: pd.DataFrame, heatmaps: Mapping[str, xr.Dataset], pictures: pd.DataFrame, comparison: str
) -> Figure:
    """Draw how far the heatmaps of two networks agree, and the images on which they agree most and least.

    Args:
        table: see `agreement.agree`, of two networks alone, with the provenance.
        heatmaps: by the name of the two networks.
    """
    datasets = list(heatmaps.values())
    ranked = table.dropna(subset="correlation").sort_values("correlation", ascending=False, kind="stable")
    images = ranked["image"].tolist()
    most, least = images[:_SHOWN], images[_SHOWN:][-_SHOWN:]
    aspect = style.aspect(datasets[0])
    figure = style.new_figure(1.1 + 3 * 0.75 * (aspect + 0.45))
    halves = figure.add_gridspec(1, 2, width_ratios=[2.4, 1])
    correlations = ranked.set_index("image")["correlation"]
    titles = {
        image: f"{group if image == chosen[0] else ''}\n{style.short(image, _LONGEST_ID)}\n"
        f"{style.said('r', correlations[image], '.2f')}"
        for group, chosen in {"agree most": most, "agree least": least}.items()
        for image in chosen
    }
    examples = figure.add_subfigure(halves[0])
    if titles:
        rows = heatmap_rows(examples, titles, datasets, pictures, aspect, 0.45)
        for row, name in zip(rows, ("image", *heatmaps), strict=True):
            row.beside(0, style.short(name, _LONGEST_ID), size=7, rotation=90)
    else:
        examples.text(0.02, 0.5, "The correlation r of the heatmaps is undefined for all images.")
    _correlations(figure.add_subfigure(halves[1]).subplots(), table)
    shown = ", ".join(style.network(name, maps.attrs) for name, maps in heatmaps.items())
    about = style.observers(comparison, table["simulated"].iloc[0])
    style.heading(figure, f"Heatmaps of two networks: {shown}", about)
    if not titles:
        return figure
    note = heatmap_note([maps["heatmap"].sel(image=list(titles)) for maps in datasets], limits_of(datasets[0]))
    count = style.some(len(titles), len(table), "images").capitalize()
    style.footnote(
        figure,
        f"{count}, those with the highest and the lowest r. {note} "
        "r: Pearson's correlation over the image's pixels. Other image: with the second network's heatmap of another "
        "image, as what a common place in the frame would give. Lines: means and their 95 % intervals.",
    )
    return figure


def _correlations(panel: Axes, table: pd.DataFrame) -> None:
    """Draw the correlations of heatmaps, of the same and of another image, with their means and intervals."""
    if table[["correlation", "correlation_other_image"]].isna().all(axis=None):
        style.undefined(panel, "correlation of heatmaps (r)")
        return
    kinds = {"correlation": palette.OBSERVED, "correlation_other_image": palette.BASELINE}
    for at, (column, colour) in enumerate(kinds.items()):
        values = table[column].dropna()
        panel.scatter(at + style.scattered(len(values), 0.5), values, s=8, color=colour, alpha=0.6, linewidths=0)
        if len(values) > 1:
            # With few images, the normal distribution's 1.96 standard errors would be too narrow.
            quantile = scipy.special.stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)
            margin = quantile * values.std(ddof=1) / np.sqrt(len(values))
            panel.errorbar(at, values.mean(), margin, fmt="_", color="black", markersize=22, capsize=4, elinewidth=1.2)
            label = style.number(values.mean(), ".2f")
            panel.annotate(label, (at, 1.03), xycoords=("data", "axes fraction"), ha="center", fontsize=7.5)
    panel.axhline(0, color="black", linestyle=":", linewidth=0.8)
    panel.set_xticks([0, 1], ["same\nimage", "other\nimage"])
    panel.set_xlim(-0.6, 1.6)
    panel.set_ylim(-1, 1)
    panel.set_ylabel("correlation of heatmaps (r)")


@style.styled
def draw_transfer(table: pd.DataFrame, model: str, score: str) -> Figure:
    """Draw how well rankings learned from one comparison predict others.

    Args:
        table: `source`, `target`, `test_full`, `test_retained`, `test_transferred`, a row per fold of the target, with
            `unit` and the provenance.
    """
    targets = table["target"].unique().tolist()
    names = list(dict.fromkeys([*targets, *table["source"].unique()]))
    gains = pd.DataFrame(np.nan, index=names, columns=targets)
    spreads = gains.copy()
    for target, of_target in table.groupby("target", sort=False):
        own = of_target.drop_duplicates(["seed", "fold"])
        each = {source: rows["test_transferred"] - rows["test_full"] for source, rows in of_target.groupby("source")}
        for source, gain in {**each, target: own["test_retained"] - own["test_full"]}.items():
            gains.loc[source, target], spreads.loc[source, target] = gain.mean(), gain.std(ddof=1)
    many = len(targets) > _UPRIGHT
    figure = style.new_figure(1.8 + 0.9 * many + 0.5 * len(names))
    panel = figure.subplots()
    largest = np.nanmax(np.abs(gains.to_numpy())) if np.isfinite(gains.to_numpy()).any() else 1
    drawn = panel.imshow(gains, cmap="PuOr", vmin=-largest, vmax=largest, aspect="auto")
    for row, source in enumerate(names):
        for column, target in enumerate(targets):
            mean, sd = gains.loc[source, target], spreads.loc[source, target]
            text = "undefined" if np.isnan(mean) else f"{style.number(mean, '+.3f')}\n± {style.number(sd, '.3f')}"
            dark = abs(mean) > 0.6 * largest
            panel.text(column, row, text, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    simulated = dict(table[["source", "source_simulated"]].to_numpy()) | dict(table[["target", "simulated"]].to_numpy())
    labels = [style.observers_in_lines(name, bool(simulated[name]), _LONGEST_NAME) for name in names]
    panel.set_yticks(range(len(names)), labels)
    panel.set_xticks(range(len(targets)), labels[: len(targets)])
    if many:
        panel.tick_params(axis="x", rotation=90)
    panel.set_ylabel("maps ranked by\nthe judgments of")
    panel.set_xlabel("tested on the judgments of")
    figure.colorbar(drawn, label=f"gain in test {score_name(score)}\nover all maps")
    unit = "pairs" if style.leaky(table) else "images"
    what = "Rankings of feature maps used on other comparisons"
    style.heading(figure, what, style.network(model, style.provenance(table)))
    style.footnote(
        figure,
        "Mean ± standard deviation over the folds of the tested comparison. On the diagonal its own ranking, from its "
        f"training {unit}. {unit.capitalize()} of a test set are never used for the ranking.{style.warning(table)}",
    )
    return style.worded(figure, table["weights"])
