"""Representational similarity matrices of people, of a whole network, and of its retained feature maps."""

import numpy as np
import pandas as pd
import torch
import xarray as xr

from alignment_importance import ablation
from alignment_importance.experiments import rankings
from alignment_importance.inputs import judgments
from alignment_importance.networks.head import Head
from alignment_importance.statistics.similarity import rsm
from alignment_importance.system.compute import Compute


def n_retained(prediction: pd.DataFrame) -> float:
    """The number of maps that a typical fold retains: the median of `k_retained` (fold), rounded down.

    NaN where no fold has a defined training score.
    """
    return float(np.floor(prediction["k_retained"].astype(float).median()))


def compute(
    head: Head | None,
    recorded: xr.Dataset,
    judged: xr.Dataset,
    ranking: pd.DataFrame,
    k: float,
    resources: Compute,
    similarity: str,
) -> xr.Dataset:
    """Similarities between all images of a comparison, according to people and to the network.

    Args:
        head: of the cut network; None where the readout is the pooled maps.
        recorded: `feature_maps` (image, feature_map, y, x) and `readout` (image, unit) of at least the judged images.
        judged: `similarity` (participant, image, image_b).
        ranking: `feature_map` and `rank` over all images.
        k: number of maps retained, the highest-ranked ones; NaN if there is none, and then of `retained` all is NaN.
        similarity: of readouts, `pearson` or `cosine`.

    Returns:
        `people`, the mean judgments H; `full`, the RSM of all maps; `retained`, the RSM of the k highest-ranked maps
        with all others ablated: (image, image_b) float64, NaN where undefined and, of people, on the diagonal.
        Attributes: those of both inputs, `similarity` and `n_retained`.
    """
    ids = judged["image"].to_numpy().tolist()
    maps = recorded.sel(image=ids)
    full = rsm(torch.tensor(maps["readout"].to_numpy()), similarity)
    retained = torch.full_like(full, torch.nan)
    if not np.isnan(k):
        readout = ablation.top_k_readout(head, maps, rankings.order_of(ranking), int(k), resources)
        retained = rsm(readout, similarity).cpu()
    matrices = {"people": judgments.mean(judged, ids), "full": full.numpy(), "retained": retained.numpy()}
    return xr.Dataset(
        {name: (("image", "image_b"), matrix) for name, matrix in matrices.items()},
        coords={"image": ids, "image_b": ids},
        attrs={**recorded.attrs, **judged.attrs, "similarity": similarity, "n_retained": k},
    )
