"""DeepGaze IIE (Linardos et al. 2021, arXiv 2105.12441), which predicts where people look."""

import importlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from torch.utils import model_zoo

from alignment_importance import networks
from alignment_importance.inputs import array_files
from alignment_importance.maps import heatmaps
from alignment_importance.maps.saliency.centre_bias import SPREAD, gaussian
from alignment_importance.maps.saliency.computing import Map, Pixels, Provider
from alignment_importance.networks import checkpoints
from alignment_importance.system.compute import Compute
from alignment_importance.system.errors import InputError

#: Pixels per degree of visual angle in the images that DeepGaze was trained with.
_TRAINED_DEGREE = 35

_PACKAGE = "deepgaze_pytorch"


def provider(
    _table: pd.DataFrame,
    checkpoint: str | Path,
    centre_bias: str | Path | None = None,
    spread: float = SPREAD,
    degree: float | None = None,
    *,
    compute: Compute,
) -> Provider:
    """Build DeepGaze IIE with its weights. Nothing is downloaded, and no code in a checkpoint is run.

    Args:
        checkpoint: file with a state dict that has every weight.
        centre_bias: a .npy file with a log density over an image; a Gaussian when None.
        spread: of that Gaussian, see `centre_bias.gaussian`.
        degree: one degree of visual angle in pixels of the images, which are then scaled to the 35 pixels that the
            network was trained with; when None, images stay as they are.
        compute: what the network may use.

    Raises:
        InputError: the package is missing (the message says where to get it), or the checkpoint does not fit.
    """
    package = _import_package()
    with _without_downloads():
        module = package.DeepGazeIIE(pretrained=False)
    loaded = checkpoints.read(Path(checkpoint), module.state_dict())
    checkpoints.load_state(module, loaded.weights, str(checkpoint))
    module.to(compute.device).eval()
    log_prior = _log_prior(centre_bias, spread)

    def predict(_image: str, rgb: Pixels) -> Map:
        scaled = rgb if degree is None else _scale(rgb, _TRAINED_DEGREE / degree)
        height, width = scaled.shape[:2]
        inputs = torch.from_numpy(scaled).permute(2, 0, 1)[None].to(compute.device, torch.float32)
        prior = torch.from_numpy(log_prior(width, height))[None].to(compute.device)
        with torch.inference_mode(), compute.arithmetic():
            output = module(inputs, prior)
        log_density = output.float().cpu().numpy().reshape(height, width)
        return np.exp(log_density - log_density.max())

    return Provider(predict, {"method": "deepgaze_iie", "checkpoint": loaded.label})


def _import_package() -> ModuleType:
    try:
        return importlib.import_module(_PACKAGE)
    except ImportError as error:
        raise InputError(
            f"saliency: the method `deepgaze_iie` needs the package {_PACKAGE}, which cannot be imported ({error}). "
            "Install it from the repository matthias-k/DeepGaze on GitHub (pip install "
            "git+https://github.com/matthias-k/DeepGaze)."
        ) from error


@contextmanager
def _without_downloads() -> Iterator[None]:
    """Let DeepGaze's constructor build its four backbones, but download and load nothing.

    It insists on loading trained weights into each, for two of them by torch.hub with another torchvision. All weights
    are in DeepGaze's own checkpoint; `checkpoints.load_state` refuses one that lacks any.
    """

    def from_hub(_repository: str, name: str, **_options: Any) -> nn.Module:
        return networks.build(networks.Spec(name, weights="random", seed=0)).module

    def from_url(*_args: Any, **_options: Any) -> defaultdict:
        """An empty checkpoint: every key gives another empty one."""
        return defaultdict(from_url)

    def load_nothing(*_args: Any, **_options: Any) -> Any:
        return nn.modules.module._IncompatibleKeys([], [])

    with (
        patch.object(torch.hub, "load", from_hub),
        patch.object(model_zoo, "load_url", from_url),
        patch.object(nn.Module, "load_state_dict", load_nothing),
    ):
        yield


def _log_prior(file: str | Path | None, spread: float) -> Callable[[int, int], NDArray[np.float32]]:
    """A function of width and height that returns the log of the centre bias, a density over an image's pixels."""
    if file is None:
        return lambda width, height: _normalise(np.log(gaussian(width, height, spread)))
    template = _read_template(Path(file))
    return lambda width, height: _normalise(heatmaps.resample(template, width, height))


def _read_template(file: Path) -> NDArray[np.float32]:
    # Values too large for float32 become infinite.
    with array_files.reading(file, "the .npy of a log density", "Replace it."), np.errstate(over="ignore"):
        values = array_files.stored(file)["array"].read().astype(np.float32)
    if values.ndim != 2 or not np.isfinite(values).all():
        raise InputError(
            "a log density is needed, an array with two dimensions of numbers that are finite in float32. Give the "
            "logarithm, and densities that are not 0.",
            where=file,
        )
    return values


def _normalise(log_density: NDArray[np.floating]) -> NDArray[np.float32]:
    """Shift a log density so that the density sums to 1."""
    highest = log_density.max()
    return (log_density - highest - np.log(np.exp(log_density - highest).sum())).astype(np.float32)


def _scale(rgb: Pixels, factor: float) -> Pixels:
    height, width = (max(1, round(side * factor)) for side in rgb.shape[:2])
    return np.array(Image.fromarray(rgb).resize((width, height), Image.Resampling.BILINEAR))
