from pathlib import Path

from alignment_importance.system.tables import read_table
from list_layers import list_layers


def test_layers_of_a_configured_model(tmp_path: Path) -> None:
    model = {"architecture": "alexnet", "weights": "default", "map_layer": "features.7", "mean": None}
    list_layers(model=model, layers=tmp_path / "layers.csv")
    layers = read_table(tmp_path / "layers.csv").set_index("layer")
    assert list(layers.loc["features.7"]) == ["ReLU", "384 x 13 x 13", "map layer"]
    assert layers.index[layers["role"] == "readout"].tolist() == ["classifier.5"]
