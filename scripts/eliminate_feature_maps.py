"""Eliminate feature maps one at a time in every fold of one seed, and score what is left."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation
from alignment_importance.experiments import interactions
from alignment_importance.inputs import folds as cross_validation
from alignment_importance.inputs import judgments as human_judgments
from alignment_importance.networks import activations as recorded
from alignment_importance.system import compute as compute_module
from alignment_importance.system import resumable
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import read_table, write_table


def eliminate_feature_maps(
    activations: Path,
    judgments: Path,
    folds: Path,
    curves: Path,
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    minutes: float,
    compute: Mapping[str, Any],
    gpu: int,
    threads: int,
    table: Path,
) -> None:
    """Write the order of elimination and the scores of what is left, see `interactions.eliminate_in_folds`."""
    machine = compute_module.prepare(gpus=gpu, threads=threads, **compute)
    ratings = read_netcdf(judgments)
    image_ids = ratings["image"].to_numpy().tolist()
    with recorded.read(activations, image_ids) as maps:
        human = human_judgments.mean(ratings, image_ids)
        engine = ablation.ablate(recorded.load_head(maps, model), maps, machine, **alignment)
        assigned = read_table(folds)
        blocks = cross_validation.blocks(assigned, human, image_ids)
        one_shot = read_table(curves, ["fold", "k", "train_score", "test_score"])
        budget = resumable.beside(
            table,
            None if engine.closed_form else minutes,
            *(maps[name].to_numpy() for name in ("feature_maps", "readout")),
            human,
            f"{alignment['similarity']} {alignment['score']}",
            *(fold.train.human for fold in blocks),
        )
        eliminated = interactions.eliminate_in_folds(engine, blocks, one_shot, budget)
        made_of = {"unit": cross_validation.unit_name(assigned), **origin_columns(maps.attrs | ratings.attrs)}
        write_table(eliminated.assign(**made_of), table)
    machine.report_gpu_memory()


if __name__ == "__main__":
    from job import run

    run(eliminate_feature_maps, globals()["snakemake"])
