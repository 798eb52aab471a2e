"""Out-of-sample prediction over the folds of one comparison and network: ceilings, moments, tests, intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.experiments import reliability
from alignment_importance.inputs.folds import UNIT_NAMES, Fold, unit_name
from alignment_importance.inputs.judgments.averages import weights
from alignment_importance.statistics.inference import holm, paired_test, permutation_p
from alignment_importance.system.tables import ORIGIN

#: Columns of the table of folds that have no mean and standard deviation in the summary.
_NOT_SUMMARISED = frozenset(
    ["seed", "fold", "n_train", "n_test", "penalty_ridge", "penalty_nonnegative", "share_full", "share_retained"]
)

#: Random splits of the participants into halves.
_SPLITS = 100

#: P values of the summary that are corrected for the number of comparisons and networks.
_CORRECTED_FOR_NUMBER = (
    "p_paired",
    "p_corrected",
    "p_permutation_full",
    "p_permutation_retained",
    "p_permutation_difference",
)

#: Last columns of the table of folds.
_LAST = ["unit", *ORIGIN]


def tabulate(
    scores: Mapping[int, pd.DataFrame],
    folds: Mapping[int, tuple[pd.DataFrame, Sequence[Fold]]],
    judged: xr.Dataset,
    score: str,
) -> pd.DataFrame:
    """List the scores of all folds of all seeds, with the noise ceilings of their test blocks.

    Args:
        scores: a row per fold, by seed (`cross_validation.Validation`).
        folds: the table of folds and its blocks (`folds.blocks`), by seed.
        judged: `similarity` (participant, image, image_b).
        score: `pearson_r2`, `pearson` or `spearman`.

    Returns:
        A row per seed and fold: the columns of `scores` and `add_ceilings`, and `unit`, what was cut into folds.
    """
    tables = []
    for seed, of_seed in scores.items():
        fold_table, blocks = folds[seed]
        table = add_ceilings(of_seed, blocks, judged, score, seed)
        table.insert(0, "seed", seed)
        tables.append(table.assign(unit=unit_name(fold_table)))
    integers = {name: "Int64" for name in map(str, tables[0]) if name.startswith(("k_", "n_"))}
    table = pd.concat(tables, ignore_index=True).astype(integers)
    return table[[*table.columns.drop(_LAST), *_LAST]]


def add_ceilings(
    scores: pd.DataFrame, folds: Sequence[Fold], judged: xr.Dataset, score: str, seed: int
) -> pd.DataFrame:
    """Add to the scores of one seed the noise ceilings of each test block, and the scores as shares of these.

    Args:
        scores, folds, judged, score: as for `tabulate`; images are in the order that the folds were made with.
        seed: of the folds; also of the splits into halves.

    Returns:
        The table with columns for the attributes of `reliability.Ceiling`, and share_full and share_retained, the test
        scores divided by noise_ceiling_of_mean.
    """
    rows = []
    for fold in folds:
        block = judged.isel(image=fold.test.images, image_b=fold.test.images)
        pairs = np.triu_indices(len(fold.test.images), k=1)
        ratings = np.where(np.isfinite(fold.test.human), block["similarity"].to_numpy(), np.nan)[:, *pairs]
        weighing = weights(block)
        pair_weights = None if weighing is None else weighing[:, *pairs]
        ceiling = reliability.ceiling(ratings, score, _SPLITS, seed, pair_weights)
        rows.append({"fold": fold.fold, **asdict(ceiling)})
    table = scores.merge(pd.DataFrame(rows), on="fold", validate="one_to_one")
    for kind in ("full", "retained"):
        table[f"share_{kind}"] = table[f"test_{kind}"] / table["noise_ceiling_of_mean"]
    return table


def summarise(table: pd.DataFrame, intervals: pd.DataFrame, permutations: pd.DataFrame) -> dict[str, float]:
    """Means, standard deviations, tests and intervals over the folds of one comparison and network.

    Args:
        table: what `tabulate` returns, a row per fold of all seeds.
        intervals: of `bootstrap.intervals`.
        permutations: of `permutation.permute`; no rows if there was no test.
    """
    full, retained = (table[name].to_numpy(float) for name in ("test_full", "test_retained"))
    measured = [name for name in table.select_dtypes("number") if name not in _NOT_SUMMARISED]
    moments = {
        f"{column}_{name}": float(value)
        for column in measured
        for name, value in (("mean", table[column].mean()), ("sd", table[column].std(ddof=1)))
    }
    ceiling = moments["noise_ceiling_of_mean_mean"]
    return {
        "n_folds": len(table),
        **moments,
        "share_full": moments["test_full_mean"] / ceiling,
        "share_retained": moments["test_retained_mean"] / ceiling,
        **asdict(paired_test(full, retained, _test_to_train(table))),
        **_bootstrapped(intervals),
        **_permuted(permutations),
    }


def _test_to_train(table: pd.DataFrame) -> float:
    """Mean ratio of test to training items, in what was cut into folds: images, or pairs (all images on both sides)."""
    number = "n_pairs" if table["unit"].iloc[0] == UNIT_NAMES["pairs"] else "n"
    return float((table[f"{number}_test"] / table[f"{number}_train"]).mean())


def correct_for_number(summary: pd.DataFrame) -> pd.DataFrame:
    """Add p values corrected for the number of rows (comparisons and networks) by Holm, in columns `{p}_holm`."""
    return summary.assign(**{f"{name}_holm": holm(summary[name].tolist()) for name in _CORRECTED_FOR_NUMBER})


def _bootstrapped(intervals: pd.DataFrame) -> dict[str, float]:
    """Interval of every quantity, as {quantity}_boot_low and {quantity}_boot_high."""
    named = intervals.set_index("quantity")[["low", "high"]]
    return {
        f"{quantity}_boot_{side}": float(value) for quantity, row in named.iterrows() for side, value in row.items()
    }


def _permuted(permutations: pd.DataFrame) -> dict[str, float]:
    """Number of draws, and p of both scores and of their difference."""
    observed, draws = permutations[permutations["draw"] == 0], permutations[permutations["draw"] > 0]
    names = {"full": "test_full", "retained": "test_retained", "difference": "difference"}
    p = {
        f"p_permutation_{name}": permutation_p(float(observed[column].iloc[0]), draws[column].to_numpy())
        if len(draws)
        else np.nan
        for name, column in names.items()
    }
    return {"n_permutations": len(draws), **p}
