"""The scores with which the field compares saliency maps with fixations and with each other.

Definitions: Bylinskii et al. 2019, doi 10.1109/TPAMI.2018.2815601, in the form of the MIT/Tuebingen Saliency Benchmark
(Kuemmerer et al. 2018, doi 10.1007/978-3-030-01270-0_47), whose library pysaliency gives the same numbers. It is not
used itself: it needs a compiler, and its ROC curve calls a function that NumPy no longer has.
"""

import numpy as np
from numpy.typing import NDArray

from alignment_importance.statistics import roc

#: Constant that keeps the KL divergence finite, that of the benchmark.
EPSILON = 2.2204e-16

Values = NDArray[np.float64]


def standardised(values: NDArray[np.floating]) -> Values:
    """Scale the pixels of a map to mean 0 and standard deviation 1."""
    exact = values.astype(np.float64)
    return (exact - exact.mean()) / exact.std()


def density(values: NDArray[np.floating]) -> Values:
    """Scale the pixels of a map to the sum 1, after raising the lowest to 0 if it is negative."""
    exact = values.astype(np.float64)
    exact = exact - min(exact.min(), 0.0)
    return exact / exact.sum()


def auc_judd(values: NDArray[np.floating], fixated: NDArray[np.intp]) -> float:
    """Area under the ROC curve of a map that tells fixated pixels from all pixels.

    Judd et al. 2009, doi 10.1109/ICCV.2009.5459462. Every fixation counts, and all pixels, fixated or not, serve as
    negatives, as in the benchmark; equal values count half.

    Args:
        values: (pixel,).
        fixated: (fixation,) places among the pixels.
    """
    return float(roc.share_below(values[fixated], values).mean())


def nss(values: NDArray[np.floating], fixated: NDArray[np.intp]) -> float:
    """Normalised scanpath saliency: the mean of the standardised map at the fixations.

    Peters et al. 2005, doi 10.1016/j.visres.2005.03.019. Arguments as for `auc_judd`.
    """
    return float(standardised(values)[fixated].mean())


def cc(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Pearson's correlation of the pixels of two maps."""
    return float((standardised(first) * standardised(second)).mean())


def sim(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Similarity: the mass that two maps share when each sums to 1; from 0 to 1."""
    return float(np.minimum(density(first), density(second)).sum())


def kl_divergence(prediction: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Kullback-Leibler divergence of a predicted from a true map, in nats; 0 where they are the same.

    It is not symmetric. A constant of 2e-16 keeps it finite where the prediction is 0.
    """
    P, Q = density(truth), density(prediction)
    return float((P * np.log(EPSILON + P / (Q + EPSILON))).sum())
