"""Compare the heatmaps of a control's images with the objects that are known to matter in them."""

from collections.abc import Mapping
from pathlib import Path

from job import run

import pandas as pd

from alignment_importance.maps import controls
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import write_table


def evaluate_control(
    *,
    control: str,
    heatmaps: Mapping[str, Path],
    pairs: Mapping[str, Path],
    masks: Path,
    objects: Mapping[str, int],
    table: Path,
) -> None:
    """Write how well the heatmaps of every comparison single out the first object, see `controls.evaluate`."""
    by_comparison = {comparison: read_netcdf(file) for comparison, file in heatmaps.items()}
    explained = {comparison: read_netcdf(file) for comparison, file in pairs.items()}
    evaluated = controls.evaluate(control, by_comparison, explained, masks, objects)
    origins = pd.DataFrame({name: origin_columns(maps.attrs) for name, maps in by_comparison.items()}).T
    write_table(evaluated.join(origins, on="comparison"), table)


if __name__ == "__main__":
    run(evaluate_control, globals()["snakemake"])
