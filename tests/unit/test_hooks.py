"""Networks that torch.fx cannot follow: ablation by hooks equals plain forward passes."""

import dataclasses
import logging
from pathlib import Path
from typing import Any, NamedTuple

import image_sets
import naive
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from PIL import Image
from small_heads import ABLATIONS, fill_of, resources
from torch import nn

from alignment_importance import ablation, networks
from alignment_importance.inputs import folds
from alignment_importance.networks import activations, checking, extraction
from alignment_importance.statistics.judged import judged_pairs
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import Problems

N_IMAGES, SIZE = 9, 8


class Branching(nn.Module):
    """Branches on a value, which torch.fx cannot follow; a ReLU in place follows the maps."""

    def __init__(self) -> None:
        super().__init__()
        self.early = nn.Conv2d(3, 6, 3, stride=2)
        self.maps = nn.Conv2d(6, 5, 2)
        self.relu = nn.ReLU(inplace=True)
        self.meet = nn.Conv2d(5, 7, 2)
        self.head = nn.Linear(7, 3)

    def forward(self, images: torch.Tensor) -> Any:
        x = self.relu(self.early(images))
        x = self.relu(self.maps(x))
        if x.amax() > 10**6:
            raise AssertionError
        return {"logits": self.head(torch.sigmoid(self.meet(x)).mean((2, 3))), "maps": x}


class Encoder(nn.Module):
    """A layer that returns its tokens in a tuple, as layers of other libraries do."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(6, 18)

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, None]:
        q, k, v = self.qkv(tokens).chunk(3, -1)
        return tokens + nn.functional.scaled_dot_product_attention(q, k, v), None


class Encoded(NamedTuple):
    """A layer's output, by name."""

    tokens: torch.Tensor
    weights: None


class Naming(Encoder):
    """Returns the same in a named tuple."""

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, None]:
        return Encoded(*super().forward(tokens))


class Transformer(Branching):
    """A transformer whose classifier reads the first token."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 6, 4, stride=2)
        self.first, self.second = Encoder(), Encoder()
        self.token = nn.Parameter(torch.randn(2, 6))
        self.head = nn.Linear(6, 3)

    def forward(self, images: torch.Tensor) -> Any:
        x = self.patches(images).flatten(2).mT
        x = torch.cat([self.token.expand(len(x), 2, 6), x], dim=1)
        if x.amax() > 10**6:
            raise AssertionError
        x = self.second(self.first(x)[0])[0]
        return self.head(x[:, 0])


class NamingTransformer(Transformer):
    """The same, with a first layer that returns a named tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Naming()


class Random(Branching):
    """Drops units at random even outside training."""

    def forward(self, images: torch.Tensor) -> Any:
        return self.head(nn.functional.dropout(torch.sigmoid(self.meet(self.maps(self.early(images)))).mean((2, 3))))


class BranchingRandom(Random):
    """The same for a network that torch.fx cannot follow."""

    def forward(self, images: torch.Tensor) -> Any:
        return super().forward(images) if images.amax() < 10**6 else images


class OfTheBatch(Random):
    """Normalises by the mean and variance of the batch."""

    def forward(self, images: torch.Tensor) -> Any:
        maps = nn.functional.batch_norm(self.early(images), None, None, training=True)
        return self.head(torch.sigmoid(self.meet(self.maps(maps))).mean((2, 3)))


class Around(Branching):
    """Its classifier also reads the image, past the maps."""

    def __init__(self) -> None:
        super().__init__()
        self.again = nn.Linear(7, 3)

    def forward(self, images: torch.Tensor) -> Any:
        maps = super().forward(images)["maps"]
        return self.again(torch.sigmoid(self.meet(maps)).mean((2, 3)) + images.mean()[None, None])


def network_of(kind: type[nn.Module]) -> networks.Network:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        module = kind().eval().requires_grad_(False)
    return networks.Network(module, kind.__name__, "random weights (seed 2)", SIZE, (0.5,) * 3, (0.5,) * 3)


def some_images(number: int = N_IMAGES) -> torch.Tensor:
    return torch.randn(number, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(4))


