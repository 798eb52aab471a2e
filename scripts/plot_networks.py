"""Plot networks side by side: test scores and the share of feature maps retained."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alignment_importance.report import figures
from alignment_importance.report.figures import networks as figures_networks
from alignment_importance.system.tables import read_table


def plot_networks(*, tables: Sequence[Path], score: str, png: Path, pdf: Path) -> None:
    """Draw all comparisons and models; a table per comparison."""
    table = pd.concat([read_table(file, ["comparison", "model"]) for file in tables])
    figures.save(figures_networks.networks(table, score), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_networks(
            tables=[Path(file) for file in snakemake.input.tables],
            score=snakemake.params.score,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
