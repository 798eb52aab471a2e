"""One seed of the cross-validation: feature maps selected on training images, and other methods in the same folds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from alignment_importance.experiments import curves, retention, reweighting, rsms
from alignment_importance.experiments import rankings as importance
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.inputs.folds import Fold, PairBlock, inside, n_judged, whole
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.statistics.scores import SCORES, SIMILARITIES
from alignment_importance.statistics.similarity import SecondOrder, rsm

#: Parts of the training images that the jackknife leaves out in turn; single images if there are fewer.
_JACKKNIFE_PARTS = 50


@dataclass(frozen=True)
class Validation:
    """Tables of one seed.

    Attributes:
        rankings: fold, feature_map, ais, rank.
        curves: fold, k, and scores for every k (`curves.trace` and `curves.trace_others`).
        scores: a row per fold (`docs/statistics.md` lists the columns).
        predicted: fold, image, image_b, judged, full, retained, ridge, nonnegative; a row per judged test pair.
    """

    rankings: pd.DataFrame
    curves: pd.DataFrame
    scores: pd.DataFrame
    predicted: pd.DataFrame


class CrossValidation:
    """Cross-validation of one network against the judgments of one comparison; each seed brings its own folds."""

    def __init__(self, comparison: Comparison, by_pairs: bool, random_rankings: int, inner_folds: int) -> None:
        """Take a comparison and the settings of the configuration.

        Args:
            comparison: its images, judgments and network.
            by_pairs: whether pairs are cut into folds instead of images.
            random_rankings: number of random rankings.
            inner_folds: folds of the training block, for choosing penalties.
        """
        self._comparison, self._random_rankings = comparison, random_rankings
        self._by_pairs, self._inner_folds = by_pairs, inner_folds
        self._engine, compute = comparison.engine, comparison.engine.compute
        recorded = comparison.activations
        self._full = _rsms(torch.from_numpy(recorded["readout"].to_numpy()).to(compute.device))
        pooled = (
            recorded["readout"] if self._engine.units is self._engine else recorded["feature_maps"].mean(("y", "x"))
        )
        self._units, self._maps = (
            reweighting.Rows.of(values.to_numpy(), whole(comparison.human), self._engine.similarity, compute)
            for values in (recorded["readout"], pooled)
        )

    def validate(self, folds: Sequence[Fold], seed: int) -> Validation:
        """Rank, select and test in every fold of one seed.

        Args:
            folds: of the seed, with positions of the images.
            seed: of the folds; also of random rankings and inner folds.
        """
        engine, maps = self._engine, self._comparison.activations["feature_maps"].to_numpy()
        rankings = importance.rank_folds(engine, folds)
        unguided = importance.unguided(maps, self._random_rankings, seed)
        traced = pd.concat(
            [curves.trace(engine, folds, rankings), curves.trace_others(engine, folds, rankings, unguided)], axis=1
        )
        results = [
            self._score(fold, seed, rankings[rankings["fold"] == fold.fold], traced[traced["fold"] == fold.fold], units)
            for fold, units in zip(folds, self._prune_units(folds), strict=True)
        ]
        scores, predicted = (list(tables) for tables in zip(*results, strict=True))
        return Validation(rankings, traced, pd.DataFrame(scores), pd.concat(predicted, ignore_index=True))

    def _prune_units(self, folds: Sequence[Fold]) -> list[dict[str, float]]:
        """Rank and retain units of the readout as feature maps are ranked and retained: `retention.retain` per fold.

        Where units are maps, this is the selection of maps itself: nothing is computed, and the results are empty.
        """
        units = self._engine.units
        if units is self._engine:
            return [{} for _ in folds]
        ranking = importance.rank_folds(units, folds)
        curve = curves.trace(units, folds, ranking)
        return [retention.retain(curve[curve["fold"] == fold.fold]) for fold in folds]

    def _score(
        self, fold: Fold, seed: int, ranking: pd.DataFrame, curve: pd.DataFrame, units: dict[str, float]
    ) -> tuple[dict[str, float], pd.DataFrame]:
        """The row of the table of scores, and the predicted test pairs, of one fold."""
        similarity, score = self._engine.similarity, self._engine.score
        kept = retention.retain(curve)
        retained = _rsms(rsms.retained_readout(self._engine, ranking, kept["k_retained"]))
        se = _jackknife(retained[similarity], fold.train, score)
        inner = inside(fold, self._inner_folds, seed, self._by_pairs)
        ridge = reweighting.ridge(self._units, fold, inner, score)
        nonnegative = reweighting.nonnegative(self._maps, fold, inner, score)
        pruned = units or kept
        row = {
            "fold": fold.fold,
            "n_train": len(fold.train.images),
            "n_test": len(fold.test.images),
            "n_pairs_train": n_judged(fold.train),
            "n_pairs_test": n_judged(fold.test),
            **kept,
            "train_se": se,
            **retention.retain_otherwise(curve, ranking["ais"].to_numpy(), se),
            "k_units": pruned["k_retained"],
            "test_units": pruned["test_retained"],
            "penalty_ridge": ridge.penalty,
            "test_ridge": rsms.score(reweighting.in_own_units(ridge.similarities), fold.test, score),
            "penalty_nonnegative": nonnegative.penalty,
            "n_nonnegative": float(np.count_nonzero(nonnegative.weights))
            if np.isfinite(nonnegative.penalty)
            else float("nan"),
            "test_nonnegative": rsms.score(reweighting.in_own_units(nonnegative.similarities), fold.test, score),
            **_every_score({"full": self._full, "retained": retained}, fold.test),
        }
        similarities = {
            "full": self._full[similarity],
            "retained": retained[similarity],
            "ridge": ridge.similarities,
            "nonnegative": nonnegative.similarities,
        }
        return row, self._predicted(fold, similarities)

    def _predicted(self, fold: Fold, similarities: dict[str, np.ndarray]) -> pd.DataFrame:
        """The judged test pairs with people's judgments and the similarities by each method."""
        rows, columns = judged_pairs(fold.test.human)
        ids = np.array(self._comparison.image_ids)
        first, second = fold.test.images[rows], fold.test.images[columns]
        return pd.DataFrame(
            {
                "fold": fold.fold,
                "image": ids[first],
                "image_b": ids[second],
                "judged": fold.test.human[rows, columns],
                **{name: matrix[first, second] for name, matrix in similarities.items()},
            }
        )


