"""Where in two images their agreement with people lies, and which places of the two images are similar."""

import functools

import numpy as np
import torch
import xarray as xr

from alignment_importance.maps.heatmaps import weighted_average, weighted_sum
from alignment_importance.statistics.similarity import scaled_rows, varying
from alignment_importance.system import logs
from alignment_importance.system.compute import Compute

#: The two sides of a pair: names of the columns and coordinates that hold its images.
SIDES = ("image", "image_b")


def make(activations: xr.Dataset, contributions: xr.DataArray, similarity: str, compute: Compute) -> xr.Dataset:
    """Average both images' maps, weighted by the maps' contributions to the pair, and compare the images by place.

    Args:
        activations: `feature_maps` (image, feature_map, y, x) and `readout` (image, unit) with coordinates width and
            height (image, own pixels); may be lazy.
        contributions: (pair, side, feature_map) of the maps of each image, sides being `SIDES`, with the images as
            coordinates image and image_b (pair). Pairs that share an image should follow each other: its maps are then
            read once.
        similarity: of readouts, `pearson` or `cosine`.
        compute: its memory limits how many images' maps are kept.

    Returns:
        Variables (pair, side, y, x), float32, at the resolution of the maps, sides being `SIDES`: `heatmap`, the
        average of the image's maps weighted by the positive part of the contributions (NaN where none is positive or
        one is undefined), and `heatmap_signed`, the sum of the maps times the contributions. Signed maps of an image
        add up over its partners; those with weights clipped at zero do not.

        Where the readout is the mean of the maps over places, also `places` (pair, y, x, y_b, x_b), float32: what
        each pair of places, one in each image, contributes to the similarity of the images; the sum is the similarity.
    """
    maps, n_pairs = activations["feature_maps"].transpose("image", "feature_map", "y", "x"), len(contributions)
    grid = maps.shape[2:]
    heat, signed = (np.empty((n_pairs, len(SIDES), *grid), dtype=np.float32) for _ in range(2))

    # Kept for images in several pairs: their maps (4 bytes a value), and float64 ones to compare places (8 bytes).
    n_kept = compute.chunk(12 * maps[0].size)
    if len(maps) <= n_kept:
        # Reading all at once is faster than image by image.
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
    result = xr.Dataset({"heatmap": (dims, heat), "heatmap_signed": (dims, signed)}, coords={"side": list(SIDES)})
    if pooled and _sum_to_similarities(places, activations["readout"], names, similarity):
        result["places"] = ("pair", "y", "x", "y_b", "x_b"), places
    return result


def _sum_to_similarities(places: np.ndarray, readout: xr.DataArray, names: np.ndarray, similarity: str) -> bool:
    """Whether `places` sum to the readouts' similarities: they do not where a readout is the maximum over places."""
    rows = scaled_rows(torch.from_numpy(readout.to_numpy()), similarity).numpy()
    first, second = (rows[readout.indexes["image"].get_indexer(images)] for images in names.T)
    return np.allclose(places.sum((1, 2, 3, 4)), (first * second).sum(1), atol=1e-4, equal_nan=True)


def _scaled_places(maps: np.ndarray, similarity: str) -> torch.Tensor:
    """(place, feature_map) float64 values; all products with those of another image sum to the similarity of both."""
    values = torch.from_numpy(maps).double().flatten(1).T
    readout = values.mean(0)
    squares = readout.square().sum()
    if similarity == "pearson":
        values = values - values.mean(1, keepdim=True)
    length = varying(values.mean(0).square().sum(), squares).sqrt()
    return (values / (len(values) * length)).contiguous()
