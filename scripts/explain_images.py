"""Score every feature map of every image by what it does for that image's similarities, and make the heatmaps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation
from alignment_importance.experiments import rankings
from alignment_importance.inputs import judgments as human
from alignment_importance.maps import heatmaps as heat
from alignment_importance.networks import activations as recorded
from alignment_importance.system import compute as compute_module
from alignment_importance.system import netcdf


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
    ratings = netcdf.read_netcdf(judgments)
    image_ids = ratings["image"].to_numpy().tolist()
    with recorded.read(activations, image_ids) as maps:
        engine = ablation.ablate(recorded.load_head(maps, model), maps, machine, **alignment)
        scored = rankings.score_images(engine, human.mean(ratings, image_ids), image_ids)
        scored = scored.assign_attrs(maps.attrs | ratings.attrs)
        netcdf.write_netcdf(scored, scores)
        netcdf.write_netcdf(heat.make(maps, scored), heatmaps)
    machine.report_gpu_memory()


if __name__ == "__main__":
    from job import run

    run(explain_images, globals()["snakemake"])
