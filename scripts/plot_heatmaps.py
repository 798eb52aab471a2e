"""Plot a few images beside their heatmaps."""

from pathlib import Path

from alignment_importance.report import figures
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


def plot_heatmaps(
    *, heatmaps: Path, scores: Path, images: Path, comparison: str, model: str, png: Path, pdf: Path
) -> None:
    """Draw images of one comparison and model, chosen by how well they are aligned."""
    table = read_table(images, ["image", "file", "sha256"])
    alignment = read_netcdf(scores)["alignment"]
    figures.save(figures.heatmap_grid(read_netcdf(heatmaps), alignment, table, comparison, model), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_heatmaps(
            heatmaps=Path(snakemake.input.heatmaps),
            scores=Path(snakemake.input.scores),
            images=Path(snakemake.input.images),
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
