"""Assess how well rankings predict: permutation tests, bootstrap intervals, and the RSM of the retained maps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

import pandas as pd

from alignment_importance.experiments import bootstrap, comparisons, permutation, prediction, rsms
from alignment_importance.experiments import rankings as ranks
from alignment_importance.inputs import folds as cuts
from alignment_importance.system import netcdf, tables
from alignment_importance.system.compute import Compute


def assess_prediction(
    activations: Path,
    judgments: Path,
    folds: Mapping[int, Path],
    scores: Mapping[int, Path],
    predicted: Mapping[int, Path],
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    n_permutations: Mapping[str, int],
    n_bootstraps: int,
    compute: Compute,
    ranking: Path,
    table: Path,
    permutations: Path,
    intervals: Path,
    similarities: Path,
) -> None:
    """Write the ranking over all images, the table of all folds, its permutation and bootstrap results, and the RSMs.

    Args:
        activations, judgments, model, alignment: see `comparisons.opened`.
        folds, scores, predicted: tables of the cross-validation, by seed.
        n_permutations: number of permutations of the judgments, for the route `pooled` and for `other` routes; only the
            folds of the first seed are used.
        n_bootstraps: number of bootstrap samples of the images.
        ranking: feature_map, ais, rank over all images.
        table: the scores of all folds of all seeds, with the noise ceilings of their test blocks.
        permutations: test scores under every permutation.
        intervals: bootstrap intervals of the mean test scores.
        similarities: RSMs of people, of the whole network and of the retained maps.
    """
    first = next(iter(folds))
    fold_tables = {seed: tables.read_table(file) for seed, file in folds.items()}
    with comparisons.opened(activations, judgments, model, alignment, compute) as comparison:
        human, image_ids, score = comparison.human, comparison.image_ids, comparison.engine.score
        ranked = ranks.rank_block(comparison.engine, cuts.whole(human))
        tables.write_table(ranked.assign(**comparison.origin), ranking)
        fold_scores = prediction.tabulate(
            {seed: tables.read_table(file) for seed, file in scores.items()},
            {seed: (cut, cuts.blocks(cut, human, image_ids)) for seed, cut in fold_tables.items()},
            comparison.ratings,
            score,
        )
        tables.write_table(fold_scores, table)
        netcdf.write_netcdf(rsms.compute(comparison, ranked, rsms.n_retained(fold_scores)), similarities)
        pairs = pd.concat(
            [tables.read_table(file).assign(seed=seed) for seed, file in predicted.items()], ignore_index=True
        )
        resampled = bootstrap.intervals(pairs, score, n_bootstraps, first)
        tables.write_table(resampled.assign(**comparison.origin), intervals)
        draws = n_permutations["pooled" if comparison.activations.attrs["route"] == "pooled" else "other"]
        blocks = cuts.members(fold_tables[first], image_ids)
        budget = comparison.budget(None, permutations, draws, first, fold_tables[first].to_csv())
        permuted = permutation.permute(comparison.engine, blocks, human, draws, first, budget)
        tables.write_table(permuted.assign(**comparison.origin), permutations)


if __name__ == "__main__":
    run(assess_prediction, globals()["snakemake"])
