"""Which way of weighing feature maps finds what is known to be there? A positive control for rankings of maps.

Two kinds of truth are known. *Maps*: judgments are simulated from a few of the network's own feature maps; a good
ranking puts these first. *Places*: the images of a control show two objects, and its observers compared one of them;
maps averaged with good weights mark its pixels rather than those of the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.stats
import torch
import xarray as xr

from alignment_importance.ablation import Ablation
from alignment_importance.experiments import interactions, reweighting
from alignment_importance.inputs import folds
from alignment_importance.inputs.folds import Fold, PairBlock
from alignment_importance.maps import controls, heatmaps
from alignment_importance.statistics import roc, similarity
from alignment_importance.system import logs
from alignment_importance.system.compute import Compute

#: Maps that simulated judgments are made of, of all that are not zero everywhere; how often they are drawn anew.
N_PLANTED, N_DRAWS = 64, 5

#: Standard deviation of the noise in simulated judgments, by that of the similarities they are made of.
NOISE = 1.0

#: Folds on which the penalty of reweighting is chosen.
N_INNER_FOLDS = 5

#: Columns of the table.
COLUMNS = ("truth", "comparison", "method", "item", "auc")


@dataclass(frozen=True)
class Network:
    """A network whose maps are weighed.

    Attributes:
        readout: (image, unit).
        engine: ablates its maps.
        similarity: of readouts, `pearson` or `cosine`.
        score: second-order score.
        permutations: for Shapley values.
        seed: of permutations, of planted maps and of noise.
        compute: device and threads.
    """

    readout: np.ndarray
    engine: Ablation
    similarity: str
    score: str
    permutations: int
    seed: int
    compute: Compute


@dataclass(frozen=True)
class Importance:
    """What a method makes of the maps.

    Attributes:
        ranking: (feature_map,) larger is more important.
        weights: (feature_map,) not negative, for averaging maps.
    """

    ranking: np.ndarray
    weights: np.ndarray


def by_ais(network: Network, block: PairBlock) -> Importance:
    """Alignment Importance Scores; weights are their positive part."""
    whole, without = network.engine.leave_one_out([block])
    return _signed(whole[0] - without[0])


def by_shapley(network: Network, block: PairBlock) -> Importance:
    """Shapley values; weights are their positive part."""
    table = interactions.shapley(network.engine, block, network.permutations, network.seed)
    return _signed(table.sort_values("feature_map")["shapley"].to_numpy())


def by_elimination(network: Network, block: PairBlock) -> Importance:
    """The order of backward elimination; the weight is 1 for the maps left when the score is highest, else 0."""
    [table] = interactions.eliminate(network.engine, [block])
    order = table["feature_map"].to_numpy()
    curve = network.engine.keep_top(order, [block])[0]
    kept = int(np.nanargmax(curve)) + 1 if np.isfinite(curve).any() else 0
    ranking = np.empty(len(order))
    ranking[order] = -np.arange(len(order))
    return Importance(ranking, np.isin(np.arange(len(order)), order[:kept]).astype(float))


def by_ridge(network: Network, block: PairBlock) -> Importance:
    """Weights of the readout units (`reweighting.ridge`) of any sign; weights are their positive part."""
    return _reweighted(network, block, reweighting.ridge)


def by_nonnegative_weights(network: Network, block: PairBlock) -> Importance:
    """Weights of the readout units (`reweighting.nonnegative`) that are not negative, most of them 0."""
    return _reweighted(network, block, reweighting.nonnegative)


def _reweighted(network: Network, block: PairBlock, fit: Callable[..., reweighting.Reweighted]) -> Importance:
    """Fitted weights, with the penalty chosen over images; NaN for all maps where units are not maps."""
    if network.readout.shape[1] != network.engine.active.shape[1]:
        return _signed(np.full(network.engine.active.shape[1], np.nan))
    everything = Fold(1, train=block, test=block)
    inner = folds.inside(everything, N_INNER_FOLDS, network.seed, by_pairs=False)
    rows = reweighting.prepare(network.readout, network.similarity, network.compute)
    return _signed(fit(rows, everything, inner, network.score).weights)


def by_activation(network: Network, block: PairBlock) -> Importance:
    """The baseline that knows nothing of people: a map's mean size in the readout; all maps weigh the same."""
    readout = network.readout[block.images]
    return Importance(np.abs(readout).mean(axis=0), np.ones(readout.shape[1]))


