"""Plot the figures of one comparison and of features without places, which are called units."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alignment_importance.report.figures import style
from alignment_importance.report.figures.importance import draw_importance
from alignment_importance.report.figures.prediction import draw_curves
from alignment_importance.report.figures.rsms import draw_rsms
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table
from job import run


def plot_units(
    curves: Sequence[Path],
    rankings: Sequence[Path],
    all_ranking: Path,
    prediction: Path,
    rsms: Path,
    images: Path,
    page: Mapping[str, Any],
    score: str,
    comparison: str,
    model: str,
    png: Mapping[str, Path],
) -> None:
    """Draw curves, importance and RSMs.

    Args:
        curves, rankings: a file per seed.
        all_ranking: over all images.
        prediction: the table of all folds.
        rsms: of the comparison and model.
        images: the table of its image set.
        page: see `style.Page`.
        score: name of the second-order score.
        comparison, model: their names.
        png: files by kind of figure.
    """
    names = comparison, model
    traced = pd.concat([read_table(file, ["k", "train_score", "test_score"]) for file in curves])
    ranked = [read_table(file, ["fold", "feature_map", "ais"]).assign(seed=file.stem) for file in rankings]
    pictures = read_table(images, ["image", "file", "sha256", "category"])
    with style.page(page):
        figures = {
            "curves": draw_curves(traced, read_table(prediction, ["k_retained", "test_retained"]), *names, score),
            "importance": draw_importance(
                pd.concat(ranked), read_table(all_ranking, ["feature_map", "ais"]), *names, score
            ),
            "rsms": draw_rsms(read_netcdf(rsms), pictures, *names),
        }
        for kind, figure in figures.items():
            style.save(figure, png[kind])


if __name__ == "__main__":
    run(plot_units, globals()["snakemake"])
