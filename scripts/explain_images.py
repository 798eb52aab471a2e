"""Score every feature map of every image by what it does for that image's similarities, and make the heatmaps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance.experiments import comparisons, rankings
from alignment_importance.maps import heatmaps as heat
from alignment_importance.system import compute as compute_module
from alignment_importance.system import netcdf
from job import run


def explain_images(
    activations: Path,
    judgments: Path,
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    compute: Mapping[str, Any],
    gpu: int | None,
    threads: int,
    scores: Path,
    heatmaps: Path,
) -> None:
    """Write image-specific scores, and the heatmaps at the resolution of the feature maps.

    Args:
        activations: of the judged images and perhaps others.
        judgments: of one comparison.
        model: the network's entry in the configuration.
        alignment: `similarity` and `score`.
        compute: device, memory_gb and precision.
        gpu: GPUs of the job, None where nobody counts them.
        threads: CPU threads of the job.
        scores: ais (image, feature_map), alignment (image).
        heatmaps: heatmap, heatmap_signed, activation_mean (image, y, x).
    """
    machine = compute_module.prepare(gpus=gpu, threads=threads, **compute)
    with comparisons.opened(activations, judgments, model, alignment, machine) as comparison:
        scored = rankings.score_images(comparison.engine, comparison.human, comparison.image_ids)
        scored = scored.assign_attrs(comparison.attributes)
        netcdf.write_netcdf(scored, scores)
        netcdf.write_netcdf(heat.make(comparison.activations, scored), heatmaps)


if __name__ == "__main__":
    run(explain_images, globals()["snakemake"])
