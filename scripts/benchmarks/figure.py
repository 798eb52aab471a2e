"""The figure of the benchmark: how much faster the engine is, and how its time and memory grow."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from alignment_importance.report import palette
from alignment_importance.report.figures import style


@style.styled
def draw_speed(summary: pd.DataFrame) -> Figure:
    """How many times faster the engine is than other ways, and how time and memory grow with the number of images.

    Args:
        summary: `network`, `work`, `against`, `n_images`, `ours_seconds`, `other_seconds`, `ratio`, `ours_peak_mb`.
    """
    figure = style.new_figure(5.6)
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
    style.footnote(
        figure,
        "Simulated data; VGG-16 has random weights. Other ways are timed on a part and extrapolated. Below: pooled "
        "readout of 1280 maps, curves of one fold, memory with all libraries; dotted: square of the number of images.",
    )
    return figure


def _ratio_panel(panel: Axes, compared: pd.DataFrame) -> None:
    """A bar for each other way, on a logarithmic axis."""
    labels = [
        f"{row.network}, {str(row.work).replace('_', ' ')}, {row.n_images} images, against {row.against}"
        for row in compared.itertuples()
    ]
    positions = np.arange(len(compared))[::-1]
    panel.barh(positions, compared["ratio"], color=palette.BLUE, alpha=0.7)
    for position, ratio in zip(positions, compared["ratio"], strict=True):
        panel.annotate(f"{ratio:.0f}×", (ratio, position), xytext=(3, 0), textcoords="offset points", va="center")
    panel.set_xscale("log")
    panel.set_xlim(1, 2 * compared["ratio"].max())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.set_yticks(positions, labels)
    panel.set_xlabel("times faster")


def _growth_panel(panel: Axes, grown: pd.DataFrame, column: str) -> None:
    """A line for each kind of work, and one that grows with the square of the number of images, for comparison."""
    for colour, (work, rows) in zip(
        (palette.BLUE, palette.ORANGE, palette.GREEN), grown.groupby("work", sort=False), strict=False
    ):
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
