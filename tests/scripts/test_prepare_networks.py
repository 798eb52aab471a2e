from pathlib import Path

import pytest

from alignment_importance.system import tables
from alignment_importance.system.errors import InputError
from prepare_networks import prepare_networks


def test_layers_of_all_models(tmp_path: Path) -> None:
    models: dict[str, dict[str, object]] = {
        "a": {"architecture": "alexnet"},
        "r.18": {"architecture": "resnet18", "weights": "random", "seed": 1},
    }
    layers = {name: tmp_path / f"{name}.csv" for name in models}
    prepare_networks(models, layers, tmp_path / "networks.csv", checks=tmp_path / "checks.csv")
    assert tables.read_table(tmp_path / "checks.csv").empty
    for name, expected in (("a", "features.11"), ("r.18", "layer4.1.relu_1")):
        table = tables.read_table(layers[name])
        assert table.loc[table["role"] == "map layer", "layer"].tolist() == [expected]
    networks = tables.read_table(tmp_path / "networks.csv").drop(columns="provenance", errors="ignore")
    assert networks.to_numpy().tolist() == [
        ["a", "features.11", 256, 13, 13, "classifier.5", 4096, "linear"],
        ["r.18", "layer4.1.relu_1", 512, 7, 7, "flatten", 512, "pooled"],
    ]


def test_all_networks_that_cannot_be_used_are_told_at_once(tmp_path: Path) -> None:
    models = {
        "one": {"architecture": "resnet81"},
        "two": {"architecture": "resnet18", "weights": "checkpoint", "checkpoint": str(tmp_path / "none.pt")},
        "three": {"architecture": "alexnet", "map_layer": "features.111"},
        "four": {"architecture": "alexnet"},
    }
    with pytest.raises(InputError) as error:
        layers = {name: tmp_path / f"{name}.csv" for name in models}
        prepare_networks(models, layers, tmp_path / "networks.csv", checks=tmp_path / "checks.csv")
    for message in (
        "models.one: There is no network called 'resnet81'. Did you mean",
        "none.pt: this checkpoint does not exist",
        "models.three: map_layer: the network has no layer 'features.111'",
    ):
        assert message in str(error.value)
    assert not list(tmp_path.iterdir())
