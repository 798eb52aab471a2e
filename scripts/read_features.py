"""Check features that another tool computed, and convert those of an image set to the form of activations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.inputs.features import Source, read
from alignment_importance.system import digests, netcdf, tables
from alignment_importance.system.problems import Problems


def read_features(
    images: Path,
    features: Path,
    order: Path,
    settings: Mapping[str, Any],
    activations: Path,
    checks: Path,
    files: Path,
) -> None:
    """Write features as activations, what the check found, and the files that were read.

    Args:
        features, order, settings: fields of `features.Source`.
        activations: see `features.read`.
        checks, files: tables of `Problems.conclude` and of `digests.tabulate`.

    Raises:
        ProblemsError: lists everything that is wrong with the features.
    """
    problems = Problems()
    listed = tables.read_table(images)
    labelled = read(Source(features, order, **settings), listed, problems)
    problems.conclude(checks)
    assert labelled is not None  # otherwise there was an error
    netcdf.write_netcdf(labelled, activations)
    tables.write_table(digests.tabulate([features, order]), files)


if __name__ == "__main__":
    run(read_features, globals()["snakemake"])
