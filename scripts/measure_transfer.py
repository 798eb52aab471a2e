"""Score the test images of every comparison with the feature maps that the other comparisons rank highest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

import pandas as pd

from alignment_importance.experiments import transfer
from alignment_importance.experiments.comparisons import Comparison, opened
from alignment_importance.inputs import folds as cuts
from alignment_importance.system.compute import Compute
from alignment_importance.system.tables import read_table, write_table


def measure_transfer(
    activations: Mapping[str, Path],
    judgments: Mapping[str, Path],
    folds: Mapping[tuple[str, int], Path],
    predictions: Mapping[str, Path],
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    compute: Compute,
    tables: Mapping[str, Path],
) -> None:
    """Write a table for every comparison, with a row per source and fold.

    Args:
        activations, judgments, predictions: files by comparison.
        folds: by comparison and seed.
        model, alignment: see `comparisons.opened`.
        tables: files to write, by the comparison that is tested.
    """
    comparisons = {}
    for name, file in judgments.items():
        with opened(activations[name], file, model, alignment, compute) as comparison:
            comparisons[name] = comparison
    is_simulated = {name: comparison.origin["simulated"] for name, comparison in comparisons.items()}
    for target, table in tables.items():
        fold_files = {seed: file for (comparison, seed), file in folds.items() if comparison == target}
        transferred = _transfer_to(target, comparisons, fold_files, predictions[target])
        simulated = transferred["source"].map(is_simulated)
        write_table(transferred.assign(**comparisons[target].origin, source_simulated=simulated), table)


def _transfer_to(
    target: str, comparisons: Mapping[str, Comparison], folds: Mapping[int, Path], prediction: Path
) -> pd.DataFrame:
    """A row per source and fold of one target, with the target's own scores."""
    tested = comparisons[target]
    seeds_and_folds = [
        (seed, fold)
        for seed, file in folds.items()
        for fold in cuts.blocks(read_table(file), tested.human, tested.image_ids)
    ]
    names = pd.DataFrame([(seed, fold.fold) for seed, fold in seeds_and_folds], columns=["seed", "fold"])
    columns = ["seed", "fold", "unit", "test_full", "test_retained"]
    own_scores = read_table(prediction)[columns]
    tables = []
    for source, learned in comparisons.items():
        if source != target:
            scores = names.join(transfer.transfer(learned, tested, [fold for _, fold in seeds_and_folds]))
            scores.insert(0, "source", source)
            tables.append(scores.merge(own_scores, on=["seed", "fold"], validate="1:1"))
    return pd.concat(tables)


if __name__ == "__main__":
    run(measure_transfer, globals()["snakemake"])
