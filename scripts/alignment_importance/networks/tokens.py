"""Tokens as feature maps: channel d of the patch tokens is a map (y, x); prefix tokens, which have no place, are not.

In a traced network, inserted operations that only rearrange values lay tokens out as maps, and maps as tokens again.
The network can then be cut at these maps like any other.
"""

import itertools
import math
import operator
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional
from torchvision.models import VisionTransformer

from alignment_importance.networks.tracing import ancestors, mean_over, module_of, operation, readers, shape, sources
from alignment_importance.system.errors import InputError
from alignment_importance.system.names import counted


def prefix_tokens(module: nn.Module) -> int | None:
    """The number of a transformer's prefix tokens, which come before its patch tokens; None if it is unknown.

    They are the class token, a distillation token and registers. timm's transformers state their number, and its mixers
    have none; torchvision's transformers have only the class token.
    """
    if isinstance(module, VisionTransformer):
        return 1
    number, blocks = getattr(module, "num_prefix_tokens", 0), getattr(module, "blocks", None)
    has_blocks = isinstance(blocks, nn.Sequential | nn.ModuleList) and len(blocks) > 0
    return number if has_blocks and isinstance(number, int) else None


@dataclass(frozen=True)
class Layout:
    """How the places of a node's output (image, token, unit) or (image, y, x, unit) are laid out.

    Attributes:
        prefix: number of prefix tokens, before the patch tokens.
        height, width: of the grid of patches, which come row by row.
        of_tokens: whether the places are tokens of a transformer, as in the first of these shapes.
        assumed: whether no layer shows this grid, and it is a square only because the number of tokens allows one.
    """

    prefix: int
    height: int
    width: int
    of_tokens: bool = True
    assumed: bool = False


def layout_of(node: fx.Node, prefix: int | None) -> Layout:
    """Find the grid of a node's tokens: that of the first layer before it that has as many places, or else a square.

    Args:
        node: its output is (image, token, unit) or (image, y, x, unit).
        prefix: the network's number of prefix tokens, see `prefix_tokens`. Some networks add them late: a node that
            depends on no parameter with `token` in its name may have none yet. If None, none or one is assumed.

    Raises:
        InputError: see `arrange`.
    """
    if len(shape(node)) == 3:
        height, width, _ = shape(node)
        return Layout(0, height, width, of_tokens=False)
    before = ancestors(node)
    sizes = [shape(other) for other in node.graph.nodes if other in before]
    grids = [size[1:] for size in sizes if len(size) == 3 and min(size) > 1]
    has_token_parameter = any(other.op == "get_attr" and "token" in str(other.target) for other in before)
    possible = (0, 1) if prefix is None else (prefix,) if has_token_parameter else (prefix, 0)
    return arrange(node.meta["name"], shape(node)[0], possible, grids)


def arrange(layer: str, n_tokens: int, possible: Sequence[int], grids: Iterable[tuple[int, ...]]) -> Layout:
    """Arrange tokens as the first of some grids (y, x) that they fill after a possible number of prefix tokens.

    If they fill none, they are a square, after the first possible number that leaves one.

    Raises:
        InputError: names the layer; there are no patch tokens, or they fill no grid and are no square.
    """
    if n_tokens - min(possible) < 2:
        raise InputError(
            f"map_layer {layer!r} has no tokens of image patches. Name a layer before it, such as a block that the "
            "class token goes through together with the patches."
        )
    for n_prefix, (height, width) in itertools.product(possible, grids):
        if n_tokens - height * width == n_prefix:
            return Layout(n_prefix, height, width)
    for n_prefix in possible:
        side = math.isqrt(max(0, n_tokens - n_prefix))
        if side > 1 and side**2 == n_tokens - n_prefix:
            return Layout(n_prefix, side, side, assumed=True)
    n_patches = n_tokens - possible[0]
    others = f", {counted(possible[0], 'of which does', 'of which do')} not stand for an image patch"
    raise InputError(
        f"map_layer {layer!r} has {n_tokens} tokens per image{others if possible[0] else ''}. No earlier layer has a "
        f"grid of {n_patches} positions, and {n_patches} is not a square number, so the positions of the tokens are "
        "unknown. Name a layer before tokens are merged or left out."
    )


