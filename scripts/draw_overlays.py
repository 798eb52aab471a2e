"""Draw every heatmap over its image."""

from pathlib import Path

from alignment_importance.report import figures
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


def draw_overlays(*, heatmaps: Path, images: Path, output: Path) -> None:
    """Write one PNG per image, at the image's own size, see `figures.overlay`."""
    table = read_table(images, ["image", "file", "sha256"])
    with atomic_folder(output) as folder:
        figures.draw_overlays(read_netcdf(heatmaps), table, folder)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    page = {"heatmap_scale": snakemake.params.heatmap_scale}
    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(page):
        draw_overlays(
            heatmaps=Path(snakemake.input.heatmaps),
            images=Path(snakemake.input.images),
            output=Path(snakemake.output.overlays),
        )
