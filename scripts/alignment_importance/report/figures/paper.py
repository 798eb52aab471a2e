"""Draws all comparisons of a run on one page."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from alignment_importance.report import palette
from alignment_importance.report.captions import score_name
from alignment_importance.report.figures import style

#: Number of panels in a row: networks in the bars, comparisons in the curves.
_NETWORKS, _COMPARISONS = 2, 3

#: Length of the lines of names beside bars, and above curves.
_LONGEST_BESIDE, _LONGEST_OVER = 24, 26

#: The most values of k at which the curve of a single fold is drawn.
_POINTS = 250

_CEILING = "noise ceiling"


@style.styled
def draw_bars(summary: pd.DataFrame) -> Figure:
    """Draw test scores of all and of the retained feature maps, the number of these, and the noise ceilings.

    Args:
        summary: a row per comparison and model (prediction/summary.csv).
    """
    models = summary["model"].unique().tolist()
    comparisons = summary["comparison"].unique().tolist()
    n_rows, n_columns = -(-len(models) // _NETWORKS), min(len(models), _NETWORKS)
    figure = style.new_figure(1)
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
    for panel in panels.flat[len(models) :]:
        panel.set_visible(False)
    simulated = summary.groupby("comparison")["simulated"].first()
    labels = [style.observers_in_lines(name, simulated[name], _LONGEST_BESIDE) for name in comparisons]
    lines = 0
    for panel, model in zip(panels.flat, models, strict=False):
        rows = summary[summary["model"] == model].set_index("comparison").reindex(comparisons)
        _bar_panel(panel, rows)
        title = style.network(model, style.provenance(rows)).replace(" (", "\n(", 1)
        lines = max(lines, style.panel_title(panel, figure, title, n_columns, labels))
    panels[0, 0].set_yticks(range(len(comparisons)), labels)
    panels[0, 0].set_ylim(len(comparisons) - 0.5, -0.5)
    marks = style.entries(panels.flat)
    order = [label for label in (*(label for _, label, _ in style.KINDS), _CEILING) if label in marks]
    style.key(figure, {label: marks[label] for label in order}, _bars_note(summary, _CEILING in marks), columns=3)
    style.heading(figure, "Alignment with judgments in the test folds")
    style.fit(figure, 0.45 + n_rows * (0.35 + 0.15 * lines + 0.4 * len(comparisons)))
    return style.worded(figure, summary["weights"])


def _bars_note(summary: pd.DataFrame, ceiling: bool) -> str:
    folds = ", ".join(map(str, sorted(summary["n_folds"].unique())))
    whiskers = style.known(summary, "test_full_boot_low")
    sentences = [
        f"Bars: means over {folds} folds",
        "; whiskers: 95 % intervals by the bootstrap over images" if whiskers else "",
        ". Numbers: feature maps retained, mean over folds.",
        " Noise ceiling: highest score to expect against the participants' mean." if ceiling else "",
        " Without a line it is unknown." if ceiling and summary["noise_ceiling_of_mean_mean"].isna().any() else "",
        style.warning(summary),
    ]
    return "".join(sentences)


def _bar_panel(panel: Axes, rows: pd.DataFrame) -> None:
    """Draw the bars of one network, a pair per comparison."""
    places = np.arange(len(rows))
    ends = np.zeros(len(rows))
    for (kind, label, colour), shift in zip(style.KINDS, (-0.2, 0.2), strict=True):
        means = rows[f"test_{kind}_mean"].to_numpy(float)
        panel.barh(places + shift, means, 0.36, color=colour, label=label, zorder=1)
        ends = np.fmax(ends, means)
        if (interval := style.intervals(rows, kind)) is not None:
            panel.hlines(places + shift, *interval, color="black", linewidth=0.9, zorder=3)
            ends = np.fmax(ends, interval[1])
    ceilings = rows["noise_ceiling_of_mean_mean"] if "noise_ceiling_of_mean_mean" in rows else pd.Series(dtype=float)
    for place, ceiling in zip(places, ceilings.to_numpy(float), strict=False):
        if np.isfinite(ceiling):
            ends_of_line = [place - 0.45, place + 0.45]
            panel.plot([ceiling] * 2, ends_of_line, color="black", ls=(0, (2, 1)), lw=1, label=_CEILING)
    for place, end, retained in zip(places, ends, rows["k_retained_mean"], strict=True):
        text = style.number(retained, ".0f")
        panel.annotate(
            text, (end, place + 0.2), xytext=(4, 0), textcoords="offset points", va="center", fontsize=7,
            color=palette.RETAINED, bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.5},
        )  # fmt: skip
    panel.axvline(0, color="black", linewidth=0.8)
    panel.margins(x=0.12)
    panel.tick_params(axis="y", length=0)
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.tick_params(labelbottom=True)
    panel.set_xlabel(f"test alignment ({score_name(rows['score'].dropna().iloc[0])})")


@style.styled
def draw_fold_curves(
    curves: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame], model: str, score: str
) -> Figure:
    """Draw test scores of the k highest-ranked feature maps against k in every fold, comparison by comparison.

    Args:
        curves: `seed`, `fold`, `k`, `train_score`, `test_score`, by comparison.
        tables: `k_retained`, a row per fold, `unit` and the provenance (see `style.provenance`), by comparison.
    """
    n_columns = min(len(curves), _COMPARISONS)
    n_rows = -(-len(curves) // n_columns)
    figure = style.new_figure(1.1 + 1.9 * n_rows)
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True)
    for panel in panels.flat[len(curves) :]:
        panel.set_visible(False)
    for panel, (comparison, curve) in zip(panels.flat, curves.items(), strict=False):
        table = tables[comparison]
        _fold_panel(panel, curve, table)
        name = style.observers_in_lines(comparison, table["simulated"].iloc[0], _LONGEST_OVER)
        panel.set_title(name, fontsize=7.5)
        panel.tick_params(labelbottom=True)
        panel.set_xlabel("feature maps kept (k)")
    for panel in panels[:, 0]:
        panel.set_ylabel(f"alignment ({score_name(score)})")
    note = "The k highest-ranked feature maps are kept. Ranking and number retained are of the training data alone."
    note += style.warning(pd.concat(tables.values()))
    style.key(figure, style.entries(panels.flat), note, columns=4)
    about = style.provenance(next(iter(tables.values())))
    style.heading(figure, f"Top-k curves of single folds, {style.network(model, about)}")
    return style.worded(figure, [about["weights"]])


def _fold_panel(panel: Axes, curve: pd.DataFrame, table: pd.DataFrame) -> None:
    """Draw the curves of one comparison, and the mean number of maps that its folds retain."""
    if curve[["train_score", "test_score"]].isna().all(axis=None):
        style.undefined(panel, "alignment")
        return
    shown = np.unique(np.linspace(1, curve["k"].max(), _POINTS).round())
    few = curve[curve["k"].isin(shown)]
    label = "test, single folds"
    for _, fold in few.groupby(["seed", "fold"], sort=False):
        panel.plot(fold["k"], fold["test_score"], color=palette.TEST, alpha=0.25, linewidth=0.5, label=label)
    for side, name, colour in (("train", "training", palette.TRAINING), ("test", "test", palette.TEST)):
        mean = few.groupby("k")[f"{side}_score"].mean()
        panel.plot(mean.index, mean, color=colour, linewidth=1.5, label=f"{name}, mean of the folds")
    retained = table["k_retained"].astype(float)
    if retained.notna().any():
        panel.axvline(retained.mean(), color="black", linestyle=":", linewidth=0.9, label="retained on average")
        where = (retained.mean(), 1.0)
        panel.annotate(
            f"{retained.mean():.0f}", where, xycoords=("data", "axes fraction"), xytext=(2, -1),
            textcoords="offset points", va="top", fontsize=7,
        )  # fmt: skip
    panel.set_xlim(1, curve["k"].max())
    panel.margins(y=0.15)  # room for that number above the training curve, which is highest there
    panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
