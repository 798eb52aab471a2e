"""Plot backward elimination against one ranking by AIS."""

from pathlib import Path

from alignment_importance.report import figures
from alignment_importance.report.figures import interactions as figures_interactions
from alignment_importance.system.tables import read_table


def plot_elimination(*, table: Path, comparison: str, model: str, score: str, png: Path, pdf: Path) -> None:
    """Draw the elimination of one comparison and model."""
    drawn = figures_interactions.elimination(read_table(table, ["fold", "k"]), comparison, model, score)
    figures.save(drawn, png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_elimination(
            table=Path(snakemake.input.table),
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            score=snakemake.params.score,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
