"""Cut a network at its map layer into a trunk (images to feature maps) and a head (feature maps to readout)."""

import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import torch
from torch import fx, nn
from torch.nn import functional

from alignment_importance.networks import hooks, tokens
from alignment_importance.networks.building import Network
from alignment_importance.networks.head import Head
from alignment_importance.networks.kinds import own_function
from alignment_importance.networks.routes import analyse, has_closed_form, is_identity, is_pooling, is_zero_keeping
from alignment_importance.networks.spec import nearest
from alignment_importance.networks.tracing import (
    UntraceableError,
    ancestors,
    module_of,
    operation,
    part,
    random_image,
    readers,
    require_equal,
    shape,
    shown,
    sources,
    trace,
)
from alignment_importance.system.errors import InputError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CutNetwork:
    """A network cut at its map layer into trunk and head.

    Attributes:
        trunk: images (image, colour, y, x) to feature maps (image, feature_map, y, x) and, if the head reads them, the
            prefix tokens (image, token, unit).
        head: feature maps to readout (image, unit).
        map_layer, readout_layer: names of nodes or modules; the name of a module's input is `hooks.input_of` it.
        map_shape: (feature_map, y, x).
        n_units: number of units of the readout.
        layout: how the places of the map layer's output are laid out; None if it is (feature_map, y, x) already.
    """

    trunk: nn.Module
    head: Head
    map_layer: str
    readout_layer: str
    map_shape: tuple[int, int, int]
    n_units: int
    layout: tokens.Layout | None

    def describe(self) -> str:
        """Describe the map layer, the readout and the route in a sentence."""
        n_maps, height, width = self.map_shape
        return (
            f"{n_maps} feature maps of {height} x {width} ({self.map_layer!r}), a readout of {self.n_units} units "
            f"({self.readout_layer!r}), route {self.head.route!r}."
        )


def cut(network: Network, map_layer: str | None = None, readout_layer: str | None = None) -> CutNetwork:
    """Cut a network at its map layer into trunk and head.

    Args:
        network: what `build` returned. It is not changed.
        map_layer: node or module whose output is the feature maps; by default the deepest spatial output before
            pooling.
        readout_layer: node or module whose output is the readout; by default what the last fully connected layer reads.

    Returns:
        `trunk`, a module from images (image, colour, y, x) to feature maps; `head`, from these to the readout; and the
        names `map_layer` and `readout_layer` of the layers that were used.

    Raises:
        TypeError: `network` is not what `build` returned.
        InputError: a layer that does not exist or has no suitable shape; a network in which no such layer is found; a
            readout that does not depend on the maps alone.
    """
    if not isinstance(network, Network):
        raise TypeError(
            f"network must be what networks.build returned, not {type(network).__name__}. For a module of your own, "
            "build(Spec('package.module:function')) calls a function that returns it."
        )
    try:
        traced = trace(network)
        layers = _choose(traced, network, map_layer, readout_layer)
        if own_function.includes(network.architecture):
            hooks.require_repeatable(network)
            require_equal(traced, network)
    except UntraceableError as error:
        if map_layer is None:
            raise InputError(
                f"{error} Or name a module as `map_layer`: the whole network runs then for every map that is ablated."
            ) from error
        return _cut_by_hooks(network, map_layer, readout_layer)
    return _cut_in_two(network, traced, layers)


def common_trunk(network: Network, cuts: Sequence[CutNetwork]) -> nn.Module:
    """Join the trunks of several cuts of a network: images to the outputs of all trunks, in the order of the cuts."""
    if len(cuts) == 1:
        return cuts[0].trunk
    hooked = [cut_network.trunk.cuts for cut_network in cuts if isinstance(cut_network.trunk, hooks.Trunk)]
    if hooked:
        return hooks.Trunk(network.module, list(itertools.chain(*hooked)))
    traced = trace(network)
    outputs: list[fx.Node] = []
    for cut_network in cuts:
        layers = _choose(traced, network, cut_network.map_layer, cut_network.readout_layer)
        outputs += [layers.maps, *(layers.prefix if cut_network.head.reads_prefix else [])]
    return part(traced, [], *outputs)


