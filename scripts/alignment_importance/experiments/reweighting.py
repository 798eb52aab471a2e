"""The field's other ways to improve a network's prediction of judgments: weights fitted to units or feature maps.

The similarity of two images is a weighted sum over units, s_ij = b + sum_d w_d z_id z_jd (Peterson, Abbott & Griffiths
2018, doi 10.1111/cogs.12670). Rows z are scaled as the RSM scales them, so that equal weights give the RSM itself. The
weights minimise the squared error over the judged training pairs plus a penalty, which is chosen inside the training
data.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from alignment_importance.inputs.folds import Fold, PairBlock
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.statistics.similarity import SecondOrder, scaled_rows
from alignment_importance.system.compute import Compute

#: Ridge penalties, in units of the mean squared length of a pair's features.
RIDGE_PENALTIES = tuple(10.0**exponent for exponent in range(3, -4, -1))

#: Penalties on the sum of non-negative weights, in units of the smallest at which all weights are zero.
NONNEGATIVE_PENALTIES = tuple(10.0 ** (-exponent / 2) for exponent in range(1, 8))


@dataclass(frozen=True)
class Reweighted:
    """Fitted weights of one fold.

    Attributes:
        penalty: chosen inside the training data; NaN where none had a score.
        weights: (unit,) of the last fit, on all training data; NaN where there is none.
        similarities: (image, image) the weighted similarities of all images, without the constant b, which no
            correlation sees.
    """

    penalty: float
    weights: np.ndarray
    similarities: np.ndarray


@dataclass(frozen=True)
class LeastSquares:
    """A least-squares problem with the same solutions as the one over all judged pairs of a block.

    It has as many rows as pairs or as units, whichever are fewer.

    Attributes:
        features: (row, unit), centred over pairs.
        judgments: (row,), centred.
        n_pairs: number of pairs.
    """

    features: torch.Tensor
    judgments: torch.Tensor
    n_pairs: int

    @classmethod
    def of(cls, rows: torch.Tensor, block: PairBlock) -> "LeastSquares":
        """Take rows (image, unit) of all images and the judged pairs of a block."""
        first, second = judged_pairs(block.human)
        human = torch.from_numpy(block.human[first, second]).to(rows.device)
        human = human - human.mean()
        z, n_pairs = rows[torch.from_numpy(block.images)], len(first)
        if n_pairs <= z.shape[1]:
            features = z[first] * z[second]
            return cls(features - features.mean(0), human, n_pairs)
        pairs = z.new_zeros(2, len(z), len(z))
        pairs[:, first, second] = torch.stack([human, torch.ones_like(human)])
        moment, total = ((z * (of_pairs @ z)).sum(0) for of_pairs in pairs)
        mean = total / n_pairs
        values, vectors = torch.linalg.eigh(_squares(z, first, second) - n_pairs * torch.outer(mean, mean))
        kept = values > 1e-12 * values[-1]
        root = values[kept].sqrt()
        return cls(root[:, None] * vectors[:, kept].T, (vectors[:, kept].T @ moment) / root, n_pairs)


def _squares(z: torch.Tensor, first: np.ndarray, second: np.ndarray) -> torch.Tensor:
    """The sum over pairs of f f' (unit, unit), where f (unit,) is the product of two rows of z (image, unit).

    Never pair x unit in memory: with all pairs of some images, it is ((Z'Z)^2 - (Z^2)'(Z^2)) / 2, elementwise squares;
    otherwise pairs are taken in parts.
    """
    images = np.union1d(first, second)
    if len(first) == len(images) * (len(images) - 1) // 2:
        own = z[images]
        return ((own.T @ own).square() - own.square().T @ own.square()) / 2
    total = z.new_zeros(z.shape[1], z.shape[1])
    size = max(1, 4_000_000 // z.shape[1])
    for start in range(0, len(first), size):
        part = slice(start, start + size)
        features = z[first[part]] * z[second[part]]
        total += features.T @ features
    return total


def ridge(rows: torch.Tensor, fold: Fold, inner: Sequence[Fold], score: str) -> Reweighted:
    """Weights of any sign, with a penalty on their squares (Peterson et al. 2018).

    Args:
        rows: (image, unit) of `similarity.scaled_rows`, of all images.
        fold: its training block is fitted.
        inner: folds of the training block, on which the penalty is chosen by the mean test `score`.
        score: name of the second-order score.
    """
    return _fit(rows, fold, inner, score, _ridge_path, RIDGE_PENALTIES)


def nonnegative(rows: torch.Tensor, fold: Fold, inner: Sequence[Fold], score: str) -> Reweighted:
    """Weights that are not negative, with a penalty on their sum; arguments as for `ridge`."""
    return _fit(rows, fold, inner, score, _nonnegative_path, NONNEGATIVE_PENALTIES)


#: Weights (penalty, unit) of a problem for some penalties, from the strongest to the weakest.
Path = Callable[[LeastSquares, Sequence[float]], torch.Tensor]


def _fit(
    rows: torch.Tensor, fold: Fold, inner: Sequence[Fold], score: str, path: Path, penalties: Sequence[float]
) -> Reweighted:
    if not inner or rows[torch.from_numpy(fold.train.images)].isnan().any():
        return _nothing(rows)
    paths = [path(LeastSquares.of(rows, one.train), penalties) for one in inner]
    mean = torch.stack([_scores(rows, *of, score) for of in zip(inner, paths, strict=True)]).nanmean(0)
    if mean.isnan().all():
        return _nothing(rows)
    # The first of equal ones, which is the strongest.
    best = int(mean.nan_to_num(-torch.inf).argmax())
    weights = path(LeastSquares.of(rows, fold.train), penalties[: best + 1])[-1]
    return Reweighted(penalties[best], weights.cpu().numpy(), ((rows * weights) @ rows.T).cpu().numpy())


def _nothing(rows: torch.Tensor) -> Reweighted:
    return Reweighted(float("nan"), np.full(rows.shape[1], np.nan), np.full((len(rows), len(rows)), np.nan))


def _scores(rows: torch.Tensor, fold: Fold, weights: torch.Tensor, score: str) -> torch.Tensor:
    """(penalty,) test scores of weights (penalty, unit)."""
    pairs = judged_pairs(fold.test.human)
    second_order = SecondOrder.of(torch.from_numpy(fold.test.human[pairs]).to(rows.device), score)
    z = rows[torch.from_numpy(fold.test.images)]
    return second_order(torch.stack([((z * one) @ z.T)[pairs] for one in weights]))


def _ridge_path(problem: LeastSquares, penalties: Sequence[float]) -> torch.Tensor:
    """Ridge regression in its dual form, which is as large as the smaller side of the problem."""
    x, y = problem.features, problem.judgments
    kernel = x @ x.T
    unit = kernel.diagonal().sum() / problem.n_pairs
    weights = []
    for penalty in penalties:
        factor = torch.linalg.cholesky(kernel + torch.eye(len(y), dtype=x.dtype, device=x.device) * (penalty * unit))
        weights.append(x.T @ torch.cholesky_solve(y[:, None], factor)[:, 0])
    return torch.stack(weights)


def _nonnegative_path(problem: LeastSquares, penalties: Sequence[float]) -> torch.Tensor:
    """Coordinate descent of scikit-learn, from the strongest penalty on."""
    # They take a second, which jobs that fit nothing need not wait for.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import lasso_path
    from threadpoolctl import threadpool_limits

    x, y = problem.features.cpu().numpy(), problem.judgments.cpu().numpy()
    largest = float((x.T @ y).max()) / len(y)
    if largest <= 0:
        return torch.zeros(len(penalties), x.shape[1], dtype=torch.float64, device=problem.features.device)
    # One thread, so that no bit depends on their number.
    with threadpool_limits(1), warnings.catch_warnings():
        # The weakest penalties may not settle to all digits; they are judged by their predictions.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, weights, _ = lasso_path(
            x, y, alphas=[largest * penalty for penalty in penalties], positive=True, precompute=False
        )
    return torch.from_numpy(weights.T.copy()).to(problem.features.device)


def prepare(readout: np.ndarray, similarity: str, compute: Compute) -> torch.Tensor:
    """Rows (image, unit) whose products sum to the RSM, on the device."""
    return scaled_rows(torch.from_numpy(readout).to(compute.device), similarity)