def _signed(values: np.ndarray) -> Importance:
    return Importance(values, np.maximum(values, 0.0))


#: Every method by its name.
METHODS: dict[str, Callable[[Network, PairBlock], Importance]] = {
    "AIS": by_ais,
    "Shapley value": by_shapley,
    "backward elimination": by_elimination,
    "ridge reweighting": by_ridge,
    "non-negative reweighting": by_nonnegative_weights,
    "activation": by_activation,
}


def plant(network: Network, draw: int) -> tuple[np.ndarray, PairBlock]:
    """Simulate judgments from some maps.

    Returns:
        (feature_map,) whether a map is one of them, and the judgments of all pairs of images: the RSM of these maps
        alone (all others 0), and normal noise.
    """
    random = np.random.default_rng([network.seed, draw])
    active = np.flatnonzero(network.readout.any(axis=0))
    chosen = random.choice(active, min(N_PLANTED, len(active) // 2), replace=False)
    planted = np.isin(np.arange(network.readout.shape[1]), chosen)
    truth = similarity.rsm(torch.from_numpy(np.where(planted, network.readout, 0.0)), network.similarity).numpy()
    pairs = np.triu_indices(len(truth), k=1)
    human = np.zeros_like(truth)
    human[pairs] = truth[pairs] + NOISE * np.nanstd(truth[pairs]) * random.standard_normal(len(pairs[0]))
    return planted, folds.whole(human + human.T)


def find_maps(network: Network) -> pd.DataFrame:
    """Tell for every draw of maps how well each method finds them.

    Returns:
        The columns `COLUMNS`: item is the number of the draw, auc the area under the ROC curve for telling the planted
        maps from the others by their rank (0.5 by chance, 1 if all come first). Maps that are zero everywhere are left
        out.
    """
    rows = []
    active = network.readout.any(axis=0)
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
    """Tell for every image how well maps, averaged with each method's weights, mark the first object.

    Args:
        network: whose readout and engine are of the images of `activations`, in their order.
        activations: `feature_maps` (image, feature_map, y, x), see `activations.extract`.
        judged: judgments by comparison.
        masks: see `control.evaluate`.
        objects: likewise.

    Returns:
        The columns `COLUMNS`: item is the image, auc as in `control.evaluate`.
    """
    tables = []
    for comparison, block in judged.items():
        for name, method in METHODS.items():
            weights = method(network, block).weights
            scores = xr.Dataset(
                {"ais": (("image", "feature_map"), np.tile(weights, (activations.sizes["image"], 1)))},
                coords={"image": activations.indexes["image"]},
            )
            evaluated = controls.evaluate("", {comparison: heatmaps.make(activations, scores)}, masks, objects)
            of_weights = evaluated.loc[evaluated["map"] == "ais", ["image", "auc"]]
            tables.append(
                of_weights.rename(columns={"image": "item"}).assign(truth="places", comparison=comparison, method=name)
            )
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)]


# ----------------------------------------------------------------------------------------------------------------------
# The page of the documentation

#: Headings of the columns by which methods are compared.
_FOUND, _DIFFERENCE = "maps: AUC", "places: difference"

