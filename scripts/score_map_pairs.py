"""Score the pairs of the most important feature maps: the loss without both, less the sum of the two losses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.experiments import comparisons, interactions, rankings
from alignment_importance.inputs import folds
from alignment_importance.system.compute import Compute
from alignment_importance.system.tables import read_table, write_table


def score_map_pairs(
    activations: Path,
    judgments: Path,
    ranking: Path,
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    top_maps: int,
    minutes: float,
    compute: Compute,
    table: Path,
) -> None:
    """Write a row per pair of the `top_maps` highest-ranked maps; see `interactions.score_pairs`."""
    with comparisons.opened(activations, judgments, model, alignment, compute) as comparison:
        top = rankings.order_of(read_table(ranking))[:top_maps]
        budget = comparison.budget(minutes, table, top)
        pairs = interactions.score_pairs(comparison.engine, folds.whole(comparison.human), top, budget)
        write_table(pairs.assign(**comparison.origin), table)


if __name__ == "__main__":
    run(score_map_pairs, globals()["snakemake"])
