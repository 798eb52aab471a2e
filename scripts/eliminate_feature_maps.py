"""Eliminate feature maps one at a time in every fold of one seed, and score what is left."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation
from alignment_importance.experiments import interactions
from alignment_importance.inputs import folds, judgments
from alignment_importance.networks import activations
from alignment_importance.system import compute, resumable
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import read_table, write_table


def eliminate_feature_maps(
    *,
    recorded: Path,
    judged: Path,
    split: Path,
    curves: Path,
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    minutes: float,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write the order of elimination and the scores of what is left, see `interactions.eliminate_in_folds`."""
    ratings = read_netcdf(judged)
    image_ids = ratings["image"].to_numpy().tolist()
    with activations.read(recorded, image_ids) as maps:
        human = judgments.mean(ratings, image_ids)
        engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
        assigned = read_table(split)
        blocks = folds.blocks(assigned, human, image_ids)
        one_shot = read_table(curves, ["fold", "k", "train_score", "test_score"])
        budget = resumable.beside(
            output,
            None if engine.closed_form else minutes,
            *(maps[name].to_numpy() for name in ("feature_maps", "readout")),
            human,
            f"{similarity} {score}",
            *(fold.train.human for fold in blocks),
        )
        table = interactions.eliminate_in_folds(engine, blocks, one_shot, budget)
        made_of = {"unit": folds.unit_name(assigned), **origin_columns(maps.attrs | ratings.attrs)}
        write_table(table.assign(**made_of), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        eliminate_feature_maps(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            split=Path(snakemake.input.folds),
            curves=Path(snakemake.input.curves),
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            minutes=snakemake.params.minutes,
            resources=resources,
            output=Path(snakemake.output.table),
        )
        resources.report_gpu_memory()
