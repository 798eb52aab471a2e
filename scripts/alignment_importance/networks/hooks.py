"""Cuts networks that torch.fx cannot follow: hooks record and replace outputs of modules, and the rest runs unchanged.

This works for every network, but each ablated map costs a run of the whole network.
"""

import copy
import functools
import itertools
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from alignment_importance.networks import tokens
from alignment_importance.networks.building import Network
from alignment_importance.networks.spec import nearest
from alignment_importance.networks.tracing import random_image, run_on_zeros, sharing_tensors, shown
from alignment_importance.system.errors import InputError


@dataclass(frozen=True)
class Call:
    """What a module does when a network runs on one image.

    Attributes:
        kind: the module's type.
        input_shape, output_shape: for one image, of the first tensor of its input and its output; None if it has none.
        times: how often it is called.
    """

    kind: type[nn.Module]
    input_shape: tuple[int, ...] | None
    output_shape: tuple[int, ...] | None
    times: int


def calls(network: Network) -> dict[str, Call]:
    """Run a network on one image and return what each module does, by name, in the order in which they finish.

    If the network has values, as users' own networks do, it runs with them, since it may branch on them.

    Raises:
        InputError: the network does not take inputs of its size.
    """
    copied = sharing_tensors(network.module)
    on_meta = any(tensor.is_meta for tensor in itertools.chain(copied.parameters(), copied.buffers()))
    by_name: dict[str, Call] = {}

    def note(name: str, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        times = by_name.pop(name).times if name in by_name else 0
        by_name[name] = Call(type(module), _shape(inputs), _shape(output), times + 1)

    for name, module in copied.named_modules():
        if name:
            module.register_forward_hook(functools.partial(note, name))
    run_on_zeros(network, copied, device="meta" if on_meta else "cpu")
    return by_name


def require_repeatable(network: Network) -> None:
    """Refuse a network whose output for an image changes when it runs again, or with another image in the batch.

    Raises:
        InputError: says which of the two.
    """
    image = random_image(network.input_size)
    with torch.inference_mode():
        runs = [network.module(images.clone()) for images in (image, image, torch.cat([image, image.flip(3)]))]
    first, again, batched = (None if (output := _tensor(run)) is None else output[:1] for run in runs)
    if first is None or again is None or batched is None or first.shape != batched.shape:
        return
    largest = first.abs().max()
    if (first - again).abs().max() > 1e-4 * largest:
        raise InputError(
            f"The output of {network.architecture} for an image changes when it runs again. Let its forward pass draw "
            "no random numbers, as `functional.dropout` does without `training=self.training`."
        )
    if (first - batched).abs().max() > 1e-2 * largest:
        raise InputError(
            f"The output of {network.architecture} for an image depends on the images beside it. Let it use no "
            "statistics of the batch, as normalisation in training does or with `track_running_stats=False`."
        )


def _tensor(value: Any) -> torch.Tensor | None:
    """The first tensor of a module's input or output, which may be a tensor, a sequence or a mapping; else None."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    value = value[0] if isinstance(value, tuple | list) and value else value
    return value if isinstance(value, torch.Tensor) else None


def _with_tensor(value: Any, tensor: torch.Tensor) -> Any:
    """A module's output with its first tensor replaced."""
    if isinstance(value, Mapping):
        changed: Any = copy.copy(value)
        changed[next(iter(value))] = tensor
        return changed
    if hasattr(value, "_fields"):
        return value._replace(**{value._fields[0]: tensor})
    return type(value)([tensor, *value[1:]]) if isinstance(value, tuple | list) else tensor


def _shape(value: Any) -> tuple[int, ...] | None:
    tensor = _tensor(value)
    return tuple(tensor.shape[1:]) if tensor is not None and tensor.ndim and tensor.shape[0] == 1 else None


@dataclass(frozen=True)
class Layers:
    """The map layer and the readout of a cut.

    Attributes:
        maps: name of the module whose output is the maps.
        layout: how the places of this output are laid out; None if the output is (feature_map, y, x) already.
        map_shape: (feature_map, y, x).
        readout: name of the module whose output is the readout, or `input_of` the module whose input is.
        n_units: number of units of the readout.
    """

    maps: str
    layout: tokens.Layout | None
    map_shape: tuple[int, int, int]
    readout: str
    n_units: int


def input_of(module: str) -> str:
    """The layer name of a module's input; the module's own name is that of its output.

    >>> input_of("fc")
    'input of fc'
    """
    return f"input of {module}"


def find(network: Network, map_layer: str, readout_layer: str | None) -> Layers:
    """Find the modules of a cut by name; by default the readout is the input of the classifier.

    Args:
        network, map_layer, readout_layer: as in `cutting.cut`; the readout may also be `input_of` a module.

    Raises:
        InputError: no module has the name, it runs several times, or its output (or input) has no suitable shape.
    """
    called = calls(network)
    maps = _called(called, map_layer, "map_layer")
    map_output = maps.output_shape or ()
    layout = _laid_out(called, map_layer, map_output)
    n_maps, height, width = (map_output[-1], layout.height, layout.width) if layout else map_output
    tokens.require_places(map_layer, (n_maps, height, width))
    readout_layer = readout_layer or input_of(_classifier(called, network.architecture))
    module = readout_layer.removeprefix(input_of(""))
    call = _called(called, module, "readout_layer")
    shape = (call.output_shape if module == readout_layer else call.input_shape) or ()
    if len(shape) not in (1, 3) or any(side != 1 for side in shape[1:]):
        raise InputError(f"readout_layer {readout_layer!r} is {shown(shape)}; (image, unit) is needed.")
    map_shape = (n_maps, height, width)
    return Layers(map_layer, layout, map_shape, readout_layer, shape[0])


def _called(called: Mapping[str, Call], name: str, key: str) -> Call:
    if name not in called:
        raise InputError(f"{key} {name!r} is not a module that the network runs.{nearest(name, list(called))}")
    if called[name].times > 1:
        raise InputError(
            f"{key} {name!r} runs {called[name].times} times per image, so it is unclear which output is meant. Name a "
            "module that runs once."
        )
    return called[name]


def _classifier(called: Mapping[str, Call], architecture: str) -> str:
    """The last fully connected layer that runs once and reads (image, unit)."""
    for name in reversed(list(called)):
        call = called[name]
        if issubclass(call.kind, nn.Linear) and len(call.input_shape or ()) == 1 and call.times == 1:
            return name
    raise InputError(f"Network {architecture} has no fully connected layer for a classifier: name its `readout_layer`.")


def _laid_out(called: Mapping[str, Call], name: str, shape: tuple[int, ...]) -> tokens.Layout | None:
    """The layout of a map layer's output of this shape for one image; None if it is (feature_map, y, x) already."""
    if len(shape) == 3 and len(set(shape)) == 1:
        raise InputError(
            f"map_layer {name!r} outputs as many maps as rows, {shown(shape)}, so it is unclear which dimension is "
            "that of the maps. Set another `input_size`."
        )
    if len(shape) == 3:
        return tokens.Layout(0, *shape[:2], of_tokens=False) if tokens.ends_with_channels(shape) else None
    if len(shape) != 2:
        raise InputError(
            f"map_layer {name!r} is {shown(shape)}; (image, feature_map, y, x) or (image, token, unit) is needed."
        )
    grids = [call.output_shape for call in called.values() if issubclass(call.kind, nn.Conv2d) and call.output_shape]
    # The first convolution makes the patches, so its output shows their grid; tokens beyond it are prefix tokens.
    n_prefix = shape[0] - math.prod(grids[0][1:]) if grids else -1
    possible = (n_prefix,) if 0 <= n_prefix < shape[0] / 2 else (0, 1)
    return tokens.arrange(name, shape[0], possible, [grid[1:] for grid in grids[:1]])


#: Tensors that hooks record (`noted`) and insert (`given`), separate for each thread.
_now = threading.local()


def _note(name: str, _module: nn.Module, *arguments: Any) -> None:
    """Record a module's output or, as a hook called before it runs, its input: the last argument of the hook."""
    if (noted := getattr(_now, "noted", None)) is not None:
        # Later operations may overwrite the tensor.
        noted[name] = _tensor(arguments[-1]).clone()  # type: ignore[union-attr]


def _replace(_module: nn.Module, _inputs: Any, output: Any) -> Any:
    given = getattr(_now, "given", None)
    return output if given is None else _with_tensor(output, given)


class Trunk(nn.Module):
    """Images (image, colour, y, x) to the maps of every cut, each followed by its prefix tokens if it has any."""

    def __init__(self, module: nn.Module, cuts: Sequence[Layers]) -> None:
        super().__init__()
        self._network, self.cuts = sharing_tensors(module), cuts
        for name in {layers.maps for layers in cuts}:
            self._network.get_submodule(name).register_forward_hook(functools.partial(_note, name))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...] | torch.Tensor:
        """Run the whole network, and return the recorded maps and tokens."""
        _now.noted = {}
        try:
            self._network(images)
            noted = _now.noted
        finally:
            _now.noted = None
        outputs = []
        for layers in self.cuts:
            values, layout = noted[layers.maps], layers.layout
            if layout is None:
                outputs.append(values)
                continue
            outputs.append(tokens.to_maps(values, layout.prefix, layout.height, layout.width))
            if layout.prefix:
                outputs.append(tokens.to_prefix(values, layout.prefix))
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


