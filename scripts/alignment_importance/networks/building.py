"""Build networks: with trained, own or random weights, or without any for their layers alone."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from alignment_importance.networks import readouts
from alignment_importance.networks.checkpoints import State, fit, load_state, read_weights
from alignment_importance.networks.kinds import registry
from alignment_importance.networks.plan import Inputs, Plan, seeded
from alignment_importance.networks.spec import Spec
from alignment_importance.system import digests
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
    """

    module: nn.Module
    architecture: str
    weights: str
    input_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def fingerprint(self) -> str:
        """SHA-256 of the names and values of all parameters and buffers, by name."""
        digest = hashlib.sha256()
        for name, values in sorted(self.module.state_dict().items()):
            digest.update(f"{name} {values.dtype} {tuple(values.shape)} ".encode())
            digest.update(values.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
        return digest.hexdigest()


def build(spec: Spec) -> Network:
    """Build the network that a configuration names.

    Raises:
        InputError: unknown architecture or weights, a checkpoint that is missing or does not fit, a download that
            failed, a function that cannot be imported or returns no module.
    """
    _check(spec)
    plan = registry.plan(spec)
    if spec.weights == "random":
        module, label = _random(plan, spec), f"random weights (seed {spec.seed})"
    elif spec.weights == "checkpoint":
        module, label = _from_checkpoint(plan, Path(str(spec.checkpoint)), spec.sha256)
    else:
        module, label = plan.trained()
    return _network(module, label, spec, plan.inputs)


def inspect(spec: Spec) -> Network:
    """Check all that can be known of a network without running or downloading it.

    Returns:
        What `outline` does, with the classes of the checkpoint.

    Raises:
        InputError: what `build` raises but for downloads, and weights in torch's cache that fail their hash.
    """
    _check(spec)
    plan = registry.plan(spec)
    if spec.weights == "checkpoint":
        file = Path(str(spec.checkpoint))
        state = read_weights(file, spec.sha256)
        module = _without_memory(plan, spec, state)
        fit(module, state, str(file))
        return _network(module, f"checkpoint {file.name}", spec, plan.inputs)
    if spec.weights == "random" and plan.own:
        return build(spec)
    if spec.weights != "random" and plan.url is not None:
        _check_cached(plan.url)
    return outline(spec)


def outline(spec: Spec) -> Network:
    """Build a network without weights, on PyTorch's meta device: for its layers alone, without memory or download.

    A user's own network is what its function returns.

    Raises:
        InputError: unknown architecture, or a function that cannot be imported or returns no module.
    """
    plan = registry.plan(spec)
    return _network(_without_memory(plan, spec, None), "no weights", spec, plan.inputs)


def _check(spec: Spec) -> None:
    """Raise an error for keys that need another one, or that have impossible values."""
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
        raise InputError(f"Network {spec.architecture}: `std` is {list(spec.std)}; no colour can be divided by 0.")


def _network(module: nn.Module, weights: str, spec: Spec, inputs: Inputs) -> Network:
    """The network in evaluation mode, with the inputs that the configuration gives or these."""
    module.eval().requires_grad_(False)
    if spec.readout is not None:
        readouts.choose(module, spec.architecture, spec.readout)
    return Network(
        module,
        spec.architecture,
        weights,
        spec.input_size or inputs.size,
        tuple(spec.mean or inputs.mean),
        tuple(spec.std or inputs.std),
    )


def _without_memory(plan: Plan, spec: Spec, state: State | None) -> nn.Module:
    """The module on PyTorch's meta device, with the classes of a checkpoint's state; a user's own as it is."""
    if plan.own:
        return plan.create(state)
    with _UnallocatedParameters():
        module = plan.create(state)
    return module.to("meta")


class _UnallocatedParameters(TorchFunctionMode):
    """Let modules that are made meanwhile hold parameters without memory; other tensors keep their values."""

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        # PyTorch's modules make their parameters by `torch.empty` and fill them afterwards.
        elsewhere = {"device": "meta"} if func is torch.empty else {}
        return func(*args, **{**(kwargs or {}), **elsewhere})


def _random(plan: Plan, spec: Spec) -> nn.Module:
    """The module with the weights that it draws from a seed."""
    assert spec.seed is not None
    with seeded(spec.seed):
        module = plan.create(None)
    if plan.own:
        with seeded(spec.seed + 1):
            other = plan.create(None).state_dict()
        for name, values in module.named_parameters():
            # Constants (of normalisations, biases) are nobody's random numbers.
            if values.numel() > 1 and values.min() < values.max() and torch.equal(values, other[name]):
                raise InputError(
                    f"Network {spec.architecture}: `weights: random`, but the function gives {name} the same values "
                    "for every seed of PyTorch. Use `weights: default` for weights that the function sets itself."
                )
    return module


def _from_checkpoint(plan: Plan, file: Path, sha256: str | None) -> tuple[nn.Module, str]:
    """The module with the weights of a file."""
    state = read_weights(file, sha256)
    module = plan.create(state)
    load_state(module, state, str(file))
    return module, f"checkpoint {file.name}"


def _check_cached(url: str) -> None:
    """Refuse weights in torch's cache whose SHA-256 does not begin as their name says; torch checks downloads alone."""
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name
    named = torch.hub.HASH_REGEX.search(file.name)
    if named and file.is_file() and not digests.sha256(file).startswith(named[1]):
        raise InputError(
            f"its SHA-256 does not begin with {named[1]} as its name says; a download broke off, or it is "
            "another file. Remove it; it is downloaded when it is needed.",
            where=file,
        )
