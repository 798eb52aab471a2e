import importlib
import inspect
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bombs
import cv2
import h5py
import image_sets
import numpy as np
import pandas as pd
import pytest
import scipy.io
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from alignment_importance.maps import heatmaps
from alignment_importance.maps.saliency import centre_bias, computing, fixations, registry
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import read_netcdf

MODELS: dict[str, Any] = {
    "spectral_residual": cv2.saliency.StaticSaliencySpectralResidual,
    "fine_grained": cv2.saliency.StaticSaliencyFineGrained,
}


def save(folder: Path, name: str, pixels: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / name)


def compute(table: pd.DataFrame, method: str, **settings: Any) -> xr.Dataset:
    """Write the maps of an image set to a file, and read them again."""
    path = Path(table["file"].iloc[0]).parent.parent / "maps.nc"
    computing.write(table, registry.provider(table, {"method": method, **settings}), path)
    return read_netcdf(path)


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
    return image_sets.tabulate(tmp_path / "images")


@pytest.mark.parametrize("method", MODELS)
def test_models_give_each_image_its_own_resolution(photographs: pd.DataFrame, method: str) -> None:
    result = compute(photographs, method)
    assert result.saliency.shape == (2, 90, 80) and result.saliency.dtype == np.float32
    assert result.attrs["method"] == method
    for image, shape in {"a b": (60, 80), "é.1": (90, 40)}.items():
        assert (int(result.height.sel(image=image)), int(result.width.sel(image=image))) == shape
        own = own_resolution(result, image)
        assert own.shape == shape and np.isfinite(own).all() and own.min() >= 0 and own.max() <= 1
        assert np.isfinite(result.saliency.sel(image=image)).sum() == own.size
        # The bright square is all that stands out.
        assert own[20:28, 10:18].mean() > 2 * own.mean()


@pytest.mark.parametrize("method", MODELS)
def test_models_are_those_of_opencv_on_the_colour_image(photographs: pd.DataFrame, method: str) -> None:
    row = photographs.iloc[0]
    _, expected = MODELS[method].create().computeSaliency(cv2.imread(row["file"]))
    found = own_resolution(compute(photographs, method), row["image"])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("method", MODELS)
def test_neither_threads_nor_other_images_change_a_map(photographs: pd.DataFrame, method: str) -> None:
    whole = compute(photographs, method)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = compute(photographs.iloc[1:], method)
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(own_resolution(alone, "é.1"), own_resolution(whole, "é.1"), strict=True)


@pytest.mark.parametrize("method", MODELS)
def test_an_image_of_one_colour_has_no_saliency(tmp_path: Path, method: str, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path / "images", "plain.png", np.full((8, 9, 3), 77, dtype=np.uint8))
    save(tmp_path / "images", "x.png", np.random.default_rng(2).integers(0, 255, (8, 9, 3), dtype=np.uint8))
    with caplog.at_level(logging.WARNING):
        result = compute(image_sets.tabulate(tmp_path / "images"), method)
    assert np.isnan(result.saliency.sel(image="plain")).all() and np.isfinite(result.saliency.sel(image="x")).all()
    assert caplog.records[-1].getMessage().endswith("uniform: plain")


def test_a_changed_image_is_refused(photographs: pd.DataFrame) -> None:
    save(Path(photographs["file"][0]).parent, "a b.png", np.zeros((60, 80, 3), dtype=np.uint8))
    with pytest.raises(InputError, match=r"a b\.png.*changed"):
        compute(photographs, "fine_grained")


@pytest.mark.parametrize("name", registry.METHODS)
def test_the_registry_lists_the_keys_that_each_method_takes(name: str) -> None:
    method = registry.METHODS[name]
    module, function = method.factory.split(":")
    factory = getattr(importlib.import_module(f"alignment_importance.maps.saliency.{module}"), function)
    _table, *parameters = inspect.signature(factory).parameters.values()
    needed = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    assert needed == [*method.needs, *["compute"] * method.is_network]
    assert [parameter.name for parameter in parameters if parameter.name not in needed] == list(method.takes)


def test_the_registry_is_quick_to_import() -> None:
    heavy = "numpy pandas torch cv2 scipy xarray"
    code = f"import sys, alignment_importance.maps.saliency.registry; print(set(sys.modules) & set('{heavy}'.split()))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(Path(registry.__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "set()"


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
    result = compute(photographs, "maps", maps=tmp_path / "maps", stretch=True)
    for image, (height, width) in {"a b": (60, 80), "é.1": (90, 40)}.items():
        expected = heatmaps.resample(RAMP.astype(np.float32), width, height)
        np.testing.assert_array_equal(own_resolution(result, image), expected)


