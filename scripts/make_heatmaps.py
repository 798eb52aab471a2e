"""Average every image's feature maps with its Alignment Importance Scores."""

from pathlib import Path

from alignment_importance.maps import heatmaps
from alignment_importance.system.netcdf import open_netcdf, read_netcdf, write_netcdf


def make_heatmaps(*, activations: Path, scores: Path, output: Path) -> None:
    """Write the heatmaps of one comparison and model, at the resolution of the feature maps."""
    with open_netcdf(activations) as maps:
        write_netcdf(heatmaps.heatmaps(maps, read_netcdf(scores)), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        make_heatmaps(
            activations=Path(snakemake.input.activations),
            scores=Path(snakemake.input.scores),
            output=Path(snakemake.output.heatmaps),
        )
