"""Where in two images their agreement with people lies, and which places of one meet which of the other."""

import functools

import numpy as np
import torch
import xarray as xr

from alignment_importance.maps.heatmaps import weighted_average, weighted_sum
from alignment_importance.statistics.similarity import scaled_rows, varying
from alignment_importance.system import logs
from alignment_importance.system.compute import Compute

#: The images of a pair, in the order in which its name has them.
SIDES = ("image", "image_b")


def make(activations: xr.Dataset, contributions: xr.DataArray, similarity: str, compute: Compute) -> xr.Dataset:
    """Average both images' feature maps with what the maps contribute to their pair, and compare place with place.

    Args:
        activations: `feature_maps` (image, feature_map, y, x) and `readout` (image, unit) with coordinates width and
            height (image, own pixels); may be lazy.
        contributions: (pair, side, feature_map) of the maps of each image, sides being `SIDES`, with the images as
            coordinates image and image_b (pair). Pairs of one image should follow each other: its maps are then read
            once.
        similarity: of readouts, `pearson` or `cosine`.
        compute: how much memory the maps that are kept may take.

    Returns:
        Variables (pair, side, y, x), float32, at the resolution of the maps, sides being `SIDES`: `heatmap`, the
        average of the image's maps weighted by the positive part of the contributions (NaN where none is positive or
        one is undefined), and `heatmap_signed`, the sum of the maps times the contributions. Clipped at zero weights do
        not add up; signed ones do.

        Where the readout is the mean of the maps over places, also `places` (pair, y, x, y_b, x_b), float32: the parts
        of the similarity of the two images that a place of the one has with a place of the other, which sum to it.
    """
    maps, n_pairs = activations["feature_maps"].transpose("image", "feature_map", "y", "x"), len(contributions)
    grid = maps.shape[2:]
    heat, signed = (np.empty((n_pairs, len(SIDES), *grid), dtype=np.float32) for _ in range(2))

    # What is kept of images that are in several pairs: their maps, and in float64 for the comparison of places.
    n_kept = compute.chunk(12 * maps[0].size)
    if len(maps) <= n_kept:
        # Reading them one by one takes longer.
        maps = maps.load()
    read = functools.lru_cache(n_kept)(lambda image: maps.sel(image=image).to_numpy())
    scaled = functools.lru_cache(n_kept)(lambda image: _scaled_places(read(image), similarity))
    pooled = activations.attrs["route"] == "pooled"
    places = np.empty((n_pairs if pooled else 0, *grid, *grid), dtype=np.float32)
    names = np.stack([contributions[side].to_numpy() for side in SIDES], axis=1)
    for pair, both in enumerate(logs.progress(names, "pairs of images explained", n_pairs)):
        for side, (image, weights) in enumerate(zip(both, contributions[pair].to_numpy(), strict=True)):
            heat[pair, side] = weighted_average(read(image), np.maximum(weights, 0.0))
            signed[pair, side] = weighted_sum(read(image), weights)
        if pooled:
            first, second = map(scaled, both)
            places[pair] = (first @ second.T).numpy().reshape(*grid, *grid)
    dims = ("pair", "side", "y", "x")
    made = xr.Dataset({"heatmap": (dims, heat), "heatmap_signed": (dims, signed)}, coords={"side": list(SIDES)})
    if pooled and _sum_to_similarities(places, activations["readout"], names, similarity):
        made["places"] = ("pair", "y", "x", "y_b", "x_b"), places
    return made


def _sum_to_similarities(places: np.ndarray, readout: xr.DataArray, names: np.ndarray, similarity: str) -> bool:
    """Whether the parts of places sum to the similarities of the readouts; not where these are maxima over places."""
    rows = scaled_rows(torch.from_numpy(readout.to_numpy()), similarity).numpy()
    first, second = (rows[readout.indexes["image"].get_indexer(images)] for images in names.T)
    return np.allclose(places.sum((1, 2, 3, 4)), (first * second).sum(1), atol=1e-4, equal_nan=True)


def _scaled_places(maps: np.ndarray, similarity: str) -> torch.Tensor:
    """(place, feature_map) float64, whose products with those of another image sum to the similarity of both."""
    values = torch.from_numpy(maps).double().flatten(1).T
    readout = values.mean(0)
    squares = readout.square().sum()
    if similarity == "pearson":
        values = values - values.mean(1, keepdim=True)
    length = varying(values.mean(0).square().sum(), squares).sqrt()
    return (values / (len(values) * length)).contiguous()
