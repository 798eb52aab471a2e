"""The plan of a run: what belongs together in a configuration, and what follows from it."""

import re
from pathlib import Path
from typing import Any

import pytest
from tiny_project import CONFIG

from alignment_importance.config import Plan, configure
from alignment_importance.report.captions import stem


def plan(**changed: Any) -> Plan:
    return Plan(configure(CONFIG | changed, look_at_files=False))


def test_image_sets_and_comparisons_find_each_other() -> None:
    sets = {"tiny": {"folder": "a"}, "other": {"folder": "b"}}
    found = plan(image_sets=sets)
    assert found.image_set_of("pairs") == "tiny"
    assert found.comparisons_of("tiny") == ["matrix", "pairs"]
    assert found.comparisons_of("other") == []
    assert found.judged_sets() == ["tiny"]
    assert found.transferred() == ["matrix", "pairs"]
    assert plan(comparisons={"one": CONFIG["comparisons"]["pairs"]}).transferred() == []


def test_models_of_several_map_layers_make_a_sweep() -> None:
    network = {"architecture": "resnet18", "weights": "random", "seed": 1}
    swept = {"map_layers": ["layer2", "layer3"]}
    models = {"one": network, "r": network | swept, "other": network | {"map_layer": "layer1"}}
    found = plan(models=models)
    assert list(found.configuration.models) == ["one", "r.layer2", "r.layer3", "other"]
    assert found.configuration.model_dump()["models"]["r.layer3"]["map_layer"] == "layer3"
    assert found.sweeps() == {"r": ["r.layer2", "r.layer3"]}
    assert found.outside_sweeps() == ["one", "other"]
    # The completed configuration gives the same sweep without the key.
    assert not any("map_layers" in model for model in found.configuration.model_dump()["models"].values())
    again = Plan(configure(found.configuration.model_dump(), look_at_files=False))
    assert again.sweeps() == found.sweeps()
    # Models with different weights are different networks, not a sweep.
    named = {f"r.layer{n}": network | {"map_layer": f"layer{n}", "seed": n} for n in (1, 2)}
    assert plan(models=named).sweeps() == {}


def test_pairs_to_explain_are_numbers_or_named() -> None:
    numbers = {"per_image": 3, "agreement": 12, "disagreement": 12}
    asked = {"numbers": numbers, "all": "all", "list": [["x", "y"]], "file": "pairs.csv"}
    comparison = CONFIG["comparisons"]["pairs"]
    found = plan(comparisons={name: comparison | {"pairs": pairs} for name, pairs in asked.items()})
    assert found.fixed_pairs() == ["all", "list", "file"]
    none: dict[str, dict[str, int]] = {name: {} for name in asked}
    assert {name: found.numbers_of_pairs(name) for name in asked} == none | {"numbers": numbers}
    assert {name: found.file_of_pairs(name) for name in asked} == dict.fromkeys(asked) | {"file": "pairs.csv"}


def test_features_are_models_and_units_have_no_heatmaps() -> None:
    brought = {"features": "f.npy", "order": "o.txt"}
    models = {"net": {"architecture": "alexnet"}, "maps": brought, "clip": brought | {"layout": "units"}}
    found = plan(models=models)
    assert found.networks() == found.outside_sweeps() == ["net"]
    assert found.features() == ["maps", "clip"]
    assert found.with_places() == ["net", "maps"]
    assert found.files_of_network("maps") == []
    figures = found.figures_of_run()
    assert [about[2:] for about in figures if about[0] == "agreement"] == [("net", "maps")] * 2
    assert ("transfer", "clip") in figures and ("control", "halves", "clip") not in figures
    # Two models can be compared even if only one has heatmaps.
    two = plan(models={"maps": brought, "clip": models["clip"]}).figures_of_run()
    assert ("spread", "pairs") in two and "agreement" not in {about[0] for about in two}


def test_seeds_are_validated_together_unless_fewer_are_asked_for() -> None:
    seeds = [3, 1, 4, 15, 9]
    assert plan(cross_validation={"seeds": seeds}).seed_groups() == [seeds]
    few = plan(cross_validation={"seeds": seeds, "seeds_per_job": 2})
    assert few.seed_groups() == [[3, 1], [4, 15], [9]]
    assert plan(cross_validation={"seeds": seeds, "seeds_per_job": 9}).seed_groups() == [seeds]


