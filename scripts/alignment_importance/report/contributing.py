"""Finds the feature maps that are responsible for what explained pairs of images have in common, or have not."""

import numpy as np
import xarray as xr


def leading_maps(explained: xr.Dataset, n_maps: int) -> list[list[int]]:
    """Choose the maps that contribute most to the agreement, or the disagreement, of each pair; none if undefined.

    Args:
        explained: what `experiments.pairs.explain` returns; may be lazy.
        n_maps: the most maps of a pair.
    """
    contributions = explained["contribution"].to_numpy()
    shares = (explained["human"] * explained["similarity"]).to_numpy()
    order = np.argsort(np.where(shares < 0, 1, -1)[:, None] * contributions, axis=1, kind="stable")[:, :n_maps]
    defined = np.isfinite(contributions).all(axis=1)
    return [maps.tolist() if known else [] for maps, known in zip(order, defined, strict=True)]
