from pathlib import Path

import pytest
from prepared_files import write_judgments

from alignment_importance.system import tables
from alignment_importance.system.errors import InputError
from prepare_networks import prepare_networks


def test_layers_of_all_models(tmp_path: Path) -> None:
    models: dict[str, dict[str, object]] = {
        "a": {"architecture": "alexnet"},
        "r.18": {"architecture": "resnet18", "weights": "random", "seed": 1},
    }
    layers = {name: tmp_path / f"{name}.csv" for name in models}
    prepare_networks(models, {}, 2, layers, checks=tmp_path / "checks.csv")
    assert tables.read_table(tmp_path / "checks.csv").empty
    for name, expected in (("a", "features.11"), ("r.18", "layer4.1.relu_1")):
        table = tables.read_table(layers[name], ["layer", "operation", "shape", "role"])
        assert table.loc[table["role"] == "map layer", "layer"].tolist() == [expected]


def test_all_networks_that_cannot_be_used_are_told_at_once(tmp_path: Path) -> None:
    models = {
        "one": {"architecture": "resnet81"},
        "two": {"architecture": "resnet18", "weights": "checkpoint", "checkpoint": str(tmp_path / "none.pt")},
        "three": {"architecture": "alexnet", "map_layer": "features.111"},
        "four": {"architecture": "alexnet"},
    }
    with pytest.raises(InputError) as error:
        layers = {name: tmp_path / f"{name}.csv" for name in models}
        prepare_networks(models, {}, 2, layers, checks=tmp_path / "checks.csv")
    for message in (
        "models.one: There is no network called 'resnet81'. Did you mean",
        "none.pt: this checkpoint does not exist",
        "models.three: map_layer: the network has no layer 'features.111'",
    ):
        assert message in str(error.value)
    assert not list(tmp_path.iterdir())


def test_all_pairs_must_fit_in_memory(tmp_path: Path) -> None:
    write_judgments(tmp_path / "judgments.nc", ["a", "b", "c", "d"], 1, simulated=True)
    models: dict[str, dict[str, object]] = {name: {"architecture": name} for name in ("alexnet", "resnet18")}
    layers = {name: tmp_path / f"{name}.csv" for name in models}
    judged = {"pets": tmp_path / "judgments.nc"}
    # ResNet, 6 pairs: 64 bytes for each of 512 maps, 16 for each of 49 places, 4 for every two places make 258,936.
    # AlexNet: 256 maps of 13 x 13, whose places are not compared, make 114,528.
    with pytest.raises(InputError) as error:
        prepare_networks(models, judged, 2e-4, layers, checks=tmp_path / "checks.csv")
    assert "comparisons.pets.pairs (models.resnet18): 6 pairs of images with 512 feature maps take 0.00026 GB" in str(
        error.value
    )
    assert "models.alexnet" not in str(error.value)
    prepare_networks(models, judged, 3e-4, layers, checks=tmp_path / "checks.csv")
