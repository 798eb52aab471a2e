from pathlib import Path

import bombs
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from alignment_importance.maps import controls
from alignment_importance.system.errors import InputError

OBJECTS = {"pictogram": 1, "disc": 2}


def heatmaps(
    values: list[np.ndarray], ids: list[str], resize: str = "whole", mean: list[np.ndarray] | None = None
) -> xr.Dataset:
    dims = ("image", "y", "x")
    return xr.Dataset(
        {"heatmap": (dims, np.array(values, "f4")), "activation_mean": (dims, np.array(mean or values, "f4"))},
        coords={"image": ids, "width": ("image", [4] * len(ids)), "height": ("image", [2] * len(ids))},
        attrs={"resize": resize},
    )


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """Two images of 4 x 2 pixels: the first object on the left, or on the right."""
    left = np.array([[1, 1, 0, 2], [1, 0, 2, 2]], dtype=np.uint8)
    Image.fromarray(left).save(tmp_path / "é a.png")
    Image.fromarray(left[:, ::-1]).save(tmp_path / "b.c.png")
    return tmp_path


RISING = np.arange(8.0).reshape(2, 4)


def test_table_by_hand(masks: Path) -> None:
    ids = ["b.c", "é a"]
    one = heatmaps([RISING, RISING], ids, mean=[-RISING, RISING])
    two = heatmaps([np.full((2, 4), np.nan), RISING], ids, mean=[-RISING, RISING])
    table = controls.evaluate("demo", {"shape": one, "colour": two}, {}, masks, OBJECTS)
    assert list(table.columns) == list(controls.COLUMNS)
    keyed = table.set_index(["comparison", "map", "image"])["auc"]
    assert len(keyed) == 8 and set(table["control"]) == {"demo"}
    # é a: the values 0, 1, 4 against 3, 6, 7: only 4 > 3 of nine pairs. b.c mirrored: 2, 3, 7 against 0, 4, 5.
    assert keyed["shape", "ais", "é a"] == pytest.approx(1 / 9)
    assert keyed["shape", "ais", "b.c"] == pytest.approx(5 / 9)
    assert keyed["shape", "activations", "b.c"] == pytest.approx(4 / 9)
    assert np.isnan(keyed["colour", "ais", "b.c"])
    assert keyed["colour", "ais", "é a"] == keyed["shape", "ais", "é a"]


def test_pairs_that_people_find_alike_are_held_against_the_truth(masks: Path) -> None:
    maps = {"shape": heatmaps([RISING, RISING], ["b.c", "é a"])}
    both = np.stack([np.stack([RISING, -RISING]), np.stack([-RISING, RISING])])
    explained = xr.Dataset(
        {"heatmap": (("pair", "side", "y", "x"), both.astype("f4")), "human": ("pair", [0.1, -0.1])},
        coords={
            "side": ["image", "image_b"],
            "image": ("pair", ["é a", "é a"]),
            "image_b": ("pair", ["b.c", "b.c"]),
        },
    )
    table = controls.evaluate("demo", maps, {"shape": explained}, masks, OBJECTS)
    of_pairs = table[table["map"] == "pairs"].set_index(["image", "image_b"])["auc"]
    # The second pair is less alike than the average pair.
    assert of_pairs.index.tolist() == [("b.c", "é a"), ("é a", "b.c")]
    assert of_pairs["é a", "b.c"] == pytest.approx(1 / 9)
    assert of_pairs["b.c", "é a"] == pytest.approx(1 - 5 / 9)
    assert (table.loc[table["map"] != "pairs", "image_b"] == "").all()


def test_pixels_that_the_network_did_not_see_do_not_count(masks: Path) -> None:
    # In columns 1 and 2, the first object has one pixel, with the value 1; the second has one, with the value 2.
    table = controls.evaluate(
        "demo", {"shape": heatmaps([np.array([[1.0, 2.0]])], ["é a"], "crop")}, {}, masks, OBJECTS
    )
    assert table["auc"].tolist() == [0, 0]
    hidden = heatmaps([np.array([[1.0, 2.0]])], ["c"], "crop")
    Image.fromarray(np.array([[1, 0, 0, 2], [1, 0, 0, 2]], dtype=np.uint8)).save(masks / "c.png")
    assert controls.evaluate("demo", {"shape": hidden}, {}, masks, OBJECTS)["auc"].isna().all()


def test_the_objects_swapped_mirror_the_area(masks: Path) -> None:
    maps = {"shape": heatmaps([RISING, RISING**2], ["b.c", "é a"])}
    forward = controls.evaluate("demo", maps, {}, masks, OBJECTS)["auc"]
    np.testing.assert_allclose(
        controls.evaluate("demo", maps, {}, masks, {"disc": 2, "pictogram": 1})["auc"], 1 - forward
    )


def test_masks_with_a_palette_are_read_as_numbers(masks: Path) -> None:
    maps = {"shape": heatmaps([RISING], ["é a"])}
    before = controls.evaluate("demo", maps, {}, masks, OBJECTS)
    with Image.open(masks / "é a.png") as palette:
        palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
        assert palette.mode == "P"
        palette.save(masks / "é a.png")
    assert controls.evaluate("demo", maps, {}, masks, OBJECTS).equals(before)


def test_bad_masks_are_refused(masks: Path) -> None:
    maps = {"shape": heatmaps([RISING] * 3, ["a", "b", "é a"])}
    with pytest.raises(InputError, match=r"without a mask: a, b\."):
        controls.evaluate("demo", maps, {}, masks, OBJECTS)
    maps = {"shape": heatmaps([RISING], ["é a"])}
    with pytest.raises(InputError, match=r"é a\.png: the mask has no pixel of disc \(5\); its numbers are 0, 1, 2"):
        controls.evaluate("demo", maps, {}, masks, {"pictogram": 1, "disc": 5})
    Image.new("RGB", (4, 2)).save(masks / "é a.png")
    with pytest.raises(InputError, match=r"shape \(2, 4, 3\), but must be \(2, 4\)"):
        controls.evaluate("demo", maps, {}, masks, OBJECTS)
    (masks / "é a.png").write_bytes(b"x")
    with pytest.raises(InputError, match=r"é a\.png: cannot be decoded as an image"):
        controls.evaluate("demo", maps, {}, masks, OBJECTS)
    (masks / "é a.png").write_bytes(bombs.png(bombs.FAR_TOO_LARGE, grey=True))
    with pytest.raises(InputError, match=r"is not read as an image: it has far more than 100 million pixels"):
        controls.evaluate("demo", maps, {}, masks, OBJECTS)
