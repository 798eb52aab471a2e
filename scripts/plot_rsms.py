"""Plot the similarity matrices of people, of all and of the retained feature maps side by side."""

from pathlib import Path

from alignment_importance.report import figures
from alignment_importance.report.figures import maps as figures_maps
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


def plot_rsms(*, rsms: Path, images: Path, comparison: str, model: str, png: Path, pdf: Path) -> None:
    """Draw the matrices of one comparison and model."""
    pictures = read_table(images, ["image", "category"])
    figures.save(figures_maps.rsms(read_netcdf(rsms), pictures, comparison, model), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_rsms(
            rsms=Path(snakemake.input.rsms),
            images=Path(snakemake.input.images),
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
