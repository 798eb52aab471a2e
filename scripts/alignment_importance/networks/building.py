"""Builds networks with trained, own or random weights, or without weights where only their layers matter."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from alignment_importance.networks import checkpoints
from alignment_importance.networks.kinds import registry
from alignment_importance.networks.plan import Inputs, Plan, UnallocatedParameters, seeded
from alignment_importance.networks.spec import AS_EVALUATED, Spec
from alignment_importance.system.errors import InputError


@dataclass(frozen=True)
class Network:
    """A network with its weights, in evaluation mode, and what its input must look like.

    Attributes:
        module: the network.
        architecture: its name.
        weights: description of the weights; starts with "random weights" when they are random.
        input_size: side of the square input in pixels.
        mean, std: per colour channel, of pixel values in 0..1.
        resize: rule that fits an image to this input, see `images.input_region`.
        resize_in: type of number in which it is resized, `uint8` or `float`, see `images.to_input`.
        interpolation: filter with which it is resized, `bilinear` or `bicubic`.
        normalisation: source of `mean` and `std`; empty if they are assumed.
    """

    module: nn.Module
    architecture: str
    weights: str
    input_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: str = "whole"
    resize_in: str = "uint8"
    interpolation: str = "bilinear"
    normalisation: str = ""

    def fingerprint(self) -> str:
        """SHA-256 of the names and values of all parameters and buffers, sorted by name."""
        digest = hashlib.sha256()
        for name, values in sorted(self.module.state_dict().items()):
            digest.update(f"{name} {values.dtype} {tuple(values.shape)} ".encode())
            digest.update(values.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
        return digest.hexdigest()


def build(spec: Spec) -> Network:
    """Build the network that a configuration names.

    Returns:
        The network in evaluation mode: `module`, what its input must look like (`input_size` in pixels, `mean` and
        `std` of pixel values in 0..1), and `weights`, a description of its weights.

    Raises:
        InputError: unknown architecture or weights, a checkpoint that is missing or does not fit, a download that
            failed, a function that cannot be imported or returns no module.
    """
    _check(spec)
    plan = registry.plan(spec)
    if spec.weights == "random":
        module, label = _random(plan, spec), f"random weights (seed {spec.seed})"
    elif spec.weights == "checkpoint":
        checkpoint = _read(plan, spec)
        module, label = plan.create(checkpoint), f"checkpoint {checkpoint.label}"
        checkpoints.load_state(module, checkpoint.weights, str(spec.checkpoint))
    else:
        module, label = plan.trained()
    return _network(module, label, spec, plan)


def inspect(spec: Spec) -> Network:
    """Check all of a network that can be checked without running or downloading it.

    Returns:
        The network as from `outline`; with as many classes as its checkpoint has, if it has one.

    Raises:
        InputError: what `build` raises, except failed downloads; also weights in torch's cache that fail their hash,
            and weights that are neither in the cache of the Hugging Face hub nor can be downloaded from there.
    """
    _check(spec)
    plan = registry.plan(spec)
    if spec.weights == "checkpoint":
        checkpoint = _read(plan, spec)
        module = _without_memory(plan, checkpoint)
        checkpoints.fit(module, checkpoint.weights, str(spec.checkpoint))
        return _network(module, f"checkpoint {checkpoint.label}", spec, plan)
    if spec.weights == "random" and plan.own:
        return build(spec)
    if spec.weights != "random":
        plan.check()
    return outline(spec)


def outline(spec: Spec) -> Network:
    """Build a network without weights, on PyTorch's meta device: enough to see its layers, with no memory or download.

    A user's own network is used as its function returns it.

    Raises:
        InputError: unknown architecture, or a function that cannot be imported or returns no module.
    """
    plan = registry.plan(spec)
    return _network(_without_memory(plan), "no weights", spec, plan)


def _check(spec: Spec) -> None:
    """Refuse a configuration that lacks a key which another key needs, or in which a key has an impossible value."""
    if spec.weights == "random" and spec.seed is None:
        raise InputError(f"Network {spec.architecture}: random weights need a `seed` in the configuration.")
    if spec.weights == "checkpoint" and spec.checkpoint is None:
        raise InputError(f"Network {spec.architecture}: `weights: checkpoint` needs the key `checkpoint` with a file.")
    for key, values in (("mean", spec.mean), ("std", spec.std)):
        if values is not None and not (len(values) == 3 and all(0 <= value <= 1 for value in values)):
            raise InputError(
                f"Network {spec.architecture}: `{key}` is {list(values)}; three numbers are needed, for red, green and "
                "blue, of pixel values in 0..1 (divide by 255 what is meant for 0..255)."
            )
    if spec.std is not None and 0 in spec.std:
        raise InputError(
            f"Network {spec.architecture}: `std` is {list(spec.std)}; pixel values are divided by it, so it cannot "
            "contain 0."
        )


def _network(module: nn.Module, weights: str, spec: Spec, plan: Plan) -> Network:
    """The network in evaluation mode; its inputs are those of the configuration, otherwise those of the plan."""
    module.eval().requires_grad_(False)
    if spec.readout is not None:
        choose_readout(module, spec.architecture, spec.readout)
    inputs = plan.inputs(module)
    normalisation = "the configuration" if spec.mean and spec.std else inputs.source
    return Network(
        module,
        spec.architecture,
        weights if normalisation else f"{weights}, mean and std assumed",
        spec.input_size or inputs.size,
        tuple(spec.mean or inputs.mean),
        tuple(spec.std or inputs.std),
        _resize_rule(spec, inputs),
        spec.resize_in,
        inputs.interpolation,
        normalisation,
    )


def choose_readout(module: nn.Module, architecture: str, readout: str) -> None:
    """Make the class token (`token`) or the mean of the patch tokens (`mean`) the readout of a transformer of timm.

    Raises:
        InputError: the network has no tokens, or no class token.
    """
    if not (hasattr(module, "global_pool") and hasattr(module, "num_prefix_tokens")):
        raise InputError(f"Network {architecture}: `readout: {readout}` is for transformers of timm alone. Remove it.")
    if readout == "token" and getattr(module, "cls_token", None) is None:
        raise InputError(f"Network {architecture} has no class token: `readout: token` is not possible. Remove it.")
    transformer: Any = module
    if getattr(module, "attn_pool", None) is not None:
        transformer.attn_pool = None
    transformer.global_pool = {"token": "token", "mean": "avg"}[readout]


def _resize_rule(spec: Spec, inputs: Inputs) -> str:
    """The resize rule of the configuration; for `as_evaluated`, the rule with which the weights were evaluated."""
    if spec.resize != AS_EVALUATED:
        return spec.resize
    if inputs.evaluated is None:
        raise InputError(
            f"Network {spec.architecture}: `resize: {AS_EVALUATED}`, but nothing says how its weights were evaluated. "
            "Set `whole`, `crop` or `pad`."
        )
    return inputs.evaluated


def _without_memory(plan: Plan, checkpoint: checkpoints.Checkpoint | None = None) -> nn.Module:
    """The module on PyTorch's meta device, with a checkpoint's number of classes; a user's own module as it is."""
    if plan.own:
        return plan.create(checkpoint)
    try:
        with UnallocatedParameters():
            module = plan.create(checkpoint)
    except RuntimeError:  # Its constructor computes with parameters, so they must have memory for a moment.
        module = plan.create(checkpoint)
    return module.to("meta")


def _random(plan: Plan, spec: Spec) -> nn.Module:
    """The module with random weights from the seed; a user's function must return different ones for another seed."""
    assert spec.seed is not None
    with seeded(spec.seed):
        module = plan.create(None)
    if plan.own:
        with seeded(spec.seed + 1):
            other = plan.create(None).state_dict()
        for name, values in module.named_parameters():
            # Constant tensors, as of normalisations and biases, are never random and need not differ.
            if values.numel() > 1 and values.min() < values.max() and torch.equal(values, other[name]):
                raise InputError(
                    f"Network {spec.architecture}: `weights: random`, but the function gives {name} the same values "
                    "for every seed of PyTorch. Use `weights: default` for weights that the function sets itself."
                )
    return module


def _read(plan: Plan, spec: Spec) -> checkpoints.Checkpoint:
    """Read the checkpoint of a network, in which its weights are found by their names."""
    network = _without_memory(plan).state_dict()
    return checkpoints.read(Path(str(spec.checkpoint)), network, spec.sha256, spec.key)
