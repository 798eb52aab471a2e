"""Cutting small networks: which heads may take a faster route than a forward pass, and which must not."""

import dataclasses
from collections.abc import Callable
from typing import Any

import naive
import numpy as np
import pytest
import torch
import xarray as xr
from torch import fx, nn
from torch.nn import functional

from alignment_importance import ablation, networks
from alignment_importance.inputs.folds import whole
from alignment_importance.system.compute import Compute
from alignment_importance.system.errors import InputError

CPU = Compute(torch.device("cpu"), 1, 10**9)
N_MAPS, SIDE = 6, 4


class Function(nn.Module):
    """A module that calls a function."""

    def __init__(self, function: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, values: torch.Tensor) -> Any:
        return self.function(values)


class Net(nn.Module):
    """A network of one convolutional block, a head, and a classifier."""

    def __init__(self, head: nn.Module, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, N_MAPS, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.head = head
        self.fc = nn.Linear(width, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.fc(self.head(self.relu(self.conv(images))))


def network_of(module: nn.Module) -> networks.Network:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        for part in module.modules():
            if callable(reset := getattr(part, "reset_parameters", None)):
                reset()
    return networks.Network(module.eval(), "small", "random weights (seed 1)", SIDE, (0.5,) * 3, (0.5,) * 3)


def cut_net(head: nn.Module, width: int = N_MAPS) -> networks.CutNetwork:
    return networks.cut(network_of(Net(head, width)), map_layer="relu")


def some_images(number: int) -> torch.Tensor:
    return torch.randn(number, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))


def check_against_forward_passes(cut: networks.CutNetwork) -> None:
    """The engine's scores without each map equal those of plain forward passes."""
    with torch.inference_mode():
        maps = cut.trunk(some_images(7))
        readout = cut.head.module(maps)
    rng = np.random.default_rng(3)
    human = rng.random((7, 7))
    human += human.T
    np.fill_diagonal(human, np.nan)
    recorded = xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), maps.numpy()), "readout": (("image", "unit"), readout)}
    )
    _, without = ablation.ablate(cut.head, recorded, CPU, "cosine", "pearson").leave_one_out([whole(human)])
    expected = naive.leave_one_out(cut.head.module, maps, human, "cosine", "pearson")
    np.testing.assert_allclose(without[0], expected, atol=1e-5)


def hooked() -> nn.Module:
    pool = nn.AdaptiveAvgPool2d(1)
    pool.register_forward_hook(lambda _module, _inputs, output: output.flip(1))
    return nn.Sequential(pool, nn.Flatten())


class Skip(nn.Module):
    """A fully connected layer and a path around it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(N_MAPS, N_MAPS)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        pooled = maps.mean((2, 3))
        return functional.relu(self.fc(pooled)) + pooled


class MixingPool(nn.AvgPool2d):
    """A subclass of a pooling layer that also mixes the maps."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return super().forward(maps) + maps.mean((1, 2, 3), keepdim=True)


N_VALUES = N_MAPS * SIDE * SIDE


def pooled(*others: nn.Module) -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), *others)


def mean_and(function: Callable[[torch.Tensor], torch.Tensor]) -> nn.Module:
    return Function(lambda maps: function(maps.mean((2, 3))))


