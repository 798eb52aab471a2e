import numpy as np
import pytest
import scipy.stats
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from alignment_importance.experiments import agreement
from alignment_importance.maps import heatmaps as heat
from alignment_importance.statistics.correlation import correlate


def dataset(values: np.ndarray, ids: list[str], resize: str = "whole") -> xr.Dataset:
    return xr.Dataset(
        {"heatmap": (("image", "y", "x"), values)},
        coords={
            "image": ids,
            "width": ("image", [12 + 3 * number for number in range(len(ids))]),
            "height": ("image", [9] * len(ids)),
        },
        attrs={"resize": resize},
    )


def test_a_network_agrees_fully_with_itself_in_any_order_of_images() -> None:
    values = np.random.default_rng(1).random((3, 4, 4))
    one = dataset(values, ["b", "a", "007"])
    table = agreement.agree({"n": one, "m": one.sel(image=["007", "b", "a"])})
    assert table["image"].tolist() == ["007", "a", "b"]
    np.testing.assert_allclose(table["correlation"], 1)
    assert (table["correlation_other_image"] < 0.99).all()


def test_maps_of_other_resolutions_meet_at_the_pixels_of_the_image() -> None:
    rng = np.random.default_rng(2)
    first, second = dataset(rng.random((2, 7, 7)), ["a", "b"]), dataset(rng.random((2, 3, 5)), ["a", "b"], "pad")
    table = agreement.agree({"n": first, "m": second}).set_index("image")
    for image, other in (("a", "b"), ("b", "a")):
        height, width = 9, int(first["width"].sel(image=image))
        placed = heat.place_image(first, "heatmap", image).ravel()
        same = heat.place_image(second, "heatmap", image).ravel()
        another = heat.place(second["heatmap"].sel(image=other).to_numpy(), width, height, "pad").ravel()
        assert table["correlation"][image] == pytest.approx(scipy.stats.pearsonr(placed, same).statistic)
        assert table["correlation_other_image"][image] == pytest.approx(scipy.stats.pearsonr(placed, another).statistic)


def test_only_pixels_that_both_saw_count() -> None:
    values = np.arange(16.0).reshape(1, 4, 4)
    whole, cropped = dataset(values, ["a"]), dataset(values, ["a"], "crop")
    seen = np.isfinite(heat.place_image(cropped, "heatmap", "a"))
    assert 0 < seen.mean() < 1
    table = agreement.agree({"n": whole, "m": cropped})
    parts = [heat.place_image(each, "heatmap", "a")[seen] for each in (whole, cropped)]
    assert table["correlation"].iloc[0] == pytest.approx(scipy.stats.pearsonr(*parts).statistic)
    assert np.isnan(table["correlation_other_image"].iloc[0])


def test_an_image_without_a_heatmap_has_no_agreement() -> None:
    values = np.random.default_rng(3).random((3, 4, 4))
    missing = values.copy()
    missing[0], missing[1] = np.nan, 0.5
    table = agreement.agree({"n": dataset(values, ["a", "b", "c"]), "m": dataset(missing, ["a", "b", "c"])})
    assert table["correlation"].isna().tolist() == [True, True, False]


def test_every_two_networks_are_compared_over_the_images_that_both_have() -> None:
    rng = np.random.default_rng(4)
    a, b, c = (dataset(rng.random((2, 3, 3)), ids) for ids in (["x", "y"], ["y", "z"], ["x", "y"]))
    table = agreement.agree({"a": a, "b": b, "c": c})
    assert table[["model", "model_b", "image"]].to_numpy().tolist() == [
        ["a", "b", "y"], ["a", "c", "x"], ["a", "c", "y"], ["b", "c", "y"]
    ]  # fmt: skip


@given(
    shapes=st.tuples(*[st.tuples(st.integers(1, 9), st.integers(1, 9))] * 2),
    size=st.tuples(st.integers(2, 40), st.integers(2, 40)),
    resizes=st.tuples(*[st.sampled_from(["whole", "pad", "crop"])] * 2),
    seed=st.integers(0, 99),
)
def test_sums_over_pixels_are_those_of_the_pictures(
    shapes: tuple[tuple[int, int], ...], size: tuple[int, int], resizes: tuple[str, ...], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    frame = {"width": ("image", [size[0]]), "height": ("image", [size[1]])}
    one, other = (
        dataset(rng.random((1, *shape)), ["a"], resize).assign_coords(frame)
        for shape, resize in zip(shapes, resizes, strict=True)
    )
    expected = correlate(*(heat.place_image(each, "heatmap", "a") for each in (one, other)))
    assert agreement.correlate_heatmaps(one, other, "a") == pytest.approx(expected, abs=1e-9, nan_ok=True)
