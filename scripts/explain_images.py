"""Score every feature map of every single image by what it does for that image's similarities."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation
from alignment_importance.experiments import rankings
from alignment_importance.inputs import judgments
from alignment_importance.networks import activations
from alignment_importance.system import arrays, compute


def score_images(
    *,
    recorded: Path,
    judged: Path,
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write the image-specific scores, with the attributes of the activations and of the judgments."""
    human = arrays.read_netcdf(judged)
    image_ids = human["image"].to_numpy().tolist()
    with activations.read(recorded, image_ids) as maps:
        engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
        scores = rankings.score_images(engine, judgments.mean(human, image_ids), image_ids)
        arrays.write_netcdf(scores.assign_attrs(maps.attrs | human.attrs), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        score_images(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            resources=resources,
            output=Path(snakemake.output.scores),
        )
        resources.report_gpu_memory()
