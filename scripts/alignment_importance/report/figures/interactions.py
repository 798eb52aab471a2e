"""Draws how feature maps interact."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from alignment_importance.report import palette
from alignment_importance.report.captions import score_name
from alignment_importance.report.figures import style

#: The most feature maps of an interaction matrix that are labelled.
_MOST_NUMBERED = 32


@style.styled
def draw_elimination(table: pd.DataFrame, comparison: str, model: str, score: str) -> Figure:
    """Draw the scores of the maps left by backward elimination, and of as many maps with the highest AIS.

    Args:
        table: see `interactions.eliminate_in_folds`, with `unit` and the provenance.
    """
    figure = style.new_figure(3.6)
    panels = figure.subplots(1, 2, sharey=True)
    ways = (
        ("", "one map at a time, scored again", palette.STEPWISE),
        ("_one_shot", "one ranking by AIS", palette.ONE_RANKING),
    )
    n_folds, unit = table["fold"].nunique(), "pairs" if style.leaky(table) else "images"
    for panel, (side, name) in zip(panels, (("train", "training"), ("test", "test")), strict=True):
        if table[[f"{side}_score{ending}" for ending, *_ in ways]].isna().all(axis=None):
            style.undefined(panel, f"alignment, {name} {unit}")
            continue
        for ending, label, colour in ways:
            mean = style.curve(panel, table, f"{side}_score{ending}", score, colour, label)
            trained = table.groupby("k")[f"train_score{ending}"].mean()
            if trained.notna().any():
                best = int(np.nanargmax(trained))
                panel.plot(mean.index[best], mean.iloc[best], "v", color=colour, markeredgecolor="black", markersize=6)
        whole = table.loc[table["k"] == table["k"].max(), f"{side}_score"].mean()
        panel.axhline(whole, color="black", linestyle="--", linewidth=0.9, label="all maps")
        panel.set_title(f"{name} {unit}")
        panel.set_xlabel("feature maps left (k)")
        panel.set_xlim(1, table["k"].max())
        panel.xaxis.set_major_locator(MaxNLocator(5))
    panels[0].set_ylabel(f"alignment ({score_name(score)})")
    style.title(figure, "Backward elimination against one ranking", comparison, model, style.provenance(table))
    removed, wanted = int(table["eliminated"].sum()), len(table) - n_folds
    unfinished = "" if removed == wanted else f" The time was up after {removed} of {wanted} removals."
    style.key(
        figure,
        style.entries(panels),
        f"Lines: mean over {n_folds} folds of one seed; bands: ± 1 standard deviation. Maps are removed by the score "
        f"of the training {unit}. Triangles: k of the highest mean training score.{unfinished}"
        f"{style.warning(table)}",
        columns=3,
    )
    return style.worded(figure, table["weights"])


@style.styled
def draw_pairs(table: pd.DataFrame, comparison: str, model: str, score: str) -> Figure:
    """Draw a matrix of what pairs of maps are worth beyond the sum of both.

    Args:
        table: see `interactions.score_pairs`, with the provenance.
    """
    maps = list(dict.fromkeys([*table["feature_map"], *table["feature_map_b"]]))
    wide = table.pivot_table(index="feature_map", columns="feature_map_b", values="interaction", dropna=False)
    wide = wide.reindex(index=maps, columns=maps)
    values = np.fmax(wide.to_numpy(), wide.to_numpy().T)
    figure = style.new_figure(4.6)
    matrix, beside = figure.subplots(1, 2, width_ratios=[1.5, 1])
    known = np.abs(table["interaction"].dropna())
    # A few outliers would leave all other pairs without colour.
    limit = known.quantile(0.99) if len(known) and known.max() > 0 else 1.0
    ends = 0.5, len(maps) + 0.5
    # White is an interaction of zero.
    colours = mpl.colormaps["PuOr"].with_extremes(bad="0.75")
    drawn = matrix.imshow(values, cmap=colours, vmin=-limit, vmax=limit, extent=(*ends, *reversed(ends)))
    figure.colorbar(
        drawn, ax=matrix, extend="both", location="bottom", label=f"interaction ({score_name(score)})",
        ticks=MaxNLocator(5),
    )  # fmt: skip
    matrix.set_ylabel("feature maps by rank of AIS")
    if len(maps) <= _MOST_NUMBERED:
        ranks, numbers = range(1, len(maps) + 1), [str(name) for name in maps]
        matrix.set_yticks(ranks, numbers, fontsize=6)
        matrix.set_xticks(ranks, numbers, fontsize=6, rotation=90)
    _sum_panel(beside, table, score)
    title = f"Pairs of the {len(maps)} feature maps of highest AIS"
    style.title(figure, title, comparison, model, style.provenance(table))
    n_unknown, reasons = int(table["interaction"].isna().sum()), "undefined, or not reached in the time given"
    unknown = f", and {n_unknown} of {len(table)} pairs without a score ({reasons})" if n_unknown else ""
    style.footnote(
        figure,
        "Interaction: AIS of both together less the sum of the two. Positive (violet): they replace each other. "
        f"Negative (orange): the loss of one takes away from what the other is worth. Colours end at the 99th "
        f"percentile of sizes. Grey: the diagonal{unknown}.",
    )
    return style.worded(figure, table["weights"])


def _sum_panel(panel: Axes, table: pd.DataFrame, score: str) -> None:
    """Draw the loss without both maps against the sum of the two losses."""
    panel.scatter(table["ais"] + table["ais_b"], table["ais_pair"], s=4, color=palette.BLUE, alpha=0.3, linewidths=0)
    panel.axline((0, 0), slope=1, color="black", linestyle=":", linewidth=0.9)
    panel.set_xlabel(f"sum of the two AIS\n({score_name(score)})")
    panel.set_ylabel(f"AIS of both together\n({score_name(score)})")
    panel.set_box_aspect(1)
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(MaxNLocator(4))


@style.styled
def draw_shapley(table: pd.DataFrame, ranking: pd.DataFrame, comparison: str, model: str, score: str) -> Figure:
    """Draw Shapley values with their standard errors against AIS.

    Args:
        table: see `interactions.shapley`, with the provenance.
        ranking: `feature_map`, `ais` over the same images.
    """
    joined = table.merge(ranking[["feature_map", "ais"]], on="feature_map", validate="1:1")
    figure = style.new_figure(4.0)
    panel = figure.subplots()
    panel.errorbar(
        joined["ais"], joined["shapley"], joined["standard_error"],
        fmt="o", color=palette.BLUE, ecolor="0.7", elinewidth=0.5, markersize=2.5, alpha=0.7,
    )  # fmt: skip
    panel.axhline(0, color="black", linestyle=":", linewidth=0.9)
    panel.axvline(0, color="black", linestyle=":", linewidth=0.9)
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    panel.set_xlabel(f"AIS: loss of {score_name(score)} when the map alone is gone")
    panel.set_ylabel(f"Shapley value ({score_name(score)})")
    rho = float(joined[["ais", "shapley"]].corr("spearman").to_numpy()[0, 1])
    panel.set_title(f"{style.said('Spearman ρ', rho, '.2f')}, {len(joined)} feature maps")
    style.title(figure, "Shapley values of the feature maps", comparison, model, style.provenance(table))
    first = table.iloc[0]
    style.footnote(
        figure,
        f"Mean of what a map adds to the score over {int(first['n_permutations'])} random orders of adding maps; "
        "whiskers: ± 1 standard error of that sampling. Sets of maps without a score, which count as 0: "
        f"{100 * first['undefined']:.2g} % of those met. The values sum to the score of the whole network.",
    )
    return style.worded(figure, table["weights"])
