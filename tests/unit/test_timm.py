"""Networks of timm by their names: inputs, weights from the hub's cache, checkpoints, and mistakes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
import torchvision
from torch import nn

from alignment_importance import networks
from alignment_importance.inputs import images
from alignment_importance.networks import checking
from alignment_importance.networks.kinds import registry
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import Problems

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
IMAGENET_MEAN = (0.485, 0.456, 0.406)


def wrong(message: str, use: Callable[[networks.Spec], object] = networks.inspect, **spec: Any) -> None:
    with pytest.raises(InputError, match=message):
        use(networks.Spec(**spec))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the Hugging Face hub, with the hub itself out of reach."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "hub"


def put_into(hub: Path, repository: str, module: nn.Module) -> None:
    """Leave weights in the cache, as a download would."""
    folder = hub / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("a" * 40)
    (folder / "snapshots" / ("a" * 40)).mkdir(parents=True)
    safetensors.torch.save_file(module.state_dict(), folder / "snapshots" / ("a" * 40) / "model.safetensors")


def drawn(name: str, seed: int = 3, **options: Any) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return timm.create_model(name, **options).eval()


def assert_equal(one: nn.Module, other: nn.Module, size: int) -> None:
    pixels = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        torch.testing.assert_close(one(pixels), other(pixels))


def test_every_network_of_timm_has_a_name() -> None:
    known = registry.known_architectures()
    assert {f"timm/{name}" for name in timm.list_models()} <= set(known)
    assert len(known) == len(set(known))


def test_inputs_are_those_of_the_tag() -> None:
    def outline(architecture: str, **keys: Any) -> networks.Network:
        return networks.outline(networks.Spec(architecture, **keys))

    clip = outline("timm/vit_base_patch32_clip_224.openai", resize="as_evaluated")
    assert (clip.mean, clip.input_size, clip.interpolation, clip.resize) == (CLIP_MEAN, 224, "bicubic", "crop 0.9")
    assert clip.normalisation == "timm vit_base_patch32_clip_224.openai"
    assert outline("timm/vit_base_patch16_224").mean == (0.5, 0.5, 0.5)
    assert outline("timm/vit_base_patch16_224.dino").mean == IMAGENET_MEAN
    # Whole images are the default here, whatever the weights were evaluated with.
    assert outline("timm/convnext_atto").resize == "whole"
    assert outline("timm/convnext_atto", resize="as_evaluated").resize == "crop 0.875"
    # The tag squashes whole images; the input size is the one asked for.
    squashed = outline("timm/vit_base_patch16_clip_384", resize="as_evaluated", input_size=224)
    assert (squashed.resize, squashed.input_size) == ("whole", 224)
    given = outline("timm/resnet18", mean=(0.0,) * 3, std=(1.0,) * 3)
    assert (given.mean, given.normalisation) == ((0.0,) * 3, "the configuration")


def test_torchvision_networks_are_resized_as_ever_unless_as_evaluated() -> None:
    plain = networks.outline(networks.Spec("efficientnet_b0"))
    assert (plain.resize, plain.interpolation) == ("whole", "bilinear")
    evaluated = networks.outline(networks.Spec("efficientnet_b0", resize="as_evaluated"))
    assert (evaluated.resize, evaluated.interpolation) == ("crop 0.875", "bicubic")


def test_the_share_of_a_crop_is_that_of_timm() -> None:
    """timm resizes the shorter side to the input size divided by the share, and takes the middle."""
    rgb = np.random.default_rng(1).integers(0, 256, (160, 200, 3), dtype=np.uint8)
    assert images.input_region(200, 160, "crop 0.875") == (30, 10, 170, 150)
    assert images.input_region(200, 160, "whole 0.5") == (50, 40, 150, 120)
    assert images.input_region(200, 160, "pad 0.9") == (10, -10, 190, 170)
    # Nothing is resampled where the region has the size of the input.
    np.testing.assert_array_equal(images.to_input(rgb, 140, "crop 0.875", interpolation="bicubic"), rgb[10:150, 30:170])
    with pytest.raises(InputError, match=r"'middle 0\.5' is none of whole, crop, pad"):
        images.input_region(200, 160, "middle 0.5")


def test_images_are_interpolated_as_the_network_wants() -> None:
    edge = np.zeros((8, 8, 3), dtype=np.uint8)
    edge[:, 4:] = 200
    for resize_in in ("uint8", "float"):
        bilinear, bicubic = (
            images.to_input(edge, 16, "whole", resize_in, name)[0, :, 0] for name in ("bilinear", "bicubic")
        )
        assert bilinear.max() == 200
        assert bicubic.max() > 200  # it overshoots beside an edge
        assert bicubic.min() == 0  # but not the range of a pixel


def test_weights_come_from_the_cache_of_the_hub(hub: Path) -> None:
    original = drawn("test_resnet")
    put_into(hub, "timm/test_resnet.r160_in1k", original)
    for architecture in ("timm/test_resnet", "timm/test_resnet.r160_in1k"):
        assert networks.inspect(networks.Spec(architecture)).weights == "no weights"
        network = networks.build(networks.Spec(architecture))
        assert network.weights == "timm test_resnet.r160_in1k"
        assert_equal(network.module, original, 160)


def test_weights_that_are_nowhere_are_told_with_what_to_download_and_to_where(hub: Path) -> None:
    message = (
        r"timm/resnet18\.a1_in1k are not in the cache.*`hf download timm/resnet18\.a1_in1k model\.safetensors`, "
        rf"and copy the folder that it makes to {hub}/models--timm--resnet18\.a1_in1k, or name a local file"
    )
    for use in (networks.inspect, networks.build):
        wrong(message, use, architecture="timm/resnet18")
    # Networks that need no weights from timm are not refused.
    networks.inspect(networks.Spec("timm/resnet18", weights="random", seed=1))
    networks.outline(networks.Spec("timm/resnet18"))


def test_weights_of_a_plain_address_go_through_the_cache_of_torch(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_arguments: object, **_options: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    wrong(
        r"gcvit_xxtiny\.in1k could not be downloaded from .*no network.*Put that",
        networks.build,
        architecture="timm/gcvit_xxtiny",
    )


def test_random_weights_are_those_that_timm_draws() -> None:
    network = networks.build(networks.Spec("timm/test_vit", weights="random", seed=3))
    assert network.weights == "random weights (seed 3)"
    assert_equal(network.module, drawn("test_vit"), 160)


def test_positions_follow_the_input_size(hub: Path) -> None:
    put_into(hub, "timm/test_vit.r160_in1k", drawn("test_vit"))
    network = networks.build(networks.Spec("timm/test_vit", input_size=192))
    assert network.module.get_parameter("pos_embed").shape[1] == 12 * 12 + 1
    assert network.module(torch.zeros(1, 3, 192, 192)).shape == (1, 1000)


@pytest.mark.parametrize("n_classes", [0, 5])
@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_checkpoints_with_their_own_classes_or_none(n_classes: int, ending: str, tmp_path: Path) -> None:
    original = drawn("test_vit", num_classes=n_classes)
    file = tmp_path / f"own.{ending}"
    save = torch.save if ending == "pt" else safetensors.torch.save_file
    save(original.state_dict(), file)
    network = networks.build(networks.Spec("timm/test_vit", weights="checkpoint", checkpoint=str(file)))
    assert network.weights == f"checkpoint own.{ending}"
    assert_equal(network.module, original, 160)


def test_safetensors_for_networks_of_torchvision(tmp_path: Path) -> None:
    original = torchvision.models.squeezenet1_1(num_classes=7).eval()
    safetensors.torch.save_file(original.state_dict(), tmp_path / "own.safetensors")
    spec = networks.Spec("squeezenet1_1", weights="checkpoint", checkpoint=str(tmp_path / "own.safetensors"))
    assert_equal(networks.build(spec).module, original, 64)
    (tmp_path / "own.safetensors").write_bytes(b"half a file")
    wrong(r"own\.safetensors: cannot be read as a checkpoint", **vars(spec))


def test_mistakes_are_told_with_what_was_meant(hub: Path) -> None:
    wrong("no network called 'timm/resnet5o'. Did you mean timm/resnet50", architecture="timm/resnet5o")
    wrong("Did you mean timm/vit_base_patch16_224", architecture="vit_base_patch16_224")
    wrong("Did you mean timm/vit_base_patch14_dinov2", architecture="dinov2")
    wrong("Did you mean timm/resnet50_clip or", architecture="timm/CLIP")
    wrong("'zzzzzzzzzzzzzz'. Known are: .* and [0-9]+ more", architecture="zzzzzzzzzzzzzz")
    wrong(r"resnet18 has no weights with the tag 'a1_in2k'. Did you mean a1_in1k", architecture="timm/resnet18.a1_in2k")
    wrong(
        "has no weights called 'a1_in1k'. Known are: default, checkpoint",
        architecture="timm/resnet18",
        weights="a1_in1k",
    )
    wrong("timm has no trained weights of it", architecture="timm/coatnet_0_224")
    random: dict[str, Any] = {"weights": "random", "seed": 1}
    wrong(
        r"patches of 16 x 16 .*225` cannot be cut. Set 224 or 240",
        architecture="timm/test_vit",
        input_size=225,
        **random,
    )
    wrong(r"cannot be cut. Set 16\.", architecture="timm/test_vit", input_size=9, **random)
    # Overlapping patches of 7 x 7 pixels, around every fourth pixel, leave none unseen.
    assert networks.inspect(networks.Spec("timm/pvt_v2_b0", input_size=64, **random)).input_size == 64
    wrong(r"vit_b_16 cannot be built for inputs of 225", architecture="vit_b_16", input_size=225, **random)


# ---------------------------------------------------------------------------------------------------------------------
# Functions of one's own

OWN = """
import timm
import torchvision
from torch import nn

