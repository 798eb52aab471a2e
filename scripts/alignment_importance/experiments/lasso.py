"""The non-negative lasso, exact: weights are followed along their path, from the strongest penalty to the weakest.

The weights w of units minimise w'Gw / 2 - m'w + p sum(w) for w >= 0: G holds the products of the units' features with
each other, m those with the target, and p is the penalty. At the minimum the slope m - Gw is p for every positive
weight and at most p for all others. As p falls, the weights change along straight lines; a line ends where the slope of
one more unit reaches p, or a weight reaches 0 (Osborne, Presnell & Turlach 2000, doi 10.1093/imanum/20.3.389; Efron,
Hastie, Johnstone & Tibshirani 2004, doi 10.1214/009053604000000067). scikit-learn takes 30 times as long for this path.

Reading G takes most of the time, so on each line only the units that may join are examined. When a unit joins or
leaves, the direction in which the weights change moves by a vector e whose length in the metric G, sqrt(e'Ge), is
known. The rate at which the slope of a unit j falls then changes by at most sqrt(G_jj) times it (Cauchy-Schwarz).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alignment_importance.ablation.kernels import compiled

#: Least share of a unit's squared length left after projection on the positive units; with less, its weight stays 0.
_DEPENDENT = 1e-11

#: The same, as a share of the squared sum of the lengths of the projection's terms: G is no more precise than this.
_ROUNDING = 1e-14

#: Columns of G stored side by side: few enough to write a column fast, enough to read a row fast.
_STRIP = 64

#: Lines allowed between two penalties, as a multiple of the number of units: more mean that something is wrong.
_MOST_LINES = 100


class _Walk(NamedTuple):
    """The state of a walk along the path.

    Attributes:
        units, weights, change: (unit,) in the first n places: the n positive units, their weights, and by how much each
            weight grows as p falls by 1.
        factor, sums: the Cholesky factor U of the positive units' part of G, U'U = G, in the upper triangle of
            (unit, unit); the solution x (unit,) of U'x = 1.
        gap, rate: (unit,) for units that are not positive: a lower bound on p minus the slope (the gap), and an upper
            bound on how much this gap shrinks as p falls by 1.
        length: (unit,) the square root of the diagonal of G.
        near: (strip, unit, column) G of all units with the positive ones, which take the first n columns, counted
            through the strips, so that the values to be multiplied with weights lie together.
        column: (unit,) in the first n places: the column of each positive unit in `near`.
        aside: (unit,) whether a unit cannot join: it is positive, or `_add` refused it beside those that are positive.
    """

    units: np.ndarray
    weights: np.ndarray
    change: np.ndarray
    factor: np.ndarray
    sums: np.ndarray
    gap: np.ndarray
    rate: np.ndarray
    length: np.ndarray
    near: np.ndarray
    column: np.ndarray
    aside: np.ndarray


def path(gram: np.ndarray, moment: np.ndarray, penalties: Sequence[float]) -> np.ndarray:
    """Weights of the non-negative lasso at several penalties.

    Args:
        gram: (unit, unit) G, positive semi-definite.
        moment: (unit,) m.
        penalties: strongest first, as shares of the smallest p at which all weights are zero.

    Returns:
        (penalty, unit) weights, exact but for rounding.

    Raises:
        ArithmeticError: a penalty is not reached within `_MOST_LINES` lines per unit.
    """
    size, largest = len(moment), max(float(moment.max()), 0.0)
    (units, column), aside = np.zeros((2, size), dtype=np.intp), np.zeros(size, dtype=np.bool_)
    weights, change, sums = np.zeros((3, size))
    gap, rate, length = largest - moment, np.ones(size), np.sqrt(np.maximum(gram.diagonal(), 0.0))
    near = np.zeros((-(-size // _STRIP), size, _STRIP))
    walk = _Walk(units, weights, change, np.empty((size, size)), sums, gap, rate, length, near, column, aside)
    return _follow(walk, 0, gram, moment, largest, largest * np.asarray(penalties, dtype=np.float64))


@compiled()
def _follow(
    walk: _Walk, n: int, gram: np.ndarray, moment: np.ndarray, level: float, penalties: np.ndarray
) -> np.ndarray:
    """Weights (penalty, unit) at penalties p; the walk starts at p = `level`, where n units are positive."""
    chosen = np.zeros((len(penalties), len(moment)))
    for number in range(len(penalties)):
        for _ in range(_MOST_LINES * len(moment)):
            step, unit, place = _next(walk, n, moment, level, level - penalties[number])
            level -= step
            for i in range(n):
                walk.weights[i] += step * walk.change[i]
            for i in range(len(moment)):
                walk.gap[i] -= step * walk.rate[i]
            if unit >= 0:
                n += _add(walk, n, gram, unit)
            elif place >= 0:
                _remove(walk, n, place)
                n -= 1
            else:
                break
        else:
            raise ArithmeticError("The path of the non-negative lasso does not end.")
        level = penalties[number]
        _settle(walk, n, gram, moment, level)
        for i in range(n):
            chosen[number, walk.units[i]] = walk.weights[i]
    return chosen


@compiled()
def _next(walk: _Walk, n: int, moment: np.ndarray, level: float, step: float) -> tuple[float, int, int]:
    """How far p falls (at most `step`), which unit then joins, and which place's weight then reaches 0; -1 for none."""
    unit, place, gap, rate = -1, -1, walk.gap, walk.rate
    weights = np.zeros((-(-n // _STRIP), _STRIP))
    change = np.zeros_like(weights)
    for i in range(n):
        strip, column = divmod(walk.column[i], _STRIP)
        weights[strip, column], change[strip, column] = walk.weights[i], walk.change[i]
        if walk.weights[i] < -step * walk.change[i]:
            step, place = -walk.weights[i] / walk.change[i], i
    for other in range(len(gap)):
        if walk.aside[other] or gap[other] >= step * rate[other]:
            continue
        value, fall = _products(walk.near, other, weights, change)
        gap[other], rate[other] = level - moment[other] + value, 1.0 - fall
        if rate[other] > 0 and gap[other] < step * rate[other]:
            step, unit, place = max(gap[other] / rate[other], 0.0), other, -1
    return step, unit, place


@compiled()
def _settle(walk: _Walk, n: int, gram: np.ndarray, moment: np.ndarray, level: float) -> None:
    """Remove accumulated rounding: one more Newton step to where the slopes of the positive units are p."""
    slope = np.empty(n)
    for i in range(n):
        slope[i] = moment[walk.units[i]] - level
        for j in range(n):
            slope[i] -= gram[walk.units[i], walk.units[j]] * walk.weights[j]
    _forward(walk.factor, n, slope)
    _backward(walk.factor, n, slope, slope)
    for i in range(n):
        walk.weights[i] = max(walk.weights[i] + slope[i], 0.0)


@compiled(reorder=True)
def _add(walk: _Walk, n: int, gram: np.ndarray, unit: int) -> bool:
    """Add a unit with weight 0; false where it depends on positive units or, by rounding, its weight would not grow."""
    beside, own, rest, total = np.empty(n), gram[unit, unit], gram[unit, unit], 1.0
    for i in range(n):
        beside[i] = gram[unit, walk.units[i]]
    _forward(walk.factor, n, beside)
    nearest = np.empty(n)  # coefficients of the unit's projection on the positive units
    _backward(walk.factor, n, beside, nearest)
    reach = 0.0  # sum of the lengths of the projection's terms
    for i in range(n):
        rest -= beside[i] * beside[i]
        total -= beside[i] * walk.sums[i]
        reach += abs(nearest[i]) * walk.length[walk.units[i]]
    walk.aside[unit] = True
    if not (rest > max(_DEPENDENT * own, _ROUNDING * reach * reach) and total > 0):
        return False
    walk.units[n], walk.weights[n], walk.change[n] = unit, 0.0, total / rest
    for i in range(n):
        walk.factor[i, n] = beside[i]
        walk.change[i] -= nearest[i] * walk.change[n]
    walk.factor[n, n] = math.sqrt(rest)
    walk.sums[n] = total / walk.factor[n, n]
    walk.column[n], walk.near[n // _STRIP, :, n % _STRIP] = n, gram[unit]
    _widen(walk, walk.sums[n])
    return True


@compiled()
def _remove(walk: _Walk, n: int, place: int) -> None:
    """Remove the unit at a place; Givens rotations of the factor's later rows make it triangular again."""
    factor, sums, near, free, last = walk.factor, walk.sums, walk.near, walk.column[place], n - 1
    near[free // _STRIP, :, free % _STRIP] = near[last // _STRIP, :, last % _STRIP]
    for i in range(n):
        if walk.column[i] == last:
            walk.column[i] = free
    for i in range(place, n - 1):
        walk.units[i], walk.weights[i], walk.column[i] = walk.units[i + 1], walk.weights[i + 1], walk.column[i + 1]
    for unit in range(len(walk.aside)):
        walk.aside[unit] = False
    for i in range(n - 1):
        walk.aside[walk.units[i]] = True
    for i in range(place):
        row, ahead = factor[i, place : n - 1], factor[i, place + 1 : n]
        for j in range(len(row)):
            row[j] = ahead[j]
    for i in range(place, n - 1):
        length = math.hypot(factor[i, i + 1], factor[i + 1, i + 1])
        cosine, sine = factor[i, i + 1] / length, factor[i + 1, i + 1] / length
        new, upper, lower = factor[i, i : n - 1], factor[i, i + 1 : n], factor[i + 1, i + 1 : n]
        for j in range(len(new)):
            new[j], lower[j] = cosine * upper[j] + sine * lower[j], cosine * lower[j] - sine * upper[j]
        sums[i], sums[i + 1] = cosine * sums[i] + sine * sums[i + 1], cosine * sums[i + 1] - sine * sums[i]
    _backward(factor, n - 1, sums, walk.change)
    _widen(walk, sums[n - 1])


@compiled()
def _widen(walk: _Walk, moved: float) -> None:
    """Raise the bounds `rate`, after the change of the weights has moved by a vector of length `moved` in G."""
    for unit in range(len(walk.rate)):
        walk.rate[unit] += walk.length[unit] * abs(moved)


@compiled(reorder=True)
def _products(near: np.ndarray, unit: int, weights: np.ndarray, change: np.ndarray) -> tuple[float, float]:
    """Products of a unit's row of G with the weights (strip, column), and with their change."""
    value, fall = 0.0, 0.0
    for strip in range(len(weights)):
        row, of_weights, of_change = near[strip, unit], weights[strip], change[strip]
        for i in range(len(row)):
            value += row[i] * of_weights[i]
            fall += row[i] * of_change[i]
    return value, fall


@compiled(reorder=True)
def _forward(factor: np.ndarray, n: int, values: np.ndarray) -> None:
    """Solve U'x = values, in place."""
    for i in range(n):
        values[i] /= factor[i, i]
        row, rest, value = factor[i, i + 1 : n], values[i + 1 : n], values[i]
        for j in range(len(row)):
            rest[j] -= value * row[j]


@compiled(reorder=True)
def _backward(factor: np.ndarray, n: int, values: np.ndarray, solution: np.ndarray) -> None:
    """Solve Ux = values, into `solution`, which may be `values`."""
    for i in range(n - 1, -1, -1):
        row, rest, value = factor[i, i + 1 : n], solution[i + 1 : n], values[i]
        for j in range(len(row)):
            value -= row[j] * rest[j]
        solution[i] = value / factor[i, i]
