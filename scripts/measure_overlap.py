"""Measure the overlap of heatmaps with saliency maps, image by image and over images."""

from collections.abc import Sequence
from pathlib import Path

from alignment_importance.maps.overlap import measuring as overlap
from alignment_importance.maps.overlap import summary as overlap_summary
from alignment_importance.system.netcdf import open_netcdf, origin_columns, read_netcdf
from alignment_importance.system.tables import read_table, write_table


def measure_overlap(
    *,
    heatmaps: Path,
    saliency: Path,
    images: Path,
    top_percent: Sequence[float],
    target_percent: Sequence[float],
    relative_risk_percent: Sequence[float],
    spread: float,
    resamples: int,
    seed: int,
    overlaps: Path,
    scores: Path,
    summary: Path,
) -> None:
    """Write the tables of one comparison and model, see `overlap.measure` and `overlap_summary.summarise`."""
    maps = read_netcdf(heatmaps)
    table = read_table(images, ["image", "category"]).dropna(subset="category")
    categories: dict[str, str] = dict(zip(table["image"], table["category"], strict=True))
    with open_netcdf(saliency) as salience:
        overlapping, scored = overlap.measure(
            maps, salience, top_percent, target_percent, relative_risk_percent, spread
        )
    summarised = overlap_summary.summarise(overlapping, scored, categories, relative_risk_percent, resamples, seed)
    for table, output in ((overlapping, overlaps), (scored, scores), (summarised, summary)):
        write_table(table.assign(**origin_columns(maps.attrs)), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        measure_overlap(
            heatmaps=Path(snakemake.input.heatmaps),
            saliency=Path(snakemake.input.saliency),
            images=Path(snakemake.input.images),
            overlaps=Path(snakemake.output.overlap),
            scores=Path(snakemake.output.scores),
            summary=Path(snakemake.output.summary),
            **snakemake.params.settings,
        )