def of_timm():
    return timm.create_model("test_vit.r160_in1k")

def of_torchvision():
    return torchvision.models.squeezenet1_1()

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.cut, self.mix, self.out = nn.Conv2d(3, 8, 8, stride=8), nn.Linear(16, 4), nn.Linear(8, 2)

    def forward(self, images):
        tokens = self.cut(images).flatten(2)
        return self.out(self.mix(tokens).transpose(1, 2).mean(1))

def of_tokens():
    return Tokens()

def of_nobody():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_networks.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "own_networks", raising=False)
    return "own_networks"


def test_functions_that_return_a_known_network_have_its_inputs_read(own: str) -> None:
    of_timm = networks.build(networks.Spec(f"{own}:of_timm", resize="as_evaluated"))
    named = networks.outline(networks.Spec("timm/test_vit", resize="as_evaluated"))
    for attribute in ("mean", "std", "input_size", "interpolation", "resize", "normalisation"):
        assert getattr(of_timm, attribute) == getattr(named, attribute)
    assert (of_timm.input_size, of_timm.mean) == (160, (0.5, 0.5, 0.5))
    assert of_timm.weights == f"own weights ({own}:of_timm)"
    of_torchvision = networks.build(networks.Spec(f"{own}:of_torchvision"))
    assert (of_torchvision.mean, of_torchvision.normalisation) == (IMAGENET_MEAN, "torchvision")


