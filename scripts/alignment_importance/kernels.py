"""Loops that are compiled for the processor, where whole-array operations would be bound by memory.

A similarity is computed, used and forgotten within the processor's registers. Feature maps lie side by side in lanes,
which the compiler turns into vector instructions: the sums of a map are added up in one order, whatever maps are
computed with it.
"""

import functools
import math
from collections.abc import Callable
from typing import TypeAlias

import numba
import numpy as np

Loop: TypeAlias = Callable[..., None]

#: Maps side by side.
LANES = 128

#: Images that a row meets in one step. Tables of pairs have rows and columns up to a multiple of it.
STEP = 4

#: Images whose lanes stay in the second-level cache while all others meet them; a multiple of the step.
_TILE = 128


def _compiled(loop: Loop) -> Loop:
    """Compile a loop at its first call, and keep the result for later processes where a place can be written to.

    Products may be fused with sums; nothing is reordered, and NaN stays NaN.
    """
    compiler = functools.partial(numba.njit, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
    try:
        return compiler(cache=True)(loop)
    except RuntimeError:  # There is no such place.
        return compiler()(loop)


def leave_one_out_sums(
    base: np.ndarray,
    own: np.ndarray,
    shifted: np.ndarray,
    images: np.ndarray,
    human: np.ndarray,
    mask: np.ndarray,
    maps: np.ndarray,
) -> np.ndarray:
    """Sums over pairs of images of the similarities R(-k) without each of some maps.

    With B = `base` and G the rows of `shifted` for `images`, R(-k)_ij = (B_ij - G_ik G_jk) / sqrt(v_i v_j), where
    v_i = B_ii - G_ik^2. Tables (row, column) hold the pairs of images below the diagonal and 0 elsewhere; they are
    square and as large as the next multiple of `STEP` from the number of images on.

    Args:
        base: table of pairs.
        own: (image, 2) B_ii, and what v_i must exceed in order not to count as zero.
        shifted: (any image, map).
        images: (image,) rows of `shifted`.
        human: table of the pairs' judgments, 0 where there are none.
        mask: table of 1 for pairs that are judged, else 0.
        maps: (n,) the maps k.

    Returns:
        (n, 3) the sums of R, of R * H and of R * R over judged pairs; NaN if a v is zero.
    """
    sums = np.empty((len(maps), 3))
    _sum_without_each(base, own, shifted, images, human, mask, maps, sums)
    return sums


@_compiled
def _sum_without_each(
    base: np.ndarray,
    own: np.ndarray,
    shifted: np.ndarray,
    images: np.ndarray,
    human: np.ndarray,
    mask: np.ndarray,
    maps: np.ndarray,
    sums: np.ndarray,
) -> None:
    """`leave_one_out_sums`, a group of lanes after the other."""
    n_rows = len(base)
    g, w = np.zeros((n_rows, LANES)), np.zeros((n_rows, LANES))
    sum_r, sum_rh, sum_rr = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for start in range(0, len(maps), LANES):
        filled = min(LANES, len(maps) - start)
        for i in range(len(images)):
            for lane in range(filled):
                g[i, lane] = shifted[images[i], maps[start + lane]]
            for lane in range(LANES):
                variance = own[i, 0] - g[i, lane] * g[i, lane]
                w[i, lane] = 1 / math.sqrt(variance if variance > own[i, 1] else math.nan)
        sum_r[:], sum_rh[:], sum_rr[:] = 0, 0, 0
        for tile in range(0, n_rows, _TILE):
            for i in range(tile, n_rows, 2):
                _add_two_rows(i, tile, min(i + 2, tile + _TILE), base, human, mask, g, w, sum_r, sum_rh, sum_rr)
        for lane in range(filled):
            sums[start + lane, 0] = sum_r[lane]
            sums[start + lane, 1] = sum_rh[lane]
            sums[start + lane, 2] = sum_rr[lane]


@_compiled
def _add_two_rows(
    i: int,
    start: int,
    stop: int,
    base: np.ndarray,
    human: np.ndarray,
    mask: np.ndarray,
    g: np.ndarray,
    w: np.ndarray,
    sum_r: np.ndarray,
    sum_rh: np.ndarray,
    sum_rr: np.ndarray,
) -> None:
    """Add the pairs of images i and i + 1 with images start..stop to the sums.

    Two times four pairs share one load and one store of the sums, and the lanes of their images: loads and stores would
    otherwise take longer than the arithmetic.
    """
    ga, gb, wa, wb = g[i], g[i + 1], w[i], w[i + 1]
    for j in range(start, stop, STEP):
        a0, a1, a2, a3 = base[i, j], base[i, j + 1], base[i, j + 2], base[i, j + 3]
        b0, b1, b2, b3 = base[i + 1, j], base[i + 1, j + 1], base[i + 1, j + 2], base[i + 1, j + 3]
        ha0, ha1, ha2, ha3 = human[i, j], human[i, j + 1], human[i, j + 2], human[i, j + 3]
        hb0, hb1, hb2, hb3 = human[i + 1, j], human[i + 1, j + 1], human[i + 1, j + 2], human[i + 1, j + 3]
        ma0, ma1, ma2, ma3 = mask[i, j], mask[i, j + 1], mask[i, j + 2], mask[i, j + 3]
        mb0, mb1, mb2, mb3 = mask[i + 1, j], mask[i + 1, j + 1], mask[i + 1, j + 2], mask[i + 1, j + 3]
        g0, g1, g2, g3 = g[j], g[j + 1], g[j + 2], g[j + 3]
        w0, w1, w2, w3 = w[j], w[j + 1], w[j + 2], w[j + 3]
        for lane in range(LANES):
            own_a, own_b, weight_a, weight_b = ga[lane], gb[lane], wa[lane], wb[lane]
            ra0, rb0 = w0[lane] * (a0 - own_a * g0[lane]), w0[lane] * (b0 - own_b * g0[lane])
            ra1, rb1 = w1[lane] * (a1 - own_a * g1[lane]), w1[lane] * (b1 - own_b * g1[lane])
            ra2, rb2 = w2[lane] * (a2 - own_a * g2[lane]), w2[lane] * (b2 - own_b * g2[lane])
            ra3, rb3 = w3[lane] * (a3 - own_a * g3[lane]), w3[lane] * (b3 - own_b * g3[lane])
            ca0, ca1, ca2, ca3 = ma0 * ra0, ma1 * ra1, ma2 * ra2, ma3 * ra3
            cb0, cb1, cb2, cb3 = mb0 * rb0, mb1 * rb1, mb2 * rb2, mb3 * rb3
            sum_r[lane] += weight_a * ((ca0 + ca1) + (ca2 + ca3)) + weight_b * ((cb0 + cb1) + (cb2 + cb3))
            rh_a = (ha0 * ra0 + ha1 * ra1) + (ha2 * ra2 + ha3 * ra3)
            rh_b = (hb0 * rb0 + hb1 * rb1) + (hb2 * rb2 + hb3 * rb3)
            sum_rh[lane] += weight_a * rh_a + weight_b * rh_b
            rr_a = (ca0 * ra0 + ca1 * ra1) + (ca2 * ra2 + ca3 * ra3)
            rr_b = (cb0 * rb0 + cb1 * rb1) + (cb2 * rb2 + cb3 * rb3)
            sum_rr[lane] += weight_a * weight_a * rr_a + weight_b * weight_b * rr_b
