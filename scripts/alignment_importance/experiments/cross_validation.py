"""One seed of the cross-validation: feature maps selected on training images, and other ways, all in the same folds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import xarray as xr

from alignment_importance import ablation
from alignment_importance.experiments import baselines, curves, retention, reweighting
from alignment_importance.experiments import rankings as importance
from alignment_importance.inputs.folds import Fold, PairBlock, inside, n_judged
from alignment_importance.networks.head import Head
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.statistics.scores import SCORES, SIMILARITIES
from alignment_importance.statistics.similarity import SecondOrder, rsm
from alignment_importance.system.compute import Compute

#: Parts of the training images, or single images where they are fewer, that the jackknife leaves out in turn.
_JACKKNIFE_PARTS = 50


@dataclass(frozen=True)
class Settings:
    """What the configuration says of the cross-validation.

    Attributes:
        similarity: of readouts.
        score: second-order score.
        seed: of the folds; also of random rankings and inner folds.
        by_pairs: whether pairs are split instead of images.
        random_rankings: number of random rankings.
        inner_folds: folds of the training block, for choosing penalties.
    """

    similarity: str
    score: str
    seed: int
    by_pairs: bool
    random_rankings: int
    inner_folds: int


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


def validate(
    head: Head | None, recorded: xr.Dataset, folds: Sequence[Fold], settings: Settings, resources: Compute
) -> Validation:
    """Rank, select and test in every fold of one seed.

    Args:
        head: of the cut network; None where the readout is the pooled maps.
        recorded: `feature_maps` (image, feature_map, y, x) and `readout` (image, unit) of the judged images.
        folds: of one seed, with positions of the images of `recorded`.
        settings: of the cross-validation.
        resources: device, threads and memory.
    """
    engine = ablation.ablate(head, recorded, resources, settings.similarity, settings.score)
    maps = recorded["feature_maps"].to_numpy()
    rankings = importance.rank_folds(engine, folds)
    unguided = baselines.unguided(maps, settings.random_rankings, settings.seed)
    traced = pd.concat(
        [curves.trace(engine, folds, rankings), curves.trace_others(engine, folds, rankings, unguided)], axis=1
    )
    selection = _Selection(engine, head, recorded, settings, resources)
    done = [
        selection.score(fold, rankings[rankings["fold"] == fold.fold], traced[traced["fold"] == fold.fold], units)
        for fold, units in zip(folds, selection.prune_units(folds), strict=True)
    ]
    scores, predicted = (list(tables) for tables in zip(*done, strict=True))
    return Validation(rankings, traced, pd.DataFrame(scores), pd.concat(predicted, ignore_index=True))


class _Selection:
    """What is selected or fitted on training blocks, and how it does on test blocks."""

    def __init__(
        self, engine: ablation.Ablation, head: Head | None, recorded: xr.Dataset, settings: Settings, resources: Compute
    ) -> None:
        self._engine, self._head, self._recorded = engine, head, recorded
        self._settings, self._resources = settings, resources
        self._readout = torch.from_numpy(recorded["readout"].to_numpy()).to(resources.device)
        pooled = recorded["feature_maps"].mean(("y", "x")) if engine.units is not engine else recorded["readout"]
        self._units = reweighting.prepare(recorded["readout"].to_numpy(), settings.similarity, resources)
        self._maps = reweighting.prepare(pooled.to_numpy(), settings.similarity, resources)

    def prune_units(self, folds: Sequence[Fold]) -> list[dict[str, float]]:
        """Retain units of the readout by leaving one out, as feature maps are retained; a result per fold.

        Where units are maps, that is the selection of maps itself, and nothing is computed: an empty result.
        """
        units = self._engine.units
        if units is self._engine:
            return [{} for _ in folds]
        ranking = importance.rank_folds(units, folds)
        curve = curves.trace(units, folds, ranking)
        return [retention.retain(curve[curve["fold"] == fold.fold]) for fold in folds]

    def score(
        self, fold: Fold, ranking: pd.DataFrame, curve: pd.DataFrame, units: dict[str, float]
    ) -> tuple[dict[str, float], pd.DataFrame]:
        """The row of the table of scores, and the predicted test pairs, of one fold."""
        settings = self._settings
        kept = retention.retain(curve)
        retained = self._retained(ranking, kept["k_retained"])
        se = _jackknife(self._rsm(retained), fold.train, settings.score)
        inner = inside(fold, settings.inner_folds, settings.seed, settings.by_pairs)
        ridge = reweighting.ridge(self._units, fold, inner, settings.score)
        nonnegative = reweighting.nonnegative(self._maps, fold, inner, settings.score)
        similarities = {
            "full": self._rsm(self._readout),
            "retained": self._rsm(retained),
            "ridge": ridge.similarities,
            "nonnegative": nonnegative.similarities,
        }
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
            "test_ridge": _score(similarities["ridge"], fold.test, settings.score),
            "penalty_nonnegative": nonnegative.penalty,
            "n_nonnegative": float(np.count_nonzero(nonnegative.weights))
            if np.isfinite(nonnegative.penalty)
            else float("nan"),
            "test_nonnegative": _score(similarities["nonnegative"], fold.test, settings.score),
            **_every_score("full", self._readout, fold.test),
            **_every_score("retained", retained, fold.test),
        }
        return row, self._predicted(fold, similarities)

    def _retained(self, ranking: pd.DataFrame, k: float) -> torch.Tensor:
        """(image, unit) readout with the k highest-ranked maps alone; NaN where none is retained."""
        if np.isnan(k):
            return torch.full_like(self._readout, torch.nan)
        return ablation.top_k_readout(self._head, self._recorded, importance.order_of(ranking), int(k), self._resources)

    def _rsm(self, readout: torch.Tensor) -> np.ndarray:
        return rsm(readout, self._settings.similarity).cpu().numpy()

    def _predicted(self, fold: Fold, similarities: dict[str, np.ndarray]) -> pd.DataFrame:
        """The judged test pairs with what people and each way say of them."""
        rows, columns = judged_pairs(fold.test.human)
        ids = self._recorded["image"].to_numpy()
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


def _score(similarities: np.ndarray, block: PairBlock, score: str) -> float:
    """Score of (image, image) similarities of all images over the judged pairs of a block."""
    rows, columns = judged_pairs(block.human)
    values = torch.from_numpy(similarities[block.images[rows], block.images[columns]])
    return float(SecondOrder.of(torch.from_numpy(block.human[rows, columns]), score)(values))


def _every_score(kind: str, readout: torch.Tensor, block: PairBlock) -> dict[str, float]:
    """Test scores of a readout for every similarity and every second-order score."""
    matrices = {similarity: rsm(readout, similarity).cpu().numpy() for similarity in SIMILARITIES}
    return {
        f"test_{kind}_{similarity}_{score}": _score(matrix, block, score)
        for similarity, matrix in matrices.items()
        for score in SCORES
    }


def _jackknife(similarities: np.ndarray, block: PairBlock, score: str) -> float:
    """Standard error of the score of a block over its images, by leaving parts of them out in turn.

    With g parts, it is sqrt((g - 1) / g * sum of squared deviations of the g scores from their mean) (Efron 1982).
    """
    n = len(block.images)
    scores = []
    for part in np.array_split(np.arange(n), min(n, _JACKKNIFE_PARTS)):
        left = np.setdiff1d(np.arange(n), part)
        scores.append(_score(similarities, PairBlock(block.images[left], block.human[np.ix_(left, left)]), score))
    return float(np.sqrt((len(scores) - 1) * np.var(scores)))
