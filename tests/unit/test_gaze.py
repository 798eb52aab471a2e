"""Networks that predict gaze: a stand-in for DeepGaze's package, and users' own modules."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import image_sets
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from PIL import Image
from scipy.special import logsumexp

from alignment_importance.maps.saliency import centre_bias, computing, own_network, registry
from alignment_importance.system import compute
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import read_netcdf

# Like deepgaze_pytorch: the constructor downloads weights of its own, by torch.hub and by URL, and the call takes
# pixels from 0 to 255 and the logarithm of the centre bias.
PACKAGE = """
import torch
from torch.utils import model_zoo

class DeepGazeIIE(torch.nn.Module):
    def __init__(self, pretrained=True):
        super().__init__()
        assert not pretrained
        self.hub = torch.hub.load("pytorch/vision:v0.6.0", "resnet18", pretrained=True)
        self.conv = torch.nn.Conv2d(3, 1, 1, bias=False)
        self.conv.load_state_dict(model_zoo.load_url("https://example.org/weights.pth")["state_dict"])
        self.bias_weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, image, centerbias):
        assert image.dtype == centerbias.dtype == torch.float32
        assert abs(float(centerbias.exp().sum()) - 1) < 1e-3
        out = self.conv(image) / 255 + self.bias_weight * centerbias[:, None]
        return out - out.logsumexp(dim=(2, 3), keepdim=True)
"""


@pytest.fixture
def photographs(tmp_path: Path) -> pd.DataFrame:
    (tmp_path / "images").mkdir()
    rng = np.random.default_rng(1)
    for name, (height, width) in {"a": (12, 20), "b": (20, 12)}.items():
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{name}.png")
    return image_sets.tabulate(tmp_path / "images")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory whose modules can be imported, and are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name in ("deepgaze_pytorch", "own_gaze"):
            del sys.modules[name]


def run(table: pd.DataFrame, path: Path, **settings: Any) -> xr.Dataset:
    on_processor = compute.prepare("cpu", None, 1)
    computing.write(table, registry.provider(table, settings, on_processor), path / "gaze.nc")
    return read_netcdf(path / "gaze.nc")


def own(dataset: xr.Dataset, image: str) -> np.ndarray:
    return computing.own_map(dataset, image)


# --- DeepGaze IIE ---


@pytest.fixture
def checkpoint(here: Path) -> Path:
    """A checkpoint with all weights of the stand-in, which then adds up the red channel and half of the centre bias."""
    (here / "deepgaze_pytorch.py").write_text(PACKAGE, encoding="utf-8")
    import torchvision

    state = {f"hub.{name}": value for name, value in torchvision.models.resnet18().state_dict().items()}
    state["conv.weight"] = torch.tensor([1.0, 0, 0]).reshape(1, 3, 1, 1)
    state["bias_weight"] = torch.tensor([0.5])
    torch.save(state, here / "deepgaze2e.pth")
    return here / "deepgaze2e.pth"


def expected(file: str, log_prior: np.ndarray) -> np.ndarray:
    red = image_sets.read_image(file)[..., 0] / 255
    log_density = red + 0.5 * (log_prior - logsumexp(log_prior))
    return np.exp(log_density - log_density.max())


def test_deepgaze_gets_image_and_centre_bias_and_downloads_nothing(photographs: pd.DataFrame, checkpoint: Path) -> None:
    result = run(photographs, checkpoint.parent, method="deepgaze_iie", checkpoint=str(checkpoint))
    assert result.attrs["method"] == "deepgaze_iie" and result.attrs["checkpoint"] == "deepgaze2e.pth"
    for image, file in zip(photographs["image"], photographs["file"], strict=True):
        height, width = image_sets.read_image(file).shape[:2]
        prior = np.log(centre_bias.gaussian(width, height))
        np.testing.assert_allclose(own(result, image), expected(file, prior), rtol=1e-5)


def test_the_centre_bias_of_deepgaze_can_be_a_file(photographs: pd.DataFrame, checkpoint: Path) -> None:
    template = np.random.default_rng(2).normal(size=(12, 20))
    np.save(checkpoint.parent / "prior.npy", template)
    settings = {"method": "deepgaze_iie", "checkpoint": str(checkpoint)}
    prior = str(checkpoint.parent / "prior.npy")
    result = run(photographs[:1], checkpoint.parent, **settings, centre_bias=prior)
    np.testing.assert_allclose(own(result, "a"), expected(photographs["file"][0], template), rtol=1e-5)
    np.save(checkpoint.parent / "prior.npy", np.zeros(3))
    with pytest.raises(InputError, match=r"prior\.npy: a log density is needed"):
        run(photographs, checkpoint.parent, **settings, centre_bias=prior)
    np.save(checkpoint.parent / "prior.npy", np.full((2, 2), -1e300))
    with pytest.raises(InputError, match=r"prior\.npy: a log density is needed, .* finite in float32"):
        run(photographs, checkpoint.parent, **settings, centre_bias=prior)


def test_images_are_scaled_to_the_degrees_that_deepgaze_knows(photographs: pd.DataFrame, checkpoint: Path) -> None:
    sizes = []
    settings = {"method": "deepgaze_iie", "checkpoint": str(checkpoint), "degree": 17.5}
    provider = registry.provider(photographs, settings, compute.prepare("cpu", None, 1))
    for image, file in zip(photographs["image"], photographs["file"], strict=True):
        found = provider.map_of(image, image_sets.read_image(file))
        assert found is not None
        sizes.append(found.shape)
    assert sizes == [(24, 40), (40, 24)]


def test_a_missing_package_is_explained(here: Path, photographs: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"needs the package deepgaze_pytorch.*pip install git\+.*matthias-k/DeepGaze"):
        run(photographs, here, method="deepgaze_iie", checkpoint="deepgaze2e.pth")


def test_a_checkpoint_must_have_every_weight(photographs: pd.DataFrame, checkpoint: Path) -> None:
    state = torch.load(checkpoint, weights_only=True)
    del state["hub.conv1.weight"]
    torch.save(state, checkpoint)
    with pytest.raises(InputError, match=r"do not fit the architecture \(1 missing: hub\.conv1\.weight\)"):
        run(photographs, checkpoint.parent, method="deepgaze_iie", checkpoint=str(checkpoint))


class _Dangerous:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return Path.touch, (Path("executed"),)  # type: ignore[return-value]


def test_nothing_in_a_checkpoint_is_run(photographs: pd.DataFrame, checkpoint: Path) -> None:
    torch.save({"weights": _Dangerous()}, checkpoint)
    with pytest.raises(InputError, match="weights only"):
        run(photographs, checkpoint.parent, method="deepgaze_iie", checkpoint=str(checkpoint))
    assert not (checkpoint.parent / "executed").exists()


# --- a user's own network ---

OWN = """
import torch