def test_sixteen_bits_are_kept(photographs: pd.DataFrame, tmp_path: Path) -> None:
    values = np.array([[40000, 40001], [40002, 40003]], dtype=np.uint16)
    for image in photographs["image"]:
        save(tmp_path / "maps", f"{image}.png", values)
    own = own_resolution(compute(photographs, "maps", maps=tmp_path / "maps", stretch=True), "a b")
    assert (own[0, 0], own[0, -1], own[-1, 0], own[-1, -1]) == (40000, 40001, 40002, 40003)


def test_all_that_is_wrong_with_the_folder_is_said_at_once(photographs: pd.DataFrame, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    for image in ("a b", "other"):
        write_map(maps, image, "npy")
    write_map(maps, "a b", "mat")
    (maps / "notes.txt").write_text("x")
    (maps / ".hidden").write_text("x")
    with pytest.raises(InputError) as caught:
        compute(photographs, "maps", maps=maps)
    assert str(caught.value).startswith(str(maps))
    for part in (
        "not .png, .npy, .npz, .mat, .h5, .hdf5: notes.txt",
        "several maps of one image: a b.mat",
        "of no image of this set: other.npy",
        "images without a map: é.1",
    ):
        assert part in str(caught.value)
    assert "hidden" not in str(caught.value)
    with pytest.raises(InputError, match="there is no such folder of saliency maps"):
        compute(photographs, "maps", maps=tmp_path / "nowhere")


def test_all_unreadable_maps_are_said_at_once(photographs: pd.DataFrame, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    (maps / "a b.mat").write_bytes(b"nonsense")
    np.save(maps / "é.1.npy", [[1.0, np.nan], [2.0, 3.0]])
    with pytest.raises(InputError) as caught:
        compute(photographs, "maps", maps=maps)
    assert "a b.mat: it cannot be read as .mat" in str(caught.value)
    assert "é.1.npy: the saliency map has values" in str(caught.value)


@pytest.mark.parametrize(
    ("ending", "write", "said"),
    [
        (".npy", lambda file: np.save(file, np.zeros(3)), "there is: array 3. Save one as height x width"),
        (".npy", lambda file: np.save(file, np.array([[{}]])), r"there is: array 1x1 \(cells or objects\)"),
        (".mat", lambda file: scipy.io.savemat(file, {"m": np.eye(2), "n": np.eye(2)}), "there is: m 2x2, n 2x2. Name"),
        (".npy", lambda file: file.write_bytes(b""), "it cannot be read as .npy .*; it is empty"),
        (".png", lambda file: Image.new("RGB", (1, 1), (255, 0, 0)).save(file), "it has colours or transparency"),
        (".png", lambda file: Image.new("RGBA", (1, 1), (9, 9, 9, 0)).save(file), "it has colours or transparency"),
        (".png", lambda file: file.write_bytes(bombs.png(bombs.TOO_LARGE, grey=True)), "is not read as an image"),
        (".png", lambda file: file.write_bytes(bombs.png(bombs.FAR_TOO_LARGE, grey=True)), "is not read as an image"),
    ],
    ids=["one dimension", "objects", "two arrays", "empty file", "colours", "transparency", "large", "far too large"],
)
def test_what_is_no_map_is_refused(
    photographs: pd.DataFrame, tmp_path: Path, ending: str, write: Callable[[Path], None], said: str
) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    write(maps / f"a b{ending}")
    with pytest.raises(InputError, match=rf"a b\{ending}: .*{said}"):
        compute(photographs.iloc[:1], "maps", maps=maps)


def test_values_beyond_single_precision_are_told_as_such(photographs: pd.DataFrame, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    np.save(maps / "a b.npy", np.full((30, 45), -1e300))
    with pytest.raises(
        InputError, match=r"a b.npy: the saliency map .* infinite in float32.* divide all of them by the same number"
    ):
        compute(photographs.iloc[:1], "maps", maps=maps)


def test_another_aspect_ratio_is_refused_unless_it_is_wanted(photographs: pd.DataFrame, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    np.save(maps / "a b.npy", np.random.default_rng(0).random((45, 45)))
    np.save(maps / "é.1.npy", np.random.default_rng(0).random((40, 90)))
    with pytest.raises(InputError) as caught:
        compute(photographs, "maps", maps=maps)
    first, second = str(caught.value).split("\n")
    assert "a b.npy: the map (45 x 45)" in first and "(80 x 60)" in first and "Make it from this image" in first
    assert "é.1.npy: the map (90 x 40)" in second and "(40 x 90)" in second and "transposed" in second
    result = compute(photographs, "maps", maps=maps, stretch=True)
    assert own_resolution(result, "a b").shape == (60, 80) and own_resolution(result, "é.1").shape == (90, 40)
    np.save(maps / "a b.npy", np.random.default_rng(0).random((31, 41)))  # rounded from 30.75 x 41
    np.save(maps / "é.1.npy", np.random.default_rng(0).random((9, 4)))
    compute(photographs, "maps", maps=maps)


# --- fixations ---


def write_fixations(folder: Path, rows: list[str], header: str = "image,x,y") -> Path:
    (folder / "fixations.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder / "fixations.csv"


def test_one_fixation_becomes_a_gaussian_of_one_degree(photographs: pd.DataFrame, tmp_path: Path) -> None:
    file = write_fixations(tmp_path, ["a b,40.2,30.9,anna"], "image,x,y,observer")
    result = compute(photographs, "fixations", fixations=file, degree=4)
    own = own_resolution(result, "a b")
    y, x = np.mgrid[:60, :80]
    expected = np.exp(-((x - 40) ** 2 + (y - 30) ** 2) / (2 * 4**2))  # in the middle of pixel 40, 30
    np.testing.assert_allclose(own, expected / expected.sum(), atol=2e-6)
    assert own.sum() == pytest.approx(1) and np.unravel_index(own.argmax(), own.shape) == (30, 40)
    assert np.isnan(result.saliency.sel(image="é.1")).all()
    assert result.n_fixations.to_series().to_dict() == {"a b": 1, "é.1": 0}
    assert result.attrs == {"method": "fixations", "degree": 4.0}


def test_fixations_are_counted_kept_and_weigh_the_same(
    photographs: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = ["a b,20,10,1", "é.1,0,0,1", "a b,20.5,10.5,2", "a b,60,50,2", "a b,80,5,1", "é.1,3,-0.1,1"]
    file = write_fixations(tmp_path, rows, "image,x,y,observer")
    with caplog.at_level(logging.WARNING):
        result = compute(photographs, "fixations", fixations=file, degree=2)
    assert "2 of 6 fixations lie outside their images" in caplog.text
    assert result.n_fixations.to_numpy().tolist() == [3, 1]
    assert result.n_fixations_outside.to_numpy().tolist() == [1, 1]
    assert result.n_observers.to_numpy().tolist() == [2, 1]
    assert result.fixation_image.to_numpy().tolist() == ["a b", "é.1", "a b", "a b"]
    assert result.fixation_x.to_numpy().tolist() == [20, 0, 20.5, 60]
    own = own_resolution(result, "a b")
    assert own[10, 20] == pytest.approx(2 * own[50, 60], rel=1e-4)


def test_the_order_of_the_fixations_does_not_matter(photographs: pd.DataFrame, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [f"{image},{x:.1f},{y:.1f}" for image in ("a b", "é.1") for x, y in rng.uniform(0, 40, (20, 2))]
    one = compute(photographs, "fixations", fixations=write_fixations(tmp_path, rows), degree=3)
    two = compute(photographs, "fixations", fixations=write_fixations(tmp_path, rows[::-1]), degree=3)
    np.testing.assert_array_equal(one.saliency, two.saliency)


def test_pixels_far_from_a_fixation_are_ranked_by_their_distance() -> None:
    found = fixations.density(np.array([0.5]), np.array([0.5]), 25, 1, 2)
    # The image holds half of the curve exp(-(x / 2)² / 2), up to twelve standard deviations.
    expected = np.exp(-(np.arange(25.0) ** 2) / 8)
    assert found is not None
    np.testing.assert_allclose(found[0], expected / expected.sum(), rtol=1e-6)


def test_a_fixation_without_observer_is_told(photographs: pd.DataFrame, tmp_path: Path) -> None:
    rows = ["a b,4,5,1", "a b,5,4,", "é.1,1,1,  "]
    with pytest.raises(InputError) as caught:
        compute(photographs, "fixations", degree=3, fixations=write_fixations(tmp_path, rows, "image,x,y,observer"))
    remedy = "Name the observer of every fixation, or leave out the column."
    said = f"line 3, column observer: there is no observer (also on 1 other line). {remedy}"
    assert str(caught.value).endswith(said)


def test_every_wrong_cell_of_the_fixations_is_told(photographs: pd.DataFrame, tmp_path: Path) -> None:
    file = write_fixations(tmp_path, ["a b,20,ten", "a b,,4", "A B,3,4", "b,nan,4", "A B,1,1"])
    with pytest.raises(InputError) as caught:
        compute(photographs, "fixations", fixations=file, degree=2)
    for part in (
        "line 2, column y: 'ten' is not a number",
        "line 3, column x: there is no number (also on 1 other line). Give pixels or remove the row.",
        "line 4 and 1 other, column image: 'A B' is not an image of this set. 'a b' differs from it only in capital",
        "line 5, column image: 'b' is not an image",
    ):
        assert part in str(caught.value)
    assert str(caught.value).startswith(str(file)) and str(caught.value).count("'A B'") == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a b,0.5,0.25", "a b,1,0"], "all x and y lie between 0 and 1.*multiply"),
        (["a b,500,20", "a b,20,900", "a b,3,3"], "2 of 3 fixations lie outside"),
        ([], "there are no fixations in this table"),
    ],
)
def test_coordinates_that_are_no_pixels_are_refused(
    photographs: pd.DataFrame, tmp_path: Path, rows: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        compute(photographs, "fixations", fixations=write_fixations(tmp_path, rows), degree=2)


def test_fixations_need_their_columns(photographs: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="column y is missing"):
        compute(photographs, "fixations", fixations=write_fixations(tmp_path, ["a b,1"], "image,x"), degree=2)


def test_a_position_stays_on_its_pixel_in_an_image_of_its_own_size() -> None:
    """For every width up to 4000, at the left edge of each pixel and just before the next."""
    for width in range(1, 4001):
        pixels = np.arange(width)
        sides = np.full(width, width)
        for positions in (pixels.astype(np.float64), np.nextafter(pixels + 1.0, 0.0)):
            np.testing.assert_array_equal(fixations.pixels_along(positions, sides, width), pixels)


@given(st.integers(1, 4000), st.integers(1, 4000), st.data())
def test_a_position_in_an_image_of_another_size_is_the_exact_one(own: int, other: int, data: st.DataObject) -> None:
    pixel = data.draw(st.integers(0, own - 1))
    found = fixations.pixels_along(np.array([float(pixel)]), np.array([own]), other)
    assert found.tolist() == [pixel * other // own]
    last = fixations.pixels_along(np.array([np.nextafter(own, 0.0)]), np.array([own]), other)
    assert last.tolist() == [other - 1]


# --- centre bias ---


def test_the_gaussian_centre_bias_by_hand() -> None:
    found = centre_bias.gaussian(3, 2, 0.5)
    # Pixel centres lie at -1/3, 0, 1/3 of the width and at -1/4, 1/4 of the height.
    across = [np.exp(-0.5 * (2 / 3) ** 2), 1, np.exp(-0.5 * (2 / 3) ** 2)]
    np.testing.assert_allclose(found, np.exp(-0.5 * 0.5**2) * np.array([across, across]))


@pytest.mark.parametrize(
    ("width", "height", "n_values"),
    [
        (8, 8, 9),  # 1, 3, 5 or 7 half pixels from the middle on both axes: ten pairs, but 1² + 7² = 5² + 5²
        (6, 2, 3),  # 1, 3 or 5 across, 1 down
    ],
)
def test_pixels_equally_far_from_the_middle_are_tied(width: int, height: int, n_values: int) -> None:
    assert len(np.unique(centre_bias.gaussian(width, height))) == n_values


def test_the_centre_bias_is_a_provider(photographs: pd.DataFrame) -> None:
    result = compute(photographs, "centre_bias", spread=0.2)
    np.testing.assert_allclose(own_resolution(result, "é.1"), centre_bias.gaussian(40, 90, 0.2), rtol=1e-6)
    assert result.attrs == {"method": "centre_bias", "spread": 0.2}
    assert compute(photographs, "centre_bias").attrs["spread"] == centre_bias.SPREAD


def test_the_centre_bias_of_fixations_is_that_of_the_other_images(photographs: pd.DataFrame, tmp_path: Path) -> None:
    file = write_fixations(tmp_path, ["a b,20,15", "a b,60,30", "é.1,10,45"])
    result = compute(photographs, "centre_bias", fixations=file, degree=3)
    # A quarter of the width and height, (20, 15) in the image of 80 x 60, is (10, 22.5) in that of 40 x 90.
    expected = fixations.density(np.array([10.0, 30.0]), np.array([22.5, 45.0]), 40, 90, 3)
    np.testing.assert_array_equal(own_resolution(result, "é.1"), expected)
    only = fixations.density(np.array([20.0]), np.array([30.0]), 80, 60, 3)
    np.testing.assert_array_equal(own_resolution(result, "a b"), only)