class Rest(nn.Module):
    """Maps, and prefix tokens if there are any, to the readout (image, unit).

    The whole network runs, on inputs of zeros, and the maps replace the output of its map layer.
    """

    def __init__(self, module: nn.Module, layers: Layers, input_size: int) -> None:
        super().__init__()
        self._network, self._layers, self._size = sharing_tensors(module), layers, input_size
        self._network.get_submodule(layers.maps).register_forward_hook(_replace)
        name = layers.readout.removeprefix(input_of(""))
        readout = self._network.get_submodule(name)
        register = readout.register_forward_hook if name == layers.readout else readout.register_forward_pre_hook
        register(functools.partial(_note, layers.readout))

    def forward(self, maps: torch.Tensor, *prefix: torch.Tensor) -> torch.Tensor:
        """Run the whole network with these maps and tokens."""
        values = maps
        if self._layers.layout is not None:
            values = tokens.to_tokens(maps, *prefix) if self._layers.layout.of_tokens else tokens.to_places(maps)
        # Later operations may overwrite the values.
        return self.readout(maps.new_zeros(len(maps), 3, self._size, self._size), values.clone())

    def readout(self, images: torch.Tensor, given: torch.Tensor | None = None) -> torch.Tensor:
        """The readout (image, unit) of images; `given`, unless None, replaces the output of the map layer."""
        _now.noted, _now.given = {}, given
        try:
            self._network(images)
            readout: torch.Tensor = _now.noted[self._layers.readout].flatten(1)
        finally:
            _now.noted = _now.given = None
        return readout
