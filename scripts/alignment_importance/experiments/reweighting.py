"""The field's other ways to improve a network's prediction of judgments: weights fitted to units or feature maps.

The similarity of two images is a weighted sum over units, s_ij = b + sum_d w_d z_id z_jd (Peterson, Abbott & Griffiths
2018, doi 10.1111/cogs.12670). Rows z are scaled as the RSM scales them, so that equal weights give the RSM itself. The
weights minimise the squared error over the judged training pairs plus a penalty, which is chosen inside the training
data.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve

from alignment_importance.experiments import lasso
from alignment_importance.inputs.folds import Fold, PairBlock
from alignment_importance.statistics.judged import TIED_DECIMALS, judged_pairs
from alignment_importance.statistics.scores import SCORES
from alignment_importance.statistics.similarity import SecondOrder, scaled_rows
from alignment_importance.system.compute import Compute

#: Ridge penalties, in units of the mean squared length of a pair's features.
RIDGE_PENALTIES = tuple(10.0**exponent for exponent in range(3, -4, -1))

#: Penalties on the sum of non-negative weights, in units of the smallest at which all weights are zero.
NONNEGATIVE_PENALTIES = tuple(10.0 ** (-exponent / 2) for exponent in range(1, 8))

#: Mean squares of features (of rows of length one) up to here are nothing but rounding.
_ROUNDING = 1e-14

#: Features of pairs (pair x unit) held in memory at once.
_MOST_FEATURES = 20_000_000

#: An array of NumPy or a tensor of PyTorch.
Values = TypeVar("Values", np.ndarray, torch.Tensor)


@dataclass(frozen=True)
class Reweighted:
    """Fitted weights of one fold.

    Attributes:
        penalty: chosen inside the training data; NaN where none had a score.
        weights: (unit,) of the final fit, to all training data; NaN where there is none.
        similarities: (image, image) the weighted similarities of all images, without the constant b, which changes no
            correlation.
    """

    penalty: float
    weights: np.ndarray
    similarities: np.ndarray


@dataclass(frozen=True)
class Rows:
    """Rows of a readout, and all of their judged pairs; every fit is to a subset of these pairs.

    Attributes:
        z: (image, unit) float64; products of two rows sum to their entry of the RSM.
        first, second: (pair,) images of every judged pair.
    """

    z: torch.Tensor
    first: np.ndarray
    second: np.ndarray

    @classmethod
    def of(cls, readout: np.ndarray, block: PairBlock, similarity: str, compute: Compute) -> "Rows":
        """Take a readout (image, unit), and a block that has the pairs of all blocks to be fitted."""
        rows = scaled_rows(torch.from_numpy(readout).to(compute.device), similarity)
        first, second = judged_pairs(block.human)
        return cls(rows, block.images[first], block.images[second])

    @functools.cached_property
    def kernel(self) -> torch.Tensor | None:
        """(pair, pair) products of the pairs' features; None where pairs are more than twice as many as units."""
        if len(self.first) > 2 * self.z.shape[1]:
            return None
        kernel = self.z.new_zeros(len(self.first), len(self.first))
        for z in self.z.split(1 + _MOST_FEATURES // (1 + len(self.first)), dim=1):
            features = z[self.first] * z[self.second]
            kernel.addmm_(features, features.T)
        return kernel

    def kernel_of(self, first: np.ndarray, second: np.ndarray) -> torch.Tensor | None:
        """The kernel of the given judged pairs, with features centred over them; None where there is no kernel."""
        if self.kernel is None:
            return None
        numbers = np.empty((len(self.z), len(self.z)), dtype=np.intp)
        numbers[self.first, self.second] = np.arange(len(self.first))
        chosen = torch.from_numpy(numbers[first, second]).to(self.z.device)
        part = self.kernel.index_select(0, chosen).index_select(1, chosen)
        part.sub_(part.mean(0))
        return part.sub_(part.mean(1, keepdim=True))


@dataclass(frozen=True)
class LeastSquares:
    """Judgments of the pairs of a block, to be fitted by features (products of rows); both are centred over pairs.

    Attributes:
        z: (image, unit) rows of the block.
        first, second: (pair,) the judged pairs.
        human: (pair,) their judgments, centred.
    """

    z: torch.Tensor
    first: np.ndarray
    second: np.ndarray
    human: torch.Tensor

    @classmethod
    def of(cls, rows: Rows, block: PairBlock) -> "LeastSquares":
        """Take the judged pairs of a block."""
        first, second = judged_pairs(block.human)
        human = torch.from_numpy(block.human[first, second]).to(rows.z.device)
        return cls(rows.z[torch.from_numpy(block.images)], first, second, human - human.mean())

    def sums(self, values: torch.Tensor) -> torch.Tensor:
        """(..., unit) the sums over pairs of values (..., pair) times features, without pair x unit in memory."""
        pairs = self.z.new_zeros(*values.shape[:-1], len(self.z), len(self.z))
        pairs[..., self.first, self.second] = values
        return (self.z * (pairs @ self.z)).sum(-2)

    def gram(self) -> torch.Tensor:
        """(unit, unit) products of features, centred over pairs.

        If all pairs of the images that occur are judged, it is ((Z'Z)^2 - (Z^2)'(Z^2)) / 2 with elementwise squares,
        before it is centred; otherwise it is summed over chunks of pairs.
        """
        images, n_pairs = np.union1d(self.first, self.second), len(self.first)
        mean = self.sums(torch.ones_like(self.human)) / n_pairs
        if n_pairs == len(images) * (len(images) - 1) // 2:
            z = self.z[images]
            total = (z.T @ z).square_().addmm_(z.square().T, z.square(), beta=0.5, alpha=-0.5)
        else:
            total = self.z.new_zeros(self.z.shape[1], self.z.shape[1])
            size = max(1, 4_000_000 // self.z.shape[1])
            for start in range(0, n_pairs, size):
                part = slice(start, start + size)
                features = self.z[self.first[part]] * self.z[self.second[part]]
                total.addmm_(features.T, features)
        return total.addr_(mean, mean, alpha=-n_pairs)


def ridge(rows: Rows, fold: Fold, inner: Sequence[Fold], score: str) -> Reweighted:
    """Weights of any sign, with a penalty on their squares (Peterson et al. 2018).

    Args:
        rows: of all images.
        fold: its training block is fitted.
        inner: folds of the training block, on which the penalty is chosen by the mean test `score`.
        score: name of the second-order score.
    """
    return _fit(rows, fold, inner, score, _ridge, RIDGE_PENALTIES)


def nonnegative(rows: Rows, fold: Fold, inner: Sequence[Fold], score: str) -> Reweighted:
    """Weights that are not negative, with a penalty on their sum; arguments as for `ridge`."""
    return _fit(rows, fold, inner, score, _nonnegative, NONNEGATIVE_PENALTIES)


#: Fits weights (penalty, unit) to a block with several penalties, from the strongest to the weakest.
Fitted = Callable[[Rows, PairBlock, Sequence[float]], torch.Tensor]


def _fit(
    rows: Rows, fold: Fold, inner: Sequence[Fold], score: str, fitted: Fitted, penalties: Sequence[float]
) -> Reweighted:
    z = rows.z
    if not inner or z[torch.from_numpy(fold.train.images)].isnan().any():
        return _nothing(z)
    mean = torch.stack([_scores(z, part, fitted(rows, part.train, penalties), score) for part in inner]).nanmean(0)
    if mean.isnan().all():
        return _nothing(z)
    # Of penalties with equal scores the first, which is the strongest.
    penalty = penalties[int(mean.round(decimals=TIED_DECIMALS).nan_to_num(-torch.inf).argmax())]
    [weights] = fitted(rows, fold.train, [penalty])
    return Reweighted(penalty, weights.cpu().numpy(), ((z * weights) @ z.T).cpu().numpy())


def _nothing(z: torch.Tensor) -> Reweighted:
    return Reweighted(float("nan"), np.full(z.shape[1], np.nan), np.full((len(z), len(z)), np.nan))


def _scores(rows: torch.Tensor, fold: Fold, weights: torch.Tensor, score: str) -> torch.Tensor:
    """(penalty,) test scores of weights (penalty, unit)."""
    pairs = judged_pairs(fold.test.human)
    second_order = SecondOrder.of(torch.from_numpy(fold.test.human[pairs]).to(rows.device), SCORES[score])
    z = rows[torch.from_numpy(fold.test.images)]
    return second_order(torch.stack([in_own_units((z * row) @ z.T)[pairs] for row in weights]))


def in_own_units(similarities: Values) -> Values:
    """Similarities divided by the largest absolute one, so that ties are found whatever the units of the judgments."""
    largest = float(abs(similarities).max())
    return similarities / largest if largest > 0 else similarities


def _ridge(rows: Rows, block: PairBlock, penalties: Sequence[float]) -> torch.Tensor:
    """Ridge regression in its dual form, with a coefficient per pair, or where pairs are many in its primal form.

    The matrix is factorised for each penalty: seven factorisations take half as long as one eigendecomposition.
    """
    problem = LeastSquares.of(rows, block)
    kernel = rows.kernel_of(block.images[problem.first], block.images[problem.second])
    if kernel is None:
        products, target = problem.gram(), problem.sums(problem.human)
    else:
        products, target = kernel, problem.human
    mean_square = products.trace() / len(problem.human)
    if mean_square <= _ROUNDING:  # all pairs have the same features
        return rows.z.new_zeros(len(penalties), rows.z.shape[1])
    solutions = []
    for penalty in penalties:
        penalised = products.clone()
        penalised.diagonal().add_(penalty * mean_square)
        solutions.append(_solve(penalised, target))
    weights = torch.stack(solutions)
    # The pairs' coefficients sum to 0 but for rounding, which the mean of the uncentred features would magnify.
    return weights if kernel is None else problem.sums(weights - weights.mean(1, keepdim=True))


def _solve(matrix: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Solve a positive definite system, whose matrix (n, n) is overwritten, for `target` (n,), by Cholesky's method.

    On AMD processors SciPy takes 60 % of the time of PyTorch, which uses Intel's library (1280 x 1280 numbers).
    """
    if matrix.is_cuda:
        return torch.cholesky_solve(target[:, None], torch.linalg.cholesky(matrix))[:, 0]
    factor = cho_factor(matrix.numpy().T, lower=True, overwrite_a=True, check_finite=False)
    return torch.from_numpy(cho_solve(factor, target.numpy(), check_finite=False))


def _nonnegative(rows: Rows, block: PairBlock, penalties: Sequence[float]) -> torch.Tensor:
    problem = LeastSquares.of(rows, block)
    gram, moment = problem.gram().cpu().numpy(), problem.sums(problem.human).cpu().numpy()
    return torch.from_numpy(lasso.path(gram, moment, penalties)).to(rows.z.device)
