"""Feature maps and readouts of a set of images, and what is needed to ablate them."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import torch
import xarray as xr

from alignment_importance import images
from alignment_importance.compute import Compute
from alignment_importance.heads import Head
from alignment_importance.logs import progress

if TYPE_CHECKING:
    from alignment_importance.networks import Network, SplitNetwork

#: Images per forward pass. A constant, so that no bit depends on the machine.
_BATCH = 16

Item = TypeVar("Item")


def extract(
    table: pd.DataFrame, network: "Network", split: "SplitNetwork", resize: str, compute: Compute
) -> xr.Dataset:
    """Run the trunk and the head on every image.

    Args:
        table: of `images.tabulate`: image, file, width, height, sha256.
        network: with its weights.
        split: the same network, split at its map layer.
        resize: rule that brings an image to the network's input (`images.input_region`).
        compute: device and threads.

    Returns:
        `feature_maps` (image, feature_map, y, x) and `readout` (image, unit) in float32, with the images' width and
        height in pixels, and attributes that say how they were made.

    Raises:
        InputError: an image changed since it was listed.
    """
    trunk, head = split.trunk.to(compute.device), split.head.module.to(compute.device)
    mean, std = (torch.tensor(values, device=compute.device)[:, None, None] for values in (network.mean, network.std))

    def forward(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.inference_mode(), compute.arithmetic():
            inputs = torch.from_numpy(pixels).to(compute.device).permute(0, 3, 1, 2).float() / 255
            maps = trunk((inputs - mean) / std)
            return maps.float().cpu().numpy(), head(maps).float().cpu().numpy()

    batches = [table.iloc[start : start + _BATCH] for start in range(0, len(table), _BATCH)]
    decoded = _ahead(_decode(batch, network.input_size, resize) for batch in batches)
    done = progress(compute.map(forward, decoded), f"images through {network.architecture}, batch", len(batches))
    maps, readouts = (np.concatenate(parts) for parts in zip(*done, strict=True))
    return xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), maps), "readout": (("image", "unit"), readouts)},
        coords={
            "image": table["image"].to_numpy(dtype=str),
            "width": ("image", table["width"].to_numpy()),
            "height": ("image", table["height"].to_numpy()),
        },
        attrs={
            "architecture": network.architecture,
            "weights": network.weights,
            "map_layer": split.map_layer,
            "readout_layer": split.readout_layer,
            "route": split.head.route,
            "input_size": network.input_size,
            "resize": resize,
            "mean": network.mean,
            "std": network.std,
            "device": _describe(compute.device),
            "arithmetic": compute.precision,
        },
    )


def load_head(recorded: xr.Dataset, spec: Mapping[str, Any]) -> Head | None:
    """The head of the network that recorded the activations; None where ablating it needs no network.

    Args:
        recorded: what `extract` returned.
        spec: keywords of `networks.Spec`.
    """
    if recorded.attrs["route"] == "pooled":
        return None
    # Imported here, since torchvision takes seconds that pooled readouts need not wait for.
    from alignment_importance import networks

    chosen = networks.Spec(**spec)
    return networks.split(networks.build(chosen), chosen.map_layer, chosen.readout_layer).head


def _decode(batch: pd.DataFrame, size: int, resize: str) -> np.ndarray:
    """(image, y, x, colour) uint8 network inputs of some images."""
    inputs = []
    for file, sha256 in zip(batch["file"], batch["sha256"], strict=True):
        images.verify(file, sha256)
        inputs.append(images.to_input(images.read_image(file), size, resize))
    return np.stack(inputs)


def _ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Prepare the next item in another thread while the current one is used."""
    iterator = iter(items)
    nothing = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, nothing)
        while (item := coming.result()) is not nothing:
            coming = pool.submit(next, iterator, nothing)
            yield item  # type: ignore[misc]


def _describe(device: torch.device) -> str:
    return f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else "cpu"
