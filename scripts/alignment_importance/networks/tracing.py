"""A network as a graph of operations, each with the shape of its output, from which parts can be cut."""

import copy
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import timm.models
import torch
from torch import fx, nn
from torchvision.models.feature_extraction import NodePathTracer

from alignment_importance.networks.building import Network
from alignment_importance.system.errors import InputError


class UntraceableError(InputError):
    """torch.fx cannot follow a network, or its graph computes something else."""


_BRANCHES = "Its forward pass must not branch on values or shapes of tensors."

#: A graph is run on these numbers of images; a size that equals them in both runs is the number of images.
_BATCHES = (1, 3)


class _Tracer(NodePathTracer):
    """Traces only the images: further arguments of a network, such as a mask, keep their default values."""

    def create_args_for_root(self, root_fn: Callable[..., Any], *further: Any) -> tuple[Callable[..., Any], list[Any]]:
        return super().create_args_for_root(lambda module, images: root_fn(module, images), *further)


def trace(network: Network) -> fx.GraphModule:
    """Trace a network, which is not changed.

    Returns:
        Its graph, in which no operation overwrites its input. A node's meta has its qualified `name` (see
        torchvision's feature extraction) and its `outputs`, tensors without values, one per number in `_BATCHES`.

    Raises:
        InputError: torch.fx cannot follow the network, or it does not take inputs of this size.
    """
    tracer = _Tracer(
        leaf_modules=timm.models.get_notrace_modules(),
        autowrap_functions=tuple(timm.models.get_notrace_functions()),
    )
    try:
        # A copy: some modules store what they compute, which is no tensor while tracing.
        graph = tracer.trace(sharing_tensors(network.module))
    except Exception as error:
        raise UntraceableError(
            f"Network {network.architecture} cannot be traced by torch.fx: {error}. {_BRANCHES}"
        ) from error
    traced = fx.GraphModule(tracer.root, graph)
    for node, name in tracer.node_to_qualname.items():
        node.meta["name"] = name
    _follow_device(traced)
    try:
        _record(traced, network)
    except InputError as error:
        # If the network does not take inputs of its size, the error says so.
        run_on_zeros(network, without_values(network.module))
        raise UntraceableError(
            f"Network {network.architecture} runs, but not as torch.fx traced it. {_BRANCHES}"
        ) from error
    _write_nones(traced)
    _undo_overwriting(traced, network.architecture)
    return traced


def _follow_device(traced: fx.GraphModule) -> None:
    """Let operations that name the device on which the network was traced use the device on which the graph runs.

    Some transformers, for example, compute positions for every input, from its size alone.
    """
    tensors = itertools.chain(traced.parameters(), traced.buffers())
    device = next((tensor.device for tensor in tensors), torch.device("cpu"))
    naming_device = [node for node in traced.graph.nodes if node.kwargs.get("device") == device]
    if not naming_device:
        return
    traced.register_buffer("where_it_is", torch.empty(0, device=device), persistent=False)
    with traced.graph.inserting_before(next(iter(traced.graph.nodes))):
        tensor = traced.graph.get_attr("where_it_is")
    with traced.graph.inserting_after(tensor):
        current_device = traced.graph.call_function(getattr, (tensor, "device"))
    for node in naming_device:
        node.update_kwarg("device", current_device)


def _write_nones(traced: fx.GraphModule) -> None:
    """Replace outputs that are None by None, such as that of a function that makes a mask only if one is given.

    Otherwise their readers would seem to depend on the image through them.
    """
    nones = {node for node in traced.graph.nodes if all(output is None for output in node.meta["outputs"])}
    for node in traced.graph.nodes:
        if nones.intersection(node.all_input_nodes):
            arguments = node.args, node.kwargs
            node.args, node.kwargs = fx.map_arg(arguments, lambda source: None if source in nones else source)


def require_equal(traced: fx.GraphModule, network: Network) -> None:
    """Compare a graph with its network on an image of random numbers: torch.fx takes `x += y` for `x = x + y`.

    Raises:
        InputError: the graph does not compute the same output.
    """
    image = random_image(network.input_size)
    with torch.inference_mode():
        expected, computed = network.module(image.clone()), traced(image)
    try:
        torch.testing.assert_close(computed, expected, equal_nan=True)
    except AssertionError as error:
        raise UntraceableError(
            f"Network {network.architecture}: the graph traced by torch.fx does not compute the same output. Write "
            "its forward pass without operations in place, such as `x += y`."
        ) from error


def random_image(size: int) -> torch.Tensor:
    """(1, colour, y, x) random numbers, always the same."""
    return torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))


