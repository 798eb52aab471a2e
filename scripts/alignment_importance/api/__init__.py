"""The library without the workflow: importance scores, curves, heatmaps and explained pairs of arrays.

Every function takes:

- `maps`: feature maps (image, feature_map, y, x) of a network's layer, or units (image, unit); as a NumPy array, a
  PyTorch tensor, or an `xarray.DataArray`, which names its images by the coordinate of its first dimension;
- `judgments`: the similarities (image, image) that people see, larger for more alike, symmetric, NaN where a pair was
  not judged (the diagonal is not used; where it holds the smallest values, the matrix is refused as dissimilarities);
  as an array, a `pandas.DataFrame`, or a `DataArray`, which name their images.

If both name their images, they are joined by name, never by order. If one of them does not, it is taken to be in the
order of the other; if neither does, the images are called 0, 1, 2, … Names are text: the image 7 is the image "7".

Keywords that the functions share:

- `head`: computes the network's readout (image, unit) from its feature maps: the `head` of `networks.cut`, whose
  structure decides which exact route is fastest, or any `torch.nn.Module`. By default the readout is each map's mean
  over its places, as in ResNet, EfficientNet and DenseNet, which needs no network. A head that also reads tokens that
  are not places, such as the class token of a vision transformer, is refused, since `maps` do not hold them: build such
  a network with `readout="mean"`, whose readout is the mean of the patch tokens, or let the workflow record them.
- `similarity`: of two images' readouts, `pearson` (the paper's) or `cosine`.
- `score`: how the network's similarities are compared with the judgments, `pearson_r2` (the paper's), `pearson` or
  `spearman`.
- `ablation`: what replaces a map that is ablated: `zero` (the paper's), or its `mean` over all images and places, for
  maps that take both signs.

Results are the same, to the bit, on any number of cores. Maps in a CUDA tensor are computed with on their GPU, all
others on the CPU (Apple's MPS has no float64). The logger `alignment_importance` reports progress at the level INFO.
"""

import copy
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import nn

from alignment_importance import ablation as engines
from alignment_importance.ablation.heads import GeneralHead
from alignment_importance.api import arrays
from alignment_importance.experiments import curves as top_k
from alignment_importance.experiments import pairs, rankings
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.inputs import features
from alignment_importance.inputs import folds as cuts
from alignment_importance.maps import heatmaps as heat
from alignment_importance.networks.head import Head
from alignment_importance.statistics import similarity as similarities
from alignment_importance.statistics.scores import SCORES, SIMILARITIES
from alignment_importance.system import names
from alignment_importance.system.compute import Compute, borrow
from alignment_importance.system.errors import InputError


def score(
    maps: arrays.Maps,
    judgments: arrays.Judgments,
    *,
    head: Head | nn.Module | None = None,
    similarity: str = "pearson",
    score: str = "pearson_r2",
    ablation: str = "zero",
) -> pd.DataFrame:
    """Alignment Importance Scores: what the match with people loses when a feature map is ablated in all images.

    Args:
        maps, judgments, head, similarity, score, ablation: see `alignment_importance.api`.

    Returns:
        A row per feature map, in their order: feature_map (from 0), ais, rank (1 is the most important). As
        `rankings/{comparison}/{model}/all.csv` of the workflow.

    Raises:
        TypeError: maps, judgments or head are of a type that is not supported.
        ValueError: maps and judgments are not of the same images, or cannot be compared.

    Examples:
        >>> import numpy as np
        >>> import alignment_importance as ai
        >>> maps = np.random.default_rng(1).random((20, 4, 3, 3))
        >>> # people who see nothing of the last map
        >>> people = np.corrcoef(maps[:, :3].mean(axis=(2, 3)))
        >>> ai.score(maps, people).round(3)
           feature_map    ais  rank
        0            0  0.711     1
        1            1  0.617     3
        2            2  0.626     2
        3            3  0.467     4
    """
    with _compared(maps, judgments, head, similarity, score, ablation) as comparison:
        return rankings.rank_block(comparison.engine, cuts.whole(comparison.human))


