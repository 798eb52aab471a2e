"""Plot Shapley values of feature maps against their Alignment Importance Scores."""

from pathlib import Path

from alignment_importance.report import figures
from alignment_importance.report.figures import interactions as figures_interactions
from alignment_importance.system.tables import read_table


def plot_shapley(*, table: Path, ranking: Path, comparison: str, model: str, score: str, png: Path, pdf: Path) -> None:
    """Draw the values of one comparison and model."""
    values = read_table(table, ["feature_map", "shapley", "standard_error"])
    ranked = read_table(ranking, ["feature_map", "ais"])
    figures.save(figures_interactions.shapley(values, ranked, comparison, model, score), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_shapley(
            table=Path(snakemake.input.table),
            ranking=Path(snakemake.input.ranking),
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            score=snakemake.params.score,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
