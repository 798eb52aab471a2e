"""Score the test images of every comparison with the feature maps that the other comparisons rank highest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from alignment_importance import ablation
from alignment_importance.experiments import transfer
from alignment_importance.inputs import folds as cross_validation
from alignment_importance.inputs import judgments as human_judgments
from alignment_importance.networks import activations as recorded
from alignment_importance.system import compute as compute_module
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import read_table, write_table


def measure_transfer(
    activations: Mapping[str, Path],
    judgments: Mapping[str, Path],
    folds: Mapping[tuple[str, int], Path],
    predictions: Mapping[str, Path],
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    compute: Mapping[str, Any],
    gpu: int,
    threads: int,
    tables: Mapping[str, Path],
) -> None:
    """Write a table for every comparison, with a row per source and fold.

    Args:
        activations, judgments, predictions: files by comparison.
        folds: by comparison and seed.
        model: keywords of `networks.Spec`.
        alignment: similarity and second-order score.
        compute, gpu, threads: see `compute.prepare`.
        tables: what is written, by the comparison that is tested.
    """
    machine = compute_module.prepare(gpus=gpu, threads=threads, **compute)
    comparisons, made_of = {}, {}
    for name, file in judgments.items():
        ratings = read_netcdf(file)
        ids = ratings["image"].to_numpy().tolist()
        with recorded.read(activations[name], ids) as maps:
            engine = ablation.ablate(recorded.load_head(maps, model), maps, machine, **alignment)
            comparisons[name] = transfer.Comparison(engine, human_judgments.mean(ratings, ids), ids)
            made_of[name] = origin_columns(maps.attrs | ratings.attrs)
    for target, table in tables.items():
        of_seeds = {seed: file for (comparison, seed), file in folds.items() if comparison == target}
        transferred = _transfer_to(target, comparisons, of_seeds, predictions[target])
        simulated = transferred["source"].map({name: each["simulated"] for name, each in made_of.items()})
        write_table(transferred.assign(**made_of[target], source_simulated=simulated), table)
    machine.report_gpu_memory()


def _transfer_to(
    target: str, comparisons: Mapping[str, transfer.Comparison], folds: Mapping[int, Path], prediction: Path
) -> pd.DataFrame:
    """A row per source and fold of one target, with the target's own scores."""
    tested = comparisons[target]
    made = [
        (seed, fold)
        for seed, file in folds.items()
        for fold in cross_validation.blocks(read_table(file), tested.human, tested.image_ids)
    ]
    names = pd.DataFrame([(seed, fold.fold) for seed, fold in made], columns=["seed", "fold"])
    columns = ["seed", "fold", "unit", "test_full", "test_retained"]
    own = read_table(prediction, columns)[columns]
    tables = []
    for source, learned in comparisons.items():
        if source != target:
            scores = names.join(transfer.transfer(learned, tested, [fold for _, fold in made]))
            scores.insert(0, "source", source)
            tables.append(scores.merge(own, on=["seed", "fold"], validate="1:1"))
    return pd.concat(tables)


if __name__ == "__main__":
    from job import run

    run(measure_transfer, globals()["snakemake"])
