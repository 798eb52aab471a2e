"""Loops that are compiled for the processor, where whole-array operations would be bound by memory.

A similarity is computed, used and forgotten within the processor's registers. Feature maps lie side by side in lanes,
which the compiler turns into vector instructions: the sums of a map are added up in the same order, whichever maps
are computed with it.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Loop = TypeVar("Loop", bound=Callable[..., Any])

#: Maps that are ablated side by side.
LANES = 128

#: Smaller groups of maps are padded to a multiple of this, so that every map is computed by vector instructions alone.
FILLED_LANES = 32

#: Stands in the place of a map where none is ablated.
NO_MAP = -1

#: Float64 values in the processor's longest vector; rows of tables are padded to multiples of it.
VECTOR = 8

#: Images along each side of a tile of pairs, whose sums of products fit the processor's cache; a multiple of `VECTOR`.
TILE = 192


def compiled(*, reorder: bool = False, inline: bool = False) -> Callable[[Loop], Loop]:
    """Compile a loop at its first call, and cache the result for later processes if a folder can be written to.

    Products may be fused with sums, and NaN stays NaN. Terms of a sum are added in the order of the loop; with
    `reorder` the compiler chooses an order, the same for all calls. With `inline` the loop becomes part of the loops
    that call it: a call takes as long as dozens of pairs.
    """
    fast = {"contract", "nsz", "reassoc"} if reorder else {"contract", "nsz"}
    compiler = functools.partial(numba.njit, nogil=True, error_model="numpy", fastmath=fast, forceinline=inline)

    def compile_loop(loop: Loop) -> Loop:
        try:
            return cast(Loop, compiler(cache=True)(loop))
        except RuntimeError:  # No folder can be written to.
            return cast(Loop, compiler()(loop))

    return compile_loop


@compiled()
def pair_tables(human: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, float]:
    """Lay out judgments (image, image), NaN where there are none, in two square tables for loops over pairs.

    Loops read the part of a table below the diagonal; all else is 0. The side of the tables is the number of images,
    rounded up to a multiple of `VECTOR`.

    Returns:
        The judgments less their mean, 0 where there are none; 1 for pairs that are judged; how many pairs are judged;
        the sum of the squares of the first table.
    """
    side = -(-len(human) // VECTOR) * VECTOR
    centred, mask = np.zeros((side, side)), np.zeros((side, side))
    n_pairs, total, spread = 0, 0.0, 0.0
    for i in range(len(human)):
        for j in range(i):
            if math.isfinite(human[i, j]):
                mask[i, j] = 1.0
                n_pairs += 1
                total += human[i, j]
    for i in range(len(human)):
        for j in range(i):
            if mask[i, j]:
                centred[i, j] = human[i, j] - total / n_pairs
                spread += centred[i, j] * centred[i, j]
    return centred, mask, n_pairs, spread


@compiled()
def leave_one_out_sums(
    base: np.ndarray,
    own: np.ndarray,
    lost: np.ndarray,
    factor: float,
    fill: np.ndarray | None,
    images: np.ndarray,
    human: np.ndarray,
    mask: np.ndarray,
    maps: np.ndarray,
) -> np.ndarray:
    """Sums over pairs of images of the similarities R(-k) without each of some maps.

    With B = `base` and x = `lost`, R(-k)_ij = (B_ij - g_i g_j) / sqrt(v_i v_j), where g_i = factor x_ik - shift_i and
    v_i = B_ii - g_i^2. If f = `fill` is given, `base` is C, C_ij + f_ik f_jk replaces B_ij, and f_ik replaces shift_i.

    Args:
        base: (any image, any image); any image is one of the whole set.
        own: (any image, 3) B_ii, the largest v_i that counts as zero, and shift_i.
        lost: (any image, map).
        factor: see above.
        fill: (any image, map) f, or None where m of `closed_forms` is zero.
        images: (image,) places of the images of the block in the set.
        human, mask: of the block, see `pair_tables`.
        maps: (n,) the maps k, each of which may be `NO_MAP`.

    Returns:
        (3, n) the sums of R, of R * H and of R * R over judged pairs; NaN if a v is zero.
    """
    n_images, sums = len(images), np.empty((3, len(maps)))
    for start in range(0, len(maps), LANES):
        some = maps[start : start + LANES]
        width = -(-len(some) // FILLED_LANES) * FILLED_LANES
        g, f, w = np.zeros((n_images, width)), np.zeros((n_images, width)), np.zeros((n_images, width))
        for i in range(n_images):
            x, square, rounding, shift = lost[images[i]], own[images[i], 0], own[images[i], 1], own[images[i], 2]
            for lane in range(len(some)):
                if fill is not None:
                    f[i, lane] = shift = fill[images[i], some[lane]] if some[lane] != NO_MAP else 0.0
                g[i, lane] = factor * (x[some[lane]] if some[lane] != NO_MAP else 0.0) - shift
            for lane in range(width):
                variance = square - g[i, lane] * g[i, lane] + f[i, lane] * f[i, lane]
                w[i, lane] = 1 / math.sqrt(variance if variance > rounding else math.nan)
        sum_r, sum_rh, sum_rr = np.zeros(width), np.zeros(width), np.zeros(width)
        for i in range(1, n_images):
            # Two images j share one load and one store of the sums. The second may be i itself, whose mask is 0.
            for j in range(0, i, 2):
                b0, b1 = base[images[i], images[j]], base[images[i], images[j + 1]]
                h0, h1, m0, m1 = human[i, j], human[i, j + 1], mask[i, j], mask[i, j + 1]
                gi, wi, fi, g0, w0, f0, g1, w1, f1 = g[i], w[i], f[i], g[j], w[j], f[j], g[j + 1], w[j + 1], f[j + 1]
                for lane in range(width):
                    r0, r1 = b0 - gi[lane] * g0[lane], b1 - gi[lane] * g1[lane]
                    if fill is not None:
                        r0, r1 = r0 + fi[lane] * f0[lane], r1 + fi[lane] * f1[lane]
                    r0, r1 = wi[lane] * w0[lane] * r0, wi[lane] * w1[lane] * r1
                    sum_r[lane] += m0 * r0 + m1 * r1
                    sum_rh[lane] += h0 * r0 + h1 * r1
                    sum_rr[lane] += m0 * r0 * r0 + m1 * r1 * r1
        for lane in range(len(some)):
            sums[0, start + lane] = sum_r[lane]
            sums[1, start + lane] = sum_rh[lane]
            sums[2, start + lane] = sum_rr[lane]
    return sums


#: All values of the images of a tile lie in lanes of one array, at constant distances: otherwise the compiler makes no
#: vector instructions. If distances were powers of two, all lanes of an image would compete for the same place in the
#: processor's cache. Unsigned: an index that could be negative would prevent vector instructions, too.
_1, _2, _3 = (np.uintp(n * (TILE + VECTOR)) for n in (1, 2, 3))

#: Lanes after the columns of two k (0 and 1): their t and 1 / sqrt(v); the running sums of columns and of their
#: squares; what the pairs of an image add to the sums of R, of R * H and of R * R.
_T0, _T1, _S0, _S1, _SUM, _SQUARES, _R0, _R1, _RH0, _RH1, _RR0, _RR1, _END = (n * _1 for n in range(2, 15))

#: Rows of a tile that share one pass over the others.
_ROWS = 2

#: Lanes of a row of pairs, after their sums of products: judgments and mask; where the next row begins.
_HUMAN, _MASK, _NEXT = _1, _2, _3


@compiled()
def top_k_sums(
    columns: np.ndarray,
    fill: np.ndarray,
    order: np.ndarray,
    images: np.ndarray,
    inverse: float,
    rounding: float,
    human: np.ndarray,
    mask: np.ndarray,
    rows: slice,
    others: slice,
) -> np.ndarray:
    """Sums over the pairs of a tile of the similarities R(k) with the first k = 1..K maps kept, two k per pass.

    R(k)_ij = (P_ij - t_i t_j) / sqrt(v_i v_j) where P is the sum of the products of the columns that are kept plus the
    squares of the fill of all others, t the sum of the columns that are kept plus the fill of all others, times the
    root of `inverse`, and v_i = P_ii - t_i^2.

    Args:
        columns: (map, any image) of the readout.
        fill: (map,) values of the columns of maps that are not kept.
        order: (k,) maps, the most important first.
        images: (image,) places of the images of the block in the set.
        inverse: 1 / number of units; zero for cosine similarity.
        rounding: a v up to this share of P_ii counts as zero.
        human, mask: of the block, see `pair_tables`.
        rows, others: images of the tile, at most `TILE` each; the first of the others is a multiple of `TILE`.

    Returns:
        (3, k) the sums of R, of R * H and of R * R over the judged pairs of one of the rows with one of the others that
        comes before it; NaN if a v counts as zero.
    """
    start, stop, first, last = rows.start, rows.stop, others.start, others.stop
    root, totals = math.sqrt(inverse), np.empty((3, len(order) + len(order) % 2))
    n_rows, n_others = stop - start, last - first
    # Sum and sum of squares of the fill over the ablated maps: exactly 0 where all maps are kept.
    ablated = np.zeros((2, totals.shape[1]))
    for k in range(len(order) - 1, 0, -1):
        m = fill[order[k]]
        ablated[0, k - 1], ablated[1, k - 1] = ablated[0, k] + m, ablated[1, k] + m * m
    met = np.zeros(_END)
    own = met if start == first else np.zeros(_END)
    pairs = np.zeros(np.uintp(-(-n_rows // _ROWS) * _ROWS) * _NEXT)
    for i in range(np.uintp(n_rows)):
        for j in range(np.uintp(n_others)):
            pairs[i * _NEXT + j + _HUMAN] = human[np.uintp(start) + i, np.uintp(first) + j]
            pairs[i * _NEXT + j + _MASK] = mask[np.uintp(start) + i, np.uintp(first) + j]
    for k in range(0, len(order), 2):
        _take_two(columns, ablated, order, k, images[first:last], root, rounding, met)
        if start != first:
            _take_two(columns, ablated, order, k, images[start:stop], root, rounding, own)
        for i in range(0, n_rows, _ROWS):
            n_met = np.uintp(-(-min(start + i + _ROWS - first, n_others) // VECTOR) * VECTOR)
            _add_rows(i, n_met, own, ablated[1, k], ablated[1, k + 1], pairs, met)
        _take_sums(met, np.uintp(n_others), totals[:, k : k + 2])
    return totals[:, : len(order)]


@compiled(inline=True)
def _take_two(
    columns: np.ndarray,
    ablated: np.ndarray,
    order: np.ndarray,
    k: int,
    images: np.ndarray,
    root: float,
    rounding: float,
    lanes: np.ndarray,
) -> None:
    """Fill the lanes of some images for k and k + 1; beyond the last k, columns are zero."""
    for at in range(2):
        x, t, scale = np.uintp(at) * _1, _T0 + np.uintp(at) * _1, _S0 + np.uintp(at) * _1
        for i in range(len(images)):
            lanes[np.uintp(i) + x] = columns[order[k + at], images[i]] if k + at < len(order) else 0.0
        m, mm = ablated[0, k + at], ablated[1, k + at]
        for i in range(np.uintp(len(images))):
            lanes[i + _SUM] += lanes[i + x]
            lanes[i + _SQUARES] += lanes[i + x] * lanes[i + x]
            lanes[i + t] = root * (lanes[i + _SUM] + m)
            squares = lanes[i + _SQUARES] + mm
            variance = squares - lanes[i + t] * lanes[i + t]
            lanes[i + scale] = 1 / math.sqrt(variance if variance > rounding * squares else math.nan)


@compiled(inline=True)
def _add_rows(
    i: int,
    n: np.uintp,
    own: np.ndarray,
    squares0: float,
    squares1: float,
    pairs: np.ndarray,
    met: np.ndarray,
) -> None:
    """Add the pairs of rows i and i + 1 with the first n of the others to the lanes of sums of these others.

    `squares0` and `squares1` are the sums of the squares of the fill over the ablated maps, for the two k.
    Two rows and two k share one load and one store of the sums, which would otherwise take longer than the arithmetic;
    the values of more rows would not fit the processor's registers. Every product is written as a term of a sum, with
    which it makes one instruction.
    """
    a, b = np.uintp(i), np.uintp(i + 1)
    xa0, xb0, xa1, xb1 = own[a], own[b], own[a + _1], own[b + _1]
    sa0, sb0, sa1, sb1 = own[a + _S0], own[b + _S0], own[a + _S1], own[b + _S1]
    ta0, tb0, ta1, tb1 = sa0 * own[a + _T0], sb0 * own[b + _T0], sa1 * own[a + _T1], sb1 * own[b + _T1]
    fa0, fb0, fa1, fb1 = sa0 * squares0, sb0 * squares0, sa1 * squares1, sb1 * squares1
    row = a * _NEXT
    for j in range(n):
        of_a = row + j
        of_b = of_a + _NEXT
        x0, x1, t0, t1 = met[j], met[j + _1], met[j + _T0], met[j + _T1]
        pa0, pb0 = pairs[of_a] + xa0 * x0, pairs[of_b] + xb0 * x0
        pa1, pb1 = pa0 + xa1 * x1, pb0 + xb1 * x1
        pairs[of_a], pairs[of_b] = pa1, pb1
        ra0, rb0 = sa0 * pa0 + (fa0 - ta0 * t0), sb0 * pb0 + (fb0 - tb0 * t0)
        ra1, rb1 = sa1 * pa1 + (fa1 - ta1 * t1), sb1 * pb1 + (fb1 - tb1 * t1)
        ha, hb, ma, mb = pairs[of_a + _HUMAN], pairs[of_b + _HUMAN], pairs[of_a + _MASK], pairs[of_b + _MASK]
        ca0, cb0, ca1, cb1 = ma * ra0, mb * rb0, ma * ra1, mb * rb1
        met[j + _R0] = met[j + _R0] + ca0 + cb0
        met[j + _R1] = met[j + _R1] + ca1 + cb1
        met[j + _RH0] = met[j + _RH0] + ha * ra0 + hb * rb0
        met[j + _RH1] = met[j + _RH1] + ha * ra1 + hb * rb1
        met[j + _RR0] = met[j + _RR0] + ca0 * ra0 + cb0 * rb0
        met[j + _RR1] = met[j + _RR1] + ca1 * ra1 + cb1 * rb1


@compiled(reorder=True, inline=True)
def _take_sums(met: np.ndarray, n: np.uintp, totals: np.ndarray) -> None:
    """Add up the lanes of sums of the first n others to totals (3, 2) of the two k, and set these lanes to zero."""
    r0 = r1 = rh0 = rh1 = rr0 = rr1 = 0.0
    for j in range(n):
        s0, s1 = met[j + _S0], met[j + _S1]
        r0, r1 = r0 + s0 * met[j + _R0], r1 + s1 * met[j + _R1]
        rh0, rh1 = rh0 + s0 * met[j + _RH0], rh1 + s1 * met[j + _RH1]
        rr0, rr1 = rr0 + s0 * s0 * met[j + _RR0], rr1 + s1 * s1 * met[j + _RR1]
        met[j + _R0] = met[j + _R1] = met[j + _RH0] = met[j + _RH1] = met[j + _RR0] = met[j + _RR1] = 0.0
    totals[0, 0], totals[1, 0], totals[2, 0] = r0, rh0, rr0
    totals[0, 1], totals[1, 1], totals[2, 1] = r1, rh1, rr1
