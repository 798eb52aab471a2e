"""Compare heatmaps with the truth about the images of a control."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from alignment_importance.maps import controls
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import write_table


def evaluate_control(
    *,
    control: str,
    heatmaps: Sequence[Path],
    comparisons: Sequence[str],
    masks: Path,
    objects: Mapping[str, int],
    output: Path,
) -> None:
    """Write how well the heatmaps of every comparison single out the first object, see `control.evaluate`."""
    by_comparison = {name: read_netcdf(file) for name, file in zip(comparisons, heatmaps, strict=True)}
    table = controls.evaluate(control, by_comparison, masks, objects)
    made_of = pd.DataFrame({name: origin_columns(maps.attrs) for name, maps in by_comparison.items()}).T
    write_table(table.join(made_of, on="comparison"), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        evaluate_control(
            control=snakemake.wildcards.control,
            heatmaps=[Path(file) for file in snakemake.input.heatmaps],
            comparisons=snakemake.params.comparisons,
            masks=Path(snakemake.input.masks),
            objects=snakemake.params.objects,
            output=Path(snakemake.output.table),
        )