#: Heads by name, with the width of the readout and the route.
HEADS: dict[str, tuple[Callable[[], nn.Module], int, str]] = {
    "average pooling": (pooled, N_MAPS, "pooled"),
    "maximum pooling": (lambda: nn.Sequential(nn.MaxPool2d(SIDE), nn.Flatten(), nn.Dropout()), N_MAPS, "pooled"),
    "two poolings": (lambda: nn.Sequential(nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Flatten()), N_MAPS, "pooled"),
    "mean": (lambda: Function(lambda maps: maps.mean([-1, -2])), N_MAPS, "pooled"),
    "mean and nonlinearity": (lambda: mean_and(functional.silu), N_MAPS, "pooled"),
    "view": (lambda: Function(lambda x: functional.avg_pool2d(x, SIDE).view(x.size(0), -1)), N_MAPS, "pooled"),
    "squeeze": (lambda: Function(lambda x: functional.max_pool2d(x, SIDE).squeeze(3).squeeze(2)), N_MAPS, "pooled"),
    "dropout": (lambda: mean_and(lambda x: functional.dropout(x, training=False)), N_MAPS, "pooled"),
    "linear": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(N_VALUES, 5), nn.Sigmoid()), 5, "linear"),
    "linear last": (lambda: nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(N_MAPS * 4, 5)), 5, "linear"),
    "linear without bias": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(N_VALUES, 5, bias=False)), 5, "linear"),
    "two flattenings": (lambda: nn.Sequential(nn.Flatten(2), nn.Flatten(), nn.Linear(N_VALUES, 5)), 5, "linear"),
    "flattened": (nn.Flatten, N_VALUES, "general"),
    "not zero at zero": (lambda: nn.Sequential(nn.Sigmoid(), pooled()), N_MAPS, "general"),
    "a constant": (lambda: mean_and(lambda x: x + 1), N_MAPS, "general"),
    "convolution": (lambda: nn.Sequential(nn.Conv2d(N_MAPS, N_MAPS, 1), pooled()), N_MAPS, "general"),
    "normalised over maps": (lambda: pooled(nn.LayerNorm(N_MAPS)), N_MAPS, "general"),
    "shifted": (lambda: pooled(nn.BatchNorm1d(N_MAPS)), N_MAPS, "general"),
    "other mean": (lambda: Function(lambda x: x.repeat(1, 1, 1, 2)[..., :N_MAPS].mean((1, 2))), N_MAPS, "general"),
    "mean over a counted dimension": (lambda: Function(lambda x: x.mean(x.dim() - 1).mean(2)), N_MAPS, "general"),
    "mean over 2 and a counted one": (lambda: Function(lambda x: x.mean([2, x.dim() - 1])), N_MAPS, "general"),
    "transposed": (lambda: nn.Sequential(Function(lambda x: x.mT), nn.Flatten(), nn.Linear(N_VALUES, 5)), 5, "general"),
    "maps last": (lambda: Function(lambda x: x.permute(0, 2, 3, 1).mean((1, 2))), N_MAPS, "general"),
    "linear over x": (lambda: nn.Sequential(nn.Linear(SIDE, 5), nn.Flatten()), N_MAPS * SIDE * 5, "general"),
    "shuffled": (lambda: mean_and(lambda x: x.view(-1, 2, 3).transpose(1, 2).flatten(1)), N_MAPS, "general"),
    "hook": (hooked, N_MAPS, "general"),
    "subclass": (lambda: nn.Sequential(MixingPool(SIDE), nn.Flatten()), N_MAPS, "general"),
    "path around": (Skip, N_MAPS, "general"),
}


@pytest.mark.parametrize("name", HEADS)
def test_only_what_is_known_to_be_exact_shortens_the_way(name: str) -> None:
    head, width, route = HEADS[name]
    cut = cut_net(head(), width)
    assert cut.head.route == route
    check_against_forward_passes(cut)


@pytest.mark.parametrize(("name", "shape"), [("normalised over maps", (N_MAPS,)), ("convolution", None)])
def test_what_acts_on_each_map_alone_is_computed_once(name: str, shape: tuple[int, ...] | None) -> None:
    head, width, _ = HEADS[name]
    cut = cut_net(head(), width)
    if shape is None:
        assert cut.head.per_map is None and cut.head.tail is None
        return
    assert cut.head.per_map is not None and cut.head.tail is not None
    with torch.inference_mode():
        maps = cut.trunk(some_images(3))
        apart = cut.head.per_map(maps)
        assert apart.shape[1:] == shape
        torch.testing.assert_close(cut.head.tail(apart), cut.head.module(maps))


# ---------------------------------------------------------------------------------------------------------------------
# Layers that are found


