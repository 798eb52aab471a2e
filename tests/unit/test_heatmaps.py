import logging
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alignment_importance.maps import heatmaps
from alignment_importance.system.netcdf import open_netcdf, read_netcdf, write_netcdf

A = np.array(
    [
        [[[1.0, 2.0], [3.0, 4.0]], [[10.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 8.0]]],
        [[[1.0, 1.0], [1.0, 1.0]], [[2.0, 2.0], [2.0, 2.0]], [[0.0, 4.0], [0.0, 0.0]]],
    ]
)


def activations(values: np.ndarray, ids: list[str], width: int = 4, height: int = 4) -> xr.Dataset:
    sizes = {"width": ("image", [width] * len(ids)), "height": ("image", [height] * len(ids))}
    return xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), values.astype(np.float32))},
        coords={"image": ids, **sizes},
        attrs={"resize": "whole", "weights": "random weights (seed 1)"},
    )


def scores(ais: list[list[float]] | np.ndarray, ids: list[str]) -> xr.Dataset:
    return xr.Dataset(
        {"ais": (("image", "feature_map"), np.asarray(ais, dtype=float))}, coords={"image": ids}, attrs={"simulated": 1}
    )


def test_numbers_worked_out_by_hand() -> None:
    result = heatmaps.make(activations(A, ["a", "b"]), scores([[0.3, 0.1, -0.2], [0.0, -1.0, 0.5]], ["a", "b"]))
    # (0.3 A_0 + 0.1 A_1) / 0.4: the negative score does not count.
    np.testing.assert_allclose(result.heatmap.sel(image="a"), [[3.25, 1.5], [2.25, 3.0]], rtol=1e-6)
    # 0.3 A_0 + 0.1 A_1 - 0.2 A_2, not divided by the sum of the scores.
    np.testing.assert_allclose(result.heatmap_signed.sel(image="a"), [[1.3, 0.6], [0.9, -0.4]], rtol=1e-6)
    np.testing.assert_allclose(result.activation_mean.sel(image="a"), [[11 / 3, 2 / 3], [1.0, 4.0]], rtol=1e-6)
    # A score of exactly 0 has no weight.
    np.testing.assert_allclose(result.heatmap.sel(image="b"), [[0, 4], [0, 0]], rtol=1e-6)
    assert result.heatmap.dims == ("image", "y", "x")
    assert {str(variable.dtype) for variable in result.data_vars.values()} == {"float32"}
    assert result.attrs == {"resize": "whole", "weights": "random weights (seed 1)", "simulated": 1}
    assert int(result.heatmap.sel(image="b").width) == 4


@pytest.mark.parametrize("ais", [[-0.1, 0.0, -0.2], [0.0, 0.0, 1e-16], [0.5, np.nan, 0.1], [np.nan] * 3])
def test_no_positive_score_or_an_undefined_one_gives_a_nan_heatmap_and_a_warning(
    ais: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        result = heatmaps.make(activations(A, ["a", "né 1"]), scores([[1.0, 0.0, 0.0], ais], ["a", "né 1"]))
    assert result.heatmap.sel(image="né 1").isnull().all()
    assert result.heatmap.sel(image="a").notnull().all()
    assert result.activation_mean.notnull().all()
    assert [record.getMessage().rsplit(": ")[-1] for record in caplog.records] == ["né 1"]


def test_images_are_joined_by_id_and_lazy_maps_are_enough(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    ids = [f"i{n:02d}" for n in range(40)]
    maps, ais = rng.random((40, 5, 2, 3)), rng.normal(size=(40, 5))
    shuffled = rng.permutation(40)
    write_netcdf(activations(maps[shuffled], [ids[n] for n in shuffled]), tmp_path / "maps.nc")
    whole = heatmaps.make(activations(maps, ids), scores(ais, ids))
    with open_netcdf(tmp_path / "maps.nc") as lazy:
        xr.testing.assert_identical(heatmaps.make(lazy, scores(ais, ids)), whole)
        some = heatmaps.make(lazy, scores(ais[10:30], ids[10:30]))
    xr.testing.assert_identical(some, whole.isel(image=slice(10, 30)))


def test_files_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    write_netcdf(activations(A, ["né 1", "b.c"], width=5), tmp_path / "maps.nc")
    ais = scores([[1.0, 1.0, 0.0], [-1.0, 3.0, 0.0]], ["b.c", "né 1"])
    for name in ("one.nc", "two.nc"):
        with open_netcdf(tmp_path / "maps.nc") as lazy:
            write_netcdf(heatmaps.make(lazy, ais), tmp_path / name)
    result = read_netcdf(tmp_path / "one.nc")
    np.testing.assert_array_equal(result.heatmap.sel(image="né 1"), [[10, 0], [0, 0]])
    np.testing.assert_array_equal(result.heatmap.sel(image="b.c"), [[1.5, 1.5], [1.5, 1.5]])
    assert (int(result.heatmap.sel(image="b.c").width), result.attrs["resize"]) == (5, "whole")
    assert (tmp_path / "one.nc").read_bytes() == (tmp_path / "two.nc").read_bytes()


@settings(deadline=None, max_examples=50)
@given(
    values=hnp.arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.floats(-100, 100)),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
)
def test_whole_images_are_what_torch_interpolates(values: np.ndarray, width: int, height: int) -> None:
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], size=(height, width), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(heatmaps.place(values, width, height, "whole"), expected[0, 0].numpy(), atol=1e-11)


