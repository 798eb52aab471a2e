"""Plot images with contours of the masks of heatmap and saliency map."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from alignment_importance.maps.overlap import tables as overlap_tables
from alignment_importance.report import figures
from alignment_importance.report.figures import overlap as overlap_figures
from alignment_importance.system import arrays


def plot_overlap_grid(
    *,
    heatmaps: Path,
    saliency: Mapping[str, Path],
    overlaps: Mapping[str, Path],
    images: Path,
    percents: Sequence[float],
    comparison: str,
    model: str,
    png: Path,
    pdf: Path,
) -> None:
    """Draw the grid of one comparison and model; `saliency` and `overlaps` are files by the saliency map's name."""
    pictures = arrays.read_table(images, ["image", "file", "sha256"])
    tables = {name: arrays.read_table(file, overlap_tables.COLUMNS) for name, file in overlaps.items()}
    with ExitStack() as stack:
        salience = {name: stack.enter_context(arrays.open_netcdf(file)) for name, file in saliency.items()}
        figure = overlap_figures.grid(
            arrays.read_netcdf(heatmaps), salience, tables, pictures, percents, comparison, model
        )
    figures.save(figure, png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    def by_name(files: Sequence[str]) -> dict[str, Path]:
        """Files by the names of the saliency maps."""
        return {name: Path(file) for name, file in zip(snakemake.params.saliencies, files, strict=True)}

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_overlap_grid(
            heatmaps=Path(snakemake.input.heatmaps),
            saliency=by_name(snakemake.input.saliency),
            overlaps=by_name(snakemake.input.overlaps),
            images=Path(snakemake.input.images),
            percents=snakemake.params.percents,
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
