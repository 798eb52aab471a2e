"""A user's own network that predicts where people look."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

from alignment_importance.maps import heatmaps
from alignment_importance.maps.saliency.computing import Map, Pixels, Provider
from alignment_importance.networks import checkpoints
from alignment_importance.networks.kinds import own_function
from alignment_importance.system.compute import Compute
from alignment_importance.system.errors import InputError


def provider(
    _table: pd.DataFrame,
    architecture: str,
    checkpoint: str | Path | None = None,
    input_size: Sequence[int] | None = None,
    *,
    compute: Compute,
) -> Provider:
    """Build a network that a user's function returns. No code in a checkpoint is run.

    Args:
        architecture: `package.module:function`, a function without arguments that returns a torch.nn.Module. The module
            gets one image as (1, 3, height, width), RGB from 0 to 1, and returns its saliency map as (1, 1, y, x) or
            (1, y, x) of any size.
        checkpoint: file with a state dict that has every weight; when None, the network keeps the weights that the
            function gives it.
        input_size: width and height that the network needs; images are fitted into it with black around them, and the
            map is cut out again. When None, images keep their own size.
        compute: what the network may use.

    Raises:
        InputError: the function cannot be imported or returns no module, or the checkpoint does not fit; later, for an
            image, the network does not take its size or does not return one map.
    """
    module = own_function.call(architecture)
    weights = "its own"
    if checkpoint is not None:
        loaded = checkpoints.read(Path(checkpoint), module.state_dict())
        checkpoints.load_state(module, loaded.weights, str(checkpoint))
        weights = loaded.label
    module.to(compute.device).eval()

    def predict(image: str, rgb: Pixels) -> Map:
        fitted, (left, top, right, bottom) = _fit(rgb, input_size)
        inputs = torch.from_numpy(fitted).permute(2, 0, 1)[None].to(compute.device, torch.float32) / 255
        try:
            with torch.inference_mode(), compute.arithmetic():
                output = module(inputs)
        except Exception as error:
            raise InputError(
                f"{image}: network {architecture} stopped with {type(error).__name__}: {error}, given "
                f"{fitted.shape[1]} x {fitted.shape[0]} pixels. Set `input_size` to a width and height that it takes."
            ) from error
        map2d = _single_map(output, architecture)
        return heatmaps.resample(map2d, fitted.shape[1], fitted.shape[0])[top:bottom, left:right]

    return Provider(predict, {"method": "network", "architecture": architecture, "checkpoint": weights})


def _fit(rgb: Pixels, size: Sequence[int] | None) -> tuple[Pixels, tuple[int, int, int, int]]:
    """Fit an image into the middle of a black one of `size`; also return where it lies: left, top, right, bottom."""
    height, width = rgb.shape[:2]
    if size is None:
        return rgb, (0, 0, width, height)
    scale = min(size[0] / width, size[1] / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = ((outer - side) // 2 for outer, side in zip(size, inner, strict=True))
    fitted = Image.new("RGB", (size[0], size[1]))
    fitted.paste(Image.fromarray(rgb).resize(inner, Image.Resampling.BILINEAR), (left, top))
    return np.array(fitted), (left, top, left + inner[0], top + inner[1])


def _single_map(output: Any, architecture: str) -> Map:
    if not isinstance(output, torch.Tensor) or output.ndim not in (3, 4) or output.shape[:-2].numel() != 1:
        what = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise InputError(
            f"Network {architecture}: it returns {what} for one image; a tensor (1, 1, y, x) or (1, y, x) is needed."
        )
    return output.float().cpu().numpy().reshape(output.shape[-2:])
