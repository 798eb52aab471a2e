"""Score the pairs of the most important feature maps: the loss without both, less the sum of the two losses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation
from alignment_importance.experiments import interactions, rankings
from alignment_importance.inputs import folds, judgments
from alignment_importance.networks import activations
from alignment_importance.system import compute, resumable
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import read_table, write_table


def score_map_pairs(
    *,
    recorded: Path,
    judged: Path,
    ranking: Path,
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    top_maps: int,
    minutes: float,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write a row per pair of the `top_maps` highest-ranked maps; see `interactions.score_pairs`."""
    ratings = read_netcdf(judged)
    image_ids = ratings["image"].to_numpy().tolist()
    with activations.read(recorded, image_ids) as maps:
        human = judgments.mean(ratings, image_ids)
        engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
        top = rankings.order_of(read_table(ranking, ["feature_map", "rank"]))[:top_maps]
        budget = resumable.beside(
            output,
            None if engine.closed_form else minutes,
            *(maps[name].to_numpy() for name in ("feature_maps", "readout")),
            human,
            f"{similarity} {score}",
            top,
        )
        table = interactions.score_pairs(engine, folds.whole(human), top, budget)
        write_table(table.assign(**origin_columns(maps.attrs | ratings.attrs)), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        score_map_pairs(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            ranking=Path(snakemake.input.ranking),
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            top_maps=snakemake.params.top_maps,
            minutes=snakemake.params.minutes,
            resources=resources,
            output=Path(snakemake.output.table),
        )
        resources.report_gpu_memory()
