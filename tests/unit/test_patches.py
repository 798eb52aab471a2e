import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alignment_importance.experiments.rankings import rank
from alignment_importance.maps import patches

IDS = ["007", "b", "c"]


def recorded(maps: np.ndarray, resize: str = "whole") -> xr.Dataset:
    """Maps (image, feature_map, y, x) of images of 40 x 20, 20 x 20 and 20 x 20 pixels."""
    return xr.Dataset(
        {"feature_maps": (("image", "feature_map", "y", "x"), maps)},
        coords={"image": IDS, "width": ("image", [40, 20, 20]), "height": ("image", [20, 20, 20])},
        attrs={"resize": resize},
    )


def test_the_strongest_cell_of_the_strongest_images_of_the_best_maps() -> None:
    maps = np.zeros((3, 4, 4, 4))
    maps[0, 2, 1, 3] = 5  # image 007: row 1, column 3
    maps[1, 2, 0, 0] = 9
    maps[2, 1, 2, 2] = 1
    maps[:, 3] = 7
    table = patches.strongest(recorded(maps), rank(np.array([-1.0, 0.5, 0.9, -0.2])), IDS, 5, 5)
    # Maps 0 and 3 do not help; map 2 is best; images in which a map is silent are left out.
    assert table[["feature_map", "rank", "image", "activation"]].to_numpy().tolist() == [
        [2, 1, "b", 9], [2, 1, "007", 5], [1, 2, "c", 1]
    ]  # fmt: skip
    assert table["ais"].tolist() == [0.9, 0.9, 0.5]
    # Cells of 007 are 10 x 5 pixels; the cell's middle is (35, 7.5), and the square spans 3 x 3 of them.
    assert table[["left", "top", "right", "bottom"]].to_numpy().tolist()[1] == [20, 0, 50, 15]
    assert table[["left", "top", "right", "bottom"]].to_numpy().tolist()[0] == [-5, -5, 10, 10]


@pytest.mark.parametrize(("n_maps", "n_patches"), [(1, 2), (2, 1), (3, 3)])
def test_no_more_than_asked_for_and_only_images_of_the_comparison(n_maps: int, n_patches: int) -> None:
    maps = np.random.default_rng(1).random((3, 3, 2, 2)) + 1
    table = patches.strongest(recorded(maps), rank(np.array([3.0, 2, 1])), ["c", "007"], n_maps, n_patches)
    assert set(table["image"]) <= {"c", "007"}
    assert table.groupby("feature_map").size().tolist() == [min(n_patches, 2)] * n_maps


def test_of_equal_values_the_one_in_strong_surroundings_is_taken() -> None:
    maps = np.zeros((3, 1, 5, 5))
    maps[0, 0, 0, 0] = 6
    maps[1, 0, 4, 4] = maps[1, 0, 1, 1] = 6
    maps[1, 0, 1, 2] = 5
    table = patches.strongest(recorded(maps), rank(np.array([1.0])), IDS, 1, 3)
    assert table["image"].tolist() == ["b", "007"]
    # Cells are 4 x 4 pixels; the middle of cell (1, 1) is 6.
    assert table[["left", "top", "right", "bottom"]].to_numpy().tolist()[0] == [0, 0, 12, 12]


def test_maps_of_a_cropped_image_lie_over_its_middle() -> None:
    maps = np.zeros((3, 1, 2, 2))
    maps[0, 0, 0, 0] = 1
    table = patches.strongest(recorded(maps, "crop"), rank(np.array([1.0])), IDS, 1, 1)
    # The square in the middle of 40 x 20 begins at 10; cells are 10 x 10, the middle of the first is (15, 5).
    assert table[["left", "top", "right", "bottom"]].to_numpy().tolist() == [[0, -10, 30, 20]]


def test_without_a_helpful_map_there_is_nothing() -> None:
    table = patches.strongest(recorded(np.ones((3, 2, 2, 2))), rank(np.array([-1.0, np.nan])), IDS, 5, 5)
    assert table.empty
    assert isinstance(table, pd.DataFrame)
