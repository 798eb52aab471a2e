"""The part of a network behind its feature maps, and its readout when maps are ablated."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import fx, nn

from alignment_importance.networks.head import Head
from alignment_importance.system.compute import Compute

#: Computes the readouts (variant, image, unit) of some ablated variants of a head.
ReadoutTask = Callable[[], torch.Tensor]

#: Images per forward pass of a whole head.
_BATCH = 64


class VariantHead(ABC):
    """A head that computes its readout under ablation.

    Attributes:
        fill: (feature_map,) on the CPU: the value of ablated maps at all places.
        maps: (image, feature_map, y, x) on the CPU.
        intact: (image, unit) float32 readout with all maps, on the device.
        bytes_per_variant: memory that one ablated variant of all images takes while its readout is computed.
    """

    fill: torch.Tensor
    maps: torch.Tensor
    intact: torch.Tensor
    bytes_per_variant: int

    def __init__(
        self, head: Head, compute: Compute, fill: torch.Tensor, maps: torch.Tensor, *prefix: torch.Tensor
    ) -> None:
        """Take a head, the fill, the maps and, where it reads them, prefix tokens (image, token, unit).

        Subclasses replace the modules of `_head` by those that they placed on the device, for `only` and `of` to reuse.
        """
        self.fill, self.maps = fill, maps
        self._head, self._compute, self._prefix = head, compute, prefix

    @property
    def active(self) -> torch.Tensor:
        """(image, feature_map) bool, whether a map is anything but its fill in an image."""
        return (self.maps != self._ablated).flatten(2).any(2)

    @property
    def _ablated(self) -> torch.Tensor:
        """(1, feature_map, y, x) the maps of an image, all ablated."""
        # Contiguous: a head may view maps in another shape, which PyTorch refuses for expanded values.
        return self.fill[:, None, None].expand(1, *self.maps.shape[1:]).contiguous()

    def only(self, kept: torch.Tensor) -> Self:
        """The same head over the maps `kept` (feature_map,) bool; the others are ablated in all images."""
        ablated = torch.where(kept[:, None, None], self.maps, self._ablated)
        return type(self)(self._head, self._compute, self.fill, ablated, *self._prefix)

    def of(self, images: torch.Tensor) -> Self:
        """The same head for some images (image,)."""
        chosen = (values[images] for values in (self.maps, *self._prefix))
        return type(self)(self._head, self._compute, self.fill, *chosen)

    def without_each(self, maps: np.ndarray, chunk: int) -> Iterator[ReadoutTask]:
        """Tasks for the readouts with each of `maps` (n,) ablated in turn, `chunk` maps per task."""
        for group in torch.tensor(maps).split(chunk):
            yield functools.partial(self._readouts, None, group, -torch.eye(len(group)))

    def each_alone(self, chunk: int) -> Iterator[ReadoutTask]:
        """Tasks for the readouts with map k alone kept, `chunk` consecutive k per task."""
        for group in torch.arange(self.maps.shape[1]).split(chunk):
            yield functools.partial(self._readouts, group[:0], group, torch.eye(len(group)))

    def top_k(self, order: np.ndarray, chunk: int) -> Iterator[ReadoutTask]:
        """Tasks for the readouts with the first k maps of an order kept, `chunk` consecutive k per task."""
        ranked = torch.tensor(order)
        for start in range(0, len(ranked), chunk):
            group = ranked[start : start + chunk]
            yield functools.partial(self._readouts, ranked[:start], group, torch.ones(len(group), len(group)).tril())

    @abstractmethod
    def _readouts(self, base: torch.Tensor | None, maps: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        """(variant, image, unit) readouts with maps added to others, or ablated.

        Args:
            base: (n,) the maps that are kept before the change, the others being ablated; None for all.
            maps: (map,) the maps that change.
            change: (variant, map) 1 where a map is added, -1 where it is ablated, else 0.
        """


class LinearHead(VariantHead):
    """Maps, operations on each map alone, a first fully connected layer, a tail.

    The layer's output h is its output with all maps ablated (its bias, if ablated maps are zero) plus one contribution
    c_k per map, so that ablating map k gives h - c_k and keeping the top k is a running sum; only the tail is computed
    again. Where the tail begins with a ReLU and a second fully connected layer, that layer is multiplied only with the
    units that are active in at least one variant of an image, and variants that differ only by maps which are silent in
    an image (equal to their fill) are computed once for that image.
    """

    def __init__(self, head: Head, compute: Compute, fill: torch.Tensor, maps: torch.Tensor) -> None:
        """Take a head of route `linear`, the fill (feature_map,) and the maps (image, feature_map, y, x)."""
        super().__init__(head, compute, fill, maps)
        assert head.per_map is not None and head.first_linear is not None and head.tail is not None
        per_map, linear = compute.place(head.per_map), compute.place(head.first_linear)
        self._tail = compute.place(head.tail)
        self._head = replace(head, per_map=per_map, first_linear=linear, tail=self._tail)
        n_images, n_maps = maps.shape[:2]
        with torch.no_grad(), compute.arithmetic():
            flat = torch.cat([per_map(part.to(compute.device)) for part in maps.split(_BATCH)])
            ablated = per_map(self._ablated.to(compute.device))
            self._hidden = linear(flat).float()
            self.intact = self._tail(self._hidden).float()
        with torch.no_grad():
            self._all_ablated = linear(ablated.float()).expand_as(self._hidden)
        #: (map, image) whether a map is anything but its fill in an image.
        self._active = self.active.T
        #: (map, image, value) and (hidden unit, map, value): contributions are products of the two.
        self._values = flat.sub_(ablated).unflatten(1, (n_maps, -1)).transpose(0, 1)
        self._weights = linear.weight.detach().unflatten(1, (n_maps, -1))
        # On a GPU the whole product takes less time than choosing its rows.
        self._gated = GatedLinear.of(self._tail) if compute.device.type == "cpu" else None
        n_hidden, n_units = self._hidden.shape[1], self.intact.shape[1]
        # Readouts that have as many units as the hidden layers overwrite them.
        in_place = self._gated is not None and n_units == n_hidden
        self.bytes_per_variant = 4 * n_images * (n_hidden if in_place else n_hidden + n_units)

    def _readouts(self, base: torch.Tensor | None, maps: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        """Of one map per variant: the hidden layer with all maps, or with none, plus or minus a contribution."""
        start, hidden = self._hidden if base is None else self._all_ablated, self._new_hidden(len(maps))
        for k, sign, hidden_of_map in zip(maps.tolist(), change.diagonal().tolist(), hidden, strict=True):
            self._add(start, k, hidden_of_map, sign)
        return self._finish(hidden, _first_silent(self._active[maps]))

    def top_k(self, order: np.ndarray, chunk: int) -> Iterator[ReadoutTask]:
        """Running sums of contributions in the order of the ranking, one addition after the other."""
        total = self._all_ablated
        for maps in torch.tensor(order).split(chunk):
            hidden = self._new_hidden(len(maps))
            for k, grown in zip(maps.tolist(), hidden, strict=True):
                total = self._add(total, k, grown)
            # Copied, since the task overwrites its hidden layers.
            total = total.clone()
            yield functools.partial(self._finish, hidden, _last_active(self._active[maps]))

    def _new_hidden(self, n: int) -> torch.Tensor:
        """Uninitialised (n, image, hidden unit) for n hidden layers; those of one image lie together in memory."""
        n_images, n_hidden = self._hidden.shape
        return self._hidden.new_empty(n_images, n, n_hidden).transpose(0, 1)

    def _add(self, hidden: torch.Tensor, k: int, out: torch.Tensor, sign: float = 1) -> torch.Tensor:
        """Write a hidden layer plus c_k, or minus c_k, to `out` (image, hidden unit)."""
        return torch.addmm(hidden, self._values[k], self._weights[:, k].T, alpha=sign, out=out)

    def _finish(self, hidden: torch.Tensor, same_as: torch.Tensor) -> torch.Tensor:
        """(variant, image, unit) readouts of hidden layers; `same_as` as in `GatedLinear.__call__`."""
        with torch.no_grad(), self._compute.arithmetic():
            if self._gated is not None:
                return self._gated(hidden, same_as)
            by_image = hidden.transpose(0, 1)
            return self._tail(by_image.flatten(0, 1)).unflatten(0, by_image.shape[:2]).transpose(0, 1)


@dataclass(frozen=True)
class GatedLinear:
    """A ReLU, a fully connected layer, and what follows: the layer reads only units that are not zero.

    Attributes:
        weight: (unit, output), the transposed weight matrix, so that the rows of active units lie together.
        bias: (output,).
        rest: what follows the layer.
    """

    weight: torch.Tensor
    bias: torch.Tensor
    rest: nn.Module

    @classmethod
    def of(cls, tail: nn.Module) -> "GatedLinear | None":
        """Convert a tail to this form; None if it has another."""
        match _chain(tail):
            case [nn.ReLU(), nn.Linear(weight=weight, bias=bias), *rest]:
                bias = torch.zeros(len(weight)) if bias is None else bias
                return cls(weight.detach().T.contiguous(), bias.detach(), nn.Sequential(*rest))
            case _:
                return None

    def __call__(self, hidden: torch.Tensor, same_as: torch.Tensor) -> torch.Tensor:
        """Outputs of the layer and what follows it.

        Args:
            hidden: (variant, image, unit) before the ReLU; overwritten.
            same_as: (variant, image) a variant with the same hidden layer for that image, perhaps the variant itself.

        Returns:
            (variant, image, output).
        """
        # These buffers are reused for every image: allocating memory would take about as long as the arithmetic.
        chosen, weight = (hidden.new_empty(0) for _ in range(2))
        readouts = hidden
        for image, hidden_of_image in enumerate(hidden.unbind(1)):
            distinct, inverse = torch.unique(same_as[:, image], return_inverse=True)
            active = hidden_of_image.relu_().amax(0).nonzero()[:, 0]
            torch.index_select(hidden_of_image, 1, active, out=chosen.resize_(0))
            torch.index_select(self.weight, 0, active, out=weight.resize_(0))
            outputs = self.rest(torch.addmm(self.bias, chosen[distinct], weight)).float()
            if outputs.shape[1] != readouts.shape[2]:
                readouts = outputs.new_empty(hidden.shape[1], len(hidden), outputs.shape[1]).transpose(0, 1)
            torch.index_select(outputs, 0, inverse, out=readouts[:, image])
        return readouts


def _first_silent(active: torch.Tensor) -> torch.Tensor:
    """For maps ablated, or kept, one at a time (map, image): the map if active in the image, else the first silent one.

    Ablating any silent map gives the same, and so does keeping any silent map alone.
    """
    itself = torch.arange(len(active))[:, None].expand(active.shape)
    first = (~active).int().argmax(0, keepdim=True)
    return torch.where(active, itself, first.expand(active.shape))


def _last_active(active: torch.Tensor) -> torch.Tensor:
    """For maps added one after the other (map, image): the last one so far that is active in the image, or 0.

    Adding a silent map changes nothing.
    """
    itself = torch.arange(len(active))[:, None].expand(active.shape)
    return torch.where(active, itself, 0).cummax(0).values


def _chain(module: nn.Module) -> list[nn.Module]:
    """The modules that a traced part calls in a chain, without dropouts; the part itself if it does anything else."""
    if not isinstance(module, fx.GraphModule):
        return [module]
    nodes = [node for node in module.graph.nodes if node.op not in ("placeholder", "output")]
    if any(node.op != "call_module" or len(node.all_input_nodes) != 1 or len(node.users) != 1 for node in nodes):
        return [module]
    called = [module.get_submodule(str(node.target)) for node in nodes]
    if any(layer._forward_hooks or layer._forward_pre_hooks for layer in called):
        return [module]
    return [layer for layer in called if not isinstance(layer, nn.Dropout | nn.Identity)]


class GeneralHead(VariantHead):
    """Any head: its forward pass with maps replaced by their fill.

    The layers that act on each map alone are run once.
    """

    def __init__(
        self, head: Head, compute: Compute, fill: torch.Tensor, maps: torch.Tensor, *prefix: torch.Tensor
    ) -> None:
        super().__init__(head, compute, fill, maps, *prefix)
        per_map = None
        if head.route == "general" and head.per_map is not None and head.tail is not None:
            per_map, self._tail = compute.place(head.per_map), compute.place(head.tail)
            self._head = replace(head, per_map=per_map, tail=self._tail)
        else:
            self._tail = compute.place(head.module)
            self._head = replace(head, module=self._tail)
        with torch.no_grad(), compute.arithmetic():
            #: Inputs of the tail: of the maps as they are (on the CPU), and of an image's maps, all ablated.
            self._tail_inputs, self._ablated_inputs = maps, self._ablated.to(compute.device)
            if per_map is not None:
                self._tail_inputs = torch.cat([per_map(part.to(compute.device)).cpu() for part in maps.split(_BATCH)])
                self._ablated_inputs = per_map(self._ablated_inputs)
            self.intact = torch.cat([self._tail(*parts) for parts in self._batches()]).float()
        self.bytes_per_variant = 4 * self.intact.numel() + 4 * self._tail_inputs[:_BATCH].numel()

    def _batches(self) -> Iterator[list[torch.Tensor]]:
        """The inputs of the tail for `_BATCH` images at a time, on the device."""
        for parts in zip(*(values.split(_BATCH) for values in (self._tail_inputs, *self._prefix)), strict=True):
            yield [part.to(self._compute.device) for part in parts]

    def _readouts(self, base: torch.Tensor | None, maps: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        """Forward passes with all maps that are not kept replaced by their fill."""
        kept = change.new_zeros(len(change), self.maps.shape[1])
        kept[:, slice(None) if base is None else base] = 1
        kept[:, maps] += change
        other_axes = [1] * (self._tail_inputs.ndim - 2)
        ablated = (kept == 0).to(self._compute.device).reshape(len(kept), 1, -1, *other_axes)
        with torch.no_grad(), self._compute.arithmetic():
            readouts = [self._of_batch(ablated, *parts) for parts in self._batches()]
        return torch.cat(readouts, dim=1)

    def _of_batch(self, ablated: torch.Tensor, batch: torch.Tensor, *prefix: torch.Tensor) -> torch.Tensor:
        """(variant, image, unit) readouts of a batch; variants share a forward pass if the tail's inputs are small."""
        at_once = _BATCH * self.maps[0].numel() // batch.numel()
        readouts = []
        for group in ablated.split(max(1, at_once)):
            variants = torch.where(group, self._ablated_inputs, batch)
            inputs = [variants, *(tokens.expand(len(group), *tokens.shape) for tokens in prefix)]
            readouts.append(self._tail(*(values.flatten(0, 1) for values in inputs)).unflatten(0, variants.shape[:2]))
        return torch.cat(readouts)
