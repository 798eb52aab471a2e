"""The documentation of all networks is what the networks are."""

from pathlib import Path

import pandas as pd
import pytest

import tabulate_networks
from alignment_importance.networks.kinds.registry import known_architectures

PAGE = Path(__file__).resolve().parents[2] / "docs/networks.md"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return tabulate_networks.tabulate()


def test_the_page_is_up_to_date(table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise: `snakemake --cores 1 --force docs/networks.md`."""
    monkeypatch.setattr(tabulate_networks, "tabulate", lambda: table)
    tabulate_networks.tabulate_networks(tmp_path / "networks.md")
    assert PAGE.read_bytes() == (tmp_path / "networks.md").read_bytes()


def test_all_networks_are_there_with_a_route_or_a_reason(table: pd.DataFrame) -> None:
    assert sorted(known_architectures()) == table["architecture"].tolist()
    assert len(table) == 83
    refused = table[table["refusal"] != ""]
    assert refused["architecture"].str.startswith("vit_").all()
    assert refused["route"].isna().all()
    cut = table[table["refusal"] == ""].set_index("architecture")
    assert len(cut) == 78
    assert set(cut["route"]) == {"pooled", "linear", "general"}
    pooled = cut[cut["route"] == "pooled"]
    assert (pooled["n_maps"] == pooled["n_units"]).all()
    assert (cut["height"] == cut["width"]).all()
    # What these two are known to be.
    columns = ["map_layer", "n_maps", "height", "readout_layer", "n_units", "route"]
    known = {
        "vgg16": ["features.29", 512, 14, "classifier.4", 4096, "linear"],
        "resnet50": ["layer4.2.relu_2", 2048, 7, "flatten", 2048, "pooled"],
    }
    for architecture, layers in known.items():
        assert list(cut.loc[architecture, columns]) == layers