def module_of(traced: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """The module that a node calls, if it calls one."""
    return traced.get_submodule(str(node.target)) if node.op == "call_module" else None


def operation(traced: fx.GraphModule, node: fx.Node) -> str:
    """What a node does: the type of its module or the name of its function."""
    if node.op == "placeholder":
        return "input"
    module = module_of(traced, node)
    return type(module).__name__ if module is not None else getattr(node.target, "__name__", str(node.target))


def mean_over(node: fx.Node) -> tuple[tuple[int, ...], bool]:
    """The dimensions over which a node takes a mean, and whether it keeps them.

    They are empty if it takes none, takes one over all dimensions, or computes over which.
    """
    if node.target not in ("mean", torch.mean):
        return (), False
    given: dict[str, Any] = {"dim": None, "keepdim": False} | node.kwargs
    given.update(zip(("dim", "keepdim"), node.args[1:], strict=False))
    chosen = (given["dim"],) if isinstance(given["dim"], int) else given["dim"]
    if not isinstance(chosen, list | tuple) or not all(isinstance(dimension, int) for dimension in chosen):
        return (), False
    return tuple(chosen), given["keepdim"]


def shape(node: fx.Node) -> tuple[int, ...]:
    """Shape of a node's output for one image; empty if the output is no tensor with an entry per image."""
    outputs = node.meta.get("outputs", ())
    if not outputs or not all(isinstance(output, torch.Tensor) and output.ndim > 1 for output in outputs):
        return ()
    shapes = {tuple(output.shape[1:]) for output in outputs}
    has_images = all(len(output) == batch for output, batch in zip(outputs, _BATCHES, strict=True))
    return shapes.pop() if has_images and len(shapes) == 1 else ()


def shown(shape: tuple[int, ...]) -> str:
    """A shape for one image, as messages write it."""
    return f"(image, {', '.join(map(str, shape))})" if shape else "no tensor with an entry per image"


def sources(node: fx.Node) -> list[fx.Node]:
    """The nodes with whose output a node computes; not those of which it only takes a size."""
    return [source for source in node.all_input_nodes if _tensors(source)]


def readers(node: fx.Node) -> list[fx.Node]:
    """The nodes that compute with a node's output; not those that only take its size."""
    return [user for user in node.users if user.op == "output" or _tensors(user)]


def part(traced: fx.GraphModule, starts: Sequence[fx.Node], end: fx.Node, *others: fx.Node) -> fx.GraphModule:
    """The part of a graph that computes `end`, and also `others`, from `starts` (if empty, from the network's input).

    A size computed before the first of `starts` is replaced: the number of images by that of this node, any other size,
    which follows from the input size of the network, by a constant.

    Raises:
        InputError: `end` also depends on the image through a path that bypasses `starts`.
    """
    graph = fx.Graph()
    copies: dict[fx.Node, Any] = {}
    for start, name in zip(starts, _PARAMETERS, strict=False):
        copies[start] = graph.placeholder(name)
        copies[start].meta = dict(start.meta)
    sizes = _sizes_from_before(traced, starts[0]) if starts else {}
    given = {*copies, *sizes}
    needed = set().union(*(ancestors(node, given) for node in (end, *others))) - copies.keys()
    for node in (node for node in traced.graph.nodes if node in needed):
        if starts and node in sizes:
            copies[node] = _written(sizes[node], copies[starts[0]], graph)
        elif starts and node.op == "placeholder":
            raise InputError(
                f"The readout {end.meta['name']!r} also depends on the image through a path that bypasses the "
                f"map layer {starts[0].meta['name']!r}, so ablating its maps is not meaningful. Name other layers."
            )
        else:
            copies[node] = graph.node_copy(node, lambda argument: copies[argument])
    graph.output(tuple(copies[node] for node in (end, *others)) if others else copies[end])
    return fx.GraphModule(traced, graph)


def ancestors(end: fx.Node, given: Collection[fx.Node] = ()) -> set[fx.Node]:
    """All nodes that a node depends on, itself included; the search goes no further than the `given` nodes."""
    needed, waiting = set(), [end]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += [] if node in given else node.all_input_nodes
    return needed


#: Names of the inputs of a part.
_PARAMETERS = ("feature_maps", "prefix_tokens")

#: Stands for the number of images in a size.
_IMAGES = "images"


def _sizes_from_before(traced: fx.GraphModule, start: fx.Node) -> dict[fx.Node, Any]:
    """The nodes that do not depend on `start` and whose outputs are sizes, with these sizes (see `_in_common`)."""
    after = {start}
    sizes = {}
    for node in traced.graph.nodes:
        if after.intersection(node.all_input_nodes):
            after.add(node)
        elif node.meta.get("outputs") and (size := _in_common(*node.meta["outputs"])) is not None:
            sizes[node] = size
    return sizes


def _in_common(of_one: Any, of_many: Any) -> Any:
    """The size that both outputs show: an integer, `_IMAGES`, a tuple or list of these; None if they are no sizes."""
    if isinstance(of_one, tuple | list) and len(of_one) == len(of_many):
        parts = [_in_common(*pair) for pair in zip(of_one, of_many, strict=True)]
        return None if None in parts else parts if isinstance(of_one, list) else tuple(parts)
    if not isinstance(of_one, int):
        return None
    if of_one == of_many:
        return of_one
    return _IMAGES if (of_one, of_many) == _BATCHES else None


def _written(size: Any, start: fx.Node, graph: fx.Graph) -> Any:
    """A size as an argument of a node, with the number of images read from the node `start`."""
    if isinstance(size, tuple | list):
        return type(size)(_written(part, start, graph) for part in size)
    if size != _IMAGES:
        return size
    number = graph.call_method("size", (start, 0))
    number.meta["outputs"] = list(_BATCHES)
    return number


class _Recorder(fx.Interpreter):
    """Runs a graph and notes in each node's meta its `outputs`, one per run, and which nodes it `overwrites`."""

    extra_traceback = False

    def run_node(self, node: fx.Node) -> Any:
        inputs = {source: self.env[source] for source in node.all_input_nodes}
        versions = {source: value._version for source, value in inputs.items() if isinstance(value, torch.Tensor)}
        output = super().run_node(node)
        node.meta.setdefault("outputs", []).append(output)
        node.meta["overwrites"] = [source for source in versions if inputs[source]._version != versions[source]]
        return output


def _record(traced: fx.GraphModule, network: Network) -> None:
    """Run a graph without values, once for each number of images, with a `_Recorder`."""
    copied = without_values(traced)
    for batch in _BATCHES:
        run_on_zeros(network, _Recorder(copied, graph=traced.graph).run, batch)


def sharing_tensors(module: nn.Module) -> nn.Module:
    """A copy of a module with the same tensors."""
    return copy.deepcopy(module, {id(tensor): tensor for tensor in [*module.parameters(), *module.buffers()]})


def without_values(module: nn.Module) -> nn.Module:
    """A copy of a module whose tensors have no values."""
    tensors = [*module.parameters(), *module.buffers()]
    return copy.deepcopy(module, {id(tensor): tensor.to("meta") for tensor in tensors})


def run_on_zeros(
    network: Network, run: Callable[[torch.Tensor], object], n_images: int = 1, device: str = "meta"
) -> None:
    """Run a copy of a network, or its graph, on images of zeros; by default without values, for its shapes alone.

    Raises:
        InputError: it does not take inputs of its size.
    """
    size = network.input_size
    try:
        with torch.no_grad(), torch.device(device):
            run(torch.zeros(n_images, 3, size, size))
    except Exception as error:
        (reason, *_) = str(error).splitlines() or [type(error).__name__]
        raise InputError(
            f"Network {network.architecture} does not take inputs of {size} x {size} pixels ({reason}). Set "
            "`input_size`."
        ) from error


def _undo_overwriting(traced: fx.GraphModule, architecture: str) -> None:
    """Rewrite a graph so that it computes the same, but no operation overwrites its input.

    A node that reads an overwritten tensor afterwards then reads the output of the overwriting operation.
    """
    order = {node: number for number, node in enumerate(traced.graph.nodes)}
    replaced: dict[fx.Node, fx.Node] = {}
    for node in order:
        overwritten = [(source, replaced.get(source, source)) for source in node.meta.get("overwrites", ())]
        for source, current in overwritten:
            current.replace_all_uses_with(node, delete_user_cb=lambda user, node=node: order[user] > order[node])
            replaced[source] = node
        node.meta["overwrites"] = [current for _, current in overwritten]
    _require_no_views(order, architecture)
    for node in order:
        _do_not_overwrite(traced, node)
    traced.recompile()


def _require_no_views(order: Mapping[fx.Node, int], architecture: str) -> None:
    """Raise an error if a tensor is overwritten and an earlier node that shares its memory is read afterwards."""
    in_memory = defaultdict(list)
    for node in order:
        for tensor in _tensors(node):
            in_memory[tensor.untyped_storage()._cdata].append(node)
    for node in order:
        for overwritten in node.meta.get("overwrites", ()):
            for view in in_memory[_tensors(overwritten)[0].untyped_storage()._cdata]:
                if order[view] < order[node] and any(order[user] > order[node] for user in readers(view)):
                    raise UntraceableError(
                        f"Network {architecture}: {node.meta['name']!r} overwrites its input, which is read afterwards "
                        f"as {view.meta['name']!r}. Write this operation so that it does not work in place."
                    )


def _do_not_overwrite(traced: fx.GraphModule, node: fx.Node) -> None:
    """Let a node write its output to new memory instead of into its input."""
    if not node.meta.get("overwrites"):
        return
    module = module_of(traced, node)
    if module is not None and hasattr(module, "inplace"):
        # The network's own module stays as it is.
        copied = copy.copy(module)
        copied.inplace = False  # type: ignore[assignment]
        traced.set_submodule(str(node.target), copied)
    elif node.kwargs.get("inplace"):
        node.update_kwarg("inplace", False)
    else:
        for source in node.meta["overwrites"]:
            with traced.graph.inserting_before(node):
                clone = traced.graph.call_method("clone", (source,))
            clone.meta["outputs"] = source.meta["outputs"]
            node.replace_input_with(source, clone)


def _tensors(node: fx.Node) -> list[torch.Tensor]:
    """The tensors in a node's output for one image."""
    first = node.meta.get("outputs", [None])[0]
    return [
        value for value in (first if isinstance(first, tuple | list) else [first]) if isinstance(value, torch.Tensor)
    ]
