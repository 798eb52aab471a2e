"""Run a network on a set of images and record its feature maps and readouts."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs import images
from alignment_importance.networks.building import Network
from alignment_importance.networks.cutting import CutNetwork
from alignment_importance.system import provenance
from alignment_importance.system.compute import Compute, describe
from alignment_importance.system.logs import progress
from alignment_importance.system.netcdf import write_streamed

#: Images per forward pass. A constant, so that no bit depends on the machine.
_BATCH = 16

Item = TypeVar("Item")

#: Dimensions of what is recorded.
_DIMS = {
    "feature_maps": ("image", "feature_map", "y", "x"),
    "readout": ("image", "unit"),
    "prefix_tokens": ("image", "token", "channel"),
}


def extract(
    table: pd.DataFrame,
    network: Network,
    cut: CutNetwork,
    resize: str,
    compute: Compute,
    path: str | Path,
) -> None:
    """Run the trunk and the head on every image and write what comes out, a batch at a time.

    The file has `feature_maps` (image, feature_map, y, x) and `readout` (image, unit) in float32, and where the readout
    of a transformer depends on them its `prefix_tokens` (image, token, channel), which stand for no place; with the
    images' width and height in pixels, and attributes that say how they were made. Whatever the number of images, no
    more than a few batches are in memory.

    Args:
        table: of `images.tabulate`.
        network: with its weights.
        cut: this network, cut at its map layer.
        resize: rule that brings an image to the network's input (`images.input_region`).
        compute: device and threads.
        path: of the NetCDF, see `activations.read`.

    Raises:
        InputError: an image changed since it was listed.
    """
    fingerprint = network.fingerprint()
    provenance.note_weights(f"{network.architecture}: {network.weights}", fingerprint)
    dataset = xr.Dataset(
        coords={
            "image": table["image"].to_numpy(dtype=str),
            "width": ("image", table["width"].to_numpy()),
            "height": ("image", table["height"].to_numpy()),
        },
        attrs={
            "architecture": network.architecture,
            "weights": network.weights,
            "weights_sha256": fingerprint,
            "map_layer": cut.map_layer,
            "readout_layer": cut.readout_layer,
            "route": cut.head.route,
            "input_size": network.input_size,
            "resize": resize,
            "background": table["background"].iloc[0],
            "mean": network.mean,
            "std": network.std,
            "device": describe(compute.device),
            "arithmetic": compute.precision,
        },
    )
    write_streamed(dataset, _DIMS, _batches(table, network, cut, resize, compute), path)


def _batches(
    table: pd.DataFrame, network: Network, cut: CutNetwork, resize: str, compute: Compute
) -> Iterator[dict[str, NDArray[np.float32]]]:
    """Yield the activations of one batch of images after the other; only batches under way are in memory."""
    trunk, head = cut.trunk.to(compute.device), cut.head.module.to(compute.device)
    mean, std = (torch.tensor(values, device=compute.device)[:, None, None] for values in (network.mean, network.std))

    def forward(pixels: np.ndarray) -> dict[str, NDArray[np.float32]]:
        with torch.inference_mode(), compute.arithmetic():
            inputs = torch.from_numpy(pixels).to(compute.device).permute(0, 3, 1, 2).float() / 255
            outputs = trunk((inputs - mean) / std)
            maps, *prefix = outputs if cut.head.reads_prefix else (outputs,)
            recorded = {"feature_maps": maps, "readout": head(maps, *prefix)}
            recorded.update(zip(["prefix_tokens"], prefix, strict=False))
            return {name: values.float().cpu().numpy() for name, values in recorded.items()}

    batches = [table.iloc[start : start + _BATCH] for start in range(0, len(table), _BATCH)]
    decoded = _ahead(_decode(batch, network.input_size, resize) for batch in batches)
    return progress(compute.map(forward, decoded), f"images through {network.architecture}, batch", len(batches))


def _decode(batch: pd.DataFrame, size: int, resize: str) -> np.ndarray:
    """(image, y, x, colour) uint8 network inputs of some images."""
    rows = batch.to_dict("records")
    return np.stack([images.to_input(images.read_listed(row), size, resize) for row in rows])


def _ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Prepare the next item in another thread while the current one is used."""
    iterator = iter(items)
    nothing = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, nothing)
        while (item := coming.result()) is not nothing:
            coming = pool.submit(next, iterator, nothing)
            yield item  # type: ignore[misc]
