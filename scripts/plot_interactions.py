"""Plot how the feature maps of one comparison and network act together."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from job import run

from matplotlib.figure import Figure

from alignment_importance.report.figures import style
from alignment_importance.report.figures.interactions import draw_elimination, draw_pairs, draw_shapley
from alignment_importance.system.tables import read_table


def plot_interactions(
    *,
    tables: Mapping[str, Path],
    ranking: Path,
    page: Mapping[str, Any],
    score: str,
    comparison: str,
    model: str,
    png: Mapping[str, Path],
) -> None:
    """Draw the kinds of figure that `tables` names: elimination, pairs and Shapley values.

    Args:
        ranking: AIS over all images, against which Shapley values are drawn.
    """
    names = comparison, model, score
    draw: dict[str, Callable[[Path], Figure]] = {
        "elimination": lambda file: draw_elimination(read_table(file), *names),
        "pairs": lambda file: draw_pairs(read_table(file), *names),
        "shapley": lambda file: draw_shapley(read_table(file), read_table(ranking), *names),
    }
    with style.page(page):
        for kind, file in tables.items():
            style.save(draw[kind](file), png[kind])


if __name__ == "__main__":
    run(plot_interactions, globals()["snakemake"])
