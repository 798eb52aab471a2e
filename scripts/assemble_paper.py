"""Put the figures and tables of a paper into one folder, numbered, with an index."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

import pandas as pd
from matplotlib.figure import Figure

from alignment_importance.report.figures import style
from alignment_importance.report.figures.paper import draw_bars, draw_fold_curves
from alignment_importance.report.paper import assemble, collect
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.tables import read_table


def assemble_paper(
    *,
    png: Mapping[tuple[str, ...], Path],
    summary: Path,
    predictions: Mapping[tuple[str, str], Path],
    curves: Mapping[tuple[str, str, int], Path],
    published: Path | None,
    differences: Mapping[str, Path],
    agreement: Mapping[str, Path],
    overlaps: Mapping[tuple[str, str, str], Path],
    controls: Mapping[tuple[str, str], Path],
    left_out: Mapping[str, str],
    folds: str,
    page: Mapping[str, Any],
    score: str,
    own_png: Mapping[tuple[str, ...], Path],
    paper: Path,
) -> None:
    """Draw the bars and the curves of single folds, and fill the folder `paper` with them and other jobs' figures.

    Args:
        png: figures of other jobs, in the order of the paper, by the kind of figure and the names of what it is about.
        summary: the table of all comparisons and models.
        predictions: tables of folds, by comparison and model.
        curves: tables of top-k curves, by comparison, model and seed.
        published, differences, agreement, overlaps, controls: tables, see `paper.collect`.
        left_out, folds: see `paper.assemble`.
        own_png: files of the figures drawn here, `("bars",)` and `("fold-curves", model)`; they come first.
        paper: the folder to write.
    """
    rows = read_table(summary)
    with style.page(page):
        for key in own_png:
            figure = draw_bars(rows) if key == ("bars",) else _fold_curves(key[1], curves, predictions, score)
            style.save(figure, own_png[key])
    tables = collect(
        rows,
        published=read_table(published) if published else None,
        differences={name: read_table(file) for name, file in differences.items()},
        agreement={name: read_table(file) for name, file in agreement.items()},
        overlaps={names: read_table(file) for names, file in overlaps.items()},
        controls={names: read_table(file) for names, file in controls.items()},
    )
    with atomic_folder(paper) as folder:
        assemble(folder, {**own_png, **png}, tables, left_out, folds, page["pdf"])


def _fold_curves(
    model: str,
    curves: Mapping[tuple[str, str, int], Path],
    predictions: Mapping[tuple[str, str], Path],
    score: str,
) -> Figure:
    """Draw the curves of all comparisons of one model."""
    tables = {comparison: read_table(file) for (comparison, name), file in predictions.items() if name == model}
    by_comparison = {
        comparison: pd.concat(
            [read_table(file).assign(seed=key[2]) for key, file in curves.items() if key[:2] == (comparison, model)]
        )
        for comparison in tables
    }
    return draw_fold_curves(by_comparison, tables, model, score)


if __name__ == "__main__":
    run(assemble_paper, globals()["snakemake"])
