"""Networks of timm, as timm/NAME or, with weights other than its default ones, timm/NAME.TAG."""

from collections.abc import Mapping
from typing import Any

import timm
from timm.data import resolve_data_config
from timm.models import PretrainedCfg, get_pretrained_cfg, split_model_name_tag
from torch import nn

from alignment_importance.networks import downloads
from alignment_importance.networks.checkpoints import Checkpoint, State
from alignment_importance.networks.plan import Inputs, Plan
from alignment_importance.networks.spec import Spec, nearest
from alignment_importance.system.errors import InputError

_PREFIX = "timm/"
#: Names of weight files in timm's repositories on the hub.
_FILES = ("model.safetensors", "pytorch_model.bin")
#: Resize rules (`images.input_region`) by timm's modes of cropping.
_RULES = {"center": "crop", "squash": "whole", "border": "pad"}


def names() -> list[str]:
    """What timm lists, without tags."""
    return [f"{_PREFIX}{name}" for name in timm.list_models()]


def includes(architecture: str) -> bool:
    """Whether timm has an architecture, whatever its tag."""
    return architecture.startswith(_PREFIX) and timm.is_model(_split(architecture)[0])


def plan(spec: Spec) -> Plan:
    """How to build the network with timm, with the weights of its tag or of timm's default tag."""
    name, tag = _split(spec.architecture)
    _require_tag(name, tag)
    trained_on = pretrained_cfg(f"{name}.{tag}" if tag else name)
    label = f"{name}.{trained_on.tag}" if trained_on.tag else name
    inputs = inputs_of(trained_on.to_dict())
    size = spec.input_size or inputs.size

    def create(checkpoint: Checkpoint | None, **options: Any) -> nn.Module:
        if checkpoint is not None:
            options["num_classes"] = count_classes(checkpoint.weights, trained_on)
        if trained_on.fixed_input_size:
            options["img_size"] = size
        try:
            module = timm.create_model(name, pretrained_cfg=trained_on.to_dict(), **options)
        except (AssertionError, ValueError) as error:
            raise InputError(
                f"Network {spec.architecture} cannot be built for inputs of {size} x {size} pixels ({error})."
            ) from error
        if spec.input_size is not None:
            _require_whole_patches(module, spec.architecture, size)
        return module

    def check() -> None:
        if trained_on.hf_hub_id:
            downloads.check_hub(trained_on.hf_hub_id, _FILES)
        elif trained_on.url:
            downloads.check_cached(str(trained_on.url))
        else:
            raise InputError(
                f"Network {spec.architecture}: timm has no trained weights of it. Name a `checkpoint`, or take "
                f"`weights: random` and a `seed`."
            )

    def trained() -> tuple[nn.Module, str]:
        check()
        if trained_on.hf_hub_id:
            file = {"file": str(downloads.from_hub(trained_on.hf_hub_id, _FILES))}
            return create(None, pretrained=True, pretrained_cfg_overlay=file), f"timm {label}"
        with downloads.from_url(label, str(trained_on.url)):
            return create(None, pretrained=True), f"timm {label}"

    return Plan(create, trained, lambda _module: inputs, check=check)


def pretrained_cfg(name: str) -> PretrainedCfg:
    """timm's record of the weights of an architecture, NAME or NAME.TAG."""
    pretrained = get_pretrained_cfg(name)
    assert pretrained is not None
    return pretrained


def inputs_of(trained_on: Mapping[str, Any]) -> Inputs:
    """The inputs that a network's weights were trained on, from timm's record of them."""
    settings = resolve_data_config(pretrained_cfg=trained_on)
    name, tag = trained_on.get("architecture"), trained_on.get("tag")
    crop_share = settings["crop_pct"]
    return Inputs(
        size=settings["input_size"][1],
        mean=tuple(settings["mean"]),
        std=tuple(settings["std"]),
        interpolation=settings["interpolation"],
        evaluated=_RULES[settings["crop_mode"]] + (f" {crop_share:g}" if crop_share != 1 else ""),
        source=f"timm {name}.{tag}" if tag else f"timm {name}",
    )


def count_classes(state: State, trained_on: PretrainedCfg) -> int:
    """Number of classes of a checkpoint; 0 for one without a classifier."""
    classifier = trained_on.classifier or "head"
    weight = state.get(f"{classifier if isinstance(classifier, str) else classifier[0]}.weight")
    return 0 if weight is None else int(weight.shape[0])


def _split(architecture: str) -> tuple[str, str]:
    """Name and tag; an empty tag if there is none."""
    name, tag = split_model_name_tag(architecture.removeprefix(_PREFIX))
    return name, tag


def _require_tag(name: str, tag: str) -> None:
    tags = [known.partition(".")[2] for known in timm.list_pretrained(f"{name}.*")]
    if tag and tag not in tags:
        raise InputError(f"Network timm/{name} has no weights with the tag {tag!r}.{nearest(tag, tags)}")


def _require_whole_patches(module: nn.Module, architecture: str, size: int) -> None:
    """Refuse an input size that is no multiple of the patch size: timm drops pixels that do not fill a patch."""
    embedding = getattr(module, "patch_embed", None)
    projection = getattr(embedding, "proj", None)
    if isinstance(projection, nn.Conv2d) and projection.stride != projection.kernel_size:
        return  # Patches overlap.
    patch = getattr(embedding, "patch_size", None)
    side = patch[0] if isinstance(patch, tuple | list) else patch
    if isinstance(side, int) and size % side:
        below = size // side * side
        raise InputError(
            f"Network {architecture} sees patches of {side} x {side} pixels, into which `input_size: {size}` cannot be "
            f"cut. Set {f'{below} or ' if below else ''}{below + side}."
        )
