"""Correlate the heatmaps of every two networks of one comparison, image by image."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance.experiments import agreement
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import write_table


def measure_agreement(*, heatmaps: Mapping[str, Path], output: Path) -> None:
    """Write a row per pair of networks and image, see `agreement.agree`; inputs are files by network."""
    maps = {model: read_netcdf(file) for model, file in heatmaps.items()}
    made_of = pd.DataFrame({model: origin_columns(one.attrs) for model, one in maps.items()}).T
    table = agreement.agree(maps).join(made_of, on="model")
    write_table(table.join(made_of[["weights", "arithmetic"]].add_suffix("_b"), on="model_b"), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        measure_agreement(
            heatmaps=dict(zip(snakemake.params.models, map(Path, snakemake.input.heatmaps), strict=True)),
            output=Path(snakemake.output.table),
        )
