"""Reads weights from files without running code in them, and loads them only if every name and shape fits."""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn

from alignment_importance.system import contents, digests
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import counted, some

#: State dict of a network: names to tensors.
State = Mapping[str, torch.Tensor]

_MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The weights of a file, under the network's names for them.

    Attributes:
        weights: from the part of the file that holds the network; weights that the network lacks keep their names.
        n_classes: number of rows of the network's last weight matrix, the classifier; None if the file lacks it.
        label: the file's name; if file and network name some weights differently, also both names of the first.
    """

    weights: State
    n_classes: int | None
    label: str


def read(file: Path, network: State, sha256: str | None = None, key: str | None = None) -> Checkpoint:
    """Read a network's checkpoint, whatever the weights are wrapped in.

    Weights may lie in mappings (`state_dict`, `model`, `state_dict_ema`), and their names may hold those of modules
    around the network or its parts (`module.` of DataParallel, `_orig_mod.` of torch.compile, `model.` of Lightning).
    All of these are removed from the names.

    Args:
        file: the checkpoint.
        network: state dict of the network, with any number of classes; only names and numbers of dimensions are used.
        sha256: SHA-256 that the file must have; any if None.
        key: prefix of the names of the wanted weights, where the file holds the network several times.

    Raises:
        InputError: the file is missing or damaged, has another SHA-256, holds no weight matrix, or holds the network
            several times.
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
    stored = _names_in_file(state, network, key, file)
    weights = {name: state[original] for name, original in stored.items()}
    classifier = [name for name, value in network.items() if value.ndim in (2, 4)][-1:]
    n_classes = next((int(weights[name].shape[0]) for name in classifier if name in weights), None)
    renamed = [f" ({stored[name]} as {name})" for name in network if stored.get(name, name) != name]
    return Checkpoint(weights, n_classes, "".join([file.name, *renamed[:1]]))


def read_state(path: Path) -> State:
    """Read all tensors of a checkpoint without running code in it; names of nested mappings are joined by dots.

    Raises:
        InputError: the file is missing, damaged or of another kind, or holds no tensors.
    """
    if not path.is_file():
        raise InputError("this checkpoint does not exist. Correct the key `checkpoint` of the network.", where=path)
    try:
        if path.suffix == ".safetensors":
            content: Any = safetensors.torch.load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"cannot be read as a checkpoint of weights only ({_why(path, error)}", where=path) from error
    state = dict(_flat(content)) if isinstance(content, Mapping) else {}
    if not state:
        raise InputError("is not a state dict (names to tensors). Save `network.state_dict()`.", where=path)
    return state


def _flat(content: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """All tensors in nested mappings, by their full names."""
    for name, value in content.items():
        if isinstance(value, torch.Tensor):
            yield f"{above}{name}", value
        elif isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")


def _why(path: Path, error: Exception) -> str:
    """Say why a checkpoint cannot be read, and what to do.

    PyTorch's own message is a page of advice that begins with how to let the file run programs.
    """
    if refused := re.search(r"Unsupported global: GLOBAL ([\w.]+)", str(error)):
        return f"it holds {refused[1]}, which can run programs). Save `network.state_dict()` instead."
    with path.open("rb") as stream:
        start = stream.read(4096)
    if start.startswith(b"PK"):  # a zip archive, as PyTorch's own files are
        return "it is damaged, or a program of TorchScript). Get it again, or save `network.state_dict()`."
    what, remedy = contents.recognise(start)
    return f"{what or 'it is damaged, or a file of another kind'}). {remedy or 'Get or save it again.'}"


def _names_in_file(state: State, network: State, key: str | None, file: Path) -> dict[str, str]:
    """Find the network in a file, and map its names of weights to the file's names.

    Weights that the network lacks are listed under their names in the file, without the network's prefix.
    """
    own = {_plain(name): name for name in network}
    plain = {_plain(name): name for name in state}
    by_prefix: dict[str, set[str]] = {}
    for name in plain:
        for start in [0, *(dot.end() for dot in re.finditer(r"\.", name))]:
            if name[start:] in own:
                by_prefix.setdefault(name[:start], set()).add(name[start:])
    # A part of a network may be named like another: the network is where most of its names are, if over half.
    most = max(map(len, by_prefix.values()), default=0)
    networks = (
        [prefix for prefix, entries in by_prefix.items() if len(entries) == most] if 2 * most > len(own) else [""]
    )
    prefix = _chosen([prefix.rstrip(".") for prefix in networks], key, file)
    prefix = f"{prefix}." if prefix else ""
    inside = {name[len(prefix) :]: original for name, original in plain.items() if name.startswith(prefix)}
    # Weights averaged over training (torch.optim.swa_utils) come with a count of the steps.
    return {own.get(name, name): original for name, original in inside.items() if name != "n_averaged"}


def _chosen(networks: Sequence[str], key: str | None, file: Path) -> str:
    """Choose by `key` among the prefixes under which a file holds the network."""
    chosen = [name for name in networks if key is None or name == key]
    if len(chosen) == 1:
        return chosen[0]
    listed = some([name or "(no name)" for name in networks])
    raise InputError(
        f"holds the network under {listed}. Name one of them as the `key` of the network."
        if key is None
        else f"does not hold the network under {key!r}, but under {listed}. Correct the `key` of the network.",
        where=file,
    )


def _plain(name: str) -> str:
    """A weight's name without the modules that DataParallel and torch.compile put around a network or its parts.

    In torchvision's files for DenseNet, today's `norm1` and `conv1` are called `norm.1` and `conv.1`.
    """
    name = re.sub(r"(?<![^.])(module|_orig_mod)\.", "", name)
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", name)


def load_state(module: nn.Module, state: State, source: str) -> None:
    """Load a state dict into a module; every name and shape must fit, see `fit`."""
    module.load_state_dict(fit(module, state, source))


def fit(module: nn.Module, state: State, source: str) -> OrderedDict[str, torch.Tensor]:
    """Make a state dict that a module can load; error messages name its origin `source`.

    Raises:
        InputError: weights are missing, unknown, of another shape or not finite.
    """
    own = module.state_dict()
    # Older files lack these counters, which only training reads.
    complete = {name: own[name] for name in own if name.endswith("num_batches_tracked")} | dict(state)
    shapes = [
        f"{name} {tuple(complete[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own
        if name in complete and own[name].shape != complete[name].shape
    ]
    differing = {
        "missing": [name for name in own if name not in complete],
        "unknown": [name for name in complete if name not in own],
        "of another shape": shapes,
    }
    if any(differing.values()):
        reasons = [f"{len(names)} {what}: {some(names, _MOST_NAMED)}" for what, names in differing.items() if names]
        raise InputError(
            f"{source}: the weights do not fit the architecture ({'; '.join(reasons)}). Name the architecture that "
            "they were trained in, or another checkpoint."
        )
    unusable = sorted(name for name, values in complete.items() if not values.isfinite().all())
    if unusable:
        raise InputError(
            f"{source}: {counted(len(unusable), 'weight has', 'weights have')} values that are not finite numbers, "
            f"such as {unusable[0]}. The training may have failed; take another checkpoint."
        )
    fitting = OrderedDict(complete)
    # Names and shapes fit already: whatever module versions the file records, load_state_dict must convert nothing.
    fitting._metadata = own._metadata  # type: ignore[attr-defined]
    return fitting
