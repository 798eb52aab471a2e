from pathlib import Path

import pytest

from alignment_importance.system.errors import InputError
from alignment_importance.system.tables import read_table
from prepare_networks import prepare_networks


def test_layers_of_all_models(tmp_path: Path) -> None:
    models: dict[str, dict[str, object]] = {
        "a": {"architecture": "alexnet"},
        "r.18": {"architecture": "resnet18", "weights": "random", "seed": 1},
    }
    prepare_networks(models, [], tmp_path / "layers.csv")
    table = read_table(tmp_path / "layers.csv", ["model", "layer", "operation", "shape", "role", "route"])
    maps = table[table["role"] == "map layer"].set_index("model")
    assert maps["layer"].to_dict() == {"a": "features.11", "r.18": "layer4.1.relu_1"}
    assert maps["route"].to_dict() == {"a": "linear", "r.18": "pooled"}


def test_all_networks_that_cannot_be_used_are_told_at_once(tmp_path: Path) -> None:
    models = {
        "one": {"architecture": "resnet81"},
        "two": {"architecture": "resnet18", "weights": "checkpoint", "checkpoint": str(tmp_path / "none.pt")},
        "three": {"architecture": "alexnet", "map_layer": "features.111"},
    }
    with pytest.raises(InputError) as error:
        prepare_networks(models, [], tmp_path / "layers.csv")
    for message in (
        "models.one: There is no network called 'resnet81'. Did you mean",
        "models.two: ",
        "none.pt: this checkpoint does not exist",
        "models.three: map_layer: the network has no layer 'features.111'",
    ):
        assert message in str(error.value)
    assert not (tmp_path / "layers.csv").exists()