def list_layers(network: Network, map_layer: str | None = None, readout_layer: str | None = None) -> pd.DataFrame:
    """List the layers of a network whose output has an entry per image, in the order of computation.

    The log says which route the ablation takes or why the network cannot be cut.

    Args:
        network, map_layer, readout_layer: as in `cut`.

    Returns:
        Columns `layer` (name of the node), `operation`, `shape` (of the output for one image, such as 512 x 7 x 7) and
        `role` (`map layer`, `readout`, or empty).

    Raises:
        InputError: the network does not take inputs of its size.
    """
    try:
        traced = trace(network)
        if own_function.includes(network.architecture):
            require_equal(traced, network)
        outputs = [
            (node.meta["name"], operation(traced, node), shape(node))
            for node in traced.graph.nodes
            if "name" in node.meta
        ]
    except UntraceableError:
        calls = hooks.calls(network)
        traced, outputs = None, [(name, call.kind.__name__, call.output_shape or ()) for name, call in calls.items()]
    roles: dict[str, str] = {}
    try:
        if traced is None:
            chosen = cut(network, map_layer, readout_layer)
        else:
            chosen = _cut_in_two(network, traced, _choose(traced, network, map_layer, readout_layer))
        conclusion = f"Network {network.architecture}: {chosen.describe()}"
        roles = {chosen.map_layer: "map layer", chosen.readout_layer: "readout"}
        readers_at = [at for at, (name, *_) in enumerate(outputs) if hooks.input_of(name) == chosen.readout_layer]
        for at in readers_at:
            outputs.insert(at, (chosen.readout_layer, "input", (chosen.n_units,)))
    except InputError as error:
        conclusion = str(error)
    rows = [(name, kind, " x ".join(map(str, size)), roles.get(name, "")) for name, kind, size in outputs if size]
    layers = pd.DataFrame(rows, columns=["layer", "operation", "shape", "role"])
    logger.info("%s", conclusion)
    return layers


def _cut_by_hooks(network: Network, map_layer: str, readout_layer: str | None) -> CutNetwork:
    """Cut a network that torch.fx cannot follow, and check that its head computes the readout of the whole network."""
    layers = hooks.find(network, map_layer, readout_layer)
    trunk, rest = hooks.Trunk(network.module, [layers]), hooks.Rest(network.module, layers, network.input_size)
    head = Head(rest, layers.map_shape[0], "hooked", reads_prefix=bool(layers.layout and layers.layout.prefix))
    if _has_values(network):
        hooks.require_repeatable(network)
        image = random_image(network.input_size)
        with torch.inference_mode():
            outputs = trunk(image)
            maps, *prefix = outputs if isinstance(outputs, tuple) else [outputs]
            readout = _readout_of(network, map_layer, rest, maps, *prefix)
            if not torch.allclose(readout, rest.readout(image), rtol=1e-4, atol=1e-5, equal_nan=True):
                raise InputError(
                    f"The readout of {network.architecture} also depends on the image through a path that bypasses the "
                    f"map layer {map_layer!r}, so ablating its maps is not meaningful. Name other layers."
                )
    return CutNetwork(
        trunk=trunk,
        head=head,
        map_layer=map_layer,
        readout_layer=layers.readout,
        map_shape=layers.map_shape,
        n_units=layers.n_units,
        layout=layers.layout,
    )


def _has_values(network: Network) -> bool:
    return not any(values.is_meta for values in network.module.state_dict().values())


def _readout_of(
    network: Network, map_layer: str, rest: nn.Module, maps: torch.Tensor, *prefix: torch.Tensor
) -> torch.Tensor:
    """Run `rest`, from maps and prefix tokens to the readout (image, unit), which must change with the maps."""
    changed_maps = maps + torch.arange(1, maps.shape[1] + 1)[:, None, None]
    with torch.inference_mode():
        readout: torch.Tensor = rest(maps, *prefix)
        if torch.equal(readout, rest(changed_maps, *prefix)):
            raise InputError(
                f"The readout of {network.architecture} does not depend on the maps of {map_layer!r}. Name a layer "
                "that it depends on, such as one before the last block of a transformer."
            )
    return readout