class Red(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1, 1))

    def forward(self, image):
        assert image.shape[0] == 1 and 0 <= float(image.min()) and float(image.max()) <= 1
        self.seen = tuple(image.shape)
        return {output}

def make():
    return Red()
"""


def write_own(folder: Path, output: str) -> str:
    (folder / "own_gaze.py").write_text(OWN.replace("{output}", output), encoding="utf-8")
    torch.save({"weight": torch.ones(1, 1)}, folder / "own.pt")
    return "own_gaze:make"


@pytest.mark.parametrize("output", ["self.weight * image[:, :1]", "self.weight * image[:, 0]"])
def test_an_own_network_gets_the_image_as_it_is(here: Path, photographs: pd.DataFrame, output: str) -> None:
    architecture = write_own(here, output)
    result = run(photographs, here, method="network", architecture=architecture, checkpoint="own.pt")
    for image, file in zip(photographs["image"], photographs["file"], strict=True):
        np.testing.assert_allclose(own(result, image), image_sets.read_image(file)[..., 0] / 255, rtol=1e-6)
    assert result.attrs == {"method": "network", "architecture": "own_gaze:make", "checkpoint": "own.pt"}


def test_an_image_is_fitted_into_the_size_that_a_network_wants_and_cut_out_again(
    here: Path, photographs: pd.DataFrame
) -> None:
    architecture = write_own(here, "self.weight * (image[:, :1] + (image == 0).all(dim=1, keepdim=True) * 9.0)")
    # 20 x 12 in 40 x 40: enlarged twice, with 8 black rows above and below, which are cut off again.
    result = run(
        photographs, here, method="network", architecture=architecture, checkpoint="own.pt", input_size=(40, 40)
    )
    for image, file in zip(photographs["image"], photographs["file"], strict=True):
        found = own(result, image)
        assert found.max() <= 1
        assert np.corrcoef(found.ravel(), image_sets.read_image(file)[..., 0].ravel())[0, 1] > 0.8


def test_fitting_by_hand() -> None:
    rgb = np.full((6, 12, 3), 200, dtype=np.uint8)
    fitted, box = own_network._fit(rgb, (6, 9))
    assert fitted.shape == (9, 6, 3) and box == (0, 3, 6, 6)
    assert (fitted[3:6] == 200).all() and not fitted[:3].any() and not fitted[6:].any()


@pytest.mark.parametrize("output", ["image", "[image]", "image[0, 0]"])
def test_an_own_network_must_return_one_map(here: Path, photographs: pd.DataFrame, output: str) -> None:
    architecture = write_own(here, output)
    with pytest.raises(InputError, match=r"own_gaze:make: it returns .* a tensor \(1, 1, y, x\)"):
        run(photographs, here, method="network", architecture=architecture)


def test_sizes_that_an_own_network_does_not_take_are_told_by_image(here: Path, photographs: pd.DataFrame) -> None:
    # 20 x 12 and 12 x 20 become 5 x 3 and 3 x 5; halved and doubled they are 4 x 2 and 2 x 4, which do not fit.
    quarter = "torch.nn.functional.avg_pool2d(image[:, :1], 4)"
    halved = f"torch.nn.functional.interpolate(torch.nn.functional.avg_pool2d({quarter}, 2), scale_factor=2)"
    settings = {"method": "network", "architecture": write_own(here, f"{quarter} + {halved}")}
    with pytest.raises(InputError) as caught:
        run(photographs, here, **settings)
    for line, image, size in zip(str(caught.value).splitlines(), "ab", ("20 x 12", "12 x 20"), strict=True):
        assert line.startswith(f"{image}: network own_gaze:make stopped with RuntimeError: The size of tensor a")
        assert line.endswith(f", given {size} pixels. Set `input_size` to a width and height that it takes.")
    assert np.isfinite(own(run(photographs, here, **settings, input_size=(16, 16)), "a")).all()
