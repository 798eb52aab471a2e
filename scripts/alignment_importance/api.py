"""The library without the workflow: importance scores, curves, heatmaps and explained pairs of arrays.

Every function takes

- `maps`: feature maps (image, feature_map, y, x) of a network's layer, or units (image, unit); as a NumPy array, a
  PyTorch tensor, or an `xarray.DataArray`, which names its images by the coordinate of its first dimension;
- `judgments`: the similarities (image, image) that people see, larger for more alike, symmetric, NaN where a pair was
  not judged (the diagonal is not used); as an array, a `pandas.DataFrame`, or a `DataArray`, which name their images.

What names its images is joined by name, never by order. What does not is taken in the order in which it comes; if
neither does, the images are called 0, 1, 2, … Names are text: the image 7 is the image "7".

Keywords that they share:

- `head`: what makes the network's readout (image, unit) of its feature maps: the `head` of `networks.cut`, by whose
  structure the fastest exact route is chosen, or any `torch.nn.Module`. By default the readout is each map's mean over
  its places, as in ResNet, EfficientNet and DenseNet, which needs no network.
- `similarity`: of two images' readouts, `pearson` (the paper's) or `cosine`.
- `score`: of the similarities of a network against those that people see, `pearson_r2` (the paper's), `pearson` or
  `spearman`.

Results are the same, to the bit, on one processor and on many. A CUDA tensor is computed with where it is, all else on
the processor (Apple's MPS has no float64). `alignment_importance` logs its progress by `logging` at the level INFO.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import nn

from alignment_importance.networks.head import Head

Array = np.ndarray | torch.Tensor | xr.DataArray

Judgments = np.ndarray | pd.DataFrame | xr.DataArray


def score(
    maps: Array,
    judgments: Judgments,
    *,
    head: Head | nn.Module | None = None,
    similarity: str = "pearson",
    score: str = "pearson_r2",
) -> pd.DataFrame:
    """Alignment Importance Scores: what the match with people loses when a feature map is ablated in all images.

    Args:
        maps, judgments, head, similarity, score: see `alignment_importance.api`.

    Returns:
        A row per feature map, in their order: feature_map (from 0), ais, rank (1 is the most important). As
        `rankings/{comparison}/{model}/all.csv` of the workflow.

    Raises:
        TypeError: maps, judgments or head of another kind.
        ValueError: maps and judgments are not of the same images, or cannot be compared.
    """
    raise NotImplementedError


def curves(
    maps: Array,
    judgments: Judgments,
    *,
    folds: int = 5,
    seed: int = 0,
    head: Head | nn.Module | None = None,
    similarity: str = "pearson",
    score: str = "pearson_r2",
) -> pd.DataFrame:
    """How well the k most important feature maps match people, on the images that ranked them and on others.

    The images are cut into folds. Of each fold, the feature maps are ranked on the images outside it (train), and the
    first k = 1, 2, … of the ranking are scored on these and on the images of the fold (test).

    Args:
        maps, judgments, head, similarity, score: see `alignment_importance.api`.
        folds: how many.
        seed: of the cut.

    Returns:
        A row per fold and k: fold (from 1), k, train_score, test_score. As `curves/{comparison}/{model}/seed-{seed}.csv`
        of the workflow. The k with the highest train_score is the number of feature maps to retain.

    Raises:
        TypeError, ValueError: see `score`; also folds with too few judged pairs.
    """
    raise NotImplementedError


def heatmaps(
    maps: Array,
    judgments: Judgments,
    *,
    head: Head | nn.Module | None = None,
    similarity: str = "pearson",
    score: str = "pearson_r2",
) -> xr.DataArray:
    """Where in each image the feature maps answer that make its similarities match people's.

    Args:
        maps, judgments, head, similarity, score: see `alignment_importance.api`. Feature maps of an image are ablated
            in it alone, and the correlation of its row of similarities is what they are scored by.

    Returns:
        (image, y, x) float32, at the resolution of the maps: the average of an image's maps weighted by the positive
        part of their scores; NaN where none is positive. As `heatmap` in `heatmaps/{comparison}/{model}.nc` of the
        workflow.

    Raises:
        TypeError, ValueError: see `score`; also units, which have no places.
    """
    raise NotImplementedError


def explain_pair(
    maps: Array,
    judgments: Judgments,
    image: object,
    image_b: object,
    *,
    head: Head | nn.Module | None = None,
    similarity: str = "pearson",
    score: str = "pearson_r2",
) -> xr.Dataset:
    """Take the agreement of one pair of images with people apart: by feature maps, and by places in both images.

    Args:
        maps, judgments, head, similarity, score: see `alignment_importance.api`.
        image, image_b: names of two images that were judged.

    Returns:
        What `pairs/{comparison}/{model}.nc` of the workflow has of a pair: `contribution` (feature_map), `human` and
        `similarity`; of each image (`side`), `contribution_to_image` (side, feature_map), `heatmap` and
        `heatmap_signed` (side, y, x); and where the readout is the mean of the maps over places, `places`
        (y, x, y_b, x_b). See `experiments.pairs.explain`.

    Raises:
        TypeError, ValueError: see `score`; also images that there are not, or that were not judged together.
    """
    raise NotImplementedError


def rsm(maps: Array, *, head: Head | nn.Module | None = None, similarity: str = "pearson") -> xr.DataArray:
    """Representational similarity matrix: how alike a network's readouts of each two images are.

    Args:
        maps, head, similarity: see `alignment_importance.api`.

    Returns:
        (image, image_b) float64; NaN where a readout is constant.

    Raises:
        TypeError, ValueError: see `score`.
    """
    raise NotImplementedError