def test_what_is_assumed_is_told(own: str) -> None:
    spec = networks.Spec(f"{own}:of_nobody")
    network = networks.build(spec)
    assert (network.mean, network.normalisation) == (IMAGENET_MEAN, "")
    assert network.weights == f"own weights ({own}:of_nobody), mean and std assumed"
    problems = Problems()
    assert checking.check(spec, "models.own", problems) is not None
    [warning] = problems
    assert (warning.level, warning.where) == ("warning", "models.own")
    assert str(warning) == (
        f"nothing says which mean and std the inputs of {own}:of_nobody are normalised with. ImageNet's are assumed: "
        "[0.485, 0.456, 0.406] and [0.229, 0.224, 0.225]. Set `mean` and `std`."
    )
    known = Problems()
    checking.check(networks.Spec(f"{own}:of_nobody", mean=(0.5,) * 3, std=(0.5,) * 3), "models.own", known)
    assert len(known) == 0


@pytest.mark.parametrize(
    ("layer", "shape", "said"),
    [
        (
            None,
            (4096, 1, 1),
            ["the 4096 feature maps of 'pre_logits' have one place each, so their heatmaps are uniform"],
        ),
        ("features", (512, 7, 7), []),
    ],
)
def test_maps_of_one_place_are_told(layer: str | None, shape: tuple[int, int, int], said: list[str]) -> None:
    """VGG of timm ends in convolutions over all places."""
    problems, spec = Problems(), networks.Spec("timm/vgg11", weights="random", seed=1, map_layer=layer)
    checked = checking.check(spec, "models.vgg", problems)
    assert checked is not None and checked[1].map_shape == shape
    assert [problem.found for problem in problems] == said


def test_a_square_that_no_layer_shows_is_told(own: str) -> None:
    """Four tokens that were mixed from a grid of sixteen."""
    spec = networks.Spec(f"{own}:of_tokens", map_layer="transpose", input_size=32, mean=(0.5,) * 3, std=(0.5,) * 3)
    problems = Problems()
    checked = checking.check(spec, "models.own", problems)
    assert checked is not None and checked[1].map_shape == (8, 2, 2)
    assert [str(warning) for warning in problems] == [
        "no layer shows how the tokens of 'transpose' are arranged in the image. They are assumed to form a square "
        "grid, row by row. Compare some heatmaps with their images."
    ]
    wrong("nothing says how its weights were evaluated", architecture=f"{own}:of_nobody", resize="as_evaluated")
