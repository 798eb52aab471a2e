"""Draws how the Alignment Importance Scores of one comparison and network are spread, and how far folds agree."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from alignment_importance.report import palette
from alignment_importance.report.captions import score_name
from alignment_importance.report.figures import style


@style.styled
def draw_importance(
    rankings: pd.DataFrame, everything: pd.DataFrame, comparison: str, model: str, score: str
) -> Figure:
    """Draw how the scores are spread over feature maps, and how far the folds agree on them.

    Args:
        rankings: `seed`, `fold`, `feature_map`, `ais` of all folds.
        everything: `feature_map`, `ais` over all images, and the provenance (see `style.provenance`).
    """
    figure = style.new_figure(3.2)
    spread, agreement = figure.subplots(1, 2)
    _spread_panel(spread, everything["ais"])
    spread.set_ylabel(f"AIS (loss of {score_name(score)} without the map)")
    _agreement_panel(agreement, rankings)
    title = "Alignment Importance Scores (AIS) of the feature maps"
    style.title(figure, title, comparison, model, style.provenance(everything))
    return style.worded(figure, everything["weights"])


def _spread_panel(panel: Axes, ais: pd.Series) -> None:
    """Draw the scores of all maps over all images, in descending order."""
    if ais.isna().all():
        style.undefined(panel, "AIS over all images")
        return
    ordered = ais.sort_values(ascending=False, ignore_index=True)
    kinds = (("help", ordered > 0, palette.HELPING), ("hinder", ordered < 0, palette.HINDERING))
    for verb, chosen, colour in kinds:
        panel.stairs(
            ordered.where(chosen),
            np.arange(len(ordered) + 1) + 0.5,
            fill=True,
            color=colour,
            edgecolor=colour,
            linewidth=1,  # without which the bars of many maps are too narrow to be seen
            label=f"{verb}: {chosen.sum()}",
        )
    panel.plot([], [], " ", label=f"change nothing: {(ordered == 0).sum()}")
    panel.axhline(0, color="black", linewidth=0.8)
    panel.set_xlabel(f"feature maps by rank (of {len(ais)})")
    panel.yaxis.set_major_locator(MaxNLocator(5))
    panel.ticklabel_format(axis="y", scilimits=(-2, 3))
    panel.legend(loc="upper right", title="feature maps that", alignment="left")
    bottom, top = panel.get_ylim()
    if max(0, ordered[len(ordered) // 2]) > 0.35 * bottom + 0.65 * top:  # bars would stand behind the legend
        panel.set_ylim(top=1.45 * top - 0.45 * bottom)


def _agreement_panel(panel: Axes, rankings: pd.DataFrame) -> None:
    """Draw a histogram of the rank correlations of the scores between folds."""
    wide = rankings.pivot_table(index="feature_map", columns=["seed", "fold"], values="ais")
    correlation = wide.corr("spearman").to_numpy()
    seeds = wide.columns.get_level_values("seed").to_numpy()
    first, second = np.triu_indices(len(seeds), k=1)
    pairs = pd.DataFrame({"rho": correlation[first, second], "same": seeds[first] == seeds[second]}).dropna()
    if pairs.empty:
        style.undefined(panel, "agreement of folds")
        return
    kinds = [
        (name, pairs.loc[pairs["same"] == same, "rho"], colour)
        for name, same, colour in (
            ("of one seed", True, palette.ONE_SEED),
            ("of different seeds", False, palette.SEVERAL_SEEDS),
        )
        if (pairs["same"] == same).any()
    ]
    lowest = min([0, *pairs["rho"]])
    panel.hist(
        [values for _, values, _ in kinds],
        bins=40,
        range=(lowest, 1),  # not that of the correlations, whose bars are too narrow where folds agree alike
        stacked=True,
        color=[colour for *_, colour in kinds],
        linewidth=0,  # white edges would cover narrow bars
        label=[f"{name}: median {style.number(values.median(), '.2f')}" for name, values, _ in kinds],
    )
    panel.set_xlim(lowest, 1)
    panel.set_ylim(top=1.4 * panel.get_ylim()[1])  # room for the legend
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    panel.set_xlabel("agreement of folds (Spearman ρ of AIS)")
    panel.set_ylabel("pairs of folds")
    panel.legend(loc="upper left", title="folds", alignment="left")
