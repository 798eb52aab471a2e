"""Lists explained pairs of images, with the feature maps that contribute most to their agreement or disagreement."""

from dataclasses import dataclass

import numpy as np
import xarray as xr


@dataclass(frozen=True)
class Pair:
    """An explained pair.

    Attributes:
        number: its position among the explained pairs.
        images: the ids of both images.
        people, network, retained: its similarity according to people, to the network and to the retained feature maps
            alone, in standard deviations over all judged pairs.
        share: the pair's share of the correlation of network and people.
        maps: the feature maps that contribute most to the agreement, or disagreement, of the pair; none if undefined.
    """

    number: int
    images: tuple[str, str]
    people: float
    network: float
    retained: float
    share: float
    maps: list[int]


def list_pairs(explained: xr.Dataset, n_maps: int) -> list[Pair]:
    """List all explained pairs.

    Args:
        explained: what `experiments.pairs.explain` returns; may be lazy.
        n_maps: the largest number of maps to list for a pair.
    """
    similarities = np.stack([explained[name].to_numpy() for name in ("human", "similarity", "similarity_retained")])
    shares = similarities[0] * similarities[1]
    contributions = explained["contribution"].to_numpy()
    order = np.argsort(np.where(shares < 0, 1, -1)[:, None] * contributions, axis=1, kind="stable")[:, :n_maps]
    defined = np.isfinite(contributions).all(axis=1)
    deviations = (similarities.T * explained.attrs["n_judged"] ** 0.5).tolist()
    images = zip(*(explained[side].to_numpy().tolist() for side in ("image", "image_b")), strict=True)
    each = enumerate(zip(images, deviations, shares.tolist(), order, defined, strict=True))
    return [
        Pair(number, both, people, network, retained, share, maps.tolist() if known else [])
        for number, (both, (people, network, retained), share, maps, known) in each
    ]
