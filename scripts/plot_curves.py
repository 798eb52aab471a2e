"""Plot train and test alignment against the number of feature maps kept."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alignment_importance.report import figures
from alignment_importance.report.figures import prediction as prediction_figures
from alignment_importance.system.tables import read_table


def plot_curves(
    *, curves: Sequence[Path], table: Path, comparison: str, model: str, score: str, png: Path, pdf: Path
) -> None:
    """Draw the curves of all seeds of one comparison and model."""
    curve = pd.concat([read_table(file, ["k", "train_score", "test_score"]) for file in curves])
    retained = read_table(table, ["k_retained", "test_retained"])
    figures.save(prediction_figures.curves(curve, retained, comparison, model, score), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_curves(
            curves=[Path(file) for file in snakemake.input.curves],
            table=Path(snakemake.input.table),
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            score=snakemake.params.score,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
