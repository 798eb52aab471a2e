"""Networks that predict where people look, run with a checkpoint that the user has."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.special import logsumexp

from alignment_importance.inputs import array_files
from alignment_importance.maps import heatmaps
from alignment_importance.maps.saliency import centre_bias, unloaded
from alignment_importance.maps.saliency.computing import Map, Pixels, Provider
from alignment_importance.networks import checkpoints
from alignment_importance.networks.kinds import own_function
from alignment_importance.system.compute import Compute
from alignment_importance.system.errors import InputError

#: Names of the methods.
METHODS = ("deepgaze_iie", "network")

#: Pixels per degree of visual angle of the images that DeepGaze IIE was trained with.
_DEGREE_OF_DEEPGAZE = 35

_PACKAGE = "deepgaze_pytorch"
_WHERE = "the repository matthias-k/DeepGaze on GitHub"


@dataclass(frozen=True)
class Spec:
    """What the configuration says of a network that predicts gaze.

    Attributes:
        method: `deepgaze_iie` (Linardos et al. 2021, arXiv 2105.12441) or `network`.
        checkpoint: file with a state dict that has every weight. May be None for a `network` that has its own.
        architecture: of a `network`: `package.module:function`, a function without arguments that returns a
            torch.nn.Module. It gets one image as (1, 3, height, width), RGB from 0 to 1, and returns its saliency map
            as (1, 1, y, x) or (1, y, x) of any size.
        input_size: width and height that a `network` wants; images are fitted into it with black around them, and the
            map is cut out again. None for images at their own size.
        centre_bias: of DeepGaze: a .npy file with a log density over an image. None for a Gaussian.
        spread: of that Gaussian, see `centre_bias.gaussian`; `centre_bias.SPREAD` when None.
        degree: of DeepGaze: one degree of visual angle in pixels of the images, which are then scaled to the 35 pixels
            that it knows. None for images as they are.
    """

    method: str
    checkpoint: str | None = None
    architecture: str | None = None
    input_size: tuple[int, int] | None = None
    centre_bias: str | None = None
    spread: float | None = None
    degree: float | None = None


def provider(spec: Spec, resources: Compute) -> Provider:
    """Build a network with its weights and make a provider of it.

    Nothing is downloaded, and nothing in a checkpoint is run.

    Raises:
        InputError: the package or the checkpoint is missing or does not fit; it says where they come from.
    """
    if spec.method == "deepgaze_iie":
        return _deepgaze(spec, resources)
    if spec.method == "network" and spec.architecture is not None:
        return _network(spec, spec.architecture, resources)
    raise InputError(f"saliency: {spec.method!r} is no method of this kind, or it lacks its `architecture`.")


# ----------------------------------------------------------------------------------------------------------------------
# DeepGaze IIE


def _deepgaze(spec: Spec, resources: Compute) -> Provider:
    package = _import_deepgaze()
    if spec.checkpoint is None or not Path(spec.checkpoint).is_file():
        raise InputError(
            f"{spec.checkpoint}: there is no such checkpoint of DeepGaze IIE. Download deepgaze2e.pth from the release "
            f"v1.0.0 of {_WHERE} and name it as the entry's `checkpoint`."
        )
    # Its own loader would download four backbones, all of which are in the checkpoint.
    with unloaded.without_weights():
        module = package.DeepGazeIIE(pretrained=False)
    checkpoints.load_state(module, checkpoints.read_state(Path(spec.checkpoint)), spec.checkpoint)
    module.to(resources.device).eval()
    log_prior = _log_prior(spec)

    def predict(_image: str, rgb: Pixels) -> Map:
        scaled = rgb if spec.degree is None else _scaled(rgb, _DEGREE_OF_DEEPGAZE / spec.degree)
        height, width = scaled.shape[:2]
        inputs = torch.from_numpy(scaled).permute(2, 0, 1)[None].to(resources.device, torch.float32)
        prior = torch.from_numpy(log_prior(width, height))[None].to(resources.device)
        with torch.inference_mode(), resources.arithmetic():
            log_density = module(inputs, prior)
        found = log_density.float().cpu().numpy().reshape(height, width)
        return np.exp(found - found.max())

    return Provider(predict, {"method": spec.method, "checkpoint": Path(spec.checkpoint).name})


def _import_deepgaze() -> ModuleType:
    try:
        return importlib.import_module(_PACKAGE)
    except ImportError as error:
        raise InputError(
            f"saliency: the method `deepgaze_iie` needs the package {_PACKAGE}, which cannot be imported ({error}). "
            f"Install it from {_WHERE} (pip install git+https://github.com/matthias-k/DeepGaze)."
        ) from error


def _log_prior(spec: Spec) -> Callable[[int, int], NDArray[np.float32]]:
    """Give the logarithm of the centre bias, a density over the pixels of an image of a given width and height."""
    if spec.centre_bias is None:
        spread = centre_bias.SPREAD if spec.spread is None else spec.spread
        return lambda width, height: _normalised(np.log(centre_bias.gaussian(width, height, spread)))
    template = _read_template(Path(spec.centre_bias))
    return lambda width, height: _normalised(heatmaps.resample(template, width, height))


def _read_template(file: Path) -> NDArray[np.float32]:
    try:
        values = array_files.read(file)["array"].astype(np.float64)
    except array_files.READING_ERRORS as error:
        raise InputError(f"{file}: cannot be read as the .npy of a log density ({error}). Replace it.") from error
    if values.ndim != 2 or not np.isfinite(values).all():
        raise InputError(f"{file}: a log density is needed, an array with two dimensions of finite numbers.")
    if np.abs(values).max(initial=0) > np.finfo(np.float32).max:
        raise InputError(
            f"{file}: the log density has values up to {np.abs(values).max():g}, which single precision cannot hold. "
            "Give the logarithm, and densities that are not 0."
        )
    return values.astype(np.float32)


def _normalised(log_density: NDArray[np.floating]) -> NDArray[np.float32]:
    return (log_density - logsumexp(log_density)).astype(np.float32)


def _scaled(rgb: Pixels, factor: float) -> Pixels:
    height, width = (max(1, round(side * factor)) for side in rgb.shape[:2])
    return np.array(Image.fromarray(rgb).resize((width, height), Image.Resampling.BILINEAR))


# ----------------------------------------------------------------------------------------------------------------------
# A user's own network


def _network(spec: Spec, architecture: str, resources: Compute) -> Provider:
    module = own_function.call(architecture)
    if spec.checkpoint is not None:
        checkpoints.load_state(module, checkpoints.read_state(Path(spec.checkpoint)), spec.checkpoint)
    module.to(resources.device).eval()

    def predict(_image: str, rgb: Pixels) -> Map:
        fitted, box = _fitted(rgb, spec.input_size)
        inputs = torch.from_numpy(fitted).permute(2, 0, 1)[None].to(resources.device, torch.float32) / 255
        with torch.inference_mode(), resources.arithmetic():
            output = module(inputs)
        found = _single(output, architecture)
        left, top, right, bottom = box
        return heatmaps.resample(found, fitted.shape[1], fitted.shape[0])[top:bottom, left:right]

    checkpoint = Path(spec.checkpoint).name if spec.checkpoint else "its own"
    return Provider(predict, {"method": spec.method, "architecture": architecture, "checkpoint": checkpoint})


def _fitted(rgb: Pixels, size: tuple[int, int] | None) -> tuple[Pixels, tuple[int, int, int, int]]:
    """Fit an image into the middle of a black one; and say where it lies: left, top, right, bottom."""
    height, width = rgb.shape[:2]
    if size is None:
        return rgb, (0, 0, width, height)
    scale = min(size[0] / width, size[1] / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = ((outer - side) // 2 for outer, side in zip(size, inner, strict=True))
    fitted = Image.new("RGB", (size[0], size[1]))
    fitted.paste(Image.fromarray(rgb).resize(inner, Image.Resampling.BILINEAR), (left, top))
    return np.array(fitted), (left, top, left + inner[0], top + inner[1])


def _single(output: Any, architecture: str) -> Map:
    """The only map that a network returned."""
    if not isinstance(output, torch.Tensor) or output.ndim not in (3, 4) or output.shape[:-2].numel() != 1:
        what = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise InputError(
            f"Network {architecture}: it returns {what} for one image; a tensor (1, 1, y, x) or (1, y, x) is needed."
        )
    return output.float().cpu().numpy().reshape(output.shape[-2:])
