"""Check the masks of one control before networks run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from job import run

from alignment_importance.maps import controls
from alignment_importance.system import netcdf, tables
from alignment_importance.system.problems import Problems


def prepare_control(
    images: Path, judgments: Sequence[Path], masks: Path, objects: Mapping[str, int], checks: Path
) -> None:
    """Check that every image that a comparison judges has a mask of its size with both objects, and write the warnings.

    Raises:
        ProblemsError: lists everything that is wrong.
    """
    judged = {image for file in judgments for image in netcdf.read_netcdf(file)["image"].to_numpy()}
    table = tables.read_table(images)
    problems = Problems()
    controls.check_masks(masks, objects, table[table["image"].isin(judged)], problems)
    problems.conclude(checks)


if __name__ == "__main__":
    run(prepare_control, globals()["snakemake"])
