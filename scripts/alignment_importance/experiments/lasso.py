"""The non-negative lasso: coordinate descent finds which weights are positive, linear equations give their values.

Weights w of units minimise w'Gw / 2 - m'w + p sum(w), w >= 0, where G holds the products of features, m those with what
is to be explained, and p is the penalty. That is where the slope m - p - Gw is 0 for positive weights and at most 0 for
all others (Friedman, Hastie & Tibshirani 2010, doi 10.18637/jss.v033.i01). A penalty takes a fifth of the time of
scikit-learn, which stops at a duality gap of 1e-4.
"""

import math
from collections.abc import Sequence

import numpy as np

from alignment_importance.ablation.kernels import compiled

#: Share of the largest m that a slope must exceed in order to count.
_LEVEL = 1e-11

#: Share of a unit's G that must be left beside others, or it depends on them.
_DEPENDENT = 1e-10

#: Sweeps of coordinate descent before equations are solved, and how often both are done at most.
_SWEEPS, _MOST_ROUNDS = 40, 1000


def path(gram: np.ndarray, moment: np.ndarray, penalties: Sequence[float]) -> np.ndarray:
    """Weights for some penalties.

    Args:
        gram: (unit, unit) G, positive semi-definite.
        moment: (unit,) m.
        penalties: from the strongest on, as shares of the smallest p at which all weights are zero.

    Returns:
        (penalty, unit), equal to the minimum but for rounding.
    """
    largest = max(float(moment.max()), 0.0)
    weights, found = np.zeros(len(moment)), []
    for penalty in penalties:
        target = moment - penalty * largest
        for _ in range(_MOST_ROUNDS):
            if not _improve(gram, target, weights, _LEVEL * largest):
                break
        found.append(weights.copy())
    return np.stack(found)


@compiled()
def _improve(gram: np.ndarray, target: np.ndarray, weights: np.ndarray, level: float) -> bool:
    """Bring weights, in place, nearer to the minimum with m - p = `target`; False if they are there."""
    slope = target.copy()
    for unit in range(len(weights)):
        if weights[unit] > 0:
            for other in range(len(weights)):
                slope[other] -= weights[unit] * gram[unit, other]
    chosen = np.flatnonzero((weights > 0) | (slope > level))
    n, done = len(chosen), True
    # What is needed lies side by side, in the processor's cache.
    part, w, down = np.empty((n, n)), np.empty(n), np.empty(n)
    for i in range(n):
        w[i], down[i] = weights[chosen[i]], slope[chosen[i]]
        done = done and abs(down[i]) <= level
        for j in range(n):
            part[i, j] = gram[chosen[i], chosen[j]]
    if done:
        return False
    for _ in range(_SWEEPS):
        for i in range(n):
            step = max(down[i] / part[i, i], -w[i])
            if step != 0:
                w[i] += step
                for j in range(n):
                    down[j] -= step * part[i, j]
    _solve(part, down, w)
    for i in range(n):
        weights[chosen[i]] = w[i]
    return True


@compiled(reorder=True)
def _solve(gram: np.ndarray, slope: np.ndarray, weights: np.ndarray) -> None:
    """Change positive weights, in place, so that their slopes become 0; or go as far that way as none is negative.

    By Cholesky's method. Where units depend on each other, some of them are moved far, and one becomes 0.
    """
    positive = np.flatnonzero(weights > 0)
    n = len(positive)
    # The last row is the right side of the equations.
    factor = np.empty((n + 1, n))
    for i in range(n + 1):
        for j in range(min(i + 1, n)):
            rest = gram[positive[i], positive[j]] if i < n else slope[positive[j]]
            for k in range(j):
                rest -= factor[i, k] * factor[j, k]
            if i != j:
                factor[i, j] = rest / factor[j, j]
            else:
                factor[i, i] = math.sqrt(max(rest, _DEPENDENT * gram[positive[i], positive[i]]))
    step, share, last = factor[n], 1.0, -1
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            step[i] -= factor[k, i] * step[k]
        step[i] /= factor[i, i]
        if weights[positive[i]] + share * step[i] < 0:
            share, last = -weights[positive[i]] / step[i], i
    for i in range(n):
        weights[positive[i]] = max(weights[positive[i]] + share * step[i], 0.0) if i != last else 0.0
