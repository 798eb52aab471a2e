"""Activations are written and read in parts, so that memory does not grow with the number of images."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5netcdf
import image_sets
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from PIL import Image
from torch import nn

from alignment_importance import ablation, networks
from alignment_importance.experiments import rankings
from alignment_importance.inputs import features, images
from alignment_importance.maps import heatmaps
from alignment_importance.networks import activations, extraction
from alignment_importance.networks.head import Head
from alignment_importance.networks.tokens import Layout
from alignment_importance.system.compute import Compute
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import open_netcdf, read_netcdf
from alignment_importance.system.problems import Problems

N_IMAGES = 100
IDS = [f"image {i:03d}" for i in range(N_IMAGES)]


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """A hundred images of 8 x 8 pixels."""
    random = np.random.default_rng(1)
    (tmp_path / "images").mkdir()
    for image in IDS:
        Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(tmp_path / "images" / f"{image}.png")
    return image_sets.tabulate(tmp_path / "images")


@pytest.fixture
def network() -> Any:
    return SimpleNamespace(
        architecture="tiny",
        weights="random weights",
        fingerprint=lambda: "0" * 64,
        input_size=8,
        mean=(0.5, 0.5, 0.5),
        std=(1.0, 1.0, 1.0),
        resize="whole",
        resize_in="uint8",
        interpolation="bilinear",
        normalisation="",
    )


@pytest.fixture
def cut() -> Any:
    """Five feature maps of 2 x 2, and their means as readout."""
    torch.manual_seed(1)
    head = Head(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), 5, "pooled")
    return networks.CutNetwork(nn.Conv2d(3, 5, 4, stride=4), head, "maps", "readout", (5, 2, 2), 5, layout=None)


def compute(threads: int = 1) -> Compute:
    return Compute(torch.device("cpu"), threads, 10**8)


def test_every_image_has_what_a_forward_pass_of_it_alone_gives(
    table: pd.DataFrame, network: Any, cut: Any, tmp_path: Path
) -> None:
    extraction.extract(table, network, [cut], compute(2), [tmp_path / "a.nc"])
    with open_netcdf(tmp_path / "a.nc") as recorded:
        assert recorded["image"].to_numpy().tolist() == IDS
        assert recorded["feature_maps"].dims == ("image", "feature_map", "y", "x")
        assert recorded["width"].to_numpy().tolist() == [8] * N_IMAGES
        assert recorded.attrs["route"] == "pooled"
        assert (recorded.attrs["interpolation"], recorded.attrs["normalisation"]) == ("bilinear", "assumed")
        for row in (0, 16, 99):
            pixels = images.read_listed(table.iloc[row].to_dict()).astype(np.float32) / 255 - 0.5
            maps = cut.trunk(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0].detach().numpy()
            np.testing.assert_allclose(recorded["feature_maps"][row], maps, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(recorded["readout"][row], maps.mean((1, 2)), rtol=1e-5, atol=1e-6)


def test_means_are_of_all_images_and_places_whichever_are_read(
    table: pd.DataFrame, network: Any, cut: Any, tmp_path: Path
) -> None:
    """Means of units: for a pooled readout, the readout of maps equal to their means; for others, plain means."""
    pooled = dataclasses.replace(
        cut, head=Head(nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.GELU()), 5, "pooled")
    )
    general = dataclasses.replace(cut, head=Head(pooled.head.module, 5, "general"))
    for variant, route in ((pooled, "pooled"), (general, "general")):
        extraction.extract(table, network, [variant], compute(2), [tmp_path / f"{route}.nc"])
        whole = read_netcdf(tmp_path / f"{route}.nc")
        mean = whole["feature_maps"].astype(np.float64).mean(("image", "y", "x")).to_numpy()
        unit_mean = nn.functional.gelu(torch.from_numpy(mean)).numpy()
        if route == "general":
            unit_mean = whole["readout"].astype(np.float64).mean("image").to_numpy()
        with activations.read(tmp_path / f"{route}.nc", IDS[5:9], "mean") as part:
            np.testing.assert_allclose(part["map_mean"], mean, rtol=1e-6)
            np.testing.assert_allclose(part["unit_mean"], unit_mean, rtol=1e-6)
            assert part.attrs["ablation"] == "mean"


def test_recorded_maps_brought_as_features_give_the_scores_and_heatmaps_of_the_network(
    table: pd.DataFrame, network: Any, cut: Any, tmp_path: Path
) -> None:
    few = table[:12]
    extraction.extract(few, network, [cut], compute(), [tmp_path / "a.nc"])
    recorded = read_netcdf(tmp_path / "a.nc")
    random = np.random.default_rng(2)
    order = random.permutation(12)
    np.save(tmp_path / "features.npy", recorded["feature_maps"].to_numpy()[order])
    (tmp_path / "order.txt").write_text("\n".join(few["image"].iloc[order]), encoding="utf-8")
    brought = features.read(features.Source(tmp_path / "features.npy", tmp_path / "order.txt"), few, Problems())
    assert brought is not None
    human = random.random((12, 12))
    human += human.T
    np.fill_diagonal(human, np.nan)
    found = []
    for maps in (recorded, brought):
        engine = ablation.ablate(None, maps, compute(), similarity="pearson", score="pearson_r2")
        scores = rankings.score_images(engine, human, few["image"].tolist())
        found.append(xr.merge([scores, heatmaps.make(maps, scores)], combine_attrs="drop"))
    assert np.isfinite(found[0]["ais"]).all()
    xr.testing.assert_allclose(*found, rtol=1e-4, atol=1e-5)


def test_activations_say_in_which_numbers_images_were_resized(
    table: pd.DataFrame, network: Any, cut: Any, tmp_path: Path
) -> None:
    network.input_size = 4
    found = {}
    for resize_in, arithmetic in (("uint8", "float32"), ("float", "float32, images resized in float")):
        network.resize_in = resize_in
        extraction.extract(table, network, [cut], compute(), [tmp_path / "a.nc"])
        with open_netcdf(tmp_path / "a.nc") as recorded:
            assert (recorded.attrs["resize_in"], recorded.attrs["arithmetic"]) == (resize_in, arithmetic)
            found[resize_in] = recorded["feature_maps"].to_numpy()
    pixels = images.to_input(images.read_listed(table.iloc[7].to_dict()), 4, "whole", "float") / 255 - 0.5
    maps = cut.trunk(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0].detach().numpy()
    np.testing.assert_allclose(found["float"][7], maps, rtol=1e-5, atol=1e-6)
    assert 0 < np.abs(found["float"] - found["uint8"]).max() < 0.01


@pytest.mark.parametrize("threads", [1, 2])
def test_images_are_decoded_as_they_are_written(
    table: pd.DataFrame, network: Any, cut: Any, threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []
    read_listed = images.read_listed

    def count(row: Mapping[Any, Any]) -> Any:
        decoded.append(row["image"])
        return read_listed(row)

    streaming, ahead = extraction.streaming, []

    @contextmanager
    def watch(dataset: xr.Dataset, dims: Any, path: Path) -> Iterator[Callable[[Mapping[str, np.ndarray]], None]]:
        with streaming(dataset, dims, path) as write:
            written = 0

            def watched(block: Mapping[str, np.ndarray]) -> None:
                nonlocal written
                written += len(block.get("feature_maps", ()))
                ahead.append(len(decoded) - written)
                write(block)

            yield watched

    monkeypatch.setattr(images, "read_listed", count)
    monkeypatch.setattr(extraction, "streaming", watch)
    extraction.extract(table, network, [cut], compute(threads), [tmp_path / "a.nc"])
    assert decoded == IDS
    # Seven batches of 16, then the means, are written. One batch is being decoded, and each thread has one.
    assert len(ahead) == 7 + 1
    assert max(ahead) <= 16 * (1 + threads)


def test_a_changed_image_leaves_no_file(table: pd.DataFrame, network: Any, cut: Any, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "images" / f"{IDS[50]}.png")
    with pytest.raises(InputError, match="image 050"):
        extraction.extract(table, network, [cut], compute(), [tmp_path / "results" / "a.nc"])
    assert list((tmp_path / "results").iterdir()) == []


@pytest.mark.parametrize(("precision", "remedy"), [("float32", "look at its weights"), ("float16", "`precision: bfl")])
def test_activations_that_are_not_finite_leave_no_file(
    precision: str, remedy: str, table: pd.DataFrame, network: Any, cut: Any, tmp_path: Path
) -> None:
    """Above 65504, the largest number of float16, or infinite in float32."""
    with torch.no_grad():
        cut.trunk.bias[3] = 1e6 if precision == "float16" else torch.inf
    with pytest.raises(InputError, match=f"outputs infinite or NaN values at 'maps', in {precision}: .*{remedy}"):
        extraction.extract(
            table, network, [cut], dataclasses.replace(compute(), precision=precision), [tmp_path / "a.nc"]
        )
    assert not list(tmp_path.glob("*.nc"))


@pytest.fixture
def recorded(table: pd.DataFrame, network: Any, cut: Any, tmp_path: Path) -> Path:
    extraction.extract(table, network, [cut], compute(), [tmp_path / "a.nc"])
    return tmp_path / "a.nc"


def test_several_map_layers_are_recorded_in_one_pass_as_each_alone(table: pd.DataFrame, tmp_path: Path) -> None:
    network = networks.build(networks.Spec("resnet18", weights="random", seed=1, input_size=64))
    layers = ["layer4", "layer2", "layer3"]
    cuts = [networks.cut(network, layer) for layer in layers]
    paths = [tmp_path / f"{layer}.nc" for layer in layers]
    extraction.extract(table[:20], network, cuts, compute(), paths)
    for cut, path in zip(cuts, paths, strict=True):
        extraction.extract(table[:20], network, [cut], compute(), [tmp_path / "alone.nc"])
        assert path.read_bytes() == (tmp_path / "alone.nc").read_bytes()


def test_artefacts_are_counted_and_told(
    table: pd.DataFrame, network: Any, cut: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The trunk makes a token a hundred times larger than all others, in one of two images."""

    class Trunk(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = torch.ones(len(images), 5, 2, 2)
            maps[1::2, :, 0, 1] = 100
            return maps

    trunk = dataclasses.replace(cut, trunk=Trunk(), layout=Layout(0, 2, 2))
    extraction.extract(table[:20], network, [trunk], compute(), [tmp_path / "a.nc"])
    with activations.read(tmp_path / "a.nc", IDS[:20], "zero") as recorded:
        assert recorded["artefact_tokens"].to_numpy().tolist() == [0, 1] * 10
    assert "map layer 'maps': in 10 of 20 images some tokens have more than 3 times the usual norm" in caplog.text
    assert "Networks trained with registers have next to none." in caplog.text


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many values of each variable were read from files."""
    counted: dict[str, int] = {}
    get = h5netcdf.Variable.__getitem__

    def count(self: h5netcdf.Variable, key: Any) -> Any:
        values = get(self, key)
        name = self.name.strip("/")
        counted[name] = counted.get(name, 0) + np.size(values)
        return values

    monkeypatch.setattr(h5netcdf.Variable, "__getitem__", count)
    return counted


def test_only_the_images_wanted_are_read(recorded: Path, reads: dict[str, int]) -> None:
    wanted = [IDS[70], IDS[3], IDS[4]]
    with activations.read(recorded, wanted, "zero") as maps:
        assert "feature_maps" not in reads
        values = maps["feature_maps"].to_numpy()
        assert maps["image"].to_numpy().tolist() == wanted
    assert values.shape == (3, 5, 2, 2)
    assert reads["feature_maps"] == values.size
    with open_netcdf(recorded) as whole:
        np.testing.assert_array_equal(values, whole["feature_maps"].to_numpy()[[70, 3, 4]])


def test_a_pooled_readout_needs_no_maps(recorded: Path, reads: dict[str, int]) -> None:
    with activations.read(recorded, IDS[:10], "zero") as maps:
        assert activations.load_head(maps, {}) is None
        ablation.ablate(None, maps, compute(), "pearson", "pearson")
    assert reads["readout"] == 10 * 5
    assert "feature_maps" not in reads


def test_a_head_with_other_weights_than_the_trunk_is_refused(table: pd.DataFrame, tmp_path: Path) -> None:
    """As when a checkpoint is replaced while the workflow runs."""
    spec: dict[str, Any] = {"architecture": "alexnet", "weights": "random", "input_size": 64}
    chosen = networks.Spec(**spec, seed=1)
    network = networks.build(chosen)
    extraction.extract(table[:2], network, [networks.cut(network)], compute(), [tmp_path / "a.nc"])
    with activations.read(tmp_path / "a.nc", IDS[:2], "zero") as maps:
        head = activations.load_head(maps, spec | {"seed": 1})
        assert head is not None and head.route == "linear"
        with pytest.raises(InputError, match="alexnet: its weights are no longer those that made the activations"):
            activations.load_head(maps, spec | {"seed": 2})


def test_each_image_lies_by_itself_in_the_file(recorded: Path) -> None:
    with h5netcdf.File(recorded) as file:
        assert file["feature_maps"].chunks == (1, 5, 2, 2)
        assert file["readout"].chunks == (1, 5)


def test_the_same_bytes_whatever_the_threads(table: pd.DataFrame, network: Any, cut: Any, tmp_path: Path) -> None:
    for threads in (1, 3):
        extraction.extract(table, network, [cut], compute(threads), [tmp_path / f"{threads}.nc"])
    assert (tmp_path / "1.nc").read_bytes() == (tmp_path / "3.nc").read_bytes()