def curves(
    maps: arrays.Maps,
    judgments: arrays.Judgments,
    *,
    folds: int = 5,
    seed: int = 0,
    head: Head | nn.Module | None = None,
    similarity: str = "pearson",
    score: str = "pearson_r2",
    ablation: str = "zero",
) -> pd.DataFrame:
    """How well the k most important feature maps match people, on the images that ranked them and on others.

    The images are cut into folds. For each fold, the feature maps are ranked on the images outside it (train), and the
    first k = 1, 2, … of this ranking are scored on the same images and on the images of the fold (test).

    Args:
        maps, judgments, head, similarity, score, ablation: see `alignment_importance.api`.
        folds: number of folds.
        seed: seed of the random folds.

    Returns:
        A row per fold and k: fold (from 1), k, train_score, test_score. As
        `curves/{comparison}/{model}/seed-{seed}.csv` of the workflow. The k with the highest train_score is the number
        of feature maps to retain.

    Raises:
        TypeError, ValueError: see `score`; also folds with too few judged pairs, or a number that is not whole.

    Examples:
        >>> import numpy as np
        >>> import alignment_importance as ai
        >>> maps = np.random.default_rng(1).random((20, 4, 3, 3))
        >>> # people who see nothing of the last map
        >>> people = np.corrcoef(maps[:, :3].mean(axis=(2, 3)))
        >>> ai.curves(maps, people).groupby("k")["test_score"].mean().round(2).to_dict()
        {1: nan, 2: 0.11, 3: 0.59, 4: 0.92}
    """
    _check_whole(folds, 2, "folds")
    _check_whole(seed, 0, "seed")
    with _compared(maps, judgments, head, similarity, score, ablation) as comparison:
        if folds > len(comparison.image_ids):
            raise InputError(f"{folds} folds are more than the {len(comparison.image_ids)} images", where="folds")
        table = cuts.cut("images", comparison.image_ids, folds, seed)
        try:
            blocks = cuts.blocks(table, comparison.human, comparison.image_ids)
        except InputError as error:
            raise InputError(error.found, where="folds") from error
        return top_k.trace(comparison.engine, blocks, rankings.rank_folds(comparison.engine, blocks))


def heatmaps(
    maps: arrays.Maps,
    judgments: arrays.Judgments,
    *,
    head: Head | nn.Module | None = None,
    similarity: str = "pearson",
    score: str = "pearson_r2",
    ablation: str = "zero",
) -> xr.DataArray:
    """Where in each image the feature maps respond that make its similarities match people's.

    Args:
        maps, judgments, head, similarity, score, ablation: see `alignment_importance.api`. The feature maps of an
            image are ablated in this image alone, and scored by the correlation of its row of similarities.

    Returns:
        (image, y, x) float32, at the resolution of the maps: the average of an image's maps weighted by the positive
        part of their scores; NaN where none is positive. As `heatmap` in `heatmaps/{comparison}/{model}.nc` of the
        workflow.

    Raises:
        TypeError, ValueError: see `score`; also units, which have no places.

    Examples:
        >>> import numpy as np
        >>> import alignment_importance as ai
        >>> maps = np.random.default_rng(1).random((20, 4, 3, 3))
        >>> # people who see nothing of the last map
        >>> people = np.corrcoef(maps[:, :3].mean(axis=(2, 3)))
        >>> ai.heatmaps(maps, people).sel(image="7").round(2).values
        array([[0.51, 0.37, 0.11],
               [0.78, 0.29, 0.07],
               [0.91, 0.73, 0.45]], dtype=float32)
    """
    with _compared(maps, judgments, head, similarity, score, ablation) as comparison:
        if comparison.activations.attrs["layout"] == "units":
            raise InputError("units have no places; feature maps (image, feature_map, y, x) are needed", where="maps")
        scored = rankings.score_images(comparison.engine, comparison.human, comparison.image_ids)
        return heat.make(comparison.activations, scored)["heatmap"]


