"""Estimate the Shapley values of feature maps from sampled permutations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation
from alignment_importance.experiments import interactions
from alignment_importance.inputs import folds, judgments
from alignment_importance.networks import activations
from alignment_importance.system import compute, resumable
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import write_table


def sample_shapley_values(
    *,
    recorded: Path,
    judged: Path,
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    permutations: int,
    seed: int,
    minutes: float,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write the value of every map with its standard error; see `interactions.shapley`."""
    ratings = read_netcdf(judged)
    image_ids = ratings["image"].to_numpy().tolist()
    with activations.read(recorded, image_ids) as maps:
        human = judgments.mean(ratings, image_ids)
        engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
        budget = resumable.beside(
            output,
            None if engine.closed_form else minutes,
            *(maps[name].to_numpy() for name in ("feature_maps", "readout")),
            human,
            f"{similarity} {score}",
            seed,
        )
        table = interactions.shapley(engine, folds.whole(human), permutations, seed, budget)
        write_table(table.assign(**origin_columns(maps.attrs | ratings.attrs)), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        sample_shapley_values(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            permutations=snakemake.params.permutations,
            seed=snakemake.params.seed,
            minutes=snakemake.params.minutes,
            resources=resources,
            output=Path(snakemake.output.table),
        )
        resources.report_gpu_memory()
