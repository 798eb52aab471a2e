"""Plot how the Alignment Importance Scores of several networks are spread."""

from pathlib import Path

from alignment_importance.report import figures
from alignment_importance.report.figures import networks as figures_networks
from alignment_importance.system.tables import read_table


def plot_spread(*, images: Path, maps: Path, differences: Path, comparison: str, png: Path, pdf: Path) -> None:
    """Draw the distributions of one comparison."""
    by_image, by_map, tests = (read_table(file, ["model"]) for file in (images, maps, differences))
    figures.save(figures_networks.spread(by_image, by_map, tests, comparison), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_spread(
            images=Path(snakemake.input.images),
            maps=Path(snakemake.input.maps),
            differences=Path(snakemake.input.differences),
            comparison=snakemake.wildcards.comparison,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