def test_settings_of_jobs() -> None:
    found = plan(cross_validation={"unit": "pairs"}, statistics={"permutations": 7, "permutations_non_pooled": 2})
    assert found.permutations_by_route() == {"pooled": 7, "other": 2}
    assert found.validation_settings() == {
        "by_pairs": True,
        "random_rankings": 5,
        "inner_folds": 3,
    }
    assert found.folds_of_paper() == (
        "Folds: 5 for each of 8 seeds. Pairs were cut into folds: every image stands on both sides."
    )


def test_files_of_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/nets.py").touch()
    models = {
        "mine": {"architecture": "own.nets:build", "weights": "checkpoint", "checkpoint": "w.pt"},
        "elsewhere": {"architecture": "installed.nets:build"},
    }
    saliency = {
        "gaze": {"method": "network", "architecture": "own.nets:look"},
        "deep": {"method": "deepgaze_iie", "checkpoint": "d.pth", "centre_bias": "c.npy"},
        "classic": {"method": "fine_grained"},
    }
    found = plan(models=models, saliency=saliency)
    assert found.files_of_network("mine") == ["own/nets.py", "w.pt"]
    assert found.files_of_network("elsewhere") == []
    assert found.files_of_gaze_network("gaze") == ["own/nets.py"]
    assert found.files_of_gaze_network("deep") == ["d.pth", "c.npy"]
    assert found.saliencies_by(networks=True) == ["gaze", "deep"]
    assert found.saliencies_by(networks=False) == ["classic"]


def test_a_folder_of_the_user_stands_for_its_files_and_a_made_one_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("mine", "data/demo/images"):
        (tmp_path / folder).mkdir(parents=True)
        for name in ("b.png", "a.png", ".hidden", "{c}.png"):
            (tmp_path / folder / name).touch()
    (tmp_path / "mine/folder").mkdir()
    found = plan(datasets={"demo": {}}, image_sets={"tiny": {"folder": "data/demo/images"}})
    assert found.files_of("mine") == ["mine/a.png", "mine/b.png"]
    assert found.files_of("data/demo/images") == ["data/demo/images"]
    assert found.files_of("nowhere") == ["nowhere"]
    assert found.files_of(None) == []
    assert found.made_inputs() == ["data/demo/images"]


def stems(made: Plan) -> list[str]:
    """File names, without ending, of the paper's figures."""
    return [stem(*about) for about in made.figures_of_paper()]


def test_figures_of_the_paper() -> None:
    models = {name: {"architecture": name} for name in ("alexnet", "vgg16")}
    files = stems(plan(models=models))
    assert files[0] == "heatmaps_matrix_alexnet"
    assert "overlap-grid_matrix_vgg16" in files
    assert "agreement_pairs_alexnet_and_vgg16" in files
    assert files[-1] == "control_halves_vgg16"
    assert len(files) == len(set(files))
    assert list(plan(models=models).left_out_of_paper().values()) == ["the configuration names none (`published`)"]
    assert len(plan(saliency={}, controls={}).left_out_of_paper()) == 4
    units = {name: {"features": f"{name}.npy", "order": "o.txt", "layout": "units"} for name in ("clip", "spose")}
    assert plan(models=units).left_out_of_paper() == {
        "heatmaps, and all that is made of them": "units have no places",
        "published values beside those of this run": "the configuration names none (`published`)",
    }
    assert not any("overlap" in file for file in stems(plan(saliency={})))


def test_figures_of_the_run() -> None:
    assert plan(controls={}).figures_of_run() == [("prediction",), ("transfer", "resnet18")]
    assert ("control", "halves", "resnet18") in plan().figures_of_run()
    two = plan(models={name: {"architecture": name} for name in ("alexnet", "vgg16")}).figures_of_run()
    assert {("networks",), ("spread", "pairs"), ("agreement", "matrix", "alexnet", "vgg16")} <= set(two)


def test_a_pattern_for_names_matches_these_alone() -> None:
    names = ["a.b", "c-d"]
    pattern = plan().any_of(names)
    assert [name for name in (*names, "axb", "") if re.fullmatch(pattern, name)] == names
    assert re.search(plan().any_of([]), "anything") is None
