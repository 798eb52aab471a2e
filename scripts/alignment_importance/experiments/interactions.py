"""How feature maps act together: backward elimination, pairs of maps, Shapley values.

An Alignment Importance Score says what the match with people loses when one map is ablated and all others stay. Maps
that carry the same thing then hide each other. Here maps are ablated after others have been.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alignment_importance.ablation import Ablation
from alignment_importance.experiments import curves, rankings
from alignment_importance.inputs.folds import Fold, PairBlock
from alignment_importance.system.errors import InputError
from alignment_importance.system.resumable import AT_ONCE, Budget


def eliminate(engine: Ablation, blocks: Sequence[PairBlock], budget: Budget = AT_ONCE) -> list[pd.DataFrame]:
    """Remove feature maps one at a time, always the one without which the score is best, and score again.

    Of maps that leave equal scores the one with the highest number goes first: it ranks last in `rank`. A map without
    which the score is undefined (NaN: the readout of an image would be constant) stays as long as there is another.

    Args:
        blocks: of judged pairs; maps are removed for each block separately.
        budget: a step is the removal of one map.

    Returns:
        For each block the columns feature_map, rank (1: the last one left), ais (what its removal cost at that moment)
        and eliminated. If the time ran out, the maps that are left are ranked by their AIS among each other, and their
        `eliminated` is false, as is that of the last map, which is never removed.
    """
    n_maps = engine.active.shape[1]
    state = {name: np.full((len(blocks), n_maps - 1), np.nan) for name in ("removed", "ais")}

    def remove_one(step: int) -> None:
        block, at = divmod(step, n_maps - 1)
        left, ais = _scores_left(engine, blocks[block], state["removed"][block, :at].astype(int))
        state["removed"][block, at] = left[-1]
        state["ais"][block, at] = ais[-1]

    budget.run(state, remove_one, len(blocks) * (n_maps - 1), "maps eliminated")
    return [
        _elimination_table(engine, block, state["removed"][number], state["ais"][number])
        for number, block in enumerate(blocks)
    ]


def _scores_left(engine: Ablation, block: PairBlock, removed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The maps that are left, and their AIS with only these kept, most important first."""
    kept = np.ones(engine.active.shape[1], dtype=bool)
    kept[removed] = False
    left = np.flatnonzero(kept)
    [ais] = rankings.score_maps(engine.only(kept), [block], left)
    # A map without which the score is NaN is most important; if it is NaN with all of them, map numbers decide.
    order = np.lexsort((left, -np.nan_to_num(ais, nan=np.inf)))
    return left[order], ais[order]


def _elimination_table(engine: Ablation, block: PairBlock, removed: np.ndarray, ais: np.ndarray) -> pd.DataFrame:
    """The ranking of one block; `removed` and `ais` (n,) are NaN for steps that were not made."""
    done = np.isfinite(removed)
    gone = removed[done].astype(int)
    left, ais_left = _scores_left(engine, block, gone)
    return pd.DataFrame(
        {
            "feature_map": np.concatenate([left, gone[::-1]]),
            "rank": np.arange(1, len(removed) + 2),
            "ais": np.concatenate([ais_left, ais[done][::-1]]),
            "eliminated": np.arange(len(removed) + 1) >= len(left),
        }
    )


def eliminate_in_folds(
    engine: Ablation, folds: Sequence[Fold], one_shot: pd.DataFrame, budget: Budget = AT_ONCE
) -> pd.DataFrame:
    """Eliminate maps on the training images of every fold, and score what is left on its training and test images.

    Args:
        folds: of one seed.
        one_shot: fold, k, train_score, test_score: the curves of the rankings by AIS (`curves.trace`).
        budget: a step is the removal of one map.

    Returns:
        fold, k (maps left), feature_map (the one that is removed next, at k = 1 the last one), ais, eliminated (see
        `eliminate`), train_score and test_score of the k maps, and with the ending `_one_shot` those of the k maps of
        highest AIS.
    """
    tables = eliminate(engine, [fold.train for fold in folds], budget)
    ranking = pd.concat([table.assign(fold=fold.fold) for fold, table in zip(folds, tables, strict=True)])
    traced = curves.trace(engine, folds, ranking)
    scores = traced.merge(one_shot[list(traced.columns)], on=["fold", "k"], suffixes=("", "_one_shot"), validate="1:1")
    removed = ranking.rename(columns={"rank": "k"})
    return removed.merge(scores, on=["fold", "k"], validate="1:1")[
        ["fold", "k", "feature_map", "ais", "eliminated", *scores.columns.drop(["fold", "k"])]
    ]


