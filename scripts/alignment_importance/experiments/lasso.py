"""The non-negative lasso, exact: coordinate descent finds most of the positive weights, linear equations the values.

Weights w of units minimise w'Gw / 2 - m'w + p sum(w), w >= 0, where G holds the products of features, m those with what
is to be explained, and p is the penalty. They do where the slope m - p - Gw is 0 for positive weights and at most 0 for
all others. Coordinate descent is that of Friedman, Hastie & Tibshirani (2010, doi 10.18637/jss.v033.i01), the step to
the values that of Lawson & Hanson (1974, chapter 23). scikit-learn, given G, takes ten times as long to a duality gap
of 1e-4, where weights still differ in the fourth digit and some are positive that will be 0.
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
    weights, of_penalties = np.zeros(len(moment)), []
    for penalty in penalties:
        target = moment - penalty * largest
        for _ in range(_MOST_ROUNDS):
            if not _improve(gram, target, weights, _LEVEL * largest):
                break
        of_penalties.append(weights.copy())
    return np.stack(of_penalties)


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
    """Change positive weights, in place, until their slopes are 0, those apart that become 0 on the way.

    By Cholesky's method. A unit that depends on others moves far along with them, until one of them is 0. The smallest
    weights come last: they are the first to go, and what is factorised of those before them holds.
    """
    n, rows = 0, 0
    units = np.empty(len(weights), dtype=np.intp)
    for unit in range(len(weights)):
        if weights[unit] > 0:
            i = n
            while i > 0 and weights[units[i - 1]] < weights[unit]:
                units[i] = units[i - 1]
                i -= 1
            units[i], n = unit, n + 1
    factor, step = np.empty((n, n)), np.empty(n)
    while n > 0:
        end = n
        i = rows
        while i < end:
            own = gram[units[i], units[i]]
            for j in range(i + 1):
                rest = gram[units[i], units[j]]
                for k in range(j):
                    rest -= factor[i, k] * factor[j, k]
                factor[i, j] = rest / factor[j, j] if j < i else rest
            if factor[i, i] < _DEPENDENT * own:
                factor[i, i], end = _DEPENDENT * own, i + 1
            factor[i, i] = math.sqrt(factor[i, i])
            i += 1
        for i in range(end):
            step[i] = slope[units[i]]
            for k in range(i):
                step[i] -= factor[i, k] * step[k]
            step[i] /= factor[i, i]
        share, gone = 1.0, -1
        for i in range(end - 1, -1, -1):
            step[i] /= factor[i, i]
            for k in range(i):
                step[k] -= factor[i, k] * step[i]
            if weights[units[i]] + share * step[i] < 0:
                share, gone = -weights[units[i]] / step[i], i
        for i in range(end):
            old = weights[units[i]]
            new = max(old + share * step[i], 0.0) if i != gone else 0.0
            weights[units[i]] = new
            for j in range(len(slope)):
                slope[j] -= (new - old) * gram[units[i], j]
        if gone < 0 and end == n:
            return
        if gone < 0:  # Nothing speaks for moving along with others, as one of two equal units does not: it stays.
            gone = end - 1
        n, rows = n - 1, gone
        for i in range(gone, n):
            units[i] = units[i + 1]
