"""Estimate the Shapley values of feature maps from sampled permutations."""

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
from alignment_importance.system.tables import write_table


def sample_shapley_values(
    activations: Path,
    judgments: Path,
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    permutations: int,
    seed: int,
    minutes: float,
    compute: Mapping[str, Any],
    gpu: int,
    threads: int,
    table: Path,
) -> None:
    """Write the value of every map with its standard error; see `interactions.shapley`."""
    machine = compute_module.prepare(gpus=gpu, threads=threads, **compute)
    ratings = read_netcdf(judgments)
    image_ids = ratings["image"].to_numpy().tolist()
    with recorded.read(activations, image_ids) as maps:
        human = human_judgments.mean(ratings, image_ids)
        engine = ablation.ablate(recorded.load_head(maps, model), maps, machine, **alignment)
        budget = resumable.beside(
            table,
            None if engine.closed_form else minutes,
            *(maps[name].to_numpy() for name in ("feature_maps", "readout")),
            human,
            f"{alignment['similarity']} {alignment['score']}",
            seed,
        )
        values = interactions.shapley(engine, cross_validation.whole(human), permutations, seed, budget)
        write_table(values.assign(**origin_columns(maps.attrs | ratings.attrs)), table)
    machine.report_gpu_memory()


if __name__ == "__main__":
    from job import run

    run(sample_shapley_values, globals()["snakemake"])
