"""Representational similarity matrices of people, of a whole network, and of its retained feature maps."""

import numpy as np
import pandas as pd
import torch
import xarray as xr

from alignment_importance.ablation import Ablation
from alignment_importance.experiments import rankings
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.inputs.folds import PairBlock
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.statistics.scores import SCORES
from alignment_importance.statistics.similarity import SecondOrder, rsm


def n_retained(prediction: pd.DataFrame) -> float:
    """The number of maps that a typical fold retains: the median of `k_retained` (fold), rounded down.

    NaN where no fold has a defined training score.
    """
    return float(np.floor(prediction["k_retained"].astype(float).median()))


def retained_readout(engine: Ablation, ranking: pd.DataFrame, k: float) -> torch.Tensor:
    """(image, unit) readout with the k highest-ranked maps alone, all others ablated; NaN if k is."""
    if np.isnan(k):
        return torch.full_like(engine.readout, torch.nan)
    return engine.only(np.isin(np.arange(len(ranking)), rankings.order_of(ranking)[: int(k)])).readout


def score(similarities: np.ndarray, block: PairBlock, kind: str) -> float:
    """Score of (image, image) similarities of all images over the judged pairs of a block.

    Args:
        kind: one of `scores.SCORES`.
    """
    rows, columns = judged_pairs(block.human)
    values = torch.from_numpy(similarities[block.images[rows], block.images[columns]])
    return float(SecondOrder.of(torch.from_numpy(block.human[rows, columns]), SCORES[kind])(values))


def compute(comparison: Comparison, ranking: pd.DataFrame, k: float) -> xr.Dataset:
    """Similarities between all images of a comparison, according to people and to the network.

    Args:
        comparison: its images, judgments and network.
        ranking: `feature_map` and `rank` over all images.
        k: number of highest-ranked maps retained; NaN if there is no such number, and then all of `retained` is NaN.

    Returns:
        `people`, the mean judgments H; `full`, the RSM of all maps; `retained`, the RSM of the k highest-ranked maps
        with all others ablated: (image, image_b) float64, NaN where undefined, and in `people` on the diagonal.
        Attributes: those of the comparison, `similarity` and `n_retained`.
    """
    similarity, ids = comparison.engine.similarity, comparison.image_ids
    full = rsm(torch.tensor(comparison.activations["readout"].to_numpy()), similarity)
    retained = rsm(retained_readout(comparison.engine, ranking, k), similarity).cpu()
    matrices = {"people": comparison.human, "full": full.numpy(), "retained": retained.numpy()}
    return xr.Dataset(
        {name: (("image", "image_b"), matrix) for name, matrix in matrices.items()},
        coords={"image": ids, "image_b": ids},
        attrs={**comparison.attributes, "similarity": similarity, "n_retained": k},
    )
