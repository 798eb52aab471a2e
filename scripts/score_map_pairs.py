"""Score the pairs of the most important feature maps: the loss without both, less the sum of the two losses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation
from alignment_importance.experiments import interactions, rankings
from alignment_importance.inputs import folds as cross_validation
from alignment_importance.inputs import judgments as human_judgments
from alignment_importance.networks import activations as recorded
from alignment_importance.system import compute as compute_module
from alignment_importance.system import resumable
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import read_table, write_table


def score_map_pairs(
    activations: Path,
    judgments: Path,
    ranking: Path,
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    top_maps: int,
    minutes: float,
    compute: Mapping[str, Any],
    gpu: int,
    threads: int,
    table: Path,
) -> None:
    """Write a row per pair of the `top_maps` highest-ranked maps; see `interactions.score_pairs`."""
    machine = compute_module.prepare(gpus=gpu, threads=threads, **compute)
    ratings = read_netcdf(judgments)
    image_ids = ratings["image"].to_numpy().tolist()
    with recorded.read(activations, image_ids) as maps:
        human = human_judgments.mean(ratings, image_ids)
        engine = ablation.ablate(recorded.load_head(maps, model), maps, machine, **alignment)
        top = rankings.order_of(read_table(ranking, ["feature_map", "rank"]))[:top_maps]
        budget = resumable.beside(
            table,
            None if engine.closed_form else minutes,
            *(maps[name].to_numpy() for name in ("feature_maps", "readout")),
            human,
            f"{alignment['similarity']} {alignment['score']}",
            top,
        )
        pairs = interactions.score_pairs(engine, cross_validation.whole(human), top, budget)
        write_table(pairs.assign(**origin_columns(maps.attrs | ratings.attrs)), table)
    machine.report_gpu_memory()


if __name__ == "__main__":
    from job import run

    run(score_map_pairs, globals()["snakemake"])