def ends_with_channels(shape: tuple[int, ...]) -> bool:
    """Whether a shape for one image is (y, x, unit): the first two sides alone are equal, since maps are square."""
    return len(shape) == 3 and shape[0] == shape[1] != shape[2]


def has_channels_last(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node's output is (image, y, x, unit) rather than (image, feature_map, y, x).

    If there are as many maps as rows, the nearest layers that compute with it, or with it as (token, unit), decide.
    """
    size = shape(node)
    if len(set(size)) != 1 or len(size) != 3:
        return ends_with_channels(size)
    seen, waiting = {node}, deque([node])
    while waiting:
        near = waiting.popleft()
        for candidate in (near, *readers(near)):
            module = module_of(traced, candidate)
            if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
                return False
            if isinstance(module, nn.Linear) or candidate.target is functional.linear:
                return True
            token_shapes = [shape(other) for other in (candidate, *sources(candidate)) if len(shape(other)) == 2]
            if token_shapes and operation(traced, candidate) in _REORDER:
                return token_shapes[0][1] == size[0]
        around = [reader for reader in readers(near) if operation(traced, reader) not in _REORDER]
        around += sources(near) if operation(traced, near) not in _REORDER else []
        unseen = [other for other in around if shape(other) == size and other not in seen]
        seen.update(unseen)
        waiting.extend(unseen)
    return False


#: Operations that may change the order or number of dimensions.
_REORDER = ("permute", "Permute", "transpose", "movedim", "reshape", "view", "flatten", "unflatten")


def require_places(layer: str, map_shape: tuple[int, int, int]) -> None:
    """Refuse maps (feature_map, y, x) that are not square as the input is.

    Raises:
        InputError: names the layer.
    """
    n_maps, height, width = map_shape
    if height != width:
        raise InputError(
            f"map_layer {layer!r} outputs {n_maps} x {height} x {width} for an image, but maps of a square input are "
            "square: these dimensions are not places. Name a layer before or after it."
        )


def to_maps(values: torch.Tensor, prefix: int, height: int, width: int) -> torch.Tensor:
    """Lay out the patch tokens of (image, token, unit), or all of (image, y, x, unit), as maps (image, unit, y, x)."""
    return values.flatten(1, -2)[:, prefix:].mT.unflatten(2, (height, width))


def to_prefix(values: torch.Tensor, prefix: int) -> torch.Tensor:
    """The prefix tokens (image, token, unit), which stand for no place."""
    return values[:, :prefix]


def to_tokens(maps: torch.Tensor, *prefix: torch.Tensor) -> torch.Tensor:
    """Lay out maps (image, unit, y, x) as tokens (image, token, unit), after the prefix tokens if there are any."""
    return torch.cat([*prefix, maps.flatten(2).mT], dim=1)


def to_places(maps: torch.Tensor) -> torch.Tensor:
    """Lay out maps (image, unit, y, x) as (image, y, x, unit), also in memory, as later operations may expect."""
    return maps.movedim(1, -1).contiguous()


#: An artefact's norm is more than this many times the median norm of the image's tokens.
ARTEFACT = 3


def artefacts(maps: torch.Tensor) -> torch.Tensor:
    """Count the tokens of each image whose norm is more than `ARTEFACT` times the median norm of the image's tokens.

    In some networks a few patches of the background carry information on the whole image and none on their place
    (Darcet et al. 2024, "Vision transformers need registers"). Their norms are several times those of all others.

    Args:
        maps: (image, feature_map, y, x).

    Returns:
        Counts (image,).
    """
    norms = maps.flatten(2).norm(dim=1)
    return (norms > ARTEFACT * norms.median(dim=1, keepdim=True).values).sum(1)


def lay_out(traced: fx.GraphModule, node: fx.Node, layout: Layout) -> tuple[fx.Node, list[fx.Node]]:
    """Split a node's output into maps and prefix tokens, and let its readers read it put together from these.

    A mean over the patches becomes the mean of the maps over y and x.

    Returns:
        The node of the maps (image, feature_map, y, x), with the name of the layer, and a list of the node of the
        prefix tokens (image, token, unit), empty if there are none.
    """
    users = list(node.users)
    maps = _insert(traced, node, to_maps, node, layout.prefix, layout.height, layout.width)
    maps.meta["name"] = node.meta["name"]
    prefix = [_insert(traced, maps, to_prefix, node, layout.prefix)] if layout.prefix else []
    to_original = to_tokens if layout.of_tokens else to_places
    rejoined = _insert(traced, (prefix or [maps])[-1], to_original, maps, *prefix)
    for user in users:
        user.replace_input_with(node, rejoined)
    all_patches = slice(layout.prefix, None, None)
    for patches in [rejoined] * (not prefix) + [user for user in users if picks(user, all_patches)]:
        patches.target, patches.args = to_original, (maps,)
        for reader in list(patches.users):
            if is_mean_over_places(reader):
                reader.args, reader.kwargs = (maps, (2, 3)), {}
    traced.recompile()
    return maps, prefix


def _insert(traced: fx.GraphModule, behind: fx.Node, function: Callable[..., torch.Tensor], *args: Any) -> fx.Node:
    """Insert the call of a function after a node of a graph, and record its `outputs`."""
    with traced.graph.inserting_after(behind):
        node = traced.graph.call_function(function, args)
    inputs = [argument.meta["outputs"] if isinstance(argument, fx.Node) else [argument] * 2 for argument in args]
    node.meta["outputs"] = [function(*run_inputs) for run_inputs in zip(*inputs, strict=True)]
    return node


def picks(node: fx.Node, tokens: Any) -> bool:
    """Whether a node selects these tokens, a slice or an index, from (image, token, unit)."""
    return node.target is operator.getitem and node.args[1] == (slice(None), tokens)


def is_mean_over_places(node: fx.Node) -> bool:
    """Whether a node is the mean of (image, y, x, unit) over y and x, or of (image, token, unit) over tokens."""
    over_places = {3: ((1, 2), False), 2: ((1,), False)}
    return [over_places.get(len(shape(source))) for source in sources(node)] == [mean_over(node)]


@dataclass(frozen=True)
class LastBlock:
    """The last block of a transformer, in its traced graph.

    Attributes:
        module: the block.
        entering, leaving: nodes with the tokens (image, token, unit) before and after it.
    """

    module: nn.Module
    entering: fx.Node
    leaving: fx.Node

    @classmethod
    def of(cls, traced: fx.GraphModule, module: Any, readout: fx.Node) -> "LastBlock | None":
        """Find the last block before a readout; None if it does not turn one node of tokens into tokens."""
        blocks = module.encoder.layers if isinstance(module, VisionTransformer) else module.blocks
        name = next(name for name, candidate in module.named_modules() if candidate is blocks[-1])
        before = ancestors(readout)
        inside = [
            node for node in traced.graph.nodes if node in before and node.meta.get("name", "").startswith(f"{name}.")
        ]
        if not inside or len(shape(inside[-1])) != 2:
            return None
        read_from = {source: None for node in inside for source in sources(node) if source not in inside}
        entering = [node for node in read_from if shape(node) == shape(inside[-1])]
        return cls(module.get_submodule(name), entering[0], inside[-1]) if len(entering) == 1 else None


def find_tokens(traced: fx.GraphModule, block: LastBlock) -> fx.Node:
    """The deepest tokens on whose patches a readout depends.

    If only single tokens are read after the last block, patches reach the readout only through that block: these are
    the tokens that enter it. Otherwise they are the tokens that leave it, after any normalisation.
    """
    return block.entering if single_tokens_are_read(traced, block.leaving) else normalised(traced, block.leaving)


def single_tokens_are_read(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether only single tokens of a node's output (image, token, unit) are read, after any normalisation."""
    reading = readers(normalised(traced, node))
    return bool(reading) and all(_takes_one(reader) for reader in reading)


def normalised(traced: fx.GraphModule, node: fx.Node) -> fx.Node:
    """The tokens (image, token, unit) after any normalisation of each token: the node itself, or a later one."""
    while len(reading := readers(node)) == 1 and _acts_on_each_token(traced, reading[0]):
        node = reading[0]
    return node


def _takes_one(node: fx.Node) -> bool:
    """Whether a node takes one token from (image, token, unit)."""
    index: Any = node.args[1] if node.target is operator.getitem else None
    return isinstance(index, tuple) and isinstance(index[1], int)


def _acts_on_each_token(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node normalises each token by itself, or changes nothing outside training."""
    normalises = node.target is functional.layer_norm and bool(node.args[1] == shape(node)[-1:])
    return normalises or isinstance(module_of(traced, node), nn.LayerNorm | nn.Identity | nn.Dropout)
