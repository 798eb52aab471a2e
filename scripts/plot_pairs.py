"""Plot the interactions of pairs of feature maps."""

from pathlib import Path

from alignment_importance.report import figures
from alignment_importance.report.figures import interactions as figures_interactions
from alignment_importance.system.tables import read_table


def plot_pairs(*, table: Path, comparison: str, model: str, score: str, png: Path, pdf: Path) -> None:
    """Draw the matrix of one comparison and model."""
    scored = read_table(table, ["feature_map", "feature_map_b", "interaction"])
    figures.save(figures_interactions.pairs(scored, comparison, model, score), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_pairs(
            table=Path(snakemake.input.table),
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            score=snakemake.params.score,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
