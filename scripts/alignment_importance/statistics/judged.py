"""Which pairs of images were judged."""

import numpy as np


def judged_pairs(human: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (pair,) of the pairs above the diagonal of (image, image) that have a judgment."""
    rows, columns = np.nonzero(np.triu(np.isfinite(human), k=1))
    return rows, columns
