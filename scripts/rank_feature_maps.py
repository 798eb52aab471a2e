"""Rank feature maps by their Alignment Importance Score over all images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation
from alignment_importance.experiments import rankings
from alignment_importance.inputs import folds, judgments
from alignment_importance.networks import activations
from alignment_importance.system import compute
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import write_table


def rank_feature_maps(
    *,
    recorded: Path,
    judged: Path,
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write the ranking over all images that were judged."""
    ratings = read_netcdf(judged)
    image_ids = ratings["image"].to_numpy().tolist()
    with activations.read(recorded, image_ids) as maps:
        engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
        ranking = rankings.rank_block(engine, folds.whole(judgments.mean(ratings, image_ids)))
        write_table(ranking.assign(**origin_columns(maps.attrs | ratings.attrs)), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        rank_feature_maps(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            resources=resources,
            output=Path(snakemake.output.ranking),
        )
        resources.report_gpu_memory()
