import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import xarray as xr
from PIL import Image

from alignment_importance import heatmaps, images, saliency
from alignment_importance.errors import InputError

MODELS: dict[str, Any] = {
    "spectral_residual": cv2.saliency.StaticSaliencySpectralResidual,
    "fine_grained": cv2.saliency.StaticSaliencyFineGrained,
}


def save(folder: Path, name: str, pixels: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / name)


def own_resolution(dataset: xr.Dataset, image: str) -> np.ndarray:
    one = dataset.saliency.sel(image=image)
    return one.to_numpy()[: int(one.height), : int(one.width)]


@pytest.fixture
def photographs(tmp_path: Path) -> pd.DataFrame:
    """Two images of different sizes, textured, with one small bright square each."""
    rng = np.random.default_rng(1)
    for name, (height, width) in {"a b.png": (60, 80), "é.1.png": (90, 40)}.items():
        pixels = rng.integers(90, 110, (height, width, 3), dtype=np.uint8)
        pixels[20:28, 10:18] = 250
        save(tmp_path / "images", name, pixels)
    return images.tabulate(tmp_path / "images")


@pytest.mark.parametrize("method", MODELS)
def test_models_give_each_image_its_own_resolution(photographs: pd.DataFrame, method: str) -> None:
    result = saliency.compute(photographs, method)
    assert result.saliency.shape == (2, 90, 80) and result.saliency.dtype == np.float32
    assert result.attrs["method"] == method
    for image, shape in {"a b": (60, 80), "é.1": (90, 40)}.items():
        assert (int(result.height.sel(image=image)), int(result.width.sel(image=image))) == shape
        own = own_resolution(result, image)
        assert own.shape == shape and np.isfinite(own).all() and own.min() >= 0 and own.max() <= 1
        assert np.isfinite(result.saliency.sel(image=image)).sum() == own.size
        # The square is the only thing to see.
        assert own[20:28, 10:18].mean() > 2 * own.mean()


@pytest.mark.parametrize("method", MODELS)
def test_models_are_those_of_opencv_on_the_colour_image(photographs: pd.DataFrame, method: str) -> None:
    row = photographs.iloc[0]
    _, expected = MODELS[method].create().computeSaliency(cv2.imread(row["file"]))
    found = own_resolution(saliency.compute(photographs, method), row["image"])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("method", MODELS)
def test_neither_threads_nor_other_images_change_a_map(photographs: pd.DataFrame, method: str) -> None:
    whole = saliency.compute(photographs, method)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = saliency.compute(photographs.iloc[1:], method)
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(own_resolution(alone, "é.1"), own_resolution(whole, "é.1"), strict=True)


@pytest.mark.parametrize("method", MODELS)
def test_an_image_of_one_colour_has_no_saliency(tmp_path: Path, method: str, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path / "images", "plain.png", np.full((8, 9, 3), 77, dtype=np.uint8))
    save(tmp_path / "images", "x.png", np.random.default_rng(2).integers(0, 255, (8, 9, 3), dtype=np.uint8))
    with caplog.at_level(logging.WARNING):
        result = saliency.compute(images.tabulate(tmp_path / "images"), method)
    assert np.isnan(result.saliency.sel(image="plain")).all() and np.isfinite(result.saliency.sel(image="x")).all()
    assert caplog.records[-1].getMessage().endswith("uniform: plain")


def test_a_changed_image_is_refused(photographs: pd.DataFrame) -> None:
    save(Path(photographs["file"][0]).parent, "a b.png", np.zeros((60, 80, 3), dtype=np.uint8))
    with pytest.raises(InputError, match=r"a b\.png.*changed"):
        saliency.compute(photographs, "fine_grained")


