"""Loops that are compiled for the processor, where whole-array operations would be bound by memory.

A similarity is computed, used and forgotten within the processor's registers. Feature maps lie side by side in lanes,
which the compiler turns into vector instructions: the sums of a map are added up in one order, whatever maps are
computed with it.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np

from alignment_importance.statistics.similarity import CONSTANT

Loop = TypeVar("Loop", bound=Callable[..., Any])

#: Maps that are ablated side by side.
LANES = 256

#: Fewer are filled up to a multiple of this, so that vector instructions alone compute a map, whatever its company.
FILLED_LANES = 32

#: In place of a map: none is ablated.
NO_MAP = -1

#: Numbers of the longest vector, to whose multiples rows of tables are filled up.
VECTOR = 8

#: Images that a row meets in one step.
STEP = 4

#: Images whose lanes stay in the second-level cache while all others meet them; a multiple of the step.
_MET_IN_CACHE = 128

#: Images on each side of a tile of pairs whose sums of products stay there; a multiple of the longest vector.
TILE = 64


def compiled(*, reorder: bool = False) -> Callable[[Loop], Loop]:
    """Compile a loop at its first call, and keep the result for later processes where a place can be written to.

    Products may be fused with sums, and NaN stays NaN. Terms of a sum are added in the order of the loop, unless the
    compiler is free to reorder them, once and for all calls.
    """
    fast = {"contract", "nsz", "reassoc"} if reorder else {"contract", "nsz"}
    compiler = functools.partial(numba.njit, nogil=True, error_model="numpy", fastmath=fast)

    def compile_loop(loop: Loop) -> Loop:
        try:
            return cast(Loop, compiler(cache=True)(loop))
        except RuntimeError:  # There is no such place.
            return cast(Loop, compiler()(loop))

    return compile_loop


class PairTables(NamedTuple):
    """Judgments of a block in tables (image, image), of which loops read what is below the diagonal; all else is 0.

    They are square and as large as the next multiple of `VECTOR` from the number of images on.

    Attributes:
        human: judgments less their mean; 0 where there are none.
        mask: 1 for pairs that are judged.
        n_pairs: how many pairs are judged.
        spread: the sum of the squares of `human`.
        complete: whether all pairs are judged.
    """

    human: np.ndarray
    mask: np.ndarray
    n_pairs: int
    spread: float
    complete: bool


def pair_tables(human: np.ndarray) -> PairTables:
    """Lay out judgments (image, image), NaN where there are none, for loops over pairs."""
    n_images = len(human)
    centred, mask = np.zeros((2, *[-(-n_images // VECTOR) * VECTOR] * 2))
    n_pairs, spread = _fill_tables(human, centred, mask)
    return PairTables(centred, mask, n_pairs, spread, 2 * n_pairs == n_images * (n_images - 1))


@compiled()
def _fill_tables(human: np.ndarray, centred: np.ndarray, mask: np.ndarray) -> tuple[int, float]:
    """Write the tables; return the number of pairs and the spread."""
    n_pairs, total, spread = 0, 0.0, 0.0
    for i in range(len(human)):
        for j in range(i):
            if math.isfinite(human[i, j]):
                n_pairs, total = n_pairs + 1, total + human[i, j]
    for i in range(len(human)):
        for j in range(i):
            if math.isfinite(human[i, j]):
                centred[i, j], mask[i, j] = human[i, j] - total / n_pairs, 1.0
                spread += centred[i, j] * centred[i, j]
    return n_pairs, spread


def leave_one_out_sums(
    base: np.ndarray,
    own: np.ndarray,
    readout: np.ndarray,
    factor: float,
    images: np.ndarray,
    judged: PairTables,
    maps: np.ndarray,
) -> np.ndarray:
    """Sums over pairs of images of the similarities R(-k) without each of some maps.

    With B = `base` and X = `readout`, R(-k)_ij = (B_ij - g_i g_j) / sqrt(v_i v_j), where g_i = factor X_ik - shift_i
    and v_i = B_ii - g_i^2.

    Args:
        base: (any image, any image).
        own: (any image, 3) B_ii, what v_i must exceed in order not to count as zero, and shift_i.
        readout: (any image, map).
        factor: see above.
        images: (image,) those of the block.
        judged: their judgments H.
        maps: (n,) the maps k, or `NO_MAP`.

    Returns:
        (n, 3) the sums of R, of R * H and of R * R over judged pairs; NaN if a v is zero.
    """
    sums = np.empty((len(maps), 3))
    filled = np.pad(images, (0, -len(images) % STEP), mode="edge")
    _sum_without_each(
        base, own, readout, factor, filled, len(images), judged.human, judged.mask, judged.complete, maps, sums
    )
    return sums


@compiled()
def _sum_without_each(
    base: np.ndarray,
    own: np.ndarray,
    readout: np.ndarray,
    factor: float,
    images: np.ndarray,
    n_images: int,
    human: np.ndarray,
    mask: np.ndarray,
    complete: bool,
    maps: np.ndarray,
    sums: np.ndarray,
) -> None:
    """`leave_one_out_sums`, a group of lanes after the other; images beyond their number have weight 0."""
    n_rows = len(images)
    for start in range(0, len(maps), LANES):
        some = maps[start : start + LANES]
        width = -(-len(some) // FILLED_LANES) * FILLED_LANES
        g, w = np.zeros((n_rows, width)), np.zeros((n_rows, width))
        for i in range(n_images):
            x, square, rounding, shift = readout[images[i]], own[images[i], 0], own[images[i], 1], own[images[i], 2]
            for lane in range(len(some)):
                g[i, lane] = factor * (x[some[lane]] if some[lane] != NO_MAP else 0.0) - shift
            for lane in range(width):
                variance = square - g[i, lane] * g[i, lane]
                w[i, lane] = 1 / math.sqrt(variance if variance > rounding else math.nan)
        sum_r, sum_rh, sum_rr = np.zeros(width), np.zeros(width), np.zeros(width)
        for tile in range(0, n_rows, _MET_IN_CACHE):
            for i in range(tile, n_rows, 2):
                stop = min(i + 2, tile + _MET_IN_CACHE)
                unmasked = min(i - i % STEP, tile + _MET_IN_CACHE) if complete else tile
                _add_two_rows(i, tile, unmasked, base, images, human, None, g, w, sum_r, sum_rh, sum_rr)
                _add_two_rows(i, unmasked, stop, base, images, human, mask, g, w, sum_r, sum_rh, sum_rr)
        for lane in range(len(some)):
            sums[start + lane, 0] = sum_r[lane]
            sums[start + lane, 1] = sum_rh[lane]
            sums[start + lane, 2] = sum_rr[lane]


@compiled()
def _add_two_rows(
    i: int,
    start: int,
    stop: int,
    base: np.ndarray,
    images: np.ndarray,
    human: np.ndarray,
    mask: np.ndarray | None,
    g: np.ndarray,
    w: np.ndarray,
    sum_r: np.ndarray,
    sum_rh: np.ndarray,
    sum_rr: np.ndarray,
) -> None:
    """Add the pairs of images i and i + 1 with images start..stop to the sums, all of them if there is no mask.

    Two times four pairs share one load and one store of the sums, and the lanes of their images: loads and stores would
    otherwise take longer than the arithmetic.
    """
    ga, gb, wa, wb = g[i], g[i + 1], w[i], w[i + 1]
    base_a, base_b = base[images[i]], base[images[i + 1]]
    for j in range(start, stop, STEP):
        a0, a1, a2, a3 = base_a[images[j]], base_a[images[j + 1]], base_a[images[j + 2]], base_a[images[j + 3]]
        b0, b1, b2, b3 = base_b[images[j]], base_b[images[j + 1]], base_b[images[j + 2]], base_b[images[j + 3]]
        ha0, ha1, ha2, ha3 = human[i, j], human[i, j + 1], human[i, j + 2], human[i, j + 3]
        hb0, hb1, hb2, hb3 = human[i + 1, j], human[i + 1, j + 1], human[i + 1, j + 2], human[i + 1, j + 3]
        if mask is not None:
            ma0, ma1, ma2, ma3 = mask[i, j], mask[i, j + 1], mask[i, j + 2], mask[i, j + 3]
            mb0, mb1, mb2, mb3 = mask[i + 1, j], mask[i + 1, j + 1], mask[i + 1, j + 2], mask[i + 1, j + 3]
        g0, g1, g2, g3 = g[j], g[j + 1], g[j + 2], g[j + 3]
        w0, w1, w2, w3 = w[j], w[j + 1], w[j + 2], w[j + 3]
        for lane in range(len(sum_r)):
            own_a, own_b, weight_a, weight_b = ga[lane], gb[lane], wa[lane], wb[lane]
            ra0, rb0 = w0[lane] * (a0 - own_a * g0[lane]), w0[lane] * (b0 - own_b * g0[lane])
            ra1, rb1 = w1[lane] * (a1 - own_a * g1[lane]), w1[lane] * (b1 - own_b * g1[lane])
            ra2, rb2 = w2[lane] * (a2 - own_a * g2[lane]), w2[lane] * (b2 - own_b * g2[lane])
            ra3, rb3 = w3[lane] * (a3 - own_a * g3[lane]), w3[lane] * (b3 - own_b * g3[lane])
            ca0, ca1, ca2, ca3, cb0, cb1, cb2, cb3 = ra0, ra1, ra2, ra3, rb0, rb1, rb2, rb3
            if mask is not None:
                ca0, ca1, ca2, ca3 = ma0 * ra0, ma1 * ra1, ma2 * ra2, ma3 * ra3
                cb0, cb1, cb2, cb3 = mb0 * rb0, mb1 * rb1, mb2 * rb2, mb3 * rb3
            sum_r[lane] += weight_a * ((ca0 + ca1) + (ca2 + ca3)) + weight_b * ((cb0 + cb1) + (cb2 + cb3))
            rh_a = (ha0 * ra0 + ha1 * ra1) + (ha2 * ra2 + ha3 * ra3)
            rh_b = (hb0 * rb0 + hb1 * rb1) + (hb2 * rb2 + hb3 * rb3)
            sum_rh[lane] += weight_a * rh_a + weight_b * rh_b
            rr_a = (ca0 * ra0 + ca1 * ra1) + (ca2 * ra2 + ca3 * ra3)
            rr_b = (cb0 * rb0 + cb1 * rb1) + (cb2 * rb2 + cb3 * rb3)
            sum_rr[lane] += weight_a * weight_a * rr_a + weight_b * weight_b * rr_b


def top_k_sums(
    columns: np.ndarray,
    order: np.ndarray,
    images: np.ndarray,
    inverse: float,
    judged: PairTables,
    rows: slice,
    others: slice,
) -> np.ndarray:
    """Sums over the pairs of a tile of the similarities R(k) with the first k = 1..K maps kept.

    R(k)_ij = (P_ij - t_i t_j) / sqrt(v_i v_j) where P, the sum of products of the first k columns, grows by one product
    per map, t is the running sum of the columns times the root of `inverse`, and v_i = P_ii - t_i^2.

    Args:
        columns: (map, any image) of the readout.
        order: (k,) maps, the most important first.
        images: (image,) those of the block.
        inverse: 1 / number of units; zero for cosine similarity.
        judged: their judgments H.
        rows, others: images of the tile, at most `TILE` each; the first of the others is a multiple of `TILE`.

    Returns:
        (k, 3) the sums of R, of R * H and of R * R over judged pairs of a row with another image that comes before it;
        NaN if a v counts as zero.
    """
    totals = np.empty((len(order) + len(order) % 2, 3))
    tile = (rows.start, rows.stop, others.start, others.stop)
    given = (columns, order, images, math.sqrt(inverse), CONSTANT, judged.human, judged.mask, judged.complete)
    _sum_top_k(*given, *tile, totals)
    return totals[: len(order)]


#: What is known of the images of a tile stands in lanes of one array, at distances that the compiler knows: else it
#: sees no vectors. Were they a power of two, all lanes of an image would share one place in the processor's cache.
_LANE = TILE + VECTOR

#: Lanes of two k each, behind those of their columns: t and 1 / sqrt(v).
_T, _SCALE = 2 * _LANE, 4 * _LANE

#: The running sums of the columns and of their squares.
_SUM, _SQUARES = 6 * _LANE, 7 * _LANE

#: Lanes of two k each: what the pairs of an image add to the sums of R, R * H and R * R.
_OF_R, _OF_RH, _OF_RR, _END = 8 * _LANE, 10 * _LANE, 12 * _LANE, 14 * _LANE

#: Rows of a tile that share the lanes of the images that they meet.
_ROWS = 4


@compiled()
def _sum_top_k(
    columns: np.ndarray,
    order: np.ndarray,
    images: np.ndarray,
    root: float,
    rounding: float,
    human: np.ndarray,
    mask: np.ndarray,
    complete: bool,
    start: int,
    stop: int,
    first: int,
    last: int,
    totals: np.ndarray,
) -> None:
    """`top_k_sums`, two k after the other; a v up to `rounding` of the sum of squares counts as zero."""
    n_rows, n_others = stop - start, last - first
    met = np.zeros(_END)
    own = met if start == first else np.zeros(_END)
    size = -(-n_rows // _ROWS) * _ROWS * _LANE
    h, m, products = np.zeros(size), np.zeros(size), np.zeros(size)
    for i in range(n_rows):
        h[i * _LANE : i * _LANE + n_others] = human[start + i, first:last]
        m[i * _LANE : i * _LANE + n_others] = mask[start + i, first:last]
    for k in range(0, len(order), 2):
        _take_two(columns, order, k, images[first:last], root, rounding, met)
        if start != first:
            _take_two(columns, order, k, images[start:stop], root, rounding, own)
        for lane in range(_OF_R, _END, _LANE):
            met[lane : lane + n_others] = 0.0
        for i in range(0, n_rows, _ROWS):
            n = min(start + i + _ROWS - first, n_others)
            _add_rows(np.uintp(i), np.uintp(-(-n // VECTOR) * VECTOR), own, h, m, products, met)
        r0 = r1 = rh0 = rh1 = rr0 = rr1 = 0.0
        for j in range(np.uintp(n_others)):
            s0, s1 = met[j + np.uintp(_SCALE)], met[j + np.uintp(_SCALE + _LANE)]
            r0, r1 = r0 + s0 * met[j + np.uintp(_OF_R)], r1 + s1 * met[j + np.uintp(_OF_R + _LANE)]
            rh0, rh1 = rh0 + s0 * met[j + np.uintp(_OF_RH)], rh1 + s1 * met[j + np.uintp(_OF_RH + _LANE)]
            rr0, rr1 = rr0 + s0 * s0 * met[j + np.uintp(_OF_RR)], rr1 + s1 * s1 * met[j + np.uintp(_OF_RR + _LANE)]
        totals[k, 0], totals[k, 1], totals[k, 2] = r0, rh0, rr0
        totals[k + 1, 0], totals[k + 1, 1], totals[k + 1, 2] = r1, rh1, rr1


@compiled()
def _take_two(
    columns: np.ndarray,
    order: np.ndarray,
    k: int,
    images: np.ndarray,
    root: float,
    rounding: float,
    lanes: np.ndarray,
) -> None:
    """Fill the lanes of some images for two k; beyond the last k, columns are zero."""
    for at in range(2):
        lane = np.uintp(at * _LANE)
        for i in range(len(images)):
            lanes[i + lane] = columns[order[k + at], images[i]] if k + at < len(order) else 0.0
        # Unsigned: an index that could be negative would cost the loop its vectors.
        for i in range(np.uintp(len(images))):
            x = lanes[i + lane]
            total, squares = lanes[i + _SUM] + x, lanes[i + _SQUARES] + x * x
            t = root * total
            variance = squares - t * t
            lanes[i + _SUM], lanes[i + _SQUARES] = total, squares
            lanes[i + lane + _T] = t
            lanes[i + lane + _SCALE] = 1 / math.sqrt(variance if variance > rounding * squares else math.nan)


@compiled()
def _add_rows(
    i: np.uintp,
    n: np.uintp,
    own: np.ndarray,
    human: np.ndarray,
    mask: np.ndarray,
    products: np.ndarray,
    met: np.ndarray,
) -> None:
    """Add the pairs of four rows with images start..stop to what these add to the sums; all if there is no mask.

    Four times two similarities share one load and one store of the sums: they would otherwise take longer than the
    arithmetic.
    """
    xa0, xb0, xc0, xd0 = own[i], own[i + 1], own[i + 2], own[i + 3]
    i1, t0, t1 = i + np.uintp(_LANE), i + np.uintp(_T), i + np.uintp(_T + _LANE)
    s0, s1 = i + np.uintp(_SCALE), i + np.uintp(_SCALE + _LANE)
    xa1, xb1, xc1, xd1 = own[i1], own[i1 + 1], own[i1 + 2], own[i1 + 3]
    ta0, tb0, tc0, td0 = own[t0], own[t0 + 1], own[t0 + 2], own[t0 + 3]
    ta1, tb1, tc1, td1 = own[t1], own[t1 + 1], own[t1 + 2], own[t1 + 3]
    sa0, sb0, sc0, sd0 = own[s0], own[s0 + 1], own[s0 + 2], own[s0 + 3]
    sa1, sb1, sc1, sd1 = own[s1], own[s1 + 1], own[s1 + 2], own[s1 + 3]
    row = i * np.uintp(_LANE)
    for j in range(n):
        at = row + j
        x0, x1, t0_, t1_ = met[j], met[j + np.uintp(_LANE)], met[j + np.uintp(_T)], met[j + np.uintp(_T + _LANE)]
        pa0, pb0 = products[at] + xa0 * x0, products[at + np.uintp(_LANE)] + xb0 * x0
        pc0, pd0 = products[at + np.uintp(2 * _LANE)] + xc0 * x0, products[at + np.uintp(3 * _LANE)] + xd0 * x0
        pa1, pb1, pc1, pd1 = pa0 + xa1 * x1, pb0 + xb1 * x1, pc0 + xc1 * x1, pd0 + xd1 * x1
        (
            products[at],
            products[at + np.uintp(_LANE)],
            products[at + np.uintp(2 * _LANE)],
            products[at + np.uintp(3 * _LANE)],
        ) = pa1, pb1, pc1, pd1
        ra0, rb0 = sa0 * (pa0 - ta0 * t0_), sb0 * (pb0 - tb0 * t0_)
        rc0, rd0 = sc0 * (pc0 - tc0 * t0_), sd0 * (pd0 - td0 * t0_)
        ra1, rb1 = sa1 * (pa1 - ta1 * t1_), sb1 * (pb1 - tb1 * t1_)
        rc1, rd1 = sc1 * (pc1 - tc1 * t1_), sd1 * (pd1 - td1 * t1_)
        ha, hb, hc, hd = (
            human[at],
            human[at + np.uintp(_LANE)],
            human[at + np.uintp(2 * _LANE)],
            human[at + np.uintp(3 * _LANE)],
        )
        ma, mb, mc, md = (
            mask[at],
            mask[at + np.uintp(_LANE)],
            mask[at + np.uintp(2 * _LANE)],
            mask[at + np.uintp(3 * _LANE)],
        )
        ca0, cb0, cc0, cd0 = ma * ra0, mb * rb0, mc * rc0, md * rd0
        ca1, cb1, cc1, cd1 = ma * ra1, mb * rb1, mc * rc1, md * rd1
        met[j + np.uintp(_OF_R)] += (ca0 + cb0) + (cc0 + cd0)
        met[j + np.uintp(_OF_R + _LANE)] += (ca1 + cb1) + (cc1 + cd1)
        met[j + np.uintp(_OF_RH)] += (ha * ra0 + hb * rb0) + (hc * rc0 + hd * rd0)
        met[j + np.uintp(_OF_RH + _LANE)] += (ha * ra1 + hb * rb1) + (hc * rc1 + hd * rd1)
        met[j + np.uintp(_OF_RR)] += (ca0 * ra0 + cb0 * rb0) + (cc0 * rc0 + cd0 * rd0)
        met[j + np.uintp(_OF_RR + _LANE)] += (ca1 * ra1 + cb1 * rb1) + (cc1 * rc1 + cd1 * rd1)