def explain_pair(
    maps: arrays.Maps,
    judgments: arrays.Judgments,
    image: object,
    image_b: object,
    *,
    head: Head | nn.Module | None = None,
    similarity: str = "pearson",
    score: str = "pearson_r2",
    ablation: str = "zero",
) -> xr.Dataset:
    """Explain how far a network agrees with people on one pair of images: by feature maps, and by places in both.

    Args:
        maps, judgments, head, similarity, score, ablation: see `alignment_importance.api`.
        image, image_b: names of two images that were judged.

    Returns:
        What `pairs/{comparison}/{model}.nc` of the workflow has of a pair: `contribution` (feature_map), `human` and
        `similarity`; of each image (`side`), `contribution_to_image` (side, feature_map), `heatmap` and
        `heatmap_signed` (side, y, x); and where the readout is the mean of the maps over places, `places`
        (y, x, y_b, x_b). See `experiments.pairs.explain`.

    Raises:
        TypeError, ValueError: see `score`; also images that do not exist, or were not judged together.

    Examples:
        >>> import numpy as np
        >>> import alignment_importance as ai
        >>> maps = np.random.default_rng(1).random((20, 4, 3, 3))
        >>> # people who see nothing of the last map
        >>> people = np.corrcoef(maps[:, :3].mean(axis=(2, 3)))
        >>> explained = ai.explain_pair(maps, people, 0, 7)
        >>> explained["contribution"].round(3).values
        array([ 0.006,  0.007, -0.002,  0.001])
        >>> # Over all places: the similarity of both images.
        >>> round(float(explained["places"].sum()), 3)
        -0.401
    """
    with _compared(maps, judgments, head, similarity, score, ablation) as comparison:
        pair = _judged_pair(comparison, arrays.name_of(image), arrays.name_of(image_b))
        return pairs.explain(comparison, None, pair).isel(pair=0)


def rsm(maps: arrays.Maps, *, head: Head | nn.Module | None = None, similarity: str = "pearson") -> xr.DataArray:
    """Representational similarity matrix: how alike a network's readouts of every two images are.

    Args:
        maps, head, similarity: see `alignment_importance.api`.

    Returns:
        (image, image_b) float64; NaN where a readout is constant.

    Raises:
        TypeError, ValueError: see `score`.

    Examples:
        >>> import numpy as np
        >>> import alignment_importance as ai
        >>> maps = np.random.default_rng(1).random((20, 4, 3, 3))
        >>> float(ai.rsm(maps).sel(image="0", image_b="7").round(3))
        -0.401
    """
    _check_known(similarity, SIMILARITIES, "similarity")
    network = arrays.read_maps(maps)
    ids = network.names or arrays.default_names(len(network.array))
    with _recorded(network, ids, head) as (recorded, _, _):
        matrix = similarities.rsm(torch.from_numpy(recorded["readout"].to_numpy()), similarity)
    return xr.DataArray(matrix.numpy(), coords={"image": ids, "image_b": ids}, dims=("image", "image_b"), name="rsm")


@contextmanager
def _compared(
    maps: arrays.Maps,
    judgments: arrays.Judgments,
    head: Head | nn.Module | None,
    similarity: str,
    score: str,
    ablation: str,
) -> Iterator[Comparison]:
    """Check and join the arguments of a function, and give their comparison, with PyTorch set as in the workflow."""
    _check_known(similarity, SIMILARITIES, "similarity")
    _check_known(score, SCORES, "score")
    _check_known(ablation, ("zero", "mean"), "ablation")
    network, people = arrays.read_maps(maps), arrays.read_judgments(judgments)
    ids, human = arrays.join(network, people)
    with _recorded(network, ids, head) as (recorded, cut, compute):
        recorded = recorded.assign_attrs(ablation=ablation)
        engine = engines.ablate(cut, recorded, compute, similarity, score)
        yield Comparison(ids, xr.Dataset(), human, recorded, engine)


