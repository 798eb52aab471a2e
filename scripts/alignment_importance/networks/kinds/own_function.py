"""Networks of a user's own: what a function `package.module:function` returns."""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from alignment_importance.networks.checkpoints import Checkpoint
from alignment_importance.networks.kinds import timm_models, torchvision_models
from alignment_importance.networks.plan import Inputs, Plan, seeded
from alignment_importance.networks.spec import Spec, nearest
from alignment_importance.system.errors import InputError


def names() -> list[str]:
    """No names: only the user knows them."""
    return []


def includes(architecture: str) -> bool:
    """Whether an architecture names a function."""
    return ":" in architecture


def plan(spec: Spec) -> Plan:
    """How to build the network: by calling the function."""

    def create(_checkpoint: Checkpoint | None) -> nn.Module:
        return call(spec.architecture)

    def trained() -> tuple[nn.Module, str]:
        # Every job builds the network anew: weights that the function draws must be the same ones each time.
        with seeded(0):
            return create(None), f"own weights ({spec.architecture})"

    return Plan(create, trained, _inputs_of, own=True)


def _inputs_of(module: nn.Module) -> Inputs:
    """What timm or torchvision say of a network that is one of theirs; otherwise what most networks are trained on."""
    if pretrained_cfg := getattr(module, "pretrained_cfg", None):
        return timm_models.inputs_of(pretrained_cfg)
    return torchvision_models.inputs_of(module) or Inputs(224)


def call(architecture: str) -> nn.Module:
    """Import the function `package.module:function`, also from the working directory, and return its network.

    Raises:
        InputError: it cannot be imported, stops with an error, or returns no module in float32 that takes images alone.
    """
    name, _, function = architecture.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        module = _find_function(name, function)()
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"Network {architecture}: importing and calling the function stopped with {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.remove(str(Path.cwd()))
    if not isinstance(module, nn.Module):
        raise InputError(
            f"Network {architecture}: {function}() returns a {type(module).__name__}, not a torch.nn.Module."
        )
    for key, values in module.named_parameters():
        if values.is_floating_point() and values.dtype != torch.float32:
            raise InputError(
                f"Network {architecture}: its parameter {key} is {values.dtype}, but its inputs are torch.float32. Let "
                f"{function}() return it in float32, as `.float()` makes it."
            )
    _require_images_alone(module, architecture)
    return module


def _require_images_alone(module: nn.Module, architecture: str) -> None:
    """Refuse a network whose forward pass needs more than images."""
    try:
        # If `forward` is wrapped, the wrapper is what is called.
        inspect.signature(module.forward, follow_wrapped=False).bind(None)
    except TypeError as error:
        raise InputError(
            f"Network {architecture}: its forward pass is given images alone: {error}. Let it take the images first, "
            "and give all other arguments default values."
        ) from error
    except ValueError:
        # Networks made by torch.jit have no signature.
        return


def _find_function(name: str, function: str) -> Callable[[], Any]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise InputError(
            f"Network {name}:{function}: there is no Python module {error.name!r} in {Path.cwd()} or among the "
            "installed packages."
        ) from error
    builder = getattr(module, function, None)
    if not callable(builder):
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        # A notebook, as `__main__`, and a package without an __init__.py have no file.
        place = getattr(module, "__file__", None) or name
        near = nearest(function, functions) if functions else ""
        raise InputError(f"Network {name}:{function}: {place} has no function {function!r}.{near}")
    return builder
