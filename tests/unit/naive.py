"""The definition itself: one forward pass per ablated map or kept subset, one numpy RSM per pass.

Slow and plain on purpose. Every fast route is held against it.
"""

import copy

import numpy as np
import scipy.stats
import small_heads
import torch
from torch import nn


def readout(head: nn.Module, maps: torch.Tensor, kept: list[int], fill: torch.Tensor | None = None) -> np.ndarray:
    """(image, unit) readout with all maps but `kept` set to exactly 0, or to the fill (feature_map,)."""
    ablated = torch.zeros_like(maps)
    if fill is not None:
        ablated += fill[:, None, None]
    ablated[:, kept] = maps[:, kept]
    if small_heads.DEVICE != "cpu":
        # Another device sums in another order; some scores of small heads magnify the difference beyond the tolerance.
        head, ablated = copy.deepcopy(head).to(small_heads.DEVICE), ablated.to(small_heads.DEVICE)
    with torch.inference_mode():
        return head(ablated).double().cpu().numpy()


def rsm(readout: np.ndarray, similarity: str) -> np.ndarray:
    rows = readout - readout.mean(1, keepdims=True) if similarity == "pearson" else readout
    flat = (readout.max(1) == readout.min(1)) if similarity == "pearson" else ~readout.any(1)
    length = np.sqrt((rows**2).sum(1))
    length[flat] = np.nan
    rows = rows / length[:, None]
    return rows @ rows.T


def score(similarities: np.ndarray, human: np.ndarray, kind: str) -> float:
    """Second-order score of two (image, image) matrices over judged pairs."""
    pairs = np.triu(np.isfinite(human), k=1)
    return correlate(similarities[pairs], human[pairs], kind)


def correlate(values: np.ndarray, human: np.ndarray, kind: str) -> float:
    # Equal similarities differ by rounding.
    if np.isnan(values).any() or np.ptp(values) < 1e-12 or np.ptp(human) == 0:
        return float("nan")
    if kind == "spearman":
        return float(scipy.stats.spearmanr(values.round(10), human).statistic)
    r = float(scipy.stats.pearsonr(values, human).statistic)
    return r**2 if kind == "pearson_r2" else r


def leave_one_out(
    head: nn.Module,
    maps: torch.Tensor,
    human: np.ndarray,
    similarity: str,
    kind: str,
    fill: torch.Tensor | None = None,
) -> np.ndarray:
    """(feature_map,) score without each map."""
    n_maps = maps.shape[1]
    readouts = (readout(head, maps, [k for k in range(n_maps) if k != ablated], fill) for ablated in range(n_maps))
    return np.array([score(rsm(one, similarity), human, kind) for one in readouts])


def top_k(
    head: nn.Module,
    maps: torch.Tensor,
    order: np.ndarray,
    human: np.ndarray,
    similarity: str,
    kind: str,
    fill: torch.Tensor | None = None,
) -> np.ndarray:
    """(k,) score with the first k maps alone."""
    readouts = (readout(head, maps, order[: k + 1].tolist(), fill) for k in range(len(order)))
    return np.array([score(rsm(one, similarity), human, kind) for one in readouts])


def own_maps(
    head: nn.Module,
    maps: torch.Tensor,
    human: np.ndarray,
    similarity: str,
    kind: str,
    fill: torch.Tensor | None = None,
) -> np.ndarray:
    """(image, feature_map) correlation of an image's similarities with its judgments, a map ablated in it alone."""
    n_images, n_maps = maps.shape[:2]
    whole = readout(head, maps, list(range(n_maps)))
    result = np.empty((n_images, n_maps))
    for k in range(n_maps):
        without = readout(head, maps, [other for other in range(n_maps) if other != k], fill)
        for image in range(n_images):
            mixed = whole.copy()
            mixed[image] = without[image]
            judged = np.isfinite(human[image])
            row = rsm(mixed, similarity)[image, judged]
            result[image, k] = correlate(row, human[image, judged], "spearman" if kind == "spearman" else "pearson")
    return result