def plain(network: networks.Network, layer: str, prefix: int | None, kept: list[int], fill: torch.Tensor) -> np.ndarray:
    """(image, unit) the classifier's input when the fill replaces all channels but `kept` (in patch tokens only)."""
    read: list[torch.Tensor] = []

    def ablate(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        values = output[0] if isinstance(output, tuple) else output
        ablated = torch.zeros_like(values) + (fill[:, None, None] if prefix is None else fill)
        if prefix is None:
            ablated[:, kept] = values[:, kept]
        else:
            ablated[:, :prefix] = values[:, :prefix]
            ablated[:, prefix:, kept] = values[:, prefix:, kept]
        return (ablated, *output[1:]) if isinstance(output, tuple) else ablated

    hooks = [
        network.module.get_submodule(layer).register_forward_hook(ablate),
        network.module.get_submodule("head").register_forward_pre_hook(lambda _module, inputs: read.append(inputs[0])),
    ]
    with torch.inference_mode():
        network.module(some_images())
    for hook in hooks:
        hook.remove()
    return read[0].double().numpy()


@pytest.mark.parametrize(
    ("kind", "layer", "prefix", "shape"),
    [
        (Branching, "maps", None, (5, 2, 2)),
        (Transformer, "first", 2, (6, 3, 3)),
        (NamingTransformer, "first", 2, (6, 3, 3)),
    ],
)
@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("threads", [1, 2])
def test_hooks_ablate_as_plain_forward_passes(
    kind: type[nn.Module], layer: str, prefix: int | None, shape: tuple[int, int, int], threads: int, ablated: str
) -> None:
    network = network_of(kind)
    cut = networks.cut(network, map_layer=layer)
    assert (cut.head.route, cut.map_shape, cut.readout_layer) == ("hooked", shape, "input of head")
    with torch.inference_mode():
        parts = cut.trunk(some_images())
        maps, *beside = parts if cut.head.reads_prefix else (parts,)
        readout = cut.head.module(maps, *beside)
    fill = fill_of(maps, ablated)
    recorded = xr.Dataset(
        {
            "feature_maps": (("image", "feature_map", "y", "x"), maps),
            "readout": (("image", "unit"), readout),
            "map_mean": ("feature_map", fill),
            "unit_mean": ("unit", readout.mean(0)),
        },
        attrs={"ablation": ablated},
    )
    if beside:
        recorded["prefix_tokens"] = (("image", "token", "channel"), beside[0])
    human = naive.rsm(np.random.default_rng(5).normal(size=(N_IMAGES, 4)), "pearson")
    engine = ablation.ablate(cut.head, recorded, resources(threads=threads), "pearson", "pearson_r2")
    [whole], [without] = engine.leave_one_out([folds.whole(human)])
    every = list(range(shape[0]))
    sets = [every, *([other for other in every if other != one] for one in every)]
    readouts = (plain(network, layer, prefix, kept, fill) for kept in sets)
    expected = [naive.score(naive.rsm(of_set, "pearson"), human, "pearson_r2") for of_set in readouts]
    np.testing.assert_allclose([whole, *without], expected, atol=1e-6)
    (contributed, *_), _, correlations = engine.contributions(human, np.stack(judged_pairs(human), axis=1))
    np.testing.assert_allclose(correlations**2, expected, atol=1e-6)
    np.testing.assert_allclose(contributed.sum(0), correlations[0] - correlations[1:], atol=1e-12)


def test_several_layers_are_recorded_together(tmp_path: Path) -> None:
    table = _listed(tmp_path)
    network = network_of(Branching)
    cuts = [networks.cut(network, layer) for layer in ("early", "maps")]
    paths = [tmp_path / "early.nc", tmp_path / "maps.nc"]
    extraction.extract(table, network, cuts, resources(), paths)
    for cut, path in zip(cuts, paths, strict=True):
        extraction.extract(table, network, [cut], resources(), [tmp_path / "alone.nc"])
        assert path.read_bytes() == (tmp_path / "alone.nc").read_bytes()
        with activations.read(path, ["a", "b"], "zero") as recorded:
            assert recorded.attrs["route"] == "hooked"


def _listed(folder: Path) -> pd.DataFrame:
    (folder / "images").mkdir()
    for name, colour in (("a", "red"), ("b", "blue")):
        Image.new("RGB", (12, 12), colour).save(folder / "images" / f"{name}.png")
    return image_sets.tabulate(folder / "images")


@pytest.mark.parametrize(
    ("kind", "layers", "said"),
    [
        (Branching, {}, "cannot be traced by torch.fx.* Or name a module as `map_layer`: the whole network runs"),
        (Branching, {"map_layer": "map"}, "map_layer 'map' is not a module that the network runs. Did you mean maps?"),
        (Branching, {"map_layer": "relu"}, "map_layer 'relu' runs 2 times per image, so it is unclear which"),
        (Branching, {"map_layer": "maps", "readout_layer": "early"}, r"readout_layer 'early' is \(image, 6, 3, 3\)"),
        (
            Branching,
            {"map_layer": "maps", "readout_layer": "input of relu"},
            "readout_layer 'relu' runs 2 times per image",
        ),
        (Branching, {"map_layer": "head"}, r"map_layer 'head' is \(image, 3\); \(image, feature_map, y, x\) or"),
        (
            Around,
            {"map_layer": "maps", "readout_layer": "again"},
            "also depends on the image through a path that bypasses the map layer 'maps'",
        ),
        (Transformer, {"map_layer": "second"}, "does not depend on the maps of 'second'.* before the last block"),
    ],
)
def test_what_hooks_cannot_do_is_told(kind: type[nn.Module], layers: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        networks.cut(network_of(kind), **layers)


@pytest.mark.parametrize(
    ("kind", "layer", "said"),
    [
        (Random, None, r"changes when it runs again\. Let its forward pass draw no random numbers"),
        (BranchingRandom, "maps", r"changes when it runs again\. Let its forward pass draw no random numbers"),
        (OfTheBatch, None, "for an image depends on the images beside it"),
    ],
)
def test_own_networks_give_an_image_one_output(kind: type[nn.Module], layer: str | None, said: str) -> None:
    own = dataclasses.replace(network_of(kind), architecture="my_networks:function")
    with pytest.raises(InputError, match=rf"^The output of my_networks:function .*{said}"):
        networks.cut(own, layer)


class Cube(Branching):
    """Its layer `early` outputs as many maps as rows."""

    def __init__(self) -> None:
        super().__init__()
        self.early, self.maps = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 5, 2)


def test_as_many_maps_as_rows_are_refused() -> None:
    with pytest.raises(InputError, match=r"as many maps as rows, \(image, 8, 8, 8\), .* Set another `input_size`"):
        networks.cut(network_of(Cube), "early")


def test_modules_are_listed() -> None:
    layers = networks.list_layers(network_of(Branching), "maps")
    assert layers["layer"].tolist() == ["early", "maps", "relu", "meet", "input of head", "head"]
    assert layers["shape"].tolist() == ["6 x 3 x 3", "5 x 2 x 2", "5 x 2 x 2", "7 x 1 x 1", "7", "3"]
    assert layers["role"].tolist() == ["", "map layer", "", "", "readout", ""]
    # `input of head` can be named like any other layer of the list.
    pd.testing.assert_frame_equal(networks.list_layers(network_of(Branching), "maps", "input of head"), layers)
    # The output of a layer is another readout than its input.
    named = networks.list_layers(network_of(Branching), "maps", "head").set_index("layer")
    assert named["role"].to_dict() == dict.fromkeys(["early", "relu", "meet"], "") | {
        "maps": "map layer",
        "head": "readout",
    }


class Overlooked(nn.Module):
    """Overwrites in place a tensor that it reads again, which torch.fx takes for two tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.early, self.maps, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3), nn.Linear(5, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.early(images)
        same = x
        x += 1
        return self.head(self.maps(x * same).mean((2, 3)))


def test_layers_of_an_own_network_are_listed_as_it_is_cut(caplog: Any) -> None:
    own = dataclasses.replace(network_of(Overlooked), architecture="package.module:function")
    cut = networks.cut(own, "maps")
    assert (cut.head.route, cut.readout_layer) == ("hooked", "input of head")
    caplog.set_level(logging.INFO)
    layers = networks.list_layers(own, "maps").set_index("layer")
    assert layers["role"].to_dict() == {"early": "", "maps": "map layer", "input of head": "readout", "head": ""}
    assert "route 'hooked'" in caplog.text


def test_the_check_says_what_hooks_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "branching.py").write_text(
        "import torch\n\n\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.maps, self.head = torch.nn.Conv2d(3, 5, 2), torch.nn.Linear(5, 2)\n\n"
        "    def forward(self, x):\n        x = self.maps(x)\n"
        "        return self.head(x.mean((2, 3)) if len(x) else x)\n"
    )
    monkeypatch.chdir(tmp_path)
    problems = Problems()
    found = checking.check(networks.Spec("branching:Net", map_layer="maps", input_size=8), "models.net", problems)
    assert found is not None and found[1].head.route == "hooked"
    assert "5 times for each image in every pass" in str(problems.table().to_dict())
