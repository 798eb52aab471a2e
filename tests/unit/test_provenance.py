"""Records of what outputs were made with, and how they are passed from file to file."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from torch import nn

from alignment_importance.networks.building import Network
from alignment_importance.system import compute, provenance
from alignment_importance.system.netcdf import read_netcdf, write_netcdf
from alignment_importance.system.tables import read_table, write_table

TABLE = pd.DataFrame({"image": ["a", "b"], "ais": [0.5, np.nan]})


def test_nothing_is_named_where_nothing_is_recorded(tmp_path: Path) -> None:
    write_table(TABLE, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == "image,ais\na,0.5\nb,NaN\n"
    assert provenance.text() is None
    assert provenance.digest() is None


def test_a_table_names_its_record(tmp_path: Path) -> None:
    with provenance.recording(tmp_path / "records", commit="abc", configuration={"k": 1}):
        compute.prepare("cpu", None, 1)
        write_table(TABLE, tmp_path / "t.csv")
    (file,) = (tmp_path / "records").iterdir()
    assert pd.read_csv(tmp_path / "t.csv", dtype=str)["provenance"].tolist() == [file.stem, file.stem]
    assert hashlib.sha256(file.read_bytes()).hexdigest().startswith(file.stem)
    record = json.loads(file.read_text(encoding="utf-8"))
    assert (record["commit"], record["configuration"], record["devices"]) == ("abc", {"k": 1}, ["cpu"])
    assert record["versions"]["numpy"] == np.__version__


@pytest.mark.filterwarnings("error")
def test_a_table_of_many_columns_is_written_without_a_warning(tmp_path: Path) -> None:
    table = pd.DataFrame({f"column {number}": [0.5] for number in range(150)})
    write_table(table, tmp_path / "t.csv")
    with provenance.recording(tmp_path / "records", commit="abc"):
        write_table(read_table(tmp_path / "t.csv"), tmp_path / "u.csv")
    assert len(read_table(tmp_path / "u.csv").columns) == 150


def test_weights_and_devices_are_handed_on(tmp_path: Path) -> None:
    records = tmp_path / "records"
    with provenance.recording(records, commit="abc"):
        provenance.note_device("cuda (simulated)")
        provenance.note_weights("net: trained", "12ab")
        write_netcdf(xr.Dataset({"ais": ("image", [1.0])}, attrs={"weights": "trained"}), tmp_path / "d.nc")
    with provenance.recording(records, commit="abc"):
        read = read_netcdf(tmp_path / "d.nc")
        assert read.attrs == {"weights": "trained"}
        write_table(TABLE, tmp_path / "t.csv")
    with provenance.recording(records, commit="abc"):
        assert read_table(tmp_path / "t.csv").columns.tolist() == ["image", "ais"]
        write_table(TABLE, tmp_path / "u.csv")
    digest = pd.read_csv(tmp_path / "u.csv", dtype=str)["provenance"][0]
    record = json.loads((records / f"{digest}.json").read_text(encoding="utf-8"))
    assert record["weights"] == {"net: trained": "12ab"}
    assert record["devices"] == ["cuda (simulated)"]


def test_a_table_whose_record_was_lost_can_be_read(tmp_path: Path) -> None:
    write_table(TABLE.assign(provenance="0123456789abcdef"), tmp_path / "t.csv")
    with provenance.recording(tmp_path / "records", commit="abc"):
        assert read_table(tmp_path / "t.csv").columns.tolist() == ["image", "ais"]


def test_a_record_ends_with_its_block(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), provenance.recording(tmp_path, commit="abc"):
        raise RuntimeError
    assert provenance.text() is None


def test_a_fingerprint_depends_on_names_and_values_alone() -> None:
    def network(module: nn.Module) -> Network:
        return Network(module, "own", "random weights (seed 1)", 8, (0.5,) * 3, (0.5,) * 3)

    torch.manual_seed(1)
    convolution = nn.Conv2d(3, 2, 1)
    module = nn.Sequential(convolution, nn.BatchNorm2d(2))
    before = network(module).fingerprint()
    assert network(module).fingerprint() == before
    with torch.no_grad():
        convolution.weight[0, 0, 0, 0] += 1e-6
    assert network(module).fingerprint() != before