def test_crop_is_nan_where_the_network_saw_nothing() -> None:
    placed = heatmaps.place(np.array([[0.0, 4.0]]), 8, 4, "crop")
    # The network saw the columns 2 to 5. Their centres lie at -0.25, 0.25, 0.75 and 1.25 cells; the ends are clamped.
    row = [np.nan, np.nan, 0.0, 1.0, 3.0, 4.0, np.nan, np.nan]
    np.testing.assert_array_equal(placed, [row] * 4)
    np.testing.assert_array_equal(heatmaps.place(np.array([[0.0], [4.0]]), 4, 8, "crop"), np.array([row] * 4).T)


def test_pad_takes_the_part_of_the_map_that_lies_on_the_image() -> None:
    placed = heatmaps.place(np.arange(4.0)[:, None] * np.ones(4), 4, 2, "pad")
    # The input is 4 x 4 with the image on its rows 1 and 2.
    np.testing.assert_array_equal(placed, [[1.0] * 4, [2.0] * 4])
    upright = heatmaps.place(np.arange(4.0)[:, None] * np.ones(4), 2, 4, "pad")
    np.testing.assert_array_equal(upright, [[0.0] * 2, [1.0] * 2, [2.0] * 2, [3.0] * 2])


@pytest.mark.parametrize("resize", ["whole", "crop", "pad"])
def test_placing_keeps_within_the_range_of_the_map_and_mirrors_with_it(resize: str) -> None:
    values = np.random.default_rng(5).random((7, 7))
    placed = heatmaps.place(values, 31, 20, resize)
    assert placed.shape == (20, 31)
    assert np.nanmin(placed) >= values.min() and np.nanmax(placed) <= values.max()
    assert np.isnan(placed).any() == (resize == "crop")
    even = heatmaps.place(values, 32, 20, resize)
    np.testing.assert_allclose(heatmaps.place(values[:, ::-1], 32, 20, resize), even[:, ::-1], atol=1e-12)


def test_place_image_reads_size_and_rule_from_the_dataset() -> None:
    dataset = heatmaps.make(activations(A, ["a", "b"], width=6, height=3), scores(np.ones((2, 3)), ["a", "b"]))
    placed = heatmaps.place_image(dataset, "activation_mean", "b")
    assert placed.shape == (3, 6)
    np.testing.assert_array_equal(placed, heatmaps.place(dataset.activation_mean.values[1], 6, 3, "whole"))


def test_a_nan_map_stays_nan() -> None:
    assert np.isnan(heatmaps.place(np.full((2, 2), np.nan), 5, 5, "whole")).all()


def test_resampling_by_hand() -> None:
    step = np.array([[0.0, 4.0]], dtype=np.float32)
    np.testing.assert_array_equal(heatmaps.resample(step, 4, 2), [[0, 1, 3, 4]] * 2)
    # To shrink by 4, the triangle filter reaches 4 pixels to each side: the spike has the weights 5/28 and 3/28.
    spike = np.zeros((1, 8), dtype=np.float32)
    spike[0, 3] = 8
    np.testing.assert_allclose(heatmaps.resample(spike, 2, 1), [[8 * 5 / 28, 8 * 3 / 28]], rtol=1e-6)
    assert heatmaps.resample(spike, 8, 1) is spike
