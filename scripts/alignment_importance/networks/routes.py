"""Analyses what ablating a feature map does in a head, and which route of computation this allows.

Only operations that are known to act on each map alone, and to leave a zero map zero, and known layers of a
transformer's last block open a shorter route. Everything else is computed again in full.
"""

import math
from dataclasses import replace

import torch
from timm.layers import GluMlp, LayerScale, Mlp, SwiGLU
from timm.layers.attention import Attention
from timm.models import vision_transformer
from torch import fx, nn
from torch.nn import functional

from alignment_importance.networks.head import Head
from alignment_importance.networks.tokens import normalised, picks
from alignment_importance.networks.tracing import mean_over, module_of, part, readers, shape, sources

#: Poolings over y and x.
_POOLING = {
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
    nn.AvgPool2d,
    nn.MaxPool2d,
    functional.adaptive_avg_pool2d,
    functional.avg_pool2d,
    functional.max_pool2d,
}
#: Elementwise operations that map 0 to 0.
_ZERO_KEEPING = {
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.Hardswish,
    nn.SiLU,
    nn.GELU,
    functional.relu,
    functional.relu6,
    functional.leaky_relu,
    functional.hardswish,
    functional.silu,
    functional.gelu,
    torch.relu,
    "relu",
}
#: Operations that change no value outside training.
_IDENTITY = {nn.Identity, nn.Dropout, nn.Dropout2d, nn.AlphaDropout, "clone", "contiguous"}
#: Operations that keep all values in order, so that the values of each map stay together.
_RESHAPING = {nn.Flatten, torch.flatten, torch.reshape, torch.squeeze, "flatten", "reshape", "view", "squeeze"}


def analyse(module: fx.GraphModule) -> Head:
    """Follow the feature maps through a head until they meet, and choose the route.

    Args:
        module: the part of a traced network from its map layer, and prefix tokens if it reads them, to its readout.
    """
    maps, *prefix = [node for node in module.graph.nodes if node.op == "placeholder"]
    readout = next(node for node in module.graph.nodes if node.op == "output").all_input_nodes[0]
    n_maps = shape(maps)[0]
    last = last_maps = maps
    while (following := _only_reader(last)) is not None and _acts_on_each_map(module, following, n_maps):
        last = following
        if shape(last)[:1] == (n_maps,):
            last_maps = last
    if last is readout and shape(last) == (n_maps,):
        return Head(module, n_maps, "pooled")
    if following is not None and _kind(module, following) is nn.Linear and len(shape(last)) == 1:
        linear = module_of(module, following)
        assert isinstance(linear, nn.Linear)
        return Head(module, n_maps, "linear", part(module, [], last), linear, part(module, [following], readout))
    general = Head(module, n_maps, "general", reads_prefix=bool(prefix))
    if last_maps is maps:
        return general
    return replace(general, per_map=part(module, [], last_maps), tail=part(module, [last_maps, *prefix], readout))


def has_closed_form(block: nn.Module, tail: fx.GraphModule) -> bool:
    """Whether `ablation.attention` can compute the ablation of channels of the patches that enter a block.

    It has no closed form for norms of queries and keys, gates, rotary positions or biases of attention.

    Args:
        block: the last block.
        tail: what follows it up to the readout: (image, token, unit) to (image, unit).
    """
    if type(block) is not vision_transformer.Block or type(block.attn) is not Attention:
        return False
    attention = block.attn
    reading = readers(normalised(tail, next(node for node in tail.graph.nodes if node.op == "placeholder")))
    return (
        isinstance(block.norm1, nn.LayerNorm)
        and isinstance(block.norm2, nn.LayerNorm)
        and all(isinstance(norm, nn.Identity) for norm in (attention.q_norm, attention.k_norm, attention.norm))
        and all(isinstance(scale, LayerScale | nn.Identity) for scale in (block.ls1, block.ls2))
        and isinstance(block.mlp, Mlp | GluMlp | SwiGLU)
        and block.norm1.bias is not None
        and attention.gate is None
        and not any(module._forward_hooks or module._forward_pre_hooks for module in block.modules())
        and len(reading) == 1
        and picks(reading[0], 0)
    )


def is_pooling(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node pools each map of (image, feature_map, y, x) over y and x."""
    if [len(shape(source)) for source in sources(node)] != [3]:
        return False
    return _kind(traced, node) in _POOLING or sorted(mean_over(node)[0]) in ([2, 3], [-2, -1])


def is_identity(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node returns its input unchanged, outside training."""
    if node.target is functional.dropout:
        return node.kwargs.get("training") is False
    return _kind(traced, node) in _IDENTITY


def is_zero_keeping(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node is elementwise and maps 0 to 0."""
    return _kind(traced, node) in _ZERO_KEEPING


def _only_reader(node: fx.Node) -> fx.Node | None:
    """The only node that reads this one, if it reads nothing else; otherwise None."""
    reading = readers(node)
    return reading[0] if len(reading) == 1 and reading[0].op != "output" and sources(reading[0]) == [node] else None


def _acts_on_each_map(module: fx.GraphModule, node: fx.Node, n_maps: int) -> bool:
    """Whether a node keeps the values of each map together, in the order of the maps, and a map of zeros zero."""
    before, after = shape(sources(node)[0]), shape(node)
    if is_identity(module, node) or is_zero_keeping(module, node):
        return True
    if is_pooling(module, node):
        return after[:1] == (n_maps,)
    if _kind(module, node) in _RESHAPING:
        return math.prod(after) == math.prod(before) and (len(after) == 1 or after[:1] == (n_maps,))
    return False


def _kind(traced: fx.GraphModule, node: fx.Node) -> object:
    """The type of module or the function that a node calls; None for a module with hooks, which may do more."""
    module = module_of(traced, node)
    if module is None:
        return node.target if node.op in ("call_function", "call_method") else None
    return None if module._forward_hooks or module._forward_pre_hooks else type(module)