@pytest.mark.parametrize(
    ("method", "maps", "message"),
    [("maps", None, "needs a folder"), ("fine_grained", "m", "reads no folder"), ("deep", None, "'deep' is no method")],
)
def test_method_and_folder_must_fit(photographs: pd.DataFrame, method: str, maps: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        saliency.compute(photographs, method, maps)


RAMP = np.arange(12.0).reshape(3, 4)


def write_map(folder: Path, image: str, form: str) -> None:
    folder.mkdir(exist_ok=True)
    if form == "png8":
        save(folder, f"{image}.png", RAMP.astype(np.uint8))
    elif form == "png16":
        save(folder, f"{image}.png", RAMP.astype(np.uint16))
    elif form == "rgb":
        save(folder, f"{image}.PNG", np.repeat(RAMP.astype(np.uint8)[..., None], 3, axis=2))
    elif form == "npy":
        np.save(folder / f"{image}.npy", RAMP)
    elif form == "mat":
        scipy.io.savemat(folder / f"{image}.mat", {"map": RAMP, "name": "ramp", "stack": np.zeros((2, 2, 2))})
    else:
        with h5py.File(folder / f"{image}.mat", "w") as file:
            file["map"] = RAMP.T


@pytest.mark.parametrize("form", ["png8", "png16", "rgb", "npy", "mat", "mat73"])
def test_own_maps_of_every_form(photographs: pd.DataFrame, tmp_path: Path, form: str) -> None:
    for image in photographs["image"]:
        write_map(tmp_path / "maps", image, form)
    result = saliency.compute(photographs, "maps", tmp_path / "maps")
    for image, (height, width) in {"a b": (60, 80), "é.1": (90, 40)}.items():
        expected = heatmaps.resample(RAMP.astype(np.float32), width, height)
        np.testing.assert_array_equal(own_resolution(result, image), expected)


def test_sixteen_bits_are_kept(photographs: pd.DataFrame, tmp_path: Path) -> None:
    values = np.array([[40000, 40001], [40002, 40003]], dtype=np.uint16)
    for image in photographs["image"]:
        save(tmp_path / "maps", f"{image}.png", values)
    own = own_resolution(saliency.compute(photographs, "maps", tmp_path / "maps"), "a b")
    assert (own[0, 0], own[0, -1], own[-1, 0], own[-1, -1]) == (40000, 40001, 40002, 40003)


def test_all_that_is_wrong_with_the_folder_is_said_at_once(photographs: pd.DataFrame, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    for image in ("a b", "other"):
        write_map(maps, image, "npy")
    write_map(maps, "a b", "mat")
    (maps / "notes.txt").write_text("x")
    (maps / ".hidden").write_text("x")
    with pytest.raises(InputError) as caught:
        saliency.compute(photographs, "maps", maps)
    assert str(caught.value).startswith(str(maps))
    for part in (
        "not .png, .npy, .mat: notes.txt",
        "several maps of one image: a b.mat",
        "of no image of this set: other.npy",
        "images without a map: é.1",
    ):
        assert part in str(caught.value)
    assert "hidden" not in str(caught.value)
    with pytest.raises(InputError, match="does not exist"):
        saliency.compute(photographs, "maps", tmp_path / "nowhere")


def test_all_unreadable_maps_are_said_at_once(photographs: pd.DataFrame, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    (maps / "a b.mat").write_bytes(b"nonsense")
    np.save(maps / "é.1.npy", [[1.0, np.nan]])
    with pytest.raises(InputError) as caught:
        saliency.compute(photographs, "maps", maps)
    assert "a b.mat: cannot be read" in str(caught.value)
    assert "é.1.npy: the saliency map has values" in str(caught.value)


@pytest.mark.parametrize(
    "write",
    [
        lambda file: np.save(file.with_suffix(".npy"), np.zeros(3)),
        lambda file: np.save(file.with_suffix(".npy"), np.array([[{}]])),
        lambda file: scipy.io.savemat(file.with_suffix(".mat"), {"m": np.eye(2), "n": np.eye(2)}),
        lambda file: file.with_suffix(".npy").write_bytes(b""),
        lambda file: Image.fromarray(np.array([[[255, 0, 0]]], dtype=np.uint8)).save(file.with_suffix(".png")),
        lambda file: Image.fromarray(np.array([[[9, 9, 9, 0]]], dtype=np.uint8)).save(file.with_suffix(".png")),
    ],
    ids=["one dimension", "objects", "two arrays", "empty file", "colours", "transparency"],
)
def test_what_is_no_map_is_refused(photographs: pd.DataFrame, tmp_path: Path, write: Callable[[Path], None]) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    write(maps / "x")
    next(maps.iterdir()).rename(maps / f"a b{next(maps.iterdir()).suffix}")
    with pytest.raises(InputError, match=r"a b\.\w+: cannot be read as a saliency map"):
        saliency.compute(photographs.iloc[:1], "maps", maps)


def test_another_aspect_ratio_is_said(
    photographs: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    np.save(maps / "a b.npy", np.random.default_rng(0).random((31, 41)))
    np.save(maps / "é.1.npy", np.random.default_rng(0).random((40, 90)))
    with caplog.at_level(logging.WARNING):
        result = saliency.compute(photographs, "maps", maps)
    assert own_resolution(result, "é.1").shape == (90, 40)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1 and "é.1.npy: the map (90 x 40)" in warnings[0] and "(40 x 90)" in warnings[0]