def _rsms(readout: torch.Tensor) -> dict[str, np.ndarray]:
    """RSMs (image, image) of a readout (image, unit), by the name of the similarity."""
    return {similarity: rsm(readout, similarity).cpu().numpy() for similarity in SIMILARITIES}


def _every_score(by_kind: Mapping[str, Mapping[str, np.ndarray]], block: PairBlock) -> dict[str, float]:
    """Test scores of RSMs (by kind and name of the similarity) with every second-order score."""
    return {
        f"test_{kind}_{similarity}_{score}": rsms.score(matrix, block, score)
        for kind, matrices in by_kind.items()
        for similarity, matrix in matrices.items()
        for score in SCORES
    }


def _jackknife(similarities: np.ndarray, block: PairBlock, score: str) -> float:
    """Standard error of the score of a block over its images, by leaving parts of them out in turn.

    With g parts, it is sqrt((g - 1) / g * sum of squared deviations of the g scores from their mean) (Efron 1982).
    """
    n = len(block.images)
    rows, columns = judged_pairs(block.human)
    human = torch.from_numpy(block.human[rows, columns])
    values = torch.from_numpy(similarities[block.images[rows], block.images[columns]])
    scores = []
    for part in np.array_split(np.arange(n), min(n, _JACKKNIFE_PARTS)):
        kept = np.ones(n, dtype=bool)
        kept[part] = False
        left = torch.from_numpy(kept[rows] & kept[columns])
        scores.append(float(SecondOrder.of(human[left], SCORES[score])(values[left])))
    return float(np.sqrt((len(scores) - 1) * np.var(scores)))
