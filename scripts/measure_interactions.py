"""Measure how feature maps act together: eliminate them one at a time, score pairs, or sample Shapley values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.experiments import comparisons, interactions, rankings
from alignment_importance.inputs import folds as cuts
from alignment_importance.system.compute import Compute
from alignment_importance.system.tables import read_table, write_table


def measure_interactions(
    kind: str,
    activations: Path,
    judgments: Path,
    folds: Path | None,
    curves: Path | None,
    ranking: Path | None,
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    settings: Mapping[str, Any],
    compute: Compute,
    table: Path,
) -> None:
    """Write one kind of interaction, see `eliminate_in_folds`, `score_pairs` and `shapley` of `interactions`.

    Args:
        folds, curves: of one seed, for `elimination`.
        ranking: over all images, whose highest maps make `pairs`.
        settings: `minutes`; `top_maps` for `pairs`; `permutations` and `seed` for `shapley`.
    """
    with comparisons.opened(activations, judgments, model, alignment, compute) as comparison:
        engine, human, minutes = comparison.engine, comparison.human, settings["minutes"]
        if kind == "elimination":
            assert folds and curves
            fold_table = read_table(folds)
            blocks = cuts.blocks(fold_table, human, comparison.image_ids)
            budget = comparison.budget(minutes, table, *(fold.train.human for fold in blocks))
            measured = interactions.eliminate_in_folds(engine, blocks, read_table(curves), budget)
            measured["unit"] = cuts.unit_name(fold_table)
        elif kind == "pairs":
            assert ranking
            top = rankings.order_of(read_table(ranking))[: settings["top_maps"]]
            budget = comparison.budget(minutes, table, top)
            measured = interactions.score_pairs(engine, cuts.whole(human), top, budget)
        else:
            budget = comparison.budget(minutes, table, settings["seed"])
            orders = settings["permutations"], settings["seed"]
            measured = interactions.shapley(engine, cuts.whole(human), *orders, budget)
        write_table(measured.assign(**comparison.origin), table)


if __name__ == "__main__":
    run(measure_interactions, globals()["snakemake"])
