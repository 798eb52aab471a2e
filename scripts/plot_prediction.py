"""Plot how well all and the retained feature maps predict judgments of test images."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alignment_importance.report import figures
from alignment_importance.report.figures import prediction as prediction_figures
from alignment_importance.system.tables import read_table


def plot_prediction(*, summary: Path, tables: Sequence[Path], png: Path, pdf: Path) -> None:
    """Draw all comparisons and models; `tables` are called {comparison}/{model}.csv."""
    folds = [read_table(file).assign(comparison=file.parent.name, model=file.stem) for file in tables]
    columns = ["comparison", "model", "test_full_mean", "test_retained_mean"]
    figures.save(prediction_figures.prediction(read_table(summary, columns), pd.concat(folds)), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_prediction(
            summary=Path(snakemake.input.summary),
            tables=[Path(file) for file in snakemake.input.tables],
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