def _cut_in_two(network: Network, traced: fx.GraphModule, layers: "_Layers") -> CutNetwork:
    maps, readout, block = layers.maps, layers.readout, layers.block
    n_maps, height, width = shape(maps)
    prefix = [node for node in layers.prefix if node in ancestors(readout, {maps, *layers.prefix})]
    head = analyse(part(traced, [maps, *prefix], readout))
    if block is not None and block.entering in maps.all_input_nodes and head.reads_prefix:
        tail = part(traced, [block.leaving], readout)
        if has_closed_form(block.module, tail):
            head = replace(head, route="attention", block=block.module, tail=tail)
    if head.route == "general" and _has_values(network):
        # A path in the graph may carry nothing, as from the patch tokens after the last attention, of which the class
        # token is taken in the end.
        generator, device = torch.Generator().manual_seed(0), next(head.module.parameters(), torch.empty(0)).device
        inputs = [torch.randn(1, *shape(node), generator=generator).to(device) for node in (maps, *prefix)]
        _readout_of(network, maps.meta["name"], head.module, *inputs)
    return CutNetwork(
        trunk=part(traced, [], maps, *prefix),
        head=head,
        map_layer=maps.meta["name"],
        readout_layer=readout.meta["name"],
        map_shape=(n_maps, height, width),
        n_units=shape(readout)[0],
        layout=layers.layout,
    )


@dataclass(frozen=True)
class _Layers:
    """The nodes of a cut: the maps, the prefix tokens if any, the readout, and a transformer's last block."""

    maps: fx.Node
    layout: tokens.Layout | None
    prefix: list[fx.Node]
    readout: fx.Node
    block: tokens.LastBlock | None


def _choose(traced: fx.GraphModule, network: Network, map_layer: str | None, readout_layer: str | None) -> _Layers:
    """Find the nodes of a cut: the named layers, or else the default ones."""
    names = {node.meta["name"]: node for node in traced.graph.nodes if "name" in node.meta}
    if readout_layer:
        readout = _named(names, readout_layer, "readout_layer")
    else:
        readout = _find_readout(traced, network.architecture)
    _require(readout, "readout_layer", ("unit",))
    n_prefix = tokens.prefix_tokens(network.module)
    block = None if n_prefix is None else tokens.LastBlock.of(traced, network.module, readout)
    if map_layer:
        maps = _named(names, map_layer, "map_layer")
    elif block is not None:
        maps = tokens.find_tokens(traced, block)
    else:
        maps = _find_maps(traced, readout, network.architecture)
    layout = None
    prefix: list[fx.Node] = []
    if len(shape(maps)) == 2 or tokens.has_channels_last(traced, maps):
        layout = tokens.layout_of(maps, n_prefix)
        if layout.prefix and tokens.single_tokens_are_read(traced, maps):
            raise InputError(
                f"map_layer {maps.meta['name']!r}: after it only the class token is read, which depends on no patch "
                "any more. Name a layer before the last block, or set `readout: mean`."
            )
        maps, prefix = tokens.lay_out(traced, maps, layout)
    _require(maps, "map_layer", ("feature_map", "y", "x"))
    n_maps, height, width = shape(maps)
    tokens.require_places(maps.meta["name"], (n_maps, height, width))
    return _Layers(maps, layout, prefix, readout, block)


def _named(names: Mapping[str, fx.Node], name: str, key: str) -> fx.Node:
    """The node of this name, or a module's output: the last of the module's nodes that is read outside of it."""
    if name in names:
        return names[name]
    inside = [node for other, node in names.items() if other.startswith(f"{name}.")]
    read_outside = [node for node in inside if not set(readers(node)) <= set(inside)]
    if not read_outside:
        modules = {other[:end] for other in names for end, sign in enumerate(other) if sign == "."}
        raise InputError(f"{key}: the network has no layer {name!r}.{nearest(name, [*names, *modules - names.keys()])}")
    return read_outside[-1]


