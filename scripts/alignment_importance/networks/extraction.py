"""Run a network on a set of images and record its feature maps and readouts."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs import images
from alignment_importance.networks import cutting, tokens
from alignment_importance.networks.building import Network
from alignment_importance.networks.cutting import CutNetwork
from alignment_importance.system import provenance
from alignment_importance.system.compute import Compute, describe
from alignment_importance.system.errors import InputError
from alignment_importance.system.logs import progress
from alignment_importance.system.netcdf import Block, streaming

logger = logging.getLogger(__name__)

#: Images per forward pass. A constant, so that no bit of the results depends on the machine.
_BATCH = 16

Item = TypeVar("Item")

#: Sums over images (feature_map,) of each map's mean over its places, and (unit,) of the readout.
_Sums = tuple[NDArray[np.float64], NDArray[np.float64]]

#: Dimensions of the recorded variables.
_DIMS = {
    "feature_maps": ("image", "feature_map", "y", "x"),
    "readout": ("image", "unit"),
    "prefix_tokens": ("image", "token", "channel"),
    "artefact_tokens": ("image",),
    "map_mean": ("feature_map",),
    "unit_mean": ("unit",),
}


def extract(
    table: pd.DataFrame, network: Network, cuts: Sequence[CutNetwork], compute: Compute, paths: Sequence[Path]
) -> None:
    """Run a network on every image and write the activations at each map layer, a batch at a time.

    Each file has, in float32, `feature_maps` (image, feature_map, y, x), `readout` (image, unit) and, if the readout of
    a transformer depends on them, `prefix_tokens` (image, token, channel), which stand for no place; the images' width
    and height in pixels; and attributes that say how it was made. No more than a few batches are in memory, whatever
    the number of images. If the places of the maps are tokens, `artefact_tokens` (image) counts the tokens whose norm
    marks them as artefacts (see `tokens.artefacts`), and the log warns of them. `map_mean` (feature_map) is the mean of
    each map over all images and places, `unit_mean` (unit) that of each unit over all images or, if the readout is the
    pooled maps, the readout of maps that have the value `map_mean` everywhere.

    Args:
        table: the images, as `images.examine` returns them.
        network: with its weights.
        cuts: this network, cut at each map layer, for the same readout.
        paths: the NetCDF to write for each cut, see `activations.read`.

    Raises:
        InputError: an image changed since it was listed, or activations are not finite.
    """
    fingerprint = network.fingerprint()
    provenance.note_weights(f"{network.architecture}: {network.weights}", fingerprint)
    with ExitStack() as files:
        writers = [
            files.enter_context(streaming(_described(table, network, cut, fingerprint, compute), _DIMS, path))
            for cut, path in zip(cuts, paths, strict=True)
        ]
        n_with_artefacts = [0] * len(cuts)
        sums: list[_Sums] = [(np.zeros(cut.map_shape[0]), np.zeros(cut.n_units)) for cut in cuts]
        for blocks in _batches(table, network, cuts, compute):
            for at, (write, block) in enumerate(zip(writers, blocks, strict=True)):
                write(block)
                n_with_artefacts[at] += int(np.count_nonzero(block.get("artefact_tokens", 0)))
                map_sums, unit_sums = sums[at]
                map_sums += block["feature_maps"].mean((2, 3), dtype=np.float64).sum(0)
                unit_sums += block["readout"].sum(0, dtype=np.float64)
        for write, cut, summed in zip(writers, cuts, sums, strict=True):
            _require_finite(summed, network, cut, compute)
            write(_means(cut, summed, len(table), compute))
    for cut, n_images in zip(cuts, n_with_artefacts, strict=True):
        if n_images:
            logger.warning(
                "%s, map layer %r: in %d of %d images some tokens have more than %d times the usual norm. Such "
                "tokens are known artefacts that carry no information about their position: do not interpret heatmaps "
                "there. Networks trained with registers have next to none.",
                network.architecture, cut.map_layer, n_images, len(table), tokens.ARTEFACT,
            )  # fmt: skip


def _require_finite(sums: _Sums, network: Network, cut: CutNetwork, compute: Compute) -> None:
    """Refuse activations with infinite or NaN values, which make their sums infinite or NaN too."""
    for layer, values in zip((cut.map_layer, cut.readout_layer), sums, strict=True):
        if not np.isfinite(values).all():
            remedy = (
                "set `precision: bfloat16` or `float32`" if compute.precision == "float16" else "look at its weights"
            )
            raise InputError(
                f"{network.architecture} outputs infinite or NaN values at {layer!r}, in {compute.precision}: {remedy}."
            )


def _means(cut: CutNetwork, sums: _Sums, n_images: int, compute: Compute) -> Block:
    """`map_mean` and `unit_mean`, which replace ablated maps and units if `ablation` is `mean`, see `extract`."""
    maps, units = ((values / n_images).astype(np.float32) for values in sums)
    if cut.head.route == "pooled":
        constant = torch.from_numpy(maps).to(compute.device)[None, :, None, None].expand(1, *cut.map_shape)
        with torch.inference_mode(), compute.arithmetic():
            units = cut.head.module.to(compute.device)(constant)[0].float().cpu().numpy()
    return {"map_mean": maps, "unit_mean": units}


def _described(
    table: pd.DataFrame, network: Network, cut: CutNetwork, fingerprint: str, compute: Compute
) -> xr.Dataset:
    """A Dataset that lists the images of a file of activations and says how the activations are made."""
    return xr.Dataset(
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
            "resize": network.resize,
            "resize_in": network.resize_in,
            "interpolation": network.interpolation,
            "background": table["background"].iloc[0],
            "mean": network.mean,
            "std": network.std,
            "normalisation": network.normalisation or "assumed",
            "device": describe(compute.device),
            "arithmetic": compute.precision + (", images resized in float" if network.resize_in == "float" else ""),
        },
    )


def _batches(
    table: pd.DataFrame, network: Network, cuts: Sequence[CutNetwork], compute: Compute
) -> Iterator[list[Block]]:
    """Yield the activations of each batch of images, a block per cut; only the batches under way are in memory."""
    trunk = cutting.common_trunk(network, cuts).to(compute.device)
    # All cuts share the readout. Map layers are named from first to last, so the last cut has the shortest head.
    head = cuts[-1].head.module.to(compute.device)
    names_of_cuts = [["feature_maps", "prefix_tokens"][: 1 + cut.head.reads_prefix] for cut in cuts]
    mean, std = (torch.tensor(values, device=compute.device)[:, None, None] for values in (network.mean, network.std))

    def forward(pixels: np.ndarray) -> list[Block]:
        with torch.inference_mode(), compute.arithmetic():
            inputs = torch.from_numpy(pixels).to(compute.device).permute(0, 3, 1, 2).float() / 255
            outputs = trunk((inputs - mean) / std)
            remaining = iter(outputs if isinstance(outputs, tuple) else [outputs])
            blocks = [{name: next(remaining) for name in names} for names in names_of_cuts]
            readout = head(*blocks[-1].values())
            for block, cut in zip(blocks, cuts, strict=True):
                block["readout"] = readout
                if cut.layout is not None and cut.layout.of_tokens:
                    block["artefact_tokens"] = tokens.artefacts(block["feature_maps"])
            return [{name: values.float().cpu().numpy() for name, values in block.items()} for block in blocks]

    batches = [table.iloc[start : start + _BATCH] for start in range(0, len(table), _BATCH)]
    decoded = _ahead(_decode(batch, network) for batch in batches)
    return progress(compute.map(forward, decoded), f"images through {network.architecture}, batch", len(batches))


def _decode(batch: pd.DataFrame, network: Network) -> np.ndarray:
    """Decode and resize a batch of images to network inputs (image, y, x, colour), with values from 0 to 255."""
    decoded = map(images.read_listed, batch.to_dict("records"))
    how = network.input_size, network.resize, network.resize_in, network.interpolation
    return np.stack([images.to_input(rgb, *how) for rgb in decoded])


def _ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Prepare the next item in another thread while the current one is used."""
    iterator = iter(items)
    nothing = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, nothing)
        while (item := coming.result()) is not nothing:
            coming = pool.submit(next, iterator, nothing)
            yield item  # type: ignore[misc]
