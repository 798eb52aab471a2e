"""Which pairs of images were judged."""

import numpy as np


def judged_pairs(human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (pair,) of the pairs above the diagonal of (image, image) that have a judgment."""
    rows, columns = np.nonzero(np.triu(np.isfinite(human), k=1))
    return rows, columns


def places_among_judged(human: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Places (pair,) among the `judged_pairs` of pairs (pair, 2) of images, in either order, that are judged."""
    rows, columns = judged_pairs(human)
    # They are in the order of the cells of the matrix.
    low, high = np.sort(pairs, axis=1).T
    return np.searchsorted(rows * len(human) + columns, low * len(human) + high)