def score_pairs(engine: Ablation, block: PairBlock, maps: np.ndarray, budget: Budget = AT_ONCE) -> pd.DataFrame:
    """What pairs of maps are worth beyond the sum of their own scores.

    Args:
        maps: (n,) feature maps.
        budget: a step is one map, paired with all that come after it.

    Returns:
        A row per pair: feature_map, feature_map_b, ais, ais_b, ais_pair (the loss without both) and interaction =
        ais_pair - ais - ais_b. Positive: the two replace each other, so that the loss comes only when both are gone.
        Negative: without the one, the other is worth less. NaN where a score is undefined, and for pairs that there was
        no time for.

    Raises:
        InputError: there are no pairs.
    """
    if len(maps) < 2:
        raise InputError("The network has a single feature map: there are no pairs of maps to score.")
    whole, without = engine.leave_one_out([block], maps)
    ais = whole[0] - without[0]
    state = {"ais_pair": np.full((len(maps), len(maps)), np.nan)}

    def score_one(step: int) -> None:
        kept = np.arange(engine.active.shape[1]) != maps[step]
        _, without_both = engine.only(kept).leave_one_out([block], maps[step + 1 :])
        state["ais_pair"][step, step + 1 :] = whole[0] - without_both[0]

    budget.run(state, score_one, len(maps) - 1, "maps paired with the others")
    first, second = np.triu_indices(len(maps), k=1)
    table = pd.DataFrame({"feature_map": maps[first], "feature_map_b": maps[second]})
    table = table.assign(ais=ais[first], ais_b=ais[second], ais_pair=state["ais_pair"][first, second])
    return table.assign(interaction=table["ais_pair"] - table["ais"] - table["ais_b"])


def shapley(engine: Ablation, block: PairBlock, permutations: int, seed: int, budget: Budget = AT_ONCE) -> pd.DataFrame:
    """Shapley values of feature maps by sampling permutations (Castro et al. 2009, doi 10.1016/j.cor.2008.04.004).

    A map's value is the mean, over orders in which maps are added to an empty network, of what it adds to the score.
    The values of all maps sum to the score of the whole network. A set of maps whose score is undefined (NaN), such as
    the empty one, explains nothing and counts as 0: the game needs a value for every set.

    Args:
        permutations: how many orders to draw.
        seed: of the orders.
        budget: a step is one order.

    Returns:
        feature_map, shapley, standard_error (of the sampling: the standard deviation over orders divided by the square
        root of their number; NaN for a single one), rank, n_permutations (drawn), and undefined, the share of the sets
        in these orders, the empty one aside, whose score is undefined.
    """
    n_maps = engine.active.shape[1]
    state = {"mean": np.zeros(n_maps), "squares": np.zeros(n_maps), "undefined": np.zeros(1)}

    def draw_one(step: int) -> None:
        order = np.random.default_rng([seed, step]).permutation(n_maps)
        added, undefined = added_scores(engine, block, order)
        # Welford's (1962) update: exact to rounding however many orders there are.
        deviation = added - state["mean"]
        state["mean"] += deviation / (step + 1)
        state["squares"] += deviation * (added - state["mean"])
        state["undefined"] += undefined

    drawn = budget.run(state, draw_one, permutations, "permutations for Shapley values")
    variance = state["squares"] / (drawn - 1) if drawn > 1 else np.full(n_maps, np.nan)
    return (
        rankings.rank(state["mean"])
        .rename(columns={"ais": "shapley"})
        .assign(
            standard_error=np.sqrt(variance / drawn),
            n_permutations=drawn,
            undefined=state["undefined"][0] / (drawn * n_maps),
        )[["feature_map", "shapley", "standard_error", "rank", "n_permutations", "undefined"]]
    )


def added_scores(engine: Ablation, block: PairBlock, order: np.ndarray) -> tuple[np.ndarray, int]:
    """What each map adds to the score when maps are added in an order.

    Returns:
        (feature_map,) what each adds, and the number of sets whose score is undefined and counts as 0.
    """
    scores = engine.top_k(order, [block])[0]
    added = np.empty(len(order))
    added[order] = np.diff(np.nan_to_num(scores, nan=0.0), prepend=0.0)
    return added, int(np.isnan(scores).sum())
