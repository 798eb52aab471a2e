"""Predict with a network where people look in the images of a set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.maps.saliency import computing, registry
from alignment_importance.system.compute import Compute
from alignment_importance.system.tables import read_table


def predict_gaze(
    *,
    images: Path,
    settings: Mapping[str, Any],
    compute: Compute,
    saliency: Path,
) -> None:
    """Write one saliency map per listed image; `settings` is an entry of the configuration's `saliency`."""
    table = read_table(images)
    computing.write(table, registry.provider(table, settings, compute), saliency)


if __name__ == "__main__":
    run(predict_gaze, globals()["snakemake"])
