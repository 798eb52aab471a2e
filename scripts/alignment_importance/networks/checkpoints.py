"""Weights in files: read without running anything in them, and loaded only where every name and shape fits."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn

from alignment_importance.system import digests
from alignment_importance.system.errors import InputError
from alignment_importance.system.plurals import counted

#: State dict of a checkpoint.
State = Mapping[str, torch.Tensor]


def read_weights(file: Path, sha256: str | None) -> State:
    """Read the state dict of a network's checkpoint, see `read_state`, and hold it against what is known of it.

    Raises:
        InputError: the file is missing, has another SHA-256 than the given one, or holds no weight matrix.
    """
    if sha256 is not None and file.is_file() and (digest := digests.sha256(file)) != sha256.lower():
        raise InputError(
            f"its SHA-256 is {digest} and not {sha256}, as the configuration says. Get the right file, or "
            "correct the key `sha256` of the network.",
            where=file,
        )
    state = read_state(file)
    if not any(value.ndim in (2, 4) for value in state.values()):
        raise InputError("holds no weight matrix; a checkpoint of a network's state dict is needed.", where=file)
    return state


def read_state(path: Path) -> State:
    """Read the state dict of a checkpoint without running anything in it.

    A wrapping under `state_dict` or `model` and the prefix `module.` come off.

    Raises:
        InputError: the file is missing or holds something else than weights.
    """
    if not path.is_file():
        raise InputError("this checkpoint does not exist. Correct the key `checkpoint` of the network.", where=path)
    try:
        content = _read(path)
    except Exception as error:
        raise InputError(f"cannot be read as a checkpoint of weights only ({_why(error)}", where=path) from error
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise InputError("is not a state dict (names to tensors). Save `network.state_dict()`.", where=path)
    return {_renamed(name): value for name, value in content.items()}


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return safetensors.torch.load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _why(error: Exception) -> str:
    """Say what stands in the way of reading a checkpoint, and what to do.

    PyTorch's own words are a page of advice, which begins with how to let the file run programs.
    """
    if found := re.search(r"Unsupported global: GLOBAL ([\w.]+)", str(error)):
        return f"it holds {found[1]}, which can run programs). Save `network.state_dict()` instead."
    return "it is damaged, or a file of another kind). Get or save it again."


def _renamed(name: str) -> str:
    """The present name of a weight: without `module.`; the `norm.1` of torchvision's files for DenseNet is `norm1`."""
    name = re.sub(r"^module\.", "", name)
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", name)


def load_state(module: nn.Module, state: State, source: str) -> None:
    """Load a state dict of which every name and shape must fit.

    Args:
        module: gets the weights.
        state: names to tensors.
        source: what the state dict is called in an error.

    Raises:
        InputError: weights are missing, unknown, of another shape or no finite numbers.
    """
    module.load_state_dict(fit(module, state, source))


def fit(module: nn.Module, state: State, source: str) -> OrderedDict[str, torch.Tensor]:
    """A state dict that a module can load.

    Raises:
        InputError: weights are missing, unknown, of another shape or no finite numbers.
    """
    own = module.state_dict()
    # Older files lack these counters, which only training reads.
    complete = {name: own[name] for name in own if name.endswith("num_batches_tracked")} | dict(state)
    missing, unknown = sorted(own.keys() - complete.keys()), sorted(complete.keys() - own.keys())
    shapes = [
        f"{name} {tuple(complete[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own.keys() & complete.keys()
        if own[name].shape != complete[name].shape
    ]
    if missing or unknown or shapes:
        problems = [
            f"{len(names)} {what}, such as {names[0]}"
            for what, names in (("missing", missing), ("unknown", unknown), ("of another shape", sorted(shapes)))
            if names
        ]
        raise InputError(
            f"{source}: the weights do not fit the architecture ({'; '.join(problems)}). Name the architecture that "
            "they were trained in, or another checkpoint."
        )
    unusable = sorted(name for name, values in complete.items() if not values.isfinite().all())
    if unusable:
        raise InputError(
            f"{source}: {counted(len(unusable), 'weight has', 'weights have')} values that are not finite numbers, "
            f"such as {unusable[0]}. The training may have failed; take another checkpoint."
        )
    fitting = OrderedDict(complete)
    # Names and shapes are the present ones, whatever version of its modules a file may name, or none.
    fitting._metadata = own._metadata  # type: ignore[attr-defined]
    return fitting
