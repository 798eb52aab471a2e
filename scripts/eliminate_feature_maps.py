"""Eliminate feature maps one at a time in every fold of one seed, and score those that are left."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.experiments import comparisons, interactions
from alignment_importance.inputs import folds as cuts
from alignment_importance.system.compute import Compute
from alignment_importance.system.tables import read_table, write_table


def eliminate_feature_maps(
    activations: Path,
    judgments: Path,
    folds: Path,
    curves: Path,
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    minutes: float,
    compute: Compute,
    table: Path,
) -> None:
    """Write the order of elimination and the scores of the maps left, see `interactions.eliminate_in_folds`."""
    with comparisons.opened(activations, judgments, model, alignment, compute) as comparison:
        fold_table = read_table(folds)
        blocks = cuts.blocks(fold_table, comparison.human, comparison.image_ids)
        one_shot = read_table(curves)
        budget = comparison.budget(minutes, table, *(fold.train.human for fold in blocks))
        eliminated = interactions.eliminate_in_folds(comparison.engine, blocks, one_shot, budget)
        write_table(eliminated.assign(unit=cuts.unit_name(fold_table), **comparison.origin), table)


if __name__ == "__main__":
    run(eliminate_feature_maps, globals()["snakemake"])