def _require(node: fx.Node, key: str, dimensions: tuple[str, ...]) -> None:
    if len(shape(node)) != len(dimensions):
        raise InputError(
            f"{key} {node.meta['name']!r} is {shown(shape(node))}; (image, {', '.join(dimensions)}) is needed, for any "
            "number of images."
        )


def _find_readout(traced: fx.GraphModule, architecture: str) -> fx.Node:
    """The penultimate layer: what the last fully connected layer reads, before any dropout.

    Where a network ends in pooled maps or tokens instead, its output (image, unit) is the readout.
    """
    (output,) = [node for node in traced.graph.nodes if node.op == "output"]
    last = node = output.args[0]
    if isinstance(last, fx.Node) and not shape(last):
        raise InputError(f"Network {architecture}: its output is {shown(shape(last))}, for one image or for three.")
    while isinstance(node, fx.Node) and len(shape(node)) == 1:
        if _is_linear(traced, node):
            return _before_identities(traced, sources(node)[0])
        # Several classifiers, as of a class and a distillation token, are averaged: follow the first of them.
        of_images = [source for source in sources(node) if shape(source)]
        if len(of_images) != 1 and not all(_is_linear(traced, source) for source in of_images):
            break
        node = sources(node)[0]
    if not isinstance(last, fx.Node) or len(shape(last)) != 1 or len(shape(node)) < 2:
        raise InputError(
            f"Network {architecture} does not end in a fully connected layer, nor in pooled feature maps: name its "
            "`readout_layer`."
        )
    return last


def _is_linear(traced: fx.GraphModule, node: fx.Node) -> bool:
    return isinstance(module_of(traced, node), nn.Linear) or node.target is functional.linear


def _find_maps(traced: fx.GraphModule, readout: fx.Node, architecture: str) -> fx.Node:
    """The deepest feature maps before the readout: no output of a pooling, with several places or pooled later."""
    node, pooled = readout, False
    while sources(node):
        if is_pooling(traced, node):
            pooled = True
        elif tokens.is_mean_over_places(node):
            return sources(node)[0]
        elif _is_grid(traced, node) and (pooled or max(shape(node)[1:]) > 1) and not is_identity(traced, node):
            node = _before_classifier(traced, node)
            if not _is_first_convolution(traced, node):
                return node
        # Follow an input that has an entry per image, not a parameter such as the scale in `scale * x`.
        node = next((source for source in sources(node) if shape(source)), sources(node)[0])
    raise InputError(
        f"Network {architecture} has no feature maps to ablate: its readout {readout.meta['name']!r} is computed from "
        "tokens or vectors, not from a layer with the shape (image, feature_map, y, x). Name a `map_layer`, such as "
        "the last block but one of a transformer, or take another network."
    )


def _is_grid(traced: fx.GraphModule, node: fx.Node) -> bool:
    return len(shape(node)) == 3 and not tokens.has_channels_last(traced, node)


def _before_classifier(traced: fx.GraphModule, node: fx.Node) -> fx.Node:
    """The input of a convolution that computes class scores, one after a dropout as in SqueezeNet; else the node."""
    last = node
    while is_zero_keeping(traced, last):
        last = sources(last)[0]
    if isinstance(module_of(traced, last), nn.Conv2d) and isinstance(module_of(traced, sources(last)[0]), nn.Dropout):
        return _before_identities(traced, sources(last)[0])
    return node


def _is_first_convolution(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node is a convolution with none before it, such as the one that makes a transformer's patches."""
    convolutions = [other for other in ancestors(node) if isinstance(module_of(traced, other), nn.Conv2d)]
    return convolutions == [node]


def _before_identities(traced: fx.GraphModule, node: fx.Node) -> fx.Node:
    while is_identity(traced, node):
        node = sources(node)[0]
    return node
