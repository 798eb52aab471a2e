"""Alignment Importance Scores (AIS), the rankings of feature maps by them, and orders that use no judgments."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.ablation import Ablation
from alignment_importance.inputs.folds import Fold, PairBlock


def score_maps(engine: Ablation, blocks: Sequence[PairBlock], maps: np.ndarray | None = None) -> np.ndarray:
    """Alignment Importance Scores: what the score loses when a map is ablated in all images.

    Args:
        maps: (n,) the maps to score; all of them by default.

    Returns:
        (block, n) s(S, H) - s(S(-k), H).
    """
    whole, without = engine.leave_one_out(blocks, maps)
    return whole[:, None] - without


def rank(ais: np.ndarray) -> pd.DataFrame:
    """Rank feature maps by importance.

    Args:
        ais: (feature_map,) scores.

    Returns:
        Columns feature_map, ais, rank (1 is the most important), sorted by feature map. Ties are broken by map number;
        maps whose score is NaN, because the readout of an image is constant without them, come last.
    """
    ranks = np.argsort(np.argsort(-ais, kind="stable")) + 1
    return pd.DataFrame({"feature_map": np.arange(len(ais)), "ais": ais, "rank": ranks})


def rank_block(engine: Ablation, block: PairBlock) -> pd.DataFrame:
    """The ranking from the judged pairs of one block, as `rank` returns it."""
    return rank(score_maps(engine, [block])[0])


def rank_folds(engine: Ablation, folds: Sequence[Fold]) -> pd.DataFrame:
    """Rankings from the training images of every fold of one seed, all scored in one pass over the maps.

    Returns:
        The tables of `rank`, one below the other, with a column `fold` in front.
    """
    scores = score_maps(engine, [fold.train for fold in folds])
    tables = [rank(ais).assign(fold=fold.fold) for fold, ais in zip(folds, scores, strict=True)]
    return pd.concat(tables, ignore_index=True)[["fold", "feature_map", "ais", "rank"]]


def order_of(ranking: pd.DataFrame) -> np.ndarray:
    """(feature_map,) the maps from the most to the least important, from a table of `rank`."""
    return ranking.sort_values("rank")["feature_map"].to_numpy()


def unguided(maps: np.ndarray, n_random: int, seed: int) -> dict[str, list[np.ndarray]]:
    """Orders of the maps that use no judgments, from the first to the last that is kept, by the name of the ranking.

    Args:
        maps: (image, feature_map, y, x) activations of all images of a comparison.

    Returns:
        `random`: `n_random` permutations; `total_activation`: one, by the sum of absolute activations over images and
        places, descending; `active_units`: one, by the number of places that are not zero, descending. Ties are
        broken by map number. Each order is (feature_map,).
    """
    random = [np.random.default_rng((seed, draw)).permutation(maps.shape[1]) for draw in range(n_random)]
    sizes = {
        "total_activation": np.abs(maps).sum(axis=(0, 2, 3), dtype=np.float64),
        "active_units": np.count_nonzero(maps, axis=(0, 2, 3)),
    }
    return {"random": random} | {name: [np.argsort(-values, kind="stable")] for name, values in sizes.items()}


def score_images(engine: Ablation, human: np.ndarray, image_ids: Sequence[str]) -> xr.Dataset:
    """Image-specific AIS: how much a map of one image helps that image's similarities to match people's.

    Args:
        human: (image, image) mean judgments.

    Returns:
        `alignment` (image), the correlation r_i over the other images, and `ais` (image, feature_map) = r_i - r_i(-k).
    """
    whole, without = engine.leave_one_out_of_each_image(human)
    return xr.Dataset(
        {"ais": (("image", "feature_map"), whole[:, None] - without), "alignment": ("image", whole)},
        coords={"image": np.array(image_ids, dtype=str)},
    )
