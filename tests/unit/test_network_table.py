"""The documentation of all networks is what the networks are."""

from pathlib import Path

import pytest

import tabulate_networks
from alignment_importance.networks.kinds import registry

PAGE = Path(__file__).resolve().parents[2] / "docs/networks.md"

#: Some whose rows are made anew here; all would take minutes.
SOME = ["alexnet", "resnet18", "squeezenet1_1", "vit_b_32", "timm/convnext_atto", "timm/resnet18"]


def test_rows_of_the_page_are_what_the_networks_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise: `snakemake --cores 1 --force docs/networks.md`."""
    some = {name: family for name, family in tabulate_networks.tabulated().items() if name in SOME}
    assert len(some) == len(SOME)
    monkeypatch.setattr(tabulate_networks, "tabulated", lambda: some)
    tabulate_networks.tabulate_networks(tmp_path / "networks.md")
    made = (tmp_path / "networks.md").read_text(encoding="utf-8").splitlines()
    assert set(made) <= set(PAGE.read_text(encoding="utf-8").splitlines())


def test_all_networks_are_on_the_page() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    named = {cell for row in rows for cell in row[:2]}
    tabulated = tabulate_networks.tabulated()
    assert set(tabulated) <= named
    assert {name for name in registry.known_architectures() if not name.startswith("timm/")} <= set(tabulated)
    families = set(tabulated.values()) - {""}
    assert len(families) >= 40
    assert {row[-1] for row in rows[2:]} >= {"pooled", "linear", "general"}
    # What these two are known to be.
    assert ["vgg16", "224", "`features.29`", "512", "14 x 14", "`classifier.4`", "4096", "linear"] in rows
    assert ["resnet50", "224", "`layer4.2.relu_2`", "2048", "7 x 7", "`flatten`", "2048", "pooled"] in rows