_PAGE = """# What finds the planted truth

<!-- Made by `snakemake --cores 2 docs/recovery.md`; do not edit. -->

The demo is drawn and its observers are simulated, so that the truth is known, and ways of weighing feature maps can be
held against it: Alignment Importance Scores (AIS), Shapley values ({permutations}), backward elimination, reweighting
of the readout by ridge regression (Peterson et al. 2018; a readout unit is a pooled map here) and by weights that are
not negative, and the plain activation of the maps, which knows nothing of people. Each method sees the judgments of all
images and its ranking is tested against the truth, not against judgments.

The network is {network}.

**Maps.** Judgments are simulated from {n_planted} random maps: their RSM, with normal noise of {noise:g} times the
standard deviation of its similarities. The area under the ROC curve (AUC) is the probability that a planted map ranks
above another one: 1 if all planted maps come first, 0.5 by chance; maps of one rank, such as those of weight 0, count a
half. Mean over {n_draws} draws of maps.

**Places.** The heatmap of an image is the average of its maps with the weights of a method, the same in all images: the
positive part of AIS, Shapley values and fitted weights; for elimination, all maps that are left when the score is
highest. The AUC tells the pixels of the {first} from those of the {second}: 1 if the heatmap lies on the {first}, 0 if
on the {second}. Good weights make it high where the observers compared shapes and low where they compared colours; the
difference of the two is the result. Mean over {n_images} images. (The image-specific AIS of the workflow's own heatmaps
are another thing; see the README.)

± is the 95 % interval of a mean.

{table}

The highest, and how far it is above the next in the same draws or images:

{best}
"""


def as_markdown(table: pd.DataFrame, permutations: int, objects: Mapping[str, int]) -> str:
    """The page of one control and network.

    Args:
        table: the columns `COLUMNS`, with `control`, `model` and `weights`.
        permutations: that Shapley values were estimated from.
        objects: the two objects, first and second.
    """
    first, second = objects
    model, weights = table[["model", "weights"]].iloc[0]
    places = table[table["truth"] == "places"]
    columns = _columns(table, places["comparison"].unique().tolist())
    return _PAGE.format(
        permutations=f"from {permutations} orders",
        n_planted=N_PLANTED,
        network=f"{model}, {weights}",
        noise=NOISE,
        n_draws=table.loc[table["truth"] == "maps", "item"].nunique(),
        n_images=places["item"].nunique(),
        first=first,
        second=second,
        table=_rows(columns),
        best="\n".join(_best(name, values) for name, values in columns.items() if name in (_FOUND, _DIFFERENCE)),
    )


def _columns(table: pd.DataFrame, comparisons: list[str]) -> dict[str, pd.DataFrame]:
    """Areas (item, method) by what they are of: maps found, places for each comparison, and the difference of two."""

    def areas(rows: pd.DataFrame) -> pd.DataFrame:
        wide = rows.pivot_table(index="item", columns="method", values="auc", dropna=False)
        return wide[table["method"].unique().tolist()]

    columns = {_FOUND: areas(table[table["truth"] == "maps"])}
    for name in comparisons:
        columns[f"places: AUC, {name}"] = areas(table[(table["truth"] == "places") & (table["comparison"] == name)])
    if len(comparisons) == 2:
        first, second = (columns[f"places: AUC, {name}"] for name in comparisons)
        columns[_DIFFERENCE] = first - second
    return columns


def _rows(columns: Mapping[str, pd.DataFrame]) -> str:
    """A line per method."""
    cells = [[str(method), *(_mean(values[method]) for values in columns.values())] for method in columns[_FOUND]]
    lines = [["method", *columns], ["---"] * (1 + len(columns)), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _best(name: str, areas: pd.DataFrame) -> str:
    """Which method has the highest mean, and how far it is ahead of the next one in the same draws or images."""
    compared = areas.dropna(axis="columns", thresh=2)
    first, second, *_ = [*compared.mean().sort_values(ascending=False, kind="stable").index, None, None]
    if second is None:
        return f"- {name.split(':')[0]}: undefined."
    return f"- {name.split(':')[0]}: {first}, {_mean(areas[first] - areas[second])} above {second}."


def _mean(values: pd.Series) -> str:
    """Mean and the half of its 95 % interval."""
    known = values.dropna().to_numpy(float)
    if len(known) < 2:
        return "undefined"
    # Of few values the normal distribution's 1.96 standard errors would be too narrow.
    half = scipy.stats.t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return f"{known.mean():.2f} ± {half:.2f}".replace("-", "−")
