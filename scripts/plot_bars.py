"""Plot test scores of all comparisons and networks as bars, with the numbers of feature maps retained."""

from pathlib import Path

from alignment_importance.report import figures
from alignment_importance.report.figures import paper as paper_figures
from alignment_importance.system.tables import read_table


def plot_bars(*, summary: Path, png: Path, pdf: Path) -> None:
    """Draw all comparisons and models."""
    columns = ["comparison", "model", "test_full_mean", "test_retained_mean", "k_retained_mean"]
    figures.save(paper_figures.bars(read_table(summary, columns)), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_bars(
            summary=Path(snakemake.input.summary),
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
