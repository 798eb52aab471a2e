"""The library without the workflow: forms of its arguments, scores against their definition, refusals."""

import copy
import doctest
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import naive
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from small_heads import head_of
from tiny_project import ROOT
from torch import nn

import alignment_importance as ai
from alignment_importance import api, networks
from alignment_importance.config import code

#: Turns an array and the names of its images into one form of maps or judgments, which may lack the names.
Form = Callable[[np.ndarray, list[str]], Any]

MAPS: dict[str, Form] = {
    "numpy": lambda array, _: array,
    "torch": lambda array, _: torch.from_numpy(array),
    "xarray": lambda array, ids: xr.DataArray(array, {"image": ids}, ("image", "map", "row", "column")),
    "other order": lambda array, ids: xr.DataArray(
        array.swapaxes(0, 1), {"image": ids}, ("map", "image", "row", "column")
    ),
}

PEOPLE: dict[str, Form] = {
    "numpy": lambda matrix, _: matrix,
    "torch": lambda matrix, _: torch.from_numpy(matrix),
    "pandas": lambda matrix, ids: pd.DataFrame(matrix, ids, ids),
    "xarray": lambda matrix, ids: xr.DataArray(matrix, {"one": ids, "other": ids}, ("one", "other")),
    "columns in another order": lambda matrix, ids: pd.DataFrame(matrix, ids, ids)[ids[::-1]],
    "numbers as names": lambda matrix, ids: pd.DataFrame(matrix, list(map(int, ids)), list(map(int, ids))),
}


