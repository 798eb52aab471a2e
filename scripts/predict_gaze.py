"""Predict with a network where people look in the images of a set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance.maps.saliency import computing, gaze
from alignment_importance.system import compute
from alignment_importance.system.tables import read_table


def predict_gaze(*, images: Path, settings: Mapping[str, Any], resources: compute.Compute, output: Path) -> None:
    """Write one saliency map per listed image; `settings` are keywords of `gaze.Spec`."""
    table = read_table(images, ["image", "file", "width", "height", "sha256"])
    computing.write(table, gaze.provider(gaze.Spec(**settings), resources), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        predict_gaze(
            images=Path(snakemake.input.images),
            settings=snakemake.params.settings,
            resources=resources,
            output=Path(snakemake.output.saliency),
        )
        resources.report_gpu_memory()
