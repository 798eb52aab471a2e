"""Draws alignment over the map layers of a network."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from alignment_importance.report.captions import score_name
from alignment_importance.report.figures import style

#: The marker of each of `style.KINDS`, and a shift that separates whiskers.
_MARKERS = (("s", -0.04), ("o", 0.04))

#: Letters of names of layers per inch, and width in inches of the axis of scores and of the legend.
_PER_INCH, _LEGEND = 14, 2.3


@style.styled
def draw_depth(summary: pd.DataFrame, models: Sequence[str], comparison: str, network: str) -> Figure:
    """Draw the test scores of all and of the retained feature maps over map layers, with their noise ceiling.

    Args:
        summary: the table of all comparisons and models.
        models: those of the sweep, from the first map layer to the last; called {network}.{layer}.
        network: name of the sweep.
    """
    rows = summary[summary["comparison"] == comparison].copy().set_index("model").loc[list(models)].reset_index()
    layers = [style.short(model.removeprefix(f"{network}.")) for model in rows["model"]]
    kept = ["none" if np.isnan(number) else f"{number:.0f}" for number in rows["k_retained_mean"]]
    figure = style.new_figure(3.6)
    longest = max(map(len, layers + kept))
    upright = len(layers) * (longest + 1) > _PER_INCH * (figure.get_figwidth() - _LEGEND)
    if upright:
        figure.set_figheight(3.6 + longest / _PER_INCH)
    panel = figure.subplots()
    for (kind, label, colour), (marker, shift) in zip(style.KINDS, _MARKERS, strict=True):
        at, means = rows.index + shift, rows[f"test_{kind}_mean"]
        panel.plot(at, means, color=colour, marker=marker, markersize=4, label=label)
        if (ends := style.intervals(rows, kind)) is not None:
            panel.vlines(at, *ends, color=colour, linewidth=1)
    # All layers share the participants, and so the ceiling.
    has_ceiling = style.known(rows, "noise_ceiling_of_mean_mean")
    if has_ceiling:
        ceiling = rows["noise_ceiling_of_mean_mean"].iloc[0]
        panel.axhline(ceiling, color="black", linestyle="--", linewidth=1, label="noise ceiling")
    panel.axhline(0, color="black", linewidth=0.8)
    between = ", " if upright else "\n"
    panel.set_xticks(rows.index, [between.join(label) for label in zip(layers, kept, strict=True)])
    panel.tick_params(axis="x", rotation=90 if upright else 0)
    panel.set_xlim(-0.5, len(rows) - 0.5)
    panel.set_xlabel("map layer, from the first to the last, and number of maps retained")
    panel.set_ylabel(f"test alignment ({score_name(rows['score'].iloc[0])})")
    panel.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
    title = "Alignment with judgments over map layers"
    style.title(figure, title, comparison, network, style.provenance(rows))
    sentences = {
        f"Points: mean over {rows['n_folds'].iloc[0]} folds": True,
        "; whiskers: 95 % intervals by the bootstrap over images": style.known(rows, "test_full_boot_low"),
        ". All layers have the same readout, so that they differ in the maps that are retained; the score of all maps "
        "is that of the readout.": True,
        " Dashed: noise ceiling, the highest score to expect against the participants' mean.": has_ceiling,
    }
    style.footnote(figure, "".join(text for text, applies in sentences.items() if applies) + style.warning(rows))
    return figure
