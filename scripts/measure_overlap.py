"""Measure the overlap of heatmaps with saliency maps."""

from collections.abc import Sequence
from pathlib import Path

from alignment_importance import arrays, overlap


def measure_overlap(
    *, heatmaps: Path, saliency: Path, top_percent: Sequence[float], target_percent: Sequence[float], output: Path
) -> None:
    """Write precision, recall and relative risk of one comparison and model, see `overlap.tabulate`."""
    maps, salience = arrays.read_netcdf(heatmaps), arrays.read_netcdf(saliency)
    table = overlap.tabulate(maps, salience, top_percent, target_percent)
    arrays.write_table(table.assign(**arrays.provenance(maps.attrs)), output)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0]):
        measure_overlap(
            heatmaps=Path(snakemake.input.heatmaps),
            saliency=Path(snakemake.input.saliency),
            top_percent=snakemake.params.top_percent,
            target_percent=snakemake.params.target_percent,
            output=Path(snakemake.output.overlap),
        )
