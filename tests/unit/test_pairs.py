"""What maps contribute to single pairs of images: sums, symmetries, and numbers worked out by hand."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from small_heads import ABLATIONS, N_MAPS, ROUTES, engine, resources
from small_heads import recorded as recorded_of

from alignment_importance import ablation
from alignment_importance.experiments import pairs, rankings
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.inputs import folds
from alignment_importance.maps import heatmaps
from alignment_importance.statistics.similarity import rsm
from alignment_importance.system.errors import InputError

SIDES = ["image", "image_b"]

DEFAULT = {"per_image": 3, "agreement": 12, "disagreement": 12}


def comparison_of(
    maps: np.ndarray,
    human: np.ndarray,
    alignment: dict[str, str],
    route: str = "pooled",
    memory: int = 10**9,
    ablated: str = "zero",
) -> Comparison:
    """A network of the given route, compared with judgments of the images n00, n01, ..."""
    ids = [f"n{number:02d}" for number in range(len(maps))]
    head, fast = engine(route, maps, alignment["similarity"], alignment["score"], resources(memory), ablated)
    sides: dict[str, Any] = {name: ("image", [4] * len(ids)) for name in ("width", "height")}
    described = {"route": route, "weights": "random weights (seed 3)", "arithmetic": "float32"}
    recorded = recorded_of(head, maps, ablated).assign_coords(image=ids, **sides).assign_attrs(described)
    return Comparison(ids, xr.Dataset(attrs={"simulated": 1}), human, recorded, fast)


def all_pairs(comparison: Comparison) -> pd.DataFrame:
    """All judged pairs, sorted by name."""
    ids = np.array(comparison.image_ids)
    judged = np.isfinite(comparison.human) & (ids[:, None] < ids)
    pairs = sorted(zip(*(ids[at].tolist() for at in np.nonzero(judged)), strict=True))
    return pd.DataFrame(pairs, columns=SIDES)


def explained(comparison: Comparison, asked: Any = "all") -> xr.Dataset:
    """Explain pairs, with retained similarities half as large as the full ones."""
    asked = all_pairs(comparison) if isinstance(asked, str) else asked
    full = rsm(torch.from_numpy(comparison.activations["readout"].to_numpy()), comparison.engine.similarity)
    ids = comparison.image_ids
    retained = xr.DataArray(full / 2, coords={"image": ids, "image_b": ids}, dims=("image", "image_b"))
    return pairs.explain(comparison, retained, asked)


def with_holes(human: np.ndarray) -> np.ndarray:
    holes = human.copy()
    missing = np.triu(np.random.default_rng(7).random(human.shape) < 1 / 3)
    holes[missing | missing.T] = np.nan
    return holes


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("score", ["pearson_r2", "pearson", "spearman"])
@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
@pytest.mark.parametrize("route", ROUTES)
def test_contributions_of_all_pairs_sum_to_the_scores_of_the_maps(
    route: str, similarity: str, score: str, ablated: str, maps: np.ndarray, human: np.ndarray
) -> None:
    alignment, judged = {"similarity": similarity, "score": score}, with_holes(human)
    comparison = comparison_of(maps, judged, alignment, route, ablated=ablated)
    result = explained(comparison)
    ais = rankings.score_maps(comparison.engine, [folds.whole(judged)])[0]
    assert result.sizes["pair"] == np.isfinite(judged).sum() // 2 == result.attrs["n_judged"]
    np.testing.assert_allclose(result["contribution"].sum("pair"), ais, atol=1e-12)
    # A map that is zero everywhere contributes nothing to any pair, to the bit.
    assert not result["contribution"].sel(feature_map=4).any()
    assert result["contribution"].sel(feature_map=0).any()
    for name in ("human", "similarity", "similarity_retained"):
        assert float(result[name].sum()) == pytest.approx(0, abs=1e-12)
        assert float((result[name] ** 2).sum()) == pytest.approx(1)
    np.testing.assert_allclose(result["similarity_retained"], result["similarity"], atol=2e-6)
    assert result.attrs["ranks"] == (score == "spearman")
    correlation = float((result["human"] * result["similarity"]).sum())
    whole = comparison.engine.leave_one_out([folds.whole(judged)])[0][0]
    assert (correlation**2 if score == "pearson_r2" else correlation) == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("score", ["pearson_r2", "spearman"])
@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
@pytest.mark.parametrize("route", ROUTES)
def test_contributions_over_the_partners_of_an_image_sum_to_its_own_scores_and_heatmap(
    route: str, similarity: str, score: str, ablated: str, maps: np.ndarray, human: np.ndarray
) -> None:
    alignment, judged = {"similarity": similarity, "score": score}, with_holes(human)
    comparison = comparison_of(maps, judged, alignment, route, ablated=ablated)
    result = explained(comparison)
    scored = rankings.score_images(comparison.engine, judged, comparison.image_ids)
    heat = heatmaps.make(comparison.activations, scored)
    for image in comparison.image_ids:
        with_partners = [result.sel(side=side).isel(pair=result[side].to_numpy() == image) for side in SIDES]
        ais = sum(part["contribution_to_image"].sum("pair") for part in with_partners)
        np.testing.assert_allclose(ais, scored["ais"].sel(image=image), atol=1e-12 if route == "pooled" else 1e-6)
        signed = sum(part["heatmap_signed"].sum("pair") for part in with_partners)
        np.testing.assert_allclose(signed, heat["heatmap_signed"].sel(image=image), atol=1e-5)
    assert not result["contribution_to_image"].sel(feature_map=4).any()


@pytest.mark.parametrize("score", ["pearson_r2", "spearman"])
@pytest.mark.parametrize("route", ROUTES)
def test_neither_memory_nor_the_pairs_beside_it_change_a_pair(
    route: str, score: str, maps: np.ndarray, human: np.ndarray
) -> None:
    alignment, judged = {"similarity": "pearson", "score": score}, with_holes(human)
    every = explained(comparison_of(maps, judged, alignment, route))
    asked = pd.DataFrame({side: every[side].to_numpy()[[9, 2, 30]] for side in ("image", "image_b")})
    some = explained(comparison_of(maps, judged, alignment, route, memory=30_000), asked)
    xr.testing.assert_allclose(some, every.isel(pair=[9, 2, 30]), atol=1e-12 if route == "pooled" else 1e-6)


@pytest.mark.parametrize("route", ROUTES)
def test_the_other_order_of_a_pair_swaps_its_sides(route: str, maps: np.ndarray, human: np.ndarray) -> None:
    alignment = {"similarity": "pearson", "score": "pearson_r2"}
    comparison = comparison_of(maps, human, alignment, route)
    asked = pd.DataFrame({"image": ["n03", "n08", "n01"], "image_b": ["n05", "n00", "n02"]})
    one, other = (explained(comparison, asked.set_axis(columns, axis=1)) for columns in (SIDES, SIDES[::-1]))
    assert one["image"].to_numpy().tolist() == other["image_b"].to_numpy().tolist() == ["n03", "n08", "n01"]
    for name in ("contribution", "human", "similarity", "similarity_retained"):
        np.testing.assert_array_equal(one[name], other[name])
    for name in ("heatmap", "heatmap_signed", "contribution_to_image"):
        np.testing.assert_array_equal(one[name], other[name][:, ::-1])
    if route == "pooled":
        np.testing.assert_array_equal(one["places"], other["places"].transpose("pair", "y_b", "x_b", "y", "x"))


@pytest.mark.parametrize("asked", [DEFAULT, "all"])
@pytest.mark.parametrize("route", ROUTES)
def test_images_in_another_order_give_the_same(route: str, asked: Any, maps: np.ndarray, human: np.ndarray) -> None:
    alignment = {"similarity": "cosine", "score": "pearson_r2"}
    # Few distinct values, so that people find many partners equally similar.
    judged = np.round(2 * with_holes(human)) / 2
    comparison = comparison_of(maps, judged, alignment, route)
    order = np.random.default_rng(2).permutation(len(maps))
    permuted = comparison_of(maps[order], judged[np.ix_(order, order)], alignment, route)
    ids = [comparison.image_ids[number] for number in order]
    recorded = permuted.activations.assign_coords(image=ids)
    permuted = dataclasses.replace(permuted, image_ids=ids, activations=recorded)
    one, other = (explained(each, asked) for each in (comparison, permuted))
    for side in SIDES:
        assert one[side].to_numpy().tolist() == other[side].to_numpy().tolist()
    xr.testing.assert_allclose(one, other, atol=2e-6)


@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
def test_places_sum_to_the_similarity(similarity: str, maps: np.ndarray, human: np.ndarray) -> None:
    alignment = {"similarity": similarity, "score": "pearson"}
    comparison = comparison_of(maps, human, alignment)
    result = explained(comparison, DEFAULT)
    assert result["places"].dims == ("pair", "y", "x", "y_b", "x_b")
    readout = maps.astype(np.float64).mean((2, 3))
    similarities = rsm(torch.from_numpy(readout), similarity).numpy()
    at = [[int(name[1:]) for name in result[side].to_numpy()] for side in SIDES]
    np.testing.assert_allclose(
        result["places"].astype(float).sum(("y", "x", "y_b", "x_b")), similarities[*at], atol=1e-6
    )
    # One place of one image against one place of the other, by the definition.
    first, second = (maps[image].astype(float) for image in (at[0][0], at[1][0]))
    centre = (lambda values: values - values.mean(0)) if similarity == "pearson" else (lambda values: values)
    lengths = [np.linalg.norm(centre(readout[image])) for image in (at[0][0], at[1][0])]
    expected = centre(first[:, 1, 3]) @ centre(second[:, 2, 0]) / (16**2 * lengths[0] * lengths[1])
    assert float(result["places"][0, 1, 3, 2, 0]) == pytest.approx(expected, rel=1e-5)


def test_a_readout_of_maxima_is_not_explained_place_by_place(maps: np.ndarray, human: np.ndarray) -> None:
    alignment = {"similarity": "pearson", "score": "pearson"}
    comparison = comparison_of(maps, human, alignment)
    recorded = comparison.activations.assign(
        readout=comparison.activations["feature_maps"].max(("y", "x")).rename(feature_map="unit")
    )
    fast = ablation.ablate(None, recorded, resources(), **alignment)
    other = dataclasses.replace(comparison, activations=recorded, engine=fast)
    assert "places" not in explained(other, DEFAULT)


def test_three_images_by_hand() -> None:
    """Cosine similarities of three images with two maps, readouts (1, 0), (1, 1) and (0, 1)."""
    maps = np.zeros((3, N_MAPS, 4, 4), dtype=np.float32)
    maps[0, 0, 0, 0] = maps[1, 0, 0, 1] = maps[1, 1, 1, 0] = maps[2, 1, 1, 1] = 16
    # A third map keeps the rows from vanishing without map 0 or 1: readouts (1, 0, 1), (1, 1, 1), (0, 1, 1).
    maps[:, 2] = 1
    human = np.array([[np.nan, 3, 1], [3, np.nan, 2], [1, 2, np.nan]])
    alignment = {"similarity": "cosine", "score": "pearson"}
    result = explained(comparison_of(maps, human, alignment))
    assert result["image"].to_numpy().tolist() == ["n00", "n00", "n01"]
    assert result["image_b"].to_numpy().tolist() == ["n01", "n02", "n02"]
    # Judgments 3, 1, 2, less their mean 2, of length sqrt(2).
    h = np.array([1, -1, 0]) / np.sqrt(2)
    np.testing.assert_allclose(result["human"], h, atol=1e-12)
    # Similarities a = 2/sqrt(6), 1/2, a: deviations (1, -2, 1) d, of length sqrt(6) d.
    s = np.array([1, -2, 1]) / np.sqrt(6)
    np.testing.assert_allclose(result["similarity"], s, atol=1e-7)
    # Without map 0 the readouts are (0, 1), (1, 1), (1, 1): similarities 1/sqrt(2), 1/sqrt(2), 1.
    without = np.array([-1, -1, 2]) / np.sqrt(6)
    np.testing.assert_allclose(result["contribution"].sel(feature_map=0), h * (s - without), atol=1e-7)
    # Without map 1 they are (1, 1), (1, 1), (0, 1): 1, 1/sqrt(2), 1/sqrt(2).
    without = np.array([2, -1, -1]) / np.sqrt(6)
    np.testing.assert_allclose(result["contribution"].sel(feature_map=1), h * (s - without), atol=1e-7)
    # Map 0 contributes (2, 1, 0) / sqrt(12) to the pairs, map 1 (-1, 1, 0) / sqrt(12), map 2 nothing.
    c = result["contribution"].sel(pair=0).to_numpy()
    np.testing.assert_allclose(c[:2], np.array([2, -1]) / np.sqrt(12), atol=1e-7)
    # The two pairs of an image always lie on a line: nothing is defined for single images.
    assert np.isnan(result["contribution_to_image"]).all() and np.isnan(result["heatmap"]).all()
    table = pairs.tabulate(result)
    np.testing.assert_allclose(table["agreement"], h * s, atol=1e-7)
    assert table.loc[0, "most_1"] == np.argmax(c) and table.loc[0, "least_1"] == np.argmin(c)


def test_contributions_to_an_image_by_hand() -> None:
    """Cosine similarities of n00, (1, 0, 1), with (1, 0, 0), (0, 1, 0) and (0, 0, 1): a, 0 and a = 1/sqrt(2)."""
    maps = np.zeros((4, N_MAPS, 4, 4), dtype=np.float32)
    maps[0, 0, 0, 0] = maps[0, 2, 0, 1] = maps[1, 0, 1, 0] = maps[2, 1, 1, 1] = maps[3, 2, 2, 2] = 16
    human = np.array([[np.nan, 3, 1, 2], [3, np.nan, 1, 2], [1, 1, np.nan, 3], [2, 2, 3, np.nan]])
    result = explained(comparison_of(maps, human, {"similarity": "cosine", "score": "pearson"}))
    own = result["contribution_to_image"].sel(side="image", pair=[0, 1, 2]).to_numpy()
    # Judgments (1, -1, 0) / sqrt(2); similarities (1, -2, 1) / sqrt(6). Without its map 0, n00 is (0, 0, 1), its
    # similarities are 0, 0, 1: (-1, -1, 2) / sqrt(6). Without map 2 they are 1, 0, 0: (2, -1, -1) / sqrt(6).
    np.testing.assert_allclose(own[:, :3], np.array([[2, 0, -1], [1, 0, 1], [0, 0, 0]]) / np.sqrt(12), atol=1e-7)
    np.testing.assert_allclose(result["heatmap"].sel(pair=0, side="image"), maps[0, 0], atol=1e-6)
    signed = (2 * maps[0, 0] - maps[0, 2]) / np.sqrt(12)
    np.testing.assert_allclose(result["heatmap_signed"].sel(pair=0, side="image"), signed, atol=1e-6)


def test_pairs_are_chosen_by_what_people_say_and_by_their_share() -> None:
    nan = np.nan
    human = np.array([[nan, 5, 5, 1], [5, nan, 2, nan], [5, 2, nan, 3], [1, nan, 3, nan]])
    ids = np.array(["d", "c", "b", "a"])
    # Judged: d-c, d-b, d-a, c-b, b-a.
    shares = np.array([0.1, 0.3, -0.2, 0.4, nan])

    def named(*numbers: int) -> list[str]:
        return ["".join(ids[pair]) for pair in pairs.choose(human, ids, shares, *numbers)]

    # People find b and c equally similar to d: the first name is taken.
    assert named(1, 0, 0) == ["ab", "bd", "cd"]
    assert named(0, 1, 0) == ["bc"]
    assert named(0, 1, 1) == ["ad", "bc"]
    assert named(0, 0, 0) == []
    # A pair of unknown share is not chosen by its share; no pair comes twice.
    assert named(0, 9, 9) == ["ad", "bc", "bd", "cd"]
    assert named(9, 9, 9) == ["ab", "ad", "bc", "bd", "cd"]


def test_an_undefined_similarity_leaves_all_undefined(maps: np.ndarray, human: np.ndarray) -> None:
    alignment = {"similarity": "pearson", "score": "pearson_r2"}
    flat = maps.copy()
    flat[3] = 1
    result = explained(comparison_of(flat, human, alignment))
    assert np.isnan(result["contribution"]).all() and np.isnan(result["heatmap"]).all()
    assert not np.isnan(result["human"]).any()
    table = pairs.tabulate(result)
    assert table["most_1"].isna().all() and table["agreement"].isna().all()
    assert explained(comparison_of(flat, human, alignment), {**DEFAULT, "per_image": 0}).sizes["pair"] == 0


def test_more_pairs_than_memory_are_refused(maps: np.ndarray, human: np.ndarray) -> None:
    alignment = {"similarity": "pearson", "score": "pearson_r2"}
    with pytest.raises(InputError, match=r"78 pairs of images with 10 feature maps take .* GB, more than `memory_gb"):
        explained(comparison_of(maps, human, alignment, memory=10_000))
