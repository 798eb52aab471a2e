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
TILE = 256


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
    columns: np.ndarray, sums: np.ndarray, scale: np.ndarray, judged: PairTables, rows: slice, others: slice
) -> np.ndarray:
    """Sums over the pairs of a tile of the similarities R(k) with the first k = 1..K maps kept.

    R(k)_ij = scale_ki scale_kj (P_ij - sums_ki sums_kj) where P, the sum of products of the first k columns, grows by
    one product per map.

    Args:
        columns, sums, scale: (k, image).
        judged: the images' judgments H.
        rows, others: images of the tile, at most `TILE` each; the first of the others is a multiple of `TILE`.

    Returns:
        (k, 3) the sums of R, of R * H and of R * R over judged pairs of a row with another image that comes before it.
    """
    totals = np.zeros((-(-len(columns) // _K_AT_ONCE) * _K_AT_ONCE, 3))
    _sum_top_k(
        columns, sums, scale, judged.human, judged.mask, rows.start, rows.stop, others.start, others.stop, totals
    )
    return totals[: len(columns)]


#: How many k share one pass through the pairs.
_K_AT_ONCE = 4


@compiled(reorder=True)
def _sum_top_k(
    columns: np.ndarray,
    sums: np.ndarray,
    scale: np.ndarray,
    human: np.ndarray,
    mask: np.ndarray,
    start: int,
    stop: int,
    first: int,
    last: int,
    totals: np.ndarray,
) -> None:
    """`top_k_sums`, four k after the other."""
    products = np.zeros((stop - start, TILE))
    # One array for what a row meets, at distances that the compiler knows: else it sees no vectors.
    met, own = np.zeros(3 * _K_AT_ONCE * TILE), np.zeros((stop - start, 3 * _K_AT_ONCE))
    for k in range(0, len(columns), _K_AT_ONCE):
        for at in range(_K_AT_ONCE):
            for kind, values in enumerate((columns, sums, scale)):
                of_k = values[k + at] if k + at < len(columns) else np.zeros(values.shape[1])
                place = (kind * _K_AT_ONCE + at) * TILE
                met[place : place + last - first] = of_k[first:last]
                own[:, kind * _K_AT_ONCE + at] = of_k[start:stop]
        for i in range(start, stop):
            n = min(-(-i // VECTOR) * VECTOR - first, TILE)
            # Unsigned: an index that could be negative would cost the loop its vectors.
            row, image, others, number = np.uintp(i - start), np.uintp(i), np.uintp(first), np.uintp(n)
            _add_four_k(image, others, number, row, own, met, human, mask, products, k, totals)


@compiled(reorder=True)
def _add_four_k(
    i: np.uintp,
    first: np.uintp,
    n: np.uintp,
    row: np.uintp,
    own: np.ndarray,
    met: np.ndarray,
    human: np.ndarray,
    mask: np.ndarray,
    products: np.ndarray,
    k: int,
    totals: np.ndarray,
) -> None:
    """Add the pairs of image i with n images from the first on to the sums of four k.

    Whole arrays are handed over, since taking a part of one takes as long as some vectors.
    """
    x0, x1, x2, x3 = own[row, 0], own[row, 1], own[row, 2], own[row, 3]
    t0, t1, t2, t3 = own[row, 4], own[row, 5], own[row, 6], own[row, 7]
    r_0 = r_1 = r_2 = r_3 = rh_0 = rh_1 = rh_2 = rh_3 = rr_0 = rr_1 = rr_2 = rr_3 = 0.0
    for j in range(n):
        p0 = products[row, j] + x0 * met[j]
        p1 = p0 + x1 * met[j + TILE]
        p2 = p1 + x2 * met[j + 2 * TILE]
        p3 = p2 + x3 * met[j + 3 * TILE]
        products[row, j] = p3
        r0, r1 = met[j + 8 * TILE] * (p0 - t0 * met[j + 4 * TILE]), met[j + 9 * TILE] * (p1 - t1 * met[j + 5 * TILE])
        r2, r3 = met[j + 10 * TILE] * (p2 - t2 * met[j + 6 * TILE]), met[j + 11 * TILE] * (p3 - t3 * met[j + 7 * TILE])
        h, m = human[i, first + j], mask[i, first + j]
        rh_0, rh_1, rh_2, rh_3 = rh_0 + h * r0, rh_1 + h * r1, rh_2 + h * r2, rh_3 + h * r3
        m0, m1, m2, m3 = m * r0, m * r1, m * r2, m * r3
        rr_0, rr_1, rr_2, rr_3 = rr_0 + m0 * r0, rr_1 + m1 * r1, rr_2 + m2 * r2, rr_3 + m3 * r3
        r_0, r_1, r_2, r_3 = r_0 + m0, r_1 + m1, r_2 + m2, r_3 + m3
    found = ((r_0, rh_0, rr_0), (r_1, rh_1, rr_1), (r_2, rh_2, rr_2), (r_3, rh_3, rr_3))
    for at in range(4):
        weight = own[row, 8 + at]
        totals[k + at, 0] += weight * found[at][0]
        totals[k + at, 1] += weight * found[at][1]
        totals[k + at, 2] += weight * weight * found[at][2]
