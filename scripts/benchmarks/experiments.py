"""How long cross-validation with all baselines and a permutation test take, for a readout as large as the demo's.

Readouts are simulated; judgments are similarities over some of their maps plus noise, since fits to judgments take
longer the more there is to find in them.
"""

import numpy as np
import pandas as pd
import torch
import xarray as xr

from alignment_importance.ablation import PooledAblation
from alignment_importance.experiments import curves, permutation, retention
from alignment_importance.experiments import rankings as importance
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.experiments.cross_validation import CrossValidation
from alignment_importance.inputs import folds
from alignment_importance.statistics.similarity import rsm
from alignment_importance.system.compute import Compute
from benchmarks.speed import N_FOLDS, N_POOLED_MAPS, SEEDS, cut_into_folds, measure, names_of, row

N_IMAGES = 60
N_PERMUTATIONS, N_ONE_BY_ONE = 1000, 5
SIMILARITY, SCORE = "pearson", "pearson_r2"

_NAMES = names_of(N_IMAGES)


def cross_validation(compute: Compute) -> pd.DataFrame:
    """Rankings, curves and all baselines of 8 seeds and 5 folds."""
    readout, human = _data()
    maps = readout[:, :, None, None]
    recorded = xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), maps), "readout": (("image", "unit"), readout)},
        coords={"image": _NAMES},
    )
    engine = PooledAblation(readout, compute, SIMILARITY, SCORE)
    ratings = xr.Dataset({"similarity": (("participant", "image", "image_b"), human[None])})
    comparison = Comparison(_NAMES, ratings, human, recorded, engine)
    folds_of_seeds = cut_into_folds(human)
    with measure(compute.device) as ours:
        whole = CrossValidation(comparison, by_pairs=False, random_rankings=5, inner_folds=3)
        for seed, of_seed in zip(SEEDS, folds_of_seeds, strict=True):
            whole.validate(of_seed, seed)
    return pd.DataFrame([row("pooled", "cross_validation", "nothing", ours, n_images=N_IMAGES, n_maps=N_POOLED_MAPS)])


def permutations(compute: Compute) -> pd.DataFrame:
    """1000 permutations of the judgments at once, against rankings and curves of one permutation after the other."""
    readout, human = _data()
    engine = PooledAblation(readout, compute, SIMILARITY, SCORE)
    cut = folds.cut("images", _NAMES, N_FOLDS, SEEDS[0])
    with measure(compute.device) as ours:
        table = permutation.permute(engine, folds.members(cut, _NAMES), human, N_PERMUTATIONS, SEEDS[0])
    with measure(compute.device) as other:
        gains = permute_one_by_one(engine, cut, human, N_ONE_BY_ONE)
    difference = float(np.abs(gains - table["difference"].to_numpy()[: len(gains)]).max())
    share = len(gains) / len(table)
    compared = ("pooled", "permutations", "one_by_one", ours, other.seconds)
    summary_row = row(*compared, difference=difference, share=share, n_images=N_IMAGES, n_maps=N_POOLED_MAPS)
    return pd.DataFrame([summary_row])


def permute_one_by_one(engine: PooledAblation, cut: pd.DataFrame, human: np.ndarray, n_draws: int) -> np.ndarray:
    """(1 + draw,) retained less full test score: for the judgments as they are, then for the first permutations."""
    rng = np.random.default_rng(SEEDS[0])
    gains = []
    for draw in range(1 + n_draws):
        order = np.arange(len(human)) if draw == 0 else rng.permutation(len(human))
        blocks = folds.blocks(cut, human[np.ix_(order, order)], _NAMES)
        curve = curves.trace(engine, blocks, importance.rank_folds(engine, blocks))
        kept = [retention.retain(of_fold) for _, of_fold in curve.groupby("fold")]
        gains.append(np.mean([fold["test_retained"] - fold["test_full"] for fold in kept]))
    return np.array(gains)


def _data() -> tuple[np.ndarray, np.ndarray]:
    """A simulated pooled readout (image, unit) without negative values, and judgments (image, image) of part of it."""
    random = np.random.default_rng(3)
    readout = random.gamma(1.0, size=(N_IMAGES, N_POOLED_MAPS)).astype(np.float32)
    human = rsm(torch.from_numpy(readout[:, :100]), SIMILARITY).numpy().astype(np.float64)
    # Four fifths of the variance are not noise, as in the demo's mean judgments.
    noise = np.tril(random.normal(scale=human[np.tril_indices(N_IMAGES, -1)].std() / 2, size=human.shape), -1)
    human += noise + noise.T
    np.fill_diagonal(human, np.nan)
    return readout, human
