"""Classification networks of torchvision, by name."""

from typing import Any

import torchvision
from torch import nn

from alignment_importance.networks import downloads
from alignment_importance.networks.checkpoints import Checkpoint
from alignment_importance.networks.plan import Inputs, Plan
from alignment_importance.networks.spec import AS_EVALUATED, Spec
from alignment_importance.system.errors import InputError

#: Trained on inputs from -1 to 1. With its own weights, and only then, torchvision expects inputs normalised with
#: ImageNet's values and converts them inside (`transform_input`); here they are normalised as in training at once.
_CENTRED = ("googlenet", "inception_v3")
_CENTRED_VALUES = (0.5,) * 3, (0.5,) * 3


def names() -> list[str]:
    """What torchvision lists."""
    return torchvision.models.list_models(module=torchvision.models)


def includes(architecture: str) -> bool:
    """Whether torchvision lists an architecture."""
    return architecture in names()


def plan(spec: Spec) -> Plan:
    """How to build the network with torchvision, which downloads its weights."""
    available = torchvision.models.get_model_weights(spec.architecture)
    weight_names = [member.name for member in available]
    weights = available[spec.weights] if spec.weights in weight_names else available.DEFAULT
    inputs = _trained_on(spec, weights)
    size = spec.input_size or inputs.size

    def create(checkpoint: Checkpoint | None, weights: Any = None) -> nn.Module:
        options = _options(spec.architecture, size, checkpoint)
        try:
            return torchvision.models.get_model(spec.architecture, weights=weights, progress=False, **options)
        except (AssertionError, ValueError) as error:
            raise InputError(
                f"Network {spec.architecture} cannot be built for inputs of {size} x {size} pixels ({error})."
            ) from error

    def trained() -> tuple[nn.Module, str]:
        with downloads.from_url(weights.name, weights.url):
            return create(None, weights), f"torchvision {weights.name}"

    return Plan(create, trained, lambda _module: inputs, weight_names, lambda: downloads.check_cached(weights.url))


def inputs_of(module: nn.Module) -> Inputs | None:
    """What a network of torchvision was trained on, whatever its weights; None for any other network.

    All weights of a network share mean and standard deviation, but not input size and crop.
    """
    if not type(module).__module__.startswith(f"{torchvision.models.__name__}."):
        return None
    size = getattr(module, "image_size", 224)
    centred = getattr(module, "transform_input", None) is False
    return Inputs(size, *_CENTRED_VALUES, source="torchvision") if centred else Inputs(size, source="torchvision")


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


def _trained_on(spec: Spec, weights: Any) -> Inputs:
    transform = weights.transforms()
    (size,), (side,) = transform.crop_size, transform.resize_size
    values = _CENTRED_VALUES if spec.architecture in _CENTRED else (tuple(transform.mean), tuple(transform.std))
    return Inputs(
        size,
        *values,
        # With the other rules (`whole`, `crop`, `pad`), images are resized bilinearly for all of these networks.
        interpolation=transform.interpolation.value if spec.resize == AS_EVALUATED else "bilinear",
        evaluated=f"crop {size / side:g}" if size < side else "crop",
        source=f"torchvision {weights.name}",
    )
