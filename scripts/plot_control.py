"""Plot where the heatmaps of different observers of the same images lie."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from alignment_importance.maps import controls
from alignment_importance.report import figures
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


def plot_control(
    *, table: Path, heatmaps: Mapping[str, Path], images: Path, objects: Sequence[str], model: str, png: Path, pdf: Path
) -> None:
    """Draw one control and model; `heatmaps` are files by the comparison's name."""
    maps = {comparison: read_netcdf(file) for comparison, file in heatmaps.items()}
    pictures = read_table(images, ["image", "file", "sha256"])
    areas = read_table(table, controls.COLUMNS)
    figures.save(figures.control(areas, maps, pictures, objects, model), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_control(
            table=Path(snakemake.input.table),
            heatmaps={
                comparison: Path(file)
                for comparison, file in zip(snakemake.params.comparisons, snakemake.input.heatmaps, strict=True)
            },
            images=Path(snakemake.input.images),
            objects=list(snakemake.params.objects),
            model=snakemake.wildcards.model,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
