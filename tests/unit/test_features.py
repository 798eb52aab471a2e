"""Features from another tool: read from every kind of file, joined by id, checked and scored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import torch

from alignment_importance import ablation
from alignment_importance.experiments import rankings
from alignment_importance.inputs import folds
from alignment_importance.inputs.features import Source, read
from alignment_importance.inputs.images.resizing import input_region
from alignment_importance.system import compute
from alignment_importance.system.problems import Problems

#: Two maps of 1 x 2 of the images c, a, x and b, in this order.
MAPS = np.array([[[[5, 7]], [[0, 2]]], [[[1, 3]], [[4, 4]]], [[[9, 9]], [[9, 9]]], [[[0, 8]], [[6, 2]]]], dtype=float)
TABLE = pd.DataFrame({"image": ["a", "b", "c"], "width": [30, 40, 50], "height": [20, 20, 20]})

SAVED: dict[str, Callable[[Path, Any], Any]] = {
    "npy": np.save,
    "npz": lambda path, array: np.savez(path, other=np.ones(3), features=array),
    "mat": lambda path, array: scipy.io.savemat(path, {"features": array}),
    "pt": lambda path, array: torch.save(torch.from_numpy(array), path),
    "pth": lambda path, array: torch.save({"features": torch.from_numpy(array).bfloat16(), "note": "x"}, path),
}


def write(folder: Path, array: Any = MAPS, order: str = "c\na\nx\nb", ending: str = "npy", **said: Any) -> Source:
    path = folder / f"features.{ending}"
    SAVED[ending](path, array)
    (folder / "file_names.txt").write_text(order, encoding="utf-8")
    return Source(path, folder / "file_names.txt", **said)


def errors(source: Source) -> str:
    """All errors that are found in features, a line each."""
    problems = Problems()
    assert read(source, TABLE, problems) is None
    return "\n".join(f"{problem.where}: {problem}" for problem in problems.errors)


@pytest.mark.parametrize("ending", SAVED)
def test_maps_are_joined_by_id_whatever_the_file(tmp_path: Path, ending: str) -> None:
    problems = Problems()
    found = read(write(tmp_path, ending=ending), TABLE, problems)
    assert found is not None
    assert found["image"].to_numpy().tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(found["readout"], [[2, 4], [4, 4], [6, 1]])
    np.testing.assert_array_equal(found["feature_maps"].sel(image="b"), [[[0, 8]], [[6, 2]]])
    assert found["width"].to_numpy().tolist() == [30, 40, 50]
    assert found.attrs["route"] == "pooled" and found.attrs["weights"] == f"feature maps of features.{ending}"
    assert "images outside this set: x. They are left out." in [str(one) for one in problems]


def test_of_an_hdf5_file_the_array_under_the_key_is_read(tmp_path: Path) -> None:
    source = write(tmp_path, key="layer4/features")
    source = Source(tmp_path / "features.h5", source.order, "layer4/features")
    with h5py.File(source.features, "w") as file:
        file["layer4/features"], file["layer3/features"] = MAPS, 2 * MAPS
    found = read(source, TABLE, Problems())
    assert found is not None
    np.testing.assert_array_equal(found["readout"], [[2, 4], [4, 4], [6, 1]])
    assert "Name the one to read as `key`" in errors(Source(source.features, source.order))


def test_paths_of_images_are_ids(tmp_path: Path) -> None:
    """As in the order file of thingsvision."""
    found = read(write(tmp_path, order="photos/c.jpg\nphotos/a.jpg\nphotos/x.jpg\nphotos/b.png"), TABLE, Problems())
    assert found is not None
    np.testing.assert_array_equal(found["readout"], [[2, 4], [4, 4], [6, 1]])


def test_units_are_maps_of_one_place(tmp_path: Path) -> None:
    units = MAPS.reshape(4, 4)
    found = read(write(tmp_path, units, layout="units"), TABLE, Problems())
    assert found is not None
    np.testing.assert_array_equal(found["readout"], units[[1, 3, 0]])
    assert found["feature_maps"].shape == (3, 4, 1, 1)
    assert found.attrs["weights"] == "units of features.npy"


def test_maps_that_are_pooled_already_have_places_of_one_cell(tmp_path: Path) -> None:
    found = read(write(tmp_path, MAPS.reshape(4, 4, 1, 1)), TABLE, Problems())
    assert found is not None and found.sizes["feature_map"] == 4


@pytest.mark.parametrize(("middle", "region"), [(1, (50, 0, 250, 200)), (0.5, (100, 50, 200, 150))])
def test_heatmaps_are_laid_over_what_the_network_saw(
    tmp_path: Path, middle: float, region: tuple[int, int, int, int]
) -> None:
    found = read(write(tmp_path, resize="crop", middle=middle), TABLE, Problems())
    assert found is not None and input_region(300, 200, found.attrs["resize"]) == region


def infinite(at: float) -> Any:
    values = MAPS.copy()
    values[1, 1, 0, 1] = at
    return values


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"order": "c\na\nx"}, "images without a line: b"),
        ({"order": "c\na\nb"}, "the array is 4 x 2 x 1 x 2, of 4 images, but"),
        ({"order": "c\na\nb"}, "lists 3. Name the order file that was written with it."),
        (
            {"array": np.arange(12).reshape(3, 4), "layout": "units"},
            "lists 4. Transpose it, so that a row is an image.",
        ),
        ({"order": "c\na\na\nb"}, "'a' is listed 2 times"),
        ({"array": infinite(np.nan)}, "image 'a', map 1, y 0, x 1 (from 0): 1 value is NaN or infinite"),
        ({"array": infinite(1e300)}, "the first is inf"),
        ({"array": np.ones((4, 2, 1, 2))}, "the features are the same for all images"),
        ({"array": np.ones((4, 0, 1, 2))}, "the array is 4 x 0 x 1 x 2, and holds no number"),
        ({"array": MAPS.reshape(4, 4)}, "Set `layout: units`"),
        ({"layout": "units"}, "Set `layout: maps`"),
        ({"array": MAPS.reshape(2, 2, 4)}, "not exactly one array of numbers with two or four dimensions"),
        ({"key": "none"}, "there is no array of numbers called 'none'"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, said: dict[str, Any], told: str) -> None:
    assert told in errors(write(tmp_path, **said))


def test_files_that_are_damaged_or_could_run_programs_are_refused(tmp_path: Path) -> None:
    source = write(tmp_path)
    torch.save(Path, tmp_path / "program.pt")
    assert "which could run programs" in errors(Source(tmp_path / "program.pt", source.order))
    torch.save({"a": MAPS}, tmp_path / "array.pt")
    told = errors(Source(tmp_path / "array.pt", source.order))
    assert "it is a file of torch.save. Save tensors alone, as by torch.save(torch.as_tensor(array), file)." in told
    (tmp_path / "damaged.pt").write_bytes(b"PK not a tensor")
    assert "it cannot be read as .pt" in errors(Source(tmp_path / "damaged.pt", source.order))
    told = errors(Source(tmp_path / "features.csv", source.order))
    assert "features are not read from a file with the ending '.csv'. Save them with one of .npy, .npz" in told


def test_tensors_may_be_named_by_numbers(tmp_path: Path) -> None:
    source = write(tmp_path)
    file = tmp_path / "layers.pt"
    torch.save({1: torch.from_numpy(MAPS), 12: torch.from_numpy(MAPS)}, file)
    assert "Name the one to read as `key`" in errors(Source(file, source.order))
    assert "there is: 1 " in errors(Source(file, source.order, "2"))
    assert read(Source(file, source.order, "12"), TABLE, Problems()) is not None


def test_tensors_of_types_that_numpy_lacks_are_read(tmp_path: Path) -> None:
    source = write(tmp_path)
    plain = read(source, TABLE, Problems())
    assert plain is not None
    negated = torch._neg_view(torch.from_numpy(-MAPS))
    for number, tensor in enumerate([negated, torch.from_numpy(MAPS).to(torch.float8_e4m3fn)]):
        torch.save(tensor, tmp_path / f"{number}.pt")
        found = read(Source(tmp_path / f"{number}.pt", source.order), TABLE, Problems())
        assert found is not None
        np.testing.assert_allclose(found["feature_maps"], plain["feature_maps"], rtol=number / 10)


def test_images_with_one_number_in_all_units_are_told(tmp_path: Path) -> None:
    array = MAPS.copy()
    array[0] = 3
    problems = Problems()
    assert read(write(tmp_path, array), TABLE, problems) is not None
    # The means of the two maps of b are equal.
    told = "images with the same number in all units, or one unit: b, c. Their correlations with other images"
    assert any(str(one).startswith(told) for one in problems)


def test_a_single_map_of_several_places_is_told(tmp_path: Path) -> None:
    problems = Problems()
    assert read(write(tmp_path, MAPS[:, :1]), TABLE, problems) is not None
    assert any("or one unit: a, b, c. Their correlations" in str(one) for one in problems)


@pytest.mark.parametrize(
    ("shape", "taken_for"),
    [((4, 7, 7, 12), "7 maps of 7 x 12"), ((4, 1, 1, 12), "1 map of 1 x 12"), ((4, 12, 7, 7), ""), ((4, 7, 7, 7), "")],
)
def test_maps_at_the_end_are_told(tmp_path: Path, shape: tuple[int, ...], taken_for: str) -> None:
    problems = Problems()
    array = np.random.default_rng(0).random(shape)
    assert read(write(tmp_path, array), TABLE, problems) is not None
    found = [str(one) for one in problems if "maps stand last" in str(one)]
    told = f"the array is {' x '.join(map(str, shape))}, which is read as {taken_for}. If the maps stand last, as Keras"
    assert [one.startswith(told) for one in found] == ([True] if taken_for else [])


@pytest.mark.parametrize("layout", ["maps", "units"])
def test_scores_are_those_of_leaving_columns_out(tmp_path: Path, layout: str) -> None:
    """By definition: the RSM of the pooled features without one column, against judgments."""
    random = np.random.default_rng(1)
    maps = random.random((8, 5, 3, 3)).astype(np.float32)
    array = maps if layout == "maps" else maps.mean(axis=(2, 3))
    ids = [f"i{number}" for number in range(8)]
    order = random.permutation(8)
    source = write(tmp_path, array[order], "\n".join(ids[at] for at in order), layout=layout)
    found = read(source, pd.DataFrame({"image": ids, "width": 9, "height": 9}), Problems())
    assert found is not None
    human = random.random((8, 8))
    human += human.T
    np.fill_diagonal(human, np.nan)
    pairs = np.triu_indices(8, 1)
    pooled = maps.mean(axis=(2, 3), dtype=np.float64)

    def score(columns: Any) -> float:
        return float(np.corrcoef(np.corrcoef(columns)[pairs], human[pairs])[0, 1] ** 2)

    for ablated, fill in {"zero": np.zeros(5), "mean": pooled.mean(0)}.items():
        lost = [score(pooled) - score(np.where(np.arange(5) == k, fill, pooled)) for k in range(5)]
        given = found.assign_attrs(ablation=ablated)
        engine = ablation.ablate(None, given, compute.prepare("cpu", 0, 1), similarity="pearson", score="pearson_r2")
        ranked = rankings.rank_block(engine, folds.whole(human)).sort_values("feature_map")
        np.testing.assert_allclose(ranked["ais"], lost, atol=1e-6)