@contextmanager
def _recorded(
    network: arrays.Named, ids: list[str], head: Head | nn.Module | None
) -> Iterator[tuple[xr.Dataset, Head | None, Compute]]:
    """Give activations as the workflow records them, see `networks.activations`, the head, and a `Compute`."""
    of_units = network.array.ndim == 2
    if of_units and head is not None:
        raise InputError("it reads feature maps (image, feature_map, y, x), but these are units", where="head")
    cut = None if head is None else _read_head(head, network.array.shape[1])
    with borrow(network.device) as compute:
        maps = network.array[..., None, None] if of_units else network.array
        if cut is not None:
            weights = next(cut.module.parameters(), torch.empty(0, dtype=torch.from_numpy(maps).dtype))
            maps = torch.from_numpy(maps).to(weights.dtype).numpy()
            _check_readout(cut, compute, maps[:2])
        mean = maps.mean(axis=(0, 2, 3), dtype=np.float64).astype(maps.dtype)
        constant = np.broadcast_to(mean[:, None, None], (1, *maps.shape[1:]))
        readout, mean_readout = (_read(cut, compute, values) for values in (maps, constant))
        recorded = xr.Dataset(
            {
                "feature_maps": (("image", "feature_map", "y", "x"), maps),
                "readout": (("image", "unit"), readout),
                "map_mean": ("feature_map", mean),
                "unit_mean": ("unit", mean_readout[0]),
            },
            coords={"image": ids},
            attrs={"route": "pooled" if cut is None else cut.route, "layout": "units" if of_units else "maps"},
        )
        yield recorded, cut, compute


def _read(head: Head | None, compute: Compute, maps: np.ndarray) -> np.ndarray:
    """The readout (image, unit) of feature maps."""
    if head is None:
        return features.pool(maps)
    values = torch.tensor(maps)
    return GeneralHead(head, compute, values.new_zeros(head.n_maps), values).intact.cpu().numpy()


def _check_readout(head: Head, compute: Compute, maps: np.ndarray) -> None:
    """Refuse a head that does not take maps of this shape, or does not return (image, unit)."""
    try:
        with torch.no_grad(), compute.arithmetic():
            readout = compute.place(head.module)(torch.tensor(maps, device=compute.device))
    except RuntimeError as error:
        shape = " x ".join(map(str, maps.shape[1:]))
        found = f"it does not take feature maps of {shape} ({error})"
        raise InputError(f"{found}. Give it the maps of the layer that it follows.", where="head") from error
    if not isinstance(readout, torch.Tensor):
        raise InputError(f"it returns a {type(readout).__name__}; a tensor (image, unit) is needed", where="head")
    if readout.ndim != 2 or len(readout) != len(maps):
        found = f"it returns {tuple(readout.shape)} for {len(maps)} images; (image, unit) is needed"
        raise InputError(f"{found}. Flatten it, as by nn.Sequential(head, nn.Flatten()).", where="head")


def _read_head(head: object, n_maps: int) -> Head:
    """The head itself, or a copy of a module as a head of unknown structure."""
    if isinstance(head, nn.Module):
        module = copy.deepcopy(head).eval()
        # Scores are small differences, which 16 bits would round away; and NumPy has no bfloat16.
        halved = any(values.dtype in (torch.float16, torch.bfloat16) for values in module.parameters())
        return Head(module.float() if halved else module, n_maps, "general")
    if not isinstance(head, Head):
        raise TypeError(f"head must be the head of networks.cut or a torch.nn.Module, not {type(head).__name__}")
    if head.reads_prefix:
        raise InputError(
            "it also reads tokens that are no places, such as the class token, which arrays of maps do not hold. "
            "Build the network with Spec(..., readout='mean'), or use the workflow, which records them.",
            where="head",
        )
    if head.n_maps != n_maps:
        raise InputError(f"it reads {head.n_maps} feature maps, but there are {n_maps}", where="head")
    return head


def _judged_pair(comparison: Comparison, image: str, image_b: str) -> pd.DataFrame:
    """The pair of images as a table for `pairs.explain`; refuse unknown images, and pairs that were not judged."""
    ids = comparison.image_ids
    for name in (image, image_b):
        if name not in ids:
            near = names.nearest(name, ids)
            raise InputError(f"there is no image {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if np.isnan(comparison.human[ids.index(image), ids.index(image_b)]):
        raise InputError(f"{image} and {image_b} were not judged together", where="judgments")
    return pd.DataFrame({"image": [image], "image_b": [image_b]})


def _check_known(value: str, known: Collection[str], key: str) -> None:
    if value not in tuple(known):
        raise InputError(f"{value!r} is none of {', '.join(known)}", where=key)


def _check_whole(value: object, least: int, key: str) -> None:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise InputError(f"{value!r} is not a whole number of at least {least}", where=key)
