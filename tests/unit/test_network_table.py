"""The documentation of all networks is what the networks are."""

from pathlib import Path

import pandas as pd
import pytest

from alignment_importance.networks import catalogue
from alignment_importance.networks.building import known_architectures

PAGE = Path(__file__).resolve().parents[2] / "docs/networks.md"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return catalogue.tabulate()


def test_the_page_is_up_to_date(table: pd.DataFrame) -> None:
    """Otherwise: `snakemake --cores 1 --force docs/networks.md`."""
    assert PAGE.read_bytes().decode() == catalogue.as_markdown(table)


def test_all_networks_are_there_with_a_route_or_a_reason(table: pd.DataFrame) -> None:
    assert sorted(known_architectures()) == table["architecture"].tolist()
    assert len(table) == 83
    refused = table[table["refusal"] != ""]
    assert refused["architecture"].str.startswith("vit_").all()
    assert refused["route"].isna().all()
    split = table[table["refusal"] == ""].set_index("architecture")
    assert len(split) == 78
    assert set(split["route"]) == {"pooled", "linear", "general"}
    pooled = split[split["route"] == "pooled"]
    assert (pooled["n_maps"] == pooled["n_units"]).all()
    assert (split["height"] == split["width"]).all()
    # What these two are known to be.
    columns = ["map_layer", "n_maps", "height", "readout_layer", "n_units", "route"]
    known = {
        "vgg16": ["features.29", 512, 14, "classifier.4", 4096, "linear"],
        "resnet50": ["layer4.2.relu_2", 2048, 7, "flatten", 2048, "pooled"],
    }
    for architecture, layers in known.items():
        assert list(split.loc[architecture, columns]) == layers