def drawn(n_images: int = 12, n_maps: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Random maps (image, feature_map, y, x), and judgments that follow all of them but the last."""
    maps = np.random.default_rng(3).random((n_images, n_maps, 3, 2), dtype=np.float32)
    return maps, np.corrcoef(maps[:, : n_maps - 1].mean((2, 3)))


def test_examples_in_the_docstrings_give_what_they_show() -> None:
    result = doctest.testmod(api)
    assert result.attempted >= 25
    assert result.failed == 0


def test_numbers_worked_out_by_hand() -> None:
    """Four images of three units, the last of which is 2 in all of them."""
    units = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 2.0], [1.0, 1.0, 2.0], [2.0, 0.0, 2.0]])
    matrix = ai.rsm(units, similarity="cosine")
    assert matrix.dims == ("image", "image_b")
    np.testing.assert_allclose(matrix.sel(image="0", image_b="1"), 4 / 5)
    np.testing.assert_allclose(matrix.sel(image="0", image_b="3"), 6 / np.sqrt(40))
    # People judge by the other two.
    without = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 0.0]])
    lengths = np.sqrt((without**2).sum(1))
    people = without @ without.T / np.outer(lengths, lengths)
    table = ai.score(units, people, similarity="cosine", score="pearson")
    pairs = np.triu_indices(4, 1)
    whole = np.corrcoef(matrix.to_numpy()[pairs], people[pairs])[0, 1]
    # Without it, the network's similarities are the judgments: the correlation is 1.
    np.testing.assert_allclose(table["ais"][2], whole - 1)


@pytest.mark.parametrize("score", ["pearson_r2", "pearson", "spearman"])
@pytest.mark.parametrize("route", ["pooled", "linear", "general"])
def test_scores_are_those_of_the_definition(maps: np.ndarray, human: np.ndarray, route: str, score: str) -> None:
    head = head_of(route)
    table = ai.score(maps, human, head=head, score=score)
    everything = list(range(maps.shape[1]))

    def score_of(kept: list[int]) -> float:
        readout = naive.readout(head.module, torch.from_numpy(maps), kept)
        return naive.score(naive.rsm(readout, "pearson"), human, score)

    wanted = [score_of(everything) - score_of([one for one in everything if one != k]) for k in everything]
    np.testing.assert_allclose(table["ais"], wanted, atol=2e-5)
    # A plain module, of which nothing is known, has the same scores.
    np.testing.assert_allclose(ai.score(maps, human, head=head.module, score=score)["ais"], wanted, atol=2e-5)


@settings(max_examples=25, deadline=None)
@given(of_maps=st.sampled_from(sorted(MAPS)), of_people=st.sampled_from(sorted(PEOPLE)), data=st.data())
def test_scores_do_not_depend_on_form_or_order_of_names(of_maps: str, of_people: str, data: st.DataObject) -> None:
    values, human = drawn()
    ids = [str(number) for number in range(len(values))]
    wanted = ai.score(values, human)
    named = of_maps not in ("numpy", "torch") and of_people not in ("numpy", "torch")
    order = data.draw(st.permutations(range(len(ids)))) if named else list(range(len(ids)))
    people = PEOPLE[of_people](human[np.ix_(order, order)], [ids[at] for at in order])
    given_maps = MAPS[of_maps](values, ids)
    pd.testing.assert_frame_equal(ai.score(given_maps, people), wanted)
    assert ai.heatmaps(given_maps, people)["image"].to_numpy().tolist() == ids


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(["image", "feature_map", "y", "x"]))
def test_named_dimensions_stand_in_any_order(order: list[str]) -> None:
    values, human = drawn()
    maps = xr.DataArray(values, dims=("image", "feature_map", "y", "x"))
    pd.testing.assert_frame_equal(ai.score(maps.transpose(*order), human), ai.score(values, human))


def test_the_first_dimension_is_images_whatever_it_is_called() -> None:
    values, human = drawn()
    maps = xr.DataArray(values, dims=("stimulus", "feature_map", "y", "x"))
    pd.testing.assert_frame_equal(ai.score(maps, human), ai.score(values, human))
    said = refuse(maps.transpose("feature_map", ...), human)
    assert said.startswith("maps: none of the dimensions feature_map, stimulus, y, x is called image. Rename")


def test_names_are_cleaned_as_ids_of_the_workflow() -> None:
    values, human = drawn()
    ids = [f"e\u0301{number} " for number in range(12)]
    maps = xr.DataArray(values, {"image": ids}, ("image", "feature_map", "y", "x"))
    composed = [f"\u00e9{number}".encode() for number in range(12)]
    people = pd.DataFrame(human, composed, composed)
    pd.testing.assert_frame_equal(ai.score(maps, people), ai.score(values, human))
    explained = ai.explain_pair(maps, people, "e\u03010", "\u00e91")
    np.testing.assert_array_equal(explained["contribution"], ai.explain_pair(values, human, 0, 1)["contribution"])


def test_types_of_numbers_change_nothing_but_rounding() -> None:
    maps, human = drawn()
    maps = np.round(maps * 255)
    wanted = ai.score(maps, human)["ais"]
    for other in (maps.astype(np.float64), maps.astype(np.uint8), torch.from_numpy(maps).to(torch.bfloat16)):
        np.testing.assert_allclose(ai.score(other, human)["ais"], wanted, atol=1e-5)
    for people in (pd.DataFrame(human).astype("Float64"), human.astype(np.longdouble)):
        pd.testing.assert_frame_equal(ai.score(maps.astype(np.longdouble), people), ai.score(maps, human), atol=1e-5)
    units = maps.mean((2, 3), dtype=np.float64).astype(np.float32)
    np.testing.assert_array_equal(ai.score(units, human)["ais"], wanted)


def test_curves_end_with_all_maps_and_begin_with_the_best_of_each_fold() -> None:
    maps, human = drawn(20)
    table = ai.curves(maps, human, folds=4, seed=2)
    assert list(table) == ["fold", "k", "train_score", "test_score"]
    assert list(zip(table["fold"], table["k"], strict=True)) == [(f, k) for f in (1, 2, 3, 4) for k in (1, 2, 3, 4, 5)]
    assert table.groupby("fold")["train_score"].max().gt(0.5).all()
    assert not table.equals(ai.curves(maps, human, folds=4, seed=3))
    pd.testing.assert_frame_equal(table, ai.curves(maps, human, folds=4, seed=2))


@pytest.mark.parametrize("score", ["pearson_r2", "pearson"])
def test_contributions_to_pairs_sum_to_the_scores(score: str) -> None:
    maps, human = drawn(6)
    human[0, 1] = human[1, 0] = np.nan
    pairs = [(i, j) for i in range(6) for j in range(i + 1, 6) if (i, j) != (0, 1)]
    explained = [ai.explain_pair(maps, human, *pair, score=score) for pair in pairs]
    total = sum(one["contribution"].to_numpy() for one in explained)
    np.testing.assert_allclose(total, ai.score(maps, human, score=score)["ais"], atol=1e-12)
    first = explained[0]
    assert set(first.data_vars) == {
        "contribution", "contribution_to_image", "human", "similarity", "heatmap", "heatmap_signed", "places",
    }  # fmt: skip
    assert dict(first.sizes) == {"feature_map": 5, "side": 2, "y": 3, "x": 2, "y_b": 3, "x_b": 2}
    np.testing.assert_allclose(first["places"].sum(), ai.rsm(maps).sel(image="0", image_b="2"), atol=1e-6)


def test_a_module_and_the_settings_of_pytorch_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    maps, human = drawn()
    module = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(30, 7))
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    torch.set_num_threads(2)
    one, other = (ai.rsm(maps, head=module) for _ in range(2))
    xr.testing.assert_identical(one, other)
    assert module.training
    assert torch.get_num_threads() == 2
    assert torch.backends.cudnn.benchmark
    assert ai.score(maps.astype(np.float64), human, head=module)["ais"].notna().all()
    torch.set_num_threads(1)
    pd.testing.assert_frame_equal(ai.score(maps, human, head=module), ai.score(torch.tensor(maps), human, head=module))


def refuse(maps: Any = None, people: Any = None, **settings: Any) -> str:
    """The message about wrong maps, judgments or settings; those that are not given are right."""
    values, human = drawn()
    with pytest.raises((TypeError, ValueError)) as error:
        ai.score(values if maps is None else maps, human if people is None else people, **settings)
    return str(error.value)


def test_wrong_maps_and_judgments_are_named() -> None:
    maps, human = drawn()
    ids = [f"cat{number}" for number in range(12)]
    named = xr.DataArray(maps, {"image": ids}, ("image", "map", "y", "x"))
    assert refuse(maps.tolist()) == "maps must be an array of NumPy, xarray or PyTorch, not list"
    assert refuse(maps[0]) == "maps: 5 x 3 x 2 is not (image, feature_map, y, x) or (image, unit)"
    assert refuse(maps.astype(np.complex64)) == "maps must be real numbers, not complex64"
    broken = named.copy()
    broken[3, 0, 0, 0] = np.nan
    assert refuse(broken) == "maps: NaN or infinite values in the images cat3"
    twice = named.assign_coords(image=["cat1", *ids[1:]])
    assert refuse(twice) == "maps: several images are called cat1"
    assert refuse(people=human.tolist()).startswith("judgments must be an array")
    assert refuse(people=human[:3]) == "judgments: 3 x 12 is not (image, image)"
    assert refuse(people=human[:3, :3]).startswith("maps are of 12 images and judgments of 3.")
    few = np.full_like(human, np.nan)
    assert refuse(people=few) == "judgments: 0 pairs were judged, but a score needs 3"
    few[0, 1] = few[1, 0] = 0.5
    assert refuse(people=few) == "judgments: 1 pair was judged, but a score needs 3"
    lopsided = human.copy()
    lopsided[2, 1] = 9
    said = refuse(named, pd.DataFrame(lopsided, ids, ids))
    assert "of cat2 and cat1 it is 9" in said
    assert "average both directions" in said
    triangle = np.where(np.tri(len(human), dtype=bool), human, np.nan)
    assert refuse(people=triangle).endswith("to the other half of the matrix if one half alone holds them.")
    other = [*ids[:-1], "dog"]
    assert refuse(named, pd.DataFrame(human, other, other)) == (
        "maps have images that judgments lack: cat11, and judgments have images that maps lack: dog. Take the same of "
        "both, by the same names."
    )
    assert refuse(named[:-1], pd.DataFrame(human, ids, ids)).startswith(
        "judgments have images that maps lack: cat11. Take"
    )
    assert refuse(people=pd.DataFrame(human, ids, other)).startswith(
        "the rows of judgments have images that their columns lack: cat11, and their columns have images that the rows"
    )
    with_names_in_a_column = pd.DataFrame(human, ids, ids).reset_index(names="image")
    said = refuse(people=with_names_in_a_column)
    assert said.startswith("judgments must be real numbers, and these columns are not: image. Names of images")
    assert "these columns are not: 0, 1" in refuse(people=pd.DataFrame(human * 1j))
    assert refuse(people=human.max() - human).startswith("judgments: the diagonal (images with themselves) holds")
    assert refuse(people=np.ones_like(human)).startswith("judgments: all judgments are the same (1). Nothing")
    for scale in (1e160, 1e-160):
        assert "whose squares cannot be computed. Multiply or divide all by the same number" in refuse(
            people=human * scale
        )
    lopsided = human * 1e-20
    lopsided[2, 1] *= 2
    assert "average both directions" in refuse(people=lopsided)
    human[0, 1] = human[1, 0] = np.inf
    with warnings.catch_warnings(action="error"):
        assert refuse(people=human).startswith("judgments: of 0 and 1 it is inf, of 1 and 0 it is inf. Judgments are")
    half = xr.DataArray(human, {"one": ids}, ("one", "other"))
    assert refuse(people=half) == "judgments: rows or columns alone have names; name both, or neither"


def test_a_class_token_is_refused_and_the_mean_of_the_tokens_is_read() -> None:
    _, human = drawn()
    images = torch.rand(len(human), 3, 32, 32, generator=torch.Generator().manual_seed(1))

    def cut(readout: str) -> networks.CutNetwork:
        spec = networks.Spec("timm/vit_tiny_patch16_224", weights="random", seed=1, input_size=32, readout=readout)
        return networks.cut(networks.build(spec))

    with torch.no_grad():
        maps = cut("mean").trunk(images)
    said = refuse(maps.numpy(), human, head=cut("token").head)
    assert "such as the class token" in said
    assert "readout='mean'" in said
    table = ai.score(maps, human, head=cut("mean").head)
    np.testing.assert_allclose(table["ais"], ai.score(maps, human)["ais"], atol=1e-6)


def test_masked_judgments_are_missing() -> None:
    maps, human = drawn()
    masked = np.ma.array(human, mask=np.zeros_like(human, dtype=bool))
    masked[0, 1] = masked[1, 0] = 1e6
    masked[0, 1] = masked[1, 0] = np.ma.masked
    human[0, 1] = human[1, 0] = np.nan
    pd.testing.assert_frame_equal(ai.score(maps, masked), ai.score(maps, human))


def test_impossible_settings_and_pairs_are_named() -> None:
    maps, human = drawn()
    human[0, 1] = human[1, 0] = np.nan
    assert refuse(score="pearson_r3") == "score: 'pearson_r3' is none of pearson_r2, pearson, spearman"
    assert refuse(score=["pearson"]) == "score: ['pearson'] is none of pearson_r2, pearson, spearman"
    assert refuse(similarity="r") == "similarity: 'r' is none of pearson, cosine"
    assert refuse(head="fc") == "head must be the head of networks.cut or a torch.nn.Module, not str"
    assert refuse(head=head_of("pooled")).startswith("head: it reads")
    assert refuse(maps[:, :, 0, 0], head=nn.Flatten()).startswith("head: it reads feature maps")
    for pair, said in (
        ((0, 1), "0 and 1 were not judged together"),
        ((0, 0), "0 and 0 were not judged together"),
        (("0", "tree"), "there is no image 'tree'"),
    ):
        with pytest.raises(ValueError, match=said):
            ai.explain_pair(maps, human, *pair)
    with pytest.raises(ValueError, match="units have no places"):
        ai.heatmaps(maps[:, :, 0, 0], human)
    for settings_, said in (
        ({"folds": 5}, "folds: the test set of fold 3 has 1 judged pair of images, but a score needs 3"),
        ({"folds": 13}, "folds: 13 folds are more than the 12 images"),
        ({"folds": 2.5}, "folds: 2.5 is not a whole number of at least 2"),
        ({"folds": True}, "folds: True is not a whole number"),
        ({"seed": None}, "seed: None is not a whole number of at least 0"),
        ({"seed": -1}, "seed: -1 is not a whole number"),
    ):
        with pytest.raises(ValueError, match=said):
            ai.curves(maps, human, **settings_)
    with pytest.raises(AttributeError, match="has no attribute 'scores'"):
        _ = ai.scores


def test_heads_of_16_bits_compute_with_32() -> None:
    maps, human = drawn()
    head = nn.Sequential(nn.Flatten(), nn.Linear(30, 7)).bfloat16()
    wanted = ai.score(maps, human, head=copy.deepcopy(head).float())
    pd.testing.assert_frame_equal(ai.score(maps, human, head=head), wanted)
    assert head[1].weight.dtype == torch.bfloat16


class _Pair(nn.Module):
    """A head that returns two readouts."""

    def forward(self, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return maps.mean((2, 3)), maps.amax((2, 3))


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (nn.AdaptiveAvgPool2d(1), "head: it returns (2, 5, 1, 1) for 2 images; (image, unit) is needed. Flatten it"),
        (nn.Flatten(0), "head: it returns (60,) for 2 images; (image, unit) is needed. Flatten it"),
        (_Pair(), "head: it returns a tuple; a tensor (image, unit) is needed"),
        (nn.Sequential(nn.Flatten(), nn.Linear(7, 2)), "head: it does not take feature maps of 5 x 3 x 2 ("),
    ],
)
def test_a_head_that_makes_no_readout_of_the_maps_is_refused(head: nn.Module, said: str) -> None:
    assert refuse(head=head).startswith(said)


def test_nothing_is_imported_before_it_is_used() -> None:
    program = """
import sys
import alignment_importance as ai
import alignment_importance.system.errors
assert set(ai.__all__) <= set(dir(ai))
heavy = {"numpy", "pandas", "torch", "xarray", "alignment_importance.api"}
assert not heavy & set(sys.modules)
ai.score
assert heavy <= set(sys.modules)
assert not {"torchvision", "timm", "matplotlib", "snakemake"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT / "scripts", check=True)


def test_no_rule_depends_on_the_api() -> None:
    for script in (ROOT / "scripts").glob("*.py"):
        files = code.files_of_code(script, ROOT / "scripts")
        assert not any("api" in file.parts for file in files)
