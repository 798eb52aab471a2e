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
from alignment_importance.system.tables import ORIGIN, read_table, write_table

_COLUMNS = [
    "source", "seed", "fold", "n_source", "k", "test_transferred", "unit", "test_full", "test_retained", *ORIGIN,
    "source_simulated",
]  # fmt: skip


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
    files = {target: {seed: file for (name, seed), file in folds.items() if name == target} for target in tables}
    numbers, targets = {}, {}
    for target, of_target in files.items():
        numbers[target], blocks = _read_folds(of_target, comparisons[target])
        targets[target] = comparisons[target], blocks
    transferred = {
        source: transfer.transfer(learned, {name: of for name, of in targets.items() if name != source})
        for source, learned in comparisons.items()
    }
    for target, table in tables.items():
        own_scores = read_table(predictions[target])[["seed", "fold", "unit", "test_full", "test_retained"]]
        by_source = [
            numbers[target]
            .join(scores[target])
            .merge(own_scores, on=["seed", "fold"], validate="1:1")
            .assign(source=source, source_simulated=comparisons[source].origin["simulated"])
            for source, scores in transferred.items()
            if source != target
        ]
        rows = pd.concat(by_source).assign(**comparisons[target].origin)
        write_table(rows[_COLUMNS], table)


def _read_folds(files: Mapping[int, Path], comparison: Comparison) -> tuple[pd.DataFrame, list[cuts.Fold]]:
    """Seed and number of each fold of a comparison, a row per fold, and the folds, from tables by seed."""
    folds = [
        (seed, fold)
        for seed, file in files.items()
        for fold in cuts.blocks(read_table(file), comparison.human, comparison.image_ids)
    ]
    numbers = pd.DataFrame([(seed, fold.fold) for seed, fold in folds], columns=["seed", "fold"])
    return numbers, [fold for _, fold in folds]


if __name__ == "__main__":
    run(measure_transfer, globals()["snakemake"])
