"""Plot how far the heatmaps of two networks agree, with the images on which they do most and least."""

from collections.abc import Mapping
from pathlib import Path

from alignment_importance.experiments import agreement
from alignment_importance.report import figures
from alignment_importance.report.figures import networks as figures_networks
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


def plot_agreement(
    *, table: Path, heatmaps: Mapping[str, Path], images: Path, comparison: str, png: Path, pdf: Path
) -> None:
    """Draw one comparison; `heatmaps` are files by the names of the two networks."""
    everything = read_table(table, agreement.COLUMNS)
    one, other = heatmaps
    of_both = everything[(everything["model"] == one) & (everything["model_b"] == other)]
    pictures = read_table(images, ["image", "file", "sha256"])
    maps = {model: read_netcdf(file) for model, file in heatmaps.items()}
    figures.save(figures_networks.agreement(of_both, maps, pictures, comparison), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_agreement(
            table=Path(snakemake.input.table),
            heatmaps=dict(
                zip(
                    (snakemake.wildcards.model, snakemake.wildcards.model_b),
                    map(Path, snakemake.input.heatmaps),
                    strict=True,
                )
            ),
            images=Path(snakemake.input.images),
            comparison=snakemake.wildcards.comparison,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
