"""Estimate the Shapley values of feature maps from sampled permutations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.experiments import comparisons, interactions
from alignment_importance.inputs import folds
from alignment_importance.system.compute import Compute
from alignment_importance.system.tables import write_table


def sample_shapley_values(
    activations: Path,
    judgments: Path,
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    permutations: int,
    seed: int,
    minutes: float,
    compute: Compute,
    table: Path,
) -> None:
    """Write the value of every map with its standard error; see `interactions.shapley`."""
    with comparisons.opened(activations, judgments, model, alignment, compute) as comparison:
        budget = comparison.budget(minutes, table, seed)
        block = folds.whole(comparison.human)
        values = interactions.shapley(comparison.engine, block, permutations, seed, budget)
        write_table(values.assign(**comparison.origin), table)


if __name__ == "__main__":
    run(sample_shapley_values, globals()["snakemake"])
