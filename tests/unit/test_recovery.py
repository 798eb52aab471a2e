"""How well the methods find planted maps from judgments of them, and the documentation's page about it."""

import re
from pathlib import Path

import naive
import numpy as np
import pandas as pd
import pytest
import torch
from small_heads import ABLATIONS, N_IMAGES, N_MAPS, engine, fill_of, resources

from alignment_importance.ablation import PooledAblation
from alignment_importance.experiments import recovery
from alignment_importance.statistics import roc
from making.recovery import as_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs/recovery.md"


def network(readout: np.ndarray) -> recovery.Network:
    pooled = PooledAblation(readout, resources(), "pearson", "pearson_r2")
    return recovery.Network(readout, pooled, 30, 1)


@pytest.fixture
def weighed() -> recovery.Network:
    readout = np.random.default_rng(1).gamma(1.0, size=(24, 20)).astype(np.float32)
    readout[:, 7] = 0
    return network(readout)


def test_planted_judgments_are_the_similarities_of_the_planted_maps(
    weighed: recovery.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "N_PLANTED", 5)
    monkeypatch.setattr(recovery, "NOISE", 0.0)
    planted, block = recovery.plant(weighed, 1)
    assert planted.sum() == 5
    assert not planted[7]
    expected = np.corrcoef(np.where(planted, weighed.engine.readout.numpy(), 0))
    pairs = np.triu_indices(24, k=1)
    np.testing.assert_allclose(block.human[pairs], expected[pairs], atol=1e-6)
    np.testing.assert_array_equal(block.human, block.human.T)
    again, _ = recovery.plant(weighed, 1)
    other, _ = recovery.plant(weighed, 2)
    np.testing.assert_array_equal(planted, again)
    assert (planted != other).any()


@pytest.mark.parametrize("method", [name for name in recovery.METHODS if name != "activation"])
def test_every_method_that_knows_the_judgments_finds_maps_better_than_chance(
    method: str, weighed: recovery.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "N_PLANTED", 5)
    monkeypatch.setattr(recovery, "NOISE", 0.2)
    areas = []
    for draw in range(1, 6):
        planted, block = recovery.plant(weighed, draw)
        found = recovery.METHODS[method](weighed, block)
        areas.append(roc.area_under_curve(found.ranking[planted], found.ranking[~planted]))
        assert (found.weights >= 0).all()
        assert found.ranking.shape == found.weights.shape == planted.shape
    assert np.mean(areas) > 0.75


@pytest.mark.parametrize("ablated", ABLATIONS)
@pytest.mark.parametrize("route", ["linear", "general"])
def test_maps_are_planted_and_found_where_units_are_not_maps(
    route: str, ablated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "N_PLANTED", 3)
    monkeypatch.setattr(recovery, "N_DRAWS", 2)
    monkeypatch.setattr(recovery, "NOISE", 0.0)
    maps = np.random.default_rng(2).gamma(1.0, size=(N_IMAGES, N_MAPS, 4, 4)).astype(np.float32)
    # Ablation leaves map 4 as it is.
    maps[:, 4] = {"zero": 0, "mean": 3}[ablated]
    head, ablation = engine(route, maps, "pearson", "pearson_r2", resources(), ablated)
    readout = head.module(torch.from_numpy(maps)).detach().numpy()
    assert readout.shape[1] != N_MAPS
    weighed = recovery.Network(np.abs(maps).mean((2, 3)), ablation, 9, 1)
    planted, block = recovery.plant(weighed, 1)
    assert planted.sum() == 3
    assert not planted[4]
    tensor = torch.from_numpy(maps)
    left = naive.readout(head.module, tensor, np.flatnonzero(planted).tolist(), fill_of(tensor, ablated))
    pairs = np.triu_indices(N_IMAGES, k=1)
    np.testing.assert_allclose(block.human[pairs], naive.rsm(left, "pearson")[pairs], atol=1e-5)
    areas = recovery.find_maps(weighed).groupby("method")["auc"].mean()
    assert areas[["ridge reweighting", "non-negative reweighting"]].isna().all()
    assert areas[["Shapley value", "backward elimination"]].between(0.5, 1, inclusive="right").all()
    assert areas[["AIS", "activation"]].between(0, 1).all()


def test_the_page_names_the_best_method_and_how_far_it_is_ahead() -> None:
    """Two methods, two draws of maps, two images under two comparisons."""
    found = {"AIS": [0.6, 0.8], "Shapley value": [0.9, 0.9]}
    places = {
        ("AIS", "a"): [0.9, 0.7], ("AIS", "b"): [0.1, 0.3],
        ("Shapley value", "a"): [0.9, 0.9], ("Shapley value", "b"): [0.9, np.nan],
    }  # fmt: skip
    rows = [("maps", "", method, str(draw), auc) for method, both in found.items() for draw, auc in enumerate(both)]
    rows += [
        ("places", comparison, method, image, auc)
        for (method, comparison), both in places.items()
        for image, auc in zip(("007", "x"), both, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(recovery.COLUMNS)).assign(model="n", weights="w")
    page = as_markdown(table, 3, {"left": 1, "right": 2}).splitlines()
    # With two values, the interval is ± 12.706 standard deviations over the square root of two.
    assert "| method | maps: AUC | places: AUC, a | places: AUC, b | places: difference |" in page
    assert "| AIS | 0.70 ± 1.27 | 0.80 ± 1.27 | 0.20 ± 1.27 | 0.60 ± 2.54 |" in page
    assert "| Shapley value | 0.90 ± 0.00 | 0.90 ± 0.00 | undefined | undefined |" in page
    # Without an empty line before this one, it would be a row of the table.
    assert page[page.index("The highest, and how far it is above the next in the same draws or images:") - 1] == ""
    assert "- maps: Shapley value, 0.20 ± 1.27 above AIS." in page
    # For places, only AIS has a difference in more than one image, so it has nothing to be above.
    assert "- places: undefined." in page


def test_the_page_of_the_documentation_fits_its_template_and_the_methods() -> None:
    """Its numbers take minutes to make: `python docs/make.py recovery --help`."""
    page = PAGE.read_text(encoding="utf-8")
    lines = [line.split(" | ") for line in page.splitlines() if line.startswith("|")]
    assert [line[0].removeprefix("| ") for line in lines[2:]] == list(recovery.METHODS)
    assert lines[0][1:] == [
        "maps: AUC", "places: AUC, demo-shape", "places: AUC, demo-colour", "places: difference |"
    ]  # fmt: skip
    for line in lines[2:]:
        values = [float(cell.split(" ± ")[0].replace("−", "-")) for cell in line[1:]]
        assert all(0 <= value <= 1 for value in values[:3])
        assert values[3] == pytest.approx(values[1] - values[2], abs=0.011)
    for column, heading in ((1, "maps"), (4, "places")):
        means = {line[0].removeprefix("| "): float(line[column].split(" ± ")[0]) for line in lines[2:]}
        [named] = re.findall(rf"^- {heading}: (.*?), ", page, flags=re.MULTILINE)
        assert means[named] == max(means.values())
    assert f"{recovery.N_PLANTED} random maps" in page
    assert f"{recovery.N_DRAWS} draws" in page
    # The text around the numbers is the template's.
    template = (PAGE.parent / "making/recovery.md.jinja").read_text(encoding="utf-8")
    fixed = [part for part in re.split(r"\{[{%].*?[%}]\}", template) if len(part.strip(" |")) > 3]
    assert all(part.strip() in page for part in fixed)
