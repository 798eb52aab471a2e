"""Which pairs of images were judged, and which judgments are ties."""

import numpy as np

#: Numbers that agree to so many decimals are ties in a rank correlation: their rounding must not order them.
TIED_DECIMALS = 10


def judged_pairs(human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (pair,) of the pairs above the diagonal of (image, image) that have a judgment."""
    rows, columns = np.nonzero(np.triu(np.isfinite(human), k=1))
    return rows, columns


def places_among_judged(human: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Positions (pair,) among the `judged_pairs` of judged pairs (pair, 2) of images, which may be in either order."""
    rows, columns = judged_pairs(human)
    # Judged pairs are sorted by their cell's position in the matrix.
    low, high = np.sort(pairs, axis=1).T
    return np.searchsorted(rows * len(human) + columns, low * len(human) + high)


def tied(values: np.ndarray) -> np.ndarray:
    """Values (..., pair) in units of the largest, rounded: equal means over people often differ in the last bits."""
    largest = np.nanmax(np.abs(values), axis=-1, keepdims=True, initial=0)
    return (values / np.where(largest > 0, largest, 1)).round(TIED_DECIMALS)
