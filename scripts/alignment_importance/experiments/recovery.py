"""Which way of weighing feature maps finds what is known to be there? A positive control for rankings of maps.

Two kinds of truth are known. *Maps*: judgments are simulated from a few of the network's own feature maps; a good
ranking puts these first. *Places*: the images of a control show two objects, and its observers compared one of them;
maps averaged with good weights mark its pixels rather than the other object's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.ablation import Ablation
from alignment_importance.experiments import interactions, rankings, retention, reweighting
from alignment_importance.inputs import folds
from alignment_importance.inputs.folds import Fold, PairBlock
from alignment_importance.maps import controls, heatmaps
from alignment_importance.statistics import roc, similarity
from alignment_importance.system import logs

#: Number of maps that judgments are simulated from, drawn from those that ablation changes; number of draws.
N_PLANTED, N_DRAWS = 64, 5

#: Standard deviation of the noise in simulated judgments, in units of that of the similarities they come from.
NOISE = 1.0

#: Folds on which the penalty of reweighting is chosen.
N_INNER_FOLDS = 5

#: Columns of the table.
COLUMNS = ("truth", "comparison", "method", "item", "auc")


@dataclass(frozen=True)
class Network:
    """A network whose maps are weighed.

    Attributes:
        sizes: (image, feature_map) mean absolute activation of the maps.
        engine: ablates its maps.
        permutations: number of permutations for Shapley values.
        seed: of permutations, inner folds, planted maps and noise.
    """

    sizes: np.ndarray
    engine: Ablation
    permutations: int
    seed: int


@dataclass(frozen=True)
class Importance:
    """The importance of the maps by one method.

    Attributes:
        ranking: (feature_map,) larger is more important.
        weights: (feature_map,) not negative, for averaging maps.
    """

    ranking: np.ndarray
    weights: np.ndarray


def by_ais(network: Network, block: PairBlock) -> Importance:
    """Alignment Importance Scores; weights are their positive part."""
    return _signed(rankings.score_maps(network.engine, [block])[0])


def by_shapley(network: Network, block: PairBlock) -> Importance:
    """Shapley values; weights are their positive part."""
    table = interactions.shapley(network.engine, block, network.permutations, network.seed)
    return _signed(table.sort_values("feature_map")["shapley"].to_numpy())


def by_elimination(network: Network, block: PairBlock) -> Importance:
    """The order of backward elimination; the weight is 1 for the maps left when the score is highest, else 0."""
    [table] = interactions.eliminate(network.engine, [block])
    order = table["feature_map"].to_numpy()
    kept = retention.best_k(network.engine.top_k(order, [block])[0])
    places = np.argsort(order)
    return Importance(-places, (places < kept).astype(float))


def by_fitted_weights(network: Network, block: PairBlock, fit: Callable[..., reweighting.Reweighted]) -> Importance:
    """Fitted weights of the readout units, their penalty chosen on folds of images; for averaging, their positive part.

    NaN for all maps where units are not maps.
    """
    if network.engine.units is not network.engine:
        return _signed(np.full(network.engine.active.shape[1], np.nan))
    everything = Fold(1, train=block, test=block)
    inner = folds.inside(everything, N_INNER_FOLDS, network.seed, by_pairs=False)
    engine = network.engine
    rows = reweighting.Rows.of(engine.readout.cpu().numpy(), block, engine.similarity, engine.compute)
    return _signed(fit(rows, everything, inner, engine.score).weights)


def by_activation(network: Network, block: PairBlock) -> Importance:
    """Baseline without judgments: maps ranked by their mean absolute activation; all maps weigh the same."""
    sizes = network.sizes[block.images].mean(axis=0)
    return Importance(sizes, np.ones(len(sizes)))


def _signed(values: np.ndarray) -> Importance:
    return Importance(values, np.maximum(values, 0.0))


#: Every method by its name.
METHODS: dict[str, Callable[[Network, PairBlock], Importance]] = {
    "AIS": by_ais,
    "Shapley value": by_shapley,
    "backward elimination": by_elimination,
    "ridge reweighting": partial(by_fitted_weights, fit=reweighting.ridge),
    "non-negative reweighting": partial(by_fitted_weights, fit=reweighting.nonnegative),
    "activation": by_activation,
}


def plant(network: Network, draw: int) -> tuple[np.ndarray, PairBlock]:
    """Simulate judgments from maps drawn at random.

    Returns:
        (feature_map,) whether a map was drawn, and the judgments of all pairs of images: the RSM with the drawn maps
        alone (all others ablated), plus normal noise.
    """
    random = np.random.default_rng([network.seed, draw])
    active = np.flatnonzero(network.engine.active.any(axis=0))
    chosen = random.choice(active, min(N_PLANTED, len(active) // 2), replace=False)
    planted = np.isin(np.arange(network.engine.active.shape[1]), chosen)
    truth = similarity.rsm(network.engine.only(planted).readout, network.engine.similarity).cpu().numpy()
    pairs = np.triu_indices(len(truth), k=1)
    human = np.zeros_like(truth)
    human[pairs] = truth[pairs] + NOISE * np.nanstd(truth[pairs]) * random.standard_normal(len(pairs[0]))
    return planted, folds.whole(human + human.T)


def find_maps(network: Network) -> pd.DataFrame:
    """Measure for every draw of planted maps how well each method finds them.

    Returns:
        The columns `COLUMNS`: item is the number of the draw, auc the area under the ROC curve for telling the planted
        maps from the others by their rank (0.5 by chance, 1 if all come first). Maps that ablation does not change are
        left out.
    """
    rows = []
    active = network.engine.active.any(axis=0)
    for draw in logs.progress(range(1, N_DRAWS + 1), "draws of planted maps", N_DRAWS):
        planted, block = plant(network, draw)
        for name, method in METHODS.items():
            ranking = method(network, block).ranking
            auc = roc.area_under_curve(ranking[planted], ranking[active & ~planted])
            rows.append(("maps", "", name, str(draw), auc))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def find_places(
    network: Network,
    activations: xr.Dataset,
    judged: Mapping[str, PairBlock],
    masks: Path,
    objects: Mapping[str, int],
) -> pd.DataFrame:
    """Measure for every image how well the maps, averaged with each method's weights, mark the first object.

    Args:
        network: its engine has the images of `activations`, in the same order.
        activations: `feature_maps` (image, feature_map, y, x), see `extraction.extract`.
        judged: judgments by comparison.
        masks: see `controls.evaluate`.
        objects: the number of each object in the masks, by its name.

    Returns:
        The columns `COLUMNS`: item is the image, auc as in `controls.evaluate`.
    """
    tables = []
    for comparison, block in judged.items():
        for name, method in METHODS.items():
            weights = method(network, block).weights
            scores = xr.Dataset(
                {"ais": (("image", "feature_map"), np.tile(weights, (activations.sizes["image"], 1)))},
                coords={"image": activations.indexes["image"]},
            )
            evaluated = controls.evaluate("", {comparison: heatmaps.make(activations, scores)}, {}, masks, objects)
            tables.append(evaluated[evaluated["map"] == "ais"].assign(truth="places", method=name))
    return pd.concat(tables, ignore_index=True).rename(columns={"image": "item"})[list(COLUMNS)]
