"""Plot what rankings learned from one comparison do for others."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance.report import figures
from alignment_importance.report.figures import networks as figures_networks
from alignment_importance.system.tables import read_table


def plot_transfer(*, tables: Mapping[str, Path], model: str, score: str, png: Path, pdf: Path) -> None:
    """Draw one model; tables are files by the comparison that is tested."""
    table = pd.concat([read_table(file).assign(target=target) for target, file in tables.items()])
    figures.save(figures_networks.transfer(table, model, score), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_transfer(
            tables=dict(zip(snakemake.params.comparisons, map(Path, snakemake.input.tables), strict=True)),
            model=snakemake.wildcards.model,
            score=snakemake.params.score,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
