"""Why these two? What every feature map contributes to the agreement of single pairs of images with people's judgments.

Let s and h be the similarities and judgments of all judged pairs, centred and of length one; their correlation is the
sum of h_p s_p over the pairs p. Map k contributes h_p (s_p - s_p(-k)) to pair p. The sum over pairs is what the
correlation loses without the map: its Alignment Importance Score for the score `pearson`. For another score,
contributions are multiplied with the slope of that score between both correlations, which for `pearson_r2` is their
sum. Image-specific scores are sums over the partners of an image in the same way.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.inputs.judgments import named_pairs
from alignment_importance.maps import pairs as places
from alignment_importance.maps.pairs import SIDES
from alignment_importance.statistics.judged import judged_pairs, places_among_judged
from alignment_importance.statistics.scores import SCORES, Score
from alignment_importance.statistics.similarity import SecondOrder, rsm

#: How many of the maps that contribute most, and of those that contribute least, the table names.
N_NAMED = 5

#: Least difference of correlations over which a slope is taken: smaller ones may be nothing but rounding.
_STEP = 1e-6


def explain(
    comparison: Comparison,
    retained: xr.DataArray | None,
    asked: Mapping[str, int] | pd.DataFrame,
) -> xr.Dataset:
    """Decompose the agreement of pairs of images with people: by feature maps, and by places in both images.

    Args:
        comparison: its images, judgments and network.
        retained: (image, image_b) similarities of the retained feature maps; None if unknown.
        asked: `per_image`, `agreement` and `disagreement`, see `choose`; or a table with the columns image and image_b
            of pairs that are judged, whose order is kept.

    Returns:
        `contribution` (pair, feature_map), which over all judged pairs sums to the AIS of the map.
        `contribution_to_image` (pair, side, feature_map): the same within the row of one image, with maps ablated in
        that image alone; over the image's partners it sums to its image-specific AIS.
        `human`, `similarity` and `similarity_retained` (pair), standardised over all judged pairs, so that the products
        of the first two sum to the correlation; the last only if `retained` is given.
        And all that `maps.pairs.make` returns. The images are the coordinates image and image_b (pair). Attributes:
        those of the comparison, `score`, `n_judged` (number of judged pairs) and `ranks`, whether ranks were
        standardised. A value is NaN if any similarity in its correlation is NaN.

    Raises:
        InputError: the result would take more memory than is allowed.
    """
    engine, ids = comparison.engine, np.array(comparison.image_ids, dtype=str)
    score = SCORES[engine.score]
    rows, columns = judged_pairs(comparison.human)
    standard = SecondOrder.of(torch.from_numpy(comparison.human[rows, columns]), score)
    full = rsm(torch.from_numpy(comparison.activations["readout"].to_numpy()), engine.similarity)
    shares = standard.human * standard.standard(full[rows, columns])
    if isinstance(asked, pd.DataFrame):
        pairs = np.stack([pd.Index(ids).get_indexer(asked[side]) for side in SIDES], axis=1)
    else:
        pairs = choose(comparison.human, ids, shares.numpy(), **asked)
    maps, compute = comparison.activations["feature_maps"], engine.compute
    named_pairs.require_memory(len(pairs), maps.shape[1:], comparison.activations.attrs["route"], compute.memory)
    (every, *own), (human, similarity), correlations = engine.contributions(comparison.human, pairs)
    every *= _slope(score, correlations[0], correlations[1:])
    explained = xr.Dataset(
        {
            "contribution": (("pair", "feature_map"), every),
            "contribution_to_image": (("pair", "side", "feature_map"), np.stack(own, axis=1)),
            "human": ("pair", human),
            "similarity": ("pair", similarity),
        },
        coords={name: ("pair", ids[images]) for name, images in zip(SIDES, pairs.T, strict=True)},
        attrs=comparison.attributes | {"score": engine.score, "n_judged": len(rows), "ranks": int(score.ranked)},
    )
    if retained is not None:
        similarities = torch.from_numpy(retained.sel(image=ids, image_b=ids).to_numpy()[rows, columns])
        places_of_pairs = places_among_judged(comparison.human, pairs)
        explained["similarity_retained"] = "pair", standard.standard(similarities).numpy()[places_of_pairs]
    contributions = explained["contribution_to_image"]
    return explained.merge(places.make(comparison.activations, contributions, engine.similarity, compute))


def tabulate(explained: xr.Dataset) -> pd.DataFrame:
    """Tabulate what `explain` returns.

    Returns:
        A row per pair: image, image_b, human, similarity, agreement (the pair's part in the correlation, human times
        similarity), and the feature maps that contribute most and least to it: most_1 .. most_5, least_1 .. least_5;
        empty where a contribution is undefined or there are fewer maps.
    """
    contributions = explained["contribution"].to_numpy()
    table = pd.DataFrame({name: explained[name].to_numpy() for name in (*SIDES, "human", "similarity")})
    table["agreement"] = table["human"] * table["similarity"]
    for name, sign in (("most", -1), ("least", 1)):
        order = np.argsort(sign * contributions, axis=1, kind="stable")
        for rank in range(N_NAMED):
            known = np.isfinite(contributions).all(axis=1) & (rank < contributions.shape[1])
            named = order[:, min(rank, contributions.shape[1] - 1)]
            table[f"{name}_{rank + 1}"] = pd.Series(named, dtype="Int64").where(known)
    return table


def choose(
    human: NDArray[np.float64],
    image_ids: NDArray[np.str_],
    shares: NDArray[np.float64],
    per_image: int,
    agreement: int,
    disagreement: int,
) -> NDArray[np.intp]:
    """Choose pairs that are worth a look, each once, sorted by the names of their images.

    Args:
        human: (image, image) judgments, NaN where there are none.
        image_ids: (image,).
        shares: (judged pair,) parts of the pairs in the correlation of network and people.
        per_image: number of partners per image: those that people find most similar to it.
        agreement, disagreement: number of pairs with the highest, and with the lowest, shares.

    Returns:
        (pair, 2) positions of the images.
    """
    rows, columns = judged_pairs(human)
    # Ties are broken by the images' names: the order of the images has no influence on the choice.
    names = np.argsort(np.argsort(image_ids))
    low, high = np.sort(names[np.stack([rows, columns])], axis=0)
    ranked = np.lexsort((high, low, -shares))[: np.isfinite(shares).sum()]
    chosen = np.zeros(human.shape, dtype=bool)
    for image, row in enumerate(human):
        chosen[image, np.lexsort((names, -row))[: min(per_image, np.isfinite(row).sum())]] = True
    taken = (chosen | chosen.T)[rows, columns]
    taken[ranked[:agreement]] = True
    taken[ranked[max(0, len(ranked) - disagreement) :]] = True
    return _by_name(np.stack([rows, columns], axis=1)[taken], names)


def _by_name(pairs: NDArray[np.intp], names: NDArray[np.intp]) -> NDArray[np.intp]:
    """Pairs (pair, 2) sorted by the ranks of their images' names (image,), the lower name first in each pair."""
    pairs = np.take_along_axis(pairs, np.argsort(names[pairs], axis=1), axis=1)
    return pairs[np.lexsort(names[pairs].T[::-1])]


def _slope(score: Score, first: float, second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean slope of a score between two correlations: times their difference, it is the difference of the scores."""
    middle, step = (first + second) / 2, np.maximum(np.abs(first - second), _STEP)
    return np.asarray((score.of(middle + step / 2) - score.of(middle - step / 2)) / step)
