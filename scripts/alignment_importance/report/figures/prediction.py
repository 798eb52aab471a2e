"""Draws test scores beside their baselines, and curves over the number of maps."""

import functools
from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from alignment_importance.report import palette
from alignment_importance.report.captions import score_name
from alignment_importance.report.figures import style

#: Scores beside which those of the retained maps are drawn: column, label, colour and marker.
_OTHERS = (
    ("one_se", "one-standard-error rule", palette.RETAINED, "v"),
    ("positive", "maps with a positive AIS", palette.RETAINED, "^"),
    ("keep", "maps ranked alone (keep)", palette.RETAINED, "d"),
    ("units", "pruned units", palette.UNITS, "s"),
    ("ridge", "ridge-weighted units", palette.WEIGHTED, "s"),
    ("nonnegative", "non-negative weights", palette.WEIGHTED, "D"),
    ("random", "random ranking", palette.BASELINE, "o"),
    ("total_activation", "by total activation", palette.BASELINE, "P"),
    ("active_units", "by active units", palette.BASELINE, "X"),
    ("reverse", "reverse ranking", palette.BASELINE, "<"),
)

#: The most comparisons in a row.
_GROUPS = 3

#: Labels of the lines and bands over the width of a group.
_CEILING, _PARTICIPANTS = "noise ceiling", "single participants"

#: Where the bars of a group stand, their width, and where its markers begin and end.
_BARS, _BAR_WIDTH, _MARKERS = (-0.36, -0.12), 0.22, (0.08, 0.46)

#: Test curves of other rankings: column, label, colour and line.
_OTHER_CURVES = (
    ("test_random", "random", palette.BASELINE, "-"),
    ("test_total_activation", "by total activation", palette.GREEN, "-."),
    ("test_active_units", "by active units", palette.PURPLE, (0, (4, 1, 1, 1, 1, 1))),
    ("test_reverse", "reverse", palette.RED, "--"),
    ("test_keep", "by score alone (keep)", palette.BROWN, ":"),
)


