"""Classification networks of torchvision, by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
import torchvision
from torch import nn

from alignment_importance.networks.checkpoints import Checkpoint
from alignment_importance.networks.plan import Inputs, Plan
from alignment_importance.networks.spec import Spec
from alignment_importance.system.errors import InputError

#: Trained on inputs from -1 to 1. With its own weights, and only then, torchvision takes inputs with ImageNet's mean
#: and deviation and corrects them inside (`transform_input`); here mean and deviation are right from the start.
_CENTRED = ("googlenet", "inception_v3")


def names() -> list[str]:
    """What torchvision lists."""
    return torchvision.models.list_models(module=torchvision.models)


def includes(architecture: str) -> bool:
    """Whether torchvision lists an architecture."""
    return architecture in names()


def plan(spec: Spec) -> Plan:
    """Build it with torchvision, which downloads and checks its weights."""
    available = torchvision.models.get_model_weights(spec.architecture)
    weight_names = [member.name for member in available]
    weights = available[spec.weights] if spec.weights in weight_names else available.DEFAULT
    inputs = _trained_on(spec.architecture, weights)
    size = spec.input_size or inputs.size

    def create(checkpoint: Checkpoint | None, weights: Any = None) -> nn.Module:
        options = _options(spec.architecture, size, checkpoint)
        try:
            return torchvision.models.get_model(spec.architecture, weights=weights, progress=False, **options)
        except ValueError as error:
            raise InputError(
                f"Network {spec.architecture} cannot be built for inputs of {size} x {size} pixels ({error})."
            ) from error

    def trained() -> tuple[nn.Module, str]:
        with _download(weights):
            return create(None, weights), f"torchvision {weights.name}"

    return Plan(create, trained, inputs, weight_names, weights.url)


def _options(architecture: str, size: int, checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Arguments of torchvision's builder of an architecture."""
    options: dict[str, Any] = {"num_classes": checkpoint.n_classes} if checkpoint and checkpoint.n_classes else {}
    if architecture in _CENTRED:
        # Their own initialisation takes minutes, and trained weights need none.
        options |= {"transform_input": False, "init_weights": False}
        if checkpoint is not None:
            options["aux_logits"] = any(name.lower().startswith("aux") for name in checkpoint.weights)
    if architecture.startswith("vit_"):
        options["image_size"] = size
    if architecture.startswith("maxvit_"):
        options["input_size"] = (size, size)
    return options


def _trained_on(architecture: str, weights: Any) -> Inputs:
    """Input size, mean and standard deviation with which torchvision's weights were trained."""
    transform = weights.transforms()
    if architecture in _CENTRED:
        return Inputs(transform.crop_size[0], (0.5,) * 3, (0.5,) * 3)
    return Inputs(transform.crop_size[0], tuple(transform.mean), tuple(transform.std))


@contextmanager
def _download(weights: Any) -> Iterator[None]:
    """Say what to do when torch's own loader, which checks the hash and keeps files in its cache, has no success."""
    try:
        yield
    except (URLError, OSError, RuntimeError) as error:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        raise InputError(
            f"The weights {weights.name} could not be had from {weights.url} ({error}). Put that file into {folder}, "
            "or name a local file with `weights: checkpoint` and `checkpoint: FILE`."
        ) from error