class Body(nn.Module):
    """A network without a classifier, whose last block ends in a squeeze and excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, N_MAPS, 3, padding=1)
        self.excite = nn.Linear(N_MAPS, N_MAPS)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.conv(images).relu()
        scaled = maps * torch.sigmoid(self.excite(maps.mean((2, 3))))[:, :, None, None]
        return functional.adaptive_avg_pool2d(scaled, 1).flatten(1)


def test_a_network_without_classifier_has_its_output_for_a_readout() -> None:
    cut = networks.cut(network_of(Body()))
    assert (cut.map_layer, cut.readout_layer, cut.head.route) == ("mul", "flatten", "pooled")
    check_against_forward_passes(cut)


def test_a_classifier_with_layers_behind_it_is_found() -> None:
    net = nn.Sequential(
        Net(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), N_MAPS), nn.BatchNorm1d(3), nn.Softmax(1)
    )
    cut = networks.cut(network_of(net))
    assert (cut.map_layer, cut.readout_layer) == ("0.relu", "0.head.1")


def test_maps_of_a_single_place_are_found_before_their_pooling() -> None:
    convolutions = [nn.Conv2d(3, 4, 2, 2), nn.ReLU(), nn.Conv2d(4, 5, 2), nn.ReLU()]
    net = nn.Sequential(*convolutions, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 2))
    cut = networks.cut(network_of(net))
    assert (cut.map_layer, cut.map_shape) == ("3", (5, 1, 1))


def test_maps_are_found_before_a_scale_that_is_learned() -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.full((1, N_MAPS, 1, 1), 2.0))

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            return self.scale * maps

    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), Scale(), nn.Flatten())
    cut = networks.cut(network_of(Net(head, N_MAPS)))
    assert cut.map_layer == "relu"
    check_against_forward_passes(cut)


def test_patches_are_no_feature_maps() -> None:
    """The network mixes tokens and averages them at the end."""
    patches = nn.Sequential(nn.Conv2d(3, N_MAPS, 2, 2), nn.Flatten(2), nn.Linear(4, 4), Function(lambda x: x.mean(2)))
    with pytest.raises(InputError, match=r"small has no feature maps to ablate: its readout '3.mean' .* tokens"):
        networks.cut(network_of(nn.Sequential(*patches, nn.Linear(N_MAPS, 2))))


def test_a_module_is_told_from_a_network_that_was_built() -> None:
    with pytest.raises(TypeError, match=r"what networks.build returned, not Linear. .* build\(Spec\('package.module:"):
        networks.cut(nn.Linear(3, 2))  # type: ignore[arg-type]


@pytest.mark.parametrize("last", ["tuple", "maps"])
def test_a_network_with_another_output_needs_a_name(last: str) -> None:
    end = Function(lambda x: (x, x) if last == "tuple" else x + 1)
    net = network_of(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), end))
    with pytest.raises(InputError, match=r"small does not end in a fully connected layer.*name its `readout_layer`"):
        networks.cut(net)


# ---------------------------------------------------------------------------------------------------------------------
# Sizes, and operations in place


class Sized(nn.Module):
    """Uses the sizes of its input long after the first layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, N_MAPS, 3, padding=1)
        self.token = nn.Parameter(torch.ones(1, N_MAPS))
        self.fc = nn.Linear(2 * N_MAPS, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        number, _, height, width = images.shape
        maps = torch.relu(self.conv(images))
        summed = maps.reshape(number, N_MAPS, height * width).sum(2) / height
        return self.fc(torch.cat([self.token.expand(number, -1), summed], 1))


@pytest.mark.parametrize("number", [1, 3, 16])
def test_sizes_from_before_the_map_layer_are_those_of_the_batch(number: int) -> None:
    module, images = Sized(), some_images(number)
    cut = networks.cut(network_of(module), map_layer="relu")
    with torch.inference_mode():
        maps = cut.trunk(images)
        torch.testing.assert_close(module.fc(cut.head.module(maps)), module(images))
    assert cut.head.route == "general"


@fx.wrap
def with_size(maps: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
    """The maps, and their height and width as a list, as blocks of some networks hand them on."""
    return maps, list(maps.shape[2:])


@fx.wrap
def by_height(sums: torch.Tensor, size: list[int]) -> torch.Tensor:
    return sums / size[0]


class HandingOn(Sized):
    """Uses a size that a layer before the map layer has returned beside its maps."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        early, size = with_size(self.conv(images))
        summed = by_height(torch.relu(early).sum((2, 3)), size)
        return self.fc(torch.cat([summed, summed], 1))


def test_a_list_of_sizes_from_before_the_map_layer_does_not_bypass_it() -> None:
    module, images = HandingOn(), some_images(3)
    cut = networks.cut(network_of(module), map_layer="relu")
    with torch.inference_mode():
        torch.testing.assert_close(module.fc(cut.head.module(cut.trunk(images))), module(images))


@fx.wrap
def mask_of(_maps: torch.Tensor, given: torch.Tensor | None = None) -> torch.Tensor | None:
    """A mask, if one is given, in the type of the maps."""
    return given


@fx.wrap
def masked(sums: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    return sums if mask is None else sums * mask


class Masked(Sized):
    """Makes no mask before the map layer, and hands it on."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        early = self.conv(images)
        mask = mask_of(early)
        summed = masked(torch.relu(early).sum((2, 3)), mask)
        return self.fc(torch.cat([summed, summed], 1))


def test_a_mask_that_is_not_there_is_no_way_around_the_map_layer() -> None:
    module, images = Masked(), some_images(3)
    cut = networks.cut(network_of(module), map_layer="relu")
    with torch.inference_mode():
        torch.testing.assert_close(module.fc(cut.head.module(cut.trunk(images))), module(images))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.mean((2, 3)).view(3, N_MAPS), r"does not take inputs of 4 x 4 pixels \(shape '\[3, 6\]'"),
        (lambda x: x.mean((2, 3)).squeeze(), "small: its output is no tensor with an entry per image"),
        (lambda x: x.mean((2, 3)).sum(0, keepdim=True), "small: its output is no tensor with an entry per image"),
    ],
)  # fmt: skip
def test_a_readout_is_one_row_per_image_for_any_number_of_images(
    function: Callable[[torch.Tensor], torch.Tensor], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        cut_net(Function(function))


class Overwriting(nn.Module):
    """Reads a tensor after it was overwritten, and overwrites its maps after the map layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, N_MAPS, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.next = nn.Conv2d(N_MAPS, N_MAPS, 3, padding=1)
        self.fc = nn.Linear(N_MAPS, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        before = self.conv(images)
        maps = self.next(self.relu(before)) + before  # `before` has no negative values by now
        maps *= 2
        more = maps.sigmoid()
        maps += more
        functional.relu(maps, inplace=True)
        maps.sub_(1)
        return self.fc(maps.mean((2, 3)))


@pytest.mark.parametrize("layer", ["conv", "relu", "add", "mul", "add_1", "relu_1", "sub_"])
def test_operations_in_place_mean_what_they_meant(layer: str) -> None:
    module, images = Overwriting(), some_images(3)
    network = network_of(module)
    expected = module(images)
    cut = networks.cut(network, map_layer=layer, readout_layer="mean")
    with torch.inference_mode():
        maps = cut.trunk(images)
        untouched = maps.clone()
        torch.testing.assert_close(module.fc(cut.head.module(maps)), expected)
    assert torch.equal(maps, untouched)
    assert module.relu.inplace


def test_a_network_that_reads_an_overwritten_tensor_under_another_name_runs_whole() -> None:
    def overwrite(maps: torch.Tensor) -> torch.Tensor:
        flat = maps.flatten(1)
        maps.mul_(2)
        return flat

    cut = cut_net(Function(overwrite), N_VALUES)
    assert cut.head.route == "hooked"
    maps = torch.rand(2, N_MAPS, SIDE, SIDE)
    with torch.inference_mode():
        torch.testing.assert_close(cut.head.module(maps), 2 * maps.flatten(1))
    check_against_forward_passes(cut)
    with pytest.raises(
        InputError, match=r"'head.mul_' overwrites its input, which is read afterwards as 'head.flatten'.*`map_layer`"
    ):
        networks.cut(network_of(Net(Function(overwrite), N_VALUES)))


def test_what_torch_fx_overlooks_is_found_in_a_network_of_the_user() -> None:
    class Shortcut(nn.Module):
        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            shortcut = maps
            maps += 1
            return (maps * shortcut).mean((2, 3))  # the square of maps + 1

    network = network_of(Net(Shortcut(), N_MAPS))
    with pytest.raises(InputError, match=r"the graph traced by torch.fx does not compute the same output"):
        networks.cut(dataclasses.replace(network, architecture="package.module:function"))


def test_nothing_is_left_behind_by_an_error() -> None:
    head = Function(lambda x: x.mean((2, 3)).squeeze())
    module = Net(head, N_MAPS)
    network, call = network_of(module), nn.Module.__call__
    before = {name: value.clone() for name, value in module.state_dict().items()}
    head.train()
    for options in ({}, {"map_layer": "none"}, {"readout_layer": "conv"}):
        with pytest.raises(InputError):
            networks.cut(network, **options)
    head.function = lambda x: x if x.sum() > 0 else -x
    with pytest.raises(InputError, match="cannot be traced"):
        networks.cut(network)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert [part.training for part in module.modules()] == [False, False, False, True, False]
    assert not any(
        getattr(part, hooks) for part in module.modules() for hooks in vars(part) if hooks.endswith("_hooks")
    )
    assert (module.relu.inplace, nn.Module.__call__) == (True, call)