@style.styled
def draw_prediction(summary: pd.DataFrame, folds: pd.DataFrame) -> Figure:
    """Draw test scores of all and of the retained feature maps, with ceilings, intervals and baselines.

    Args:
        summary: a row per comparison and model.
        folds: `comparison`, `model`, `test_full`, `test_retained`, a row per fold.
    """
    shown = [
        (model, rows.iloc[group].reset_index(drop=True))
        for model, rows in summary.groupby("model", sort=False)
        for group in np.array_split(np.arange(len(rows)), -(-len(rows) // _GROUPS))
    ]
    figure = style.new_figure(2.2 + 2.7 * len(shown))
    panels = figure.subplots(len(shown), 1, squeeze=False, sharey=True)[:, 0]
    for panel, (model, rows) in zip(panels, shown, strict=True):
        _prediction_panel(panel, rows, folds[folds["model"] == model])
        style.panel_title(panel, figure, style.network(str(model), style.provenance(rows)))
    entries = style.entries(panels)
    pairs = "folds over pairs (leaky: every image stands on both sides of the split)"
    unit = pairs if style.leaky(summary) else "folds over images"
    style.heading(figure, "Alignment with judgments in the test folds", unit)
    style.key(figure, entries, _prediction_note(summary, set(entries)), columns=4)
    return style.worded(figure, summary["weights"])


def _prediction_note(summary: pd.DataFrame, drawn: Collection[str]) -> str:
    known = functools.partial(style.known, summary)
    numbers = ", ".join(map(str, sorted(summary["n_folds"].unique())))
    whiskers = "; whiskers: 95 % intervals by the bootstrap over images" if known("test_full_boot_low") else ""
    interval = ", with the 95 % interval of the corrected test" if known("difference_low") else ""
    sentences = {
        f"Bars and markers: mean over {numbers} folds; points: single folds{whiskers}.": True,
        "Ceiling: highest score to expect against the participants' mean.": _CEILING in drawn,
        "Band: agreement of single participants with the others and with all.": _PARTICIPANTS in drawn,
        f"Δ: retained less all, mean over folds{interval}.": True,
        "d: effect size over folds.": known("effect_size"),
        "Corrected p: one-sided t-test corrected for folds that share images (Nadeau & Bengio 2003).": True,
        "In parentheses: p corrected also for the number of these tests (Holm).": known("p_corrected_holm"),
        "Permutation p: permutation test of the difference.": known("p_permutation_difference"),
    }
    return " ".join(text for text, applies in sentences.items() if applies)


def _prediction_panel(panel: Axes, rows: pd.DataFrame, folds: pd.DataFrame) -> None:
    """Draw the groups of one model, one per comparison."""
    for (kind, label, colour), shift in zip(style.KINDS, _BARS, strict=True):
        means = rows[f"test_{kind}_mean"]
        panel.bar(rows.index + shift, means, _BAR_WIDTH, color=colour, alpha=0.7, label=label, zorder=1)
        for at, comparison in enumerate(rows["comparison"]):
            values = folds.loc[folds["comparison"] == comparison, f"test_{kind}"]
            places = at + shift + style.scattered(len(values), 0.16)
            panel.scatter(places, values, s=6, color="black", alpha=0.3, linewidths=0, zorder=2)
        _whiskers(panel, rows, kind, shift)
    shifts = np.linspace(*_MARKERS, len(_OTHERS))
    for (kind, label, colour, marker), shift in zip(_OTHERS, shifts, strict=True):
        if style.known(rows, column := f"test_{kind}_mean"):
            panel.scatter(rows.index + shift, rows[column], s=20, color=colour, marker=marker, label=label, zorder=3)
            _whiskers(panel, rows, kind, float(shift))
    for at in range(len(rows)):
        _ceiling(panel, rows.iloc[at], at)
        if rows.loc[at, ["test_full_mean", "test_retained_mean"]].isna().all():
            panel.text(at, 0.5, "undefined", transform=panel.get_xaxis_transform(), ha="center", color="0.3")
    panel.axhline(0, color="black", linewidth=0.8)
    margin = max(0.6, 1.1 - 0.25 * len(rows))
    panel.set_xlim(-margin, len(rows) - 1 + margin)
    panel.set_xticks(rows.index, [_prediction_label(row) for _, row in rows.iterrows()])
    panel.tick_params(axis="x", length=0, labelsize=7)
    panel.set_ylabel(f"test alignment ({score_name(rows['score'].iloc[0])})")


def _whiskers(panel: Axes, rows: pd.DataFrame, kind: str, shift: float) -> None:
    """Draw bootstrap intervals, if there are any."""
    if (ends := style.intervals(rows, kind)) is not None:
        panel.vlines(rows.index + shift, *ends, color="black", linewidth=1, zorder=3)


def _ceiling(panel: Axes, row: pd.Series, at: int) -> None:
    """Draw the ceiling of the participants' mean, and the band of single participants, over the width of a group."""
    low, high, mean = (row.get(f"noise_ceiling_{name}_mean", np.nan) for name in ("lower", "upper", "of_mean"))
    if np.isfinite(low):
        panel.fill_between([at - 0.48, at + 0.48], low, high, color="0.85", linewidth=0, zorder=0, label=_PARTICIPANTS)
    if np.isfinite(mean):
        panel.plot([at - 0.48, at + 0.48], [mean] * 2, color="black", linestyle="--", linewidth=1, label=_CEILING)


def _prediction_label(row: pd.Series) -> str:
    low, high = (row.get(f"difference_{side}", np.nan) for side in ("low", "high"))
    size, size_low, size_high = (row.get(f"effect_size{side}", np.nan) for side in ("", "_low", "_high"))
    holm = row.get("p_corrected_holm", np.nan)
    corrected = f" ({style.p_value(holm).removeprefix('p ').removeprefix('= ')})" if np.isfinite(holm) else ""
    known = np.isfinite(row["k_retained_mean"])
    permuted = row.get("p_permutation_difference", np.nan)
    # Matplotlib sets the labels of ticks again at every drawing, so that `style.worded` cannot change them.
    what = "units" if style.of_units(row["weights"]) else "maps"
    lines = [
        style.observers_in_lines(row["comparison"], row["simulated"]),
        f"{style.number(row['k_retained_mean'], '.0f')} {what} retained" if known else f"retained {what}: undefined",
        f"{style.said('Δ', row['difference_mean'], '.3f')}{style.interval(low, high, '.3f')}",
        f"d = {style.number(size, '.2f')}{style.interval(size_low, size_high)}" if np.isfinite(size) else "",
        f"corrected {style.p_value(row['p_corrected'])}{corrected}",
        f"permutation {style.p_value(permuted)}" if np.isfinite(permuted) else "",
    ]
    return "\n".join(line for line in lines if line)


@style.styled
def draw_curves(curve: pd.DataFrame, table: pd.DataFrame, comparison: str, model: str, score: str) -> Figure:
    """Draw training and test scores of the k highest-ranked feature maps against k, beside other rankings.

    Args:
        curve: `k`, `train_score`, `test_score` and the test scores of other rankings, of all folds of all seeds.
        table: `k_retained`, `test_retained`, a row per fold, `unit` and the provenance (see `style.provenance`).
    """
    figure = style.new_figure(4.2)
    panel = figure.subplots()
    style.title(figure, "Alignment of the k highest-ranked feature maps", comparison, model, style.provenance(table))
    if curve[["train_score", "test_score"]].isna().all(axis=None):
        style.undefined(panel, f"alignment ({score_name(score)})")
        return style.worded(figure, table["weights"])
    for side, name, colour in (("train", "training", palette.TRAINING), ("test", "test", palette.TEST)):
        mean = style.curve(panel, curve, f"{side}_score", score, colour, name)
        panel.axhline(mean.iloc[-1], color=colour, linestyle="--", linewidth=0.9, label=f"{name}, all maps")
    _mark_retained(panel, table)
    others = _other_rankings(panel, curve)
    panel.set_xlim(1, curve["k"].max())
    panel.set_xlabel("feature maps kept, the highest-ranked first (k)")
    panel.set_ylabel(f"alignment ({score_name(score)})")
    # Placed beside the panel: beside the figure, the title would run into it.
    panel.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
    ignorant = {"test_random", "test_total_activation", "test_active_units"} & others
    ignorance = " Random rankings and those by activations know nothing of people." if ignorant else ""
    style.footnote(
        figure,
        f"Lines: mean over {len(table)} folds; bands: ± 1 standard deviation. Maps are ranked, and the number to "
        f"retain is chosen, on the training data.{ignorance}{style.warning(table)}",
    )
    return style.worded(figure, table["weights"])


def _other_rankings(panel: Axes, curve: pd.DataFrame) -> set[str]:
    """Draw the test curves of the other rankings in the table; return their columns."""
    others = [entry for entry in _OTHER_CURVES if style.known(curve, entry[0])]
    if others:
        panel.plot([], [], " ", label="test, other rankings:")
    for column, label, colour, line in others:
        mean = curve.groupby("k")[column].mean()
        panel.plot(mean.index, mean, color=colour, linestyle=line, linewidth=1, label=label)
    return {column for column, *_ in others}


def _mark_retained(panel: Axes, table: pd.DataFrame) -> None:
    """Mark how many maps each fold retains, and the mean number."""
    retained = table["k_retained"].astype(float)
    if retained.isna().all():
        panel.plot([], [], " ", label="retained maps: undefined")
        return
    panel.axvline(retained.mean(), color="black", linestyle=":", linewidth=0.9)
    label = f"retained: {retained.mean():.0f} maps on average"
    panel.scatter(
        retained.mean(), table["test_retained"].mean(), color=palette.RETAINED, edgecolor="black", label=label, zorder=3
    )
    below = panel.get_xaxis_transform()
    panel.vlines(retained, -0.02, 0.02, colors="black", alpha=0.6, transform=below, clip_on=False, linewidth=1)
    panel.plot([], [], "|", color="black", label="retained in one fold")
