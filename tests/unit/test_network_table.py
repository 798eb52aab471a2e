"""The page of all networks in the documentation agrees with the networks."""

from pathlib import Path

import pytest

from alignment_importance.networks.kinds import registry
from making import networks

PAGE = Path(__file__).resolve().parents[2] / "docs/networks.md"

#: Networks whose rows are made again here; all of them would take minutes.
SOME = ["alexnet", "resnet18", "squeezenet1_1", "vit_b_32", "timm/convnext_atto", "timm/resnet18"]


def test_rows_of_the_page_are_what_the_networks_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, run `python docs/make.py networks`."""
    some = {name: family for name, family in networks.tabulated().items() if name in SOME}
    assert len(some) == len(SOME)
    monkeypatch.setattr(networks, "tabulated", lambda: some)
    assert set(networks.page().splitlines()) <= set(PAGE.read_text(encoding="utf-8").splitlines())


def test_a_page_of_three_networks_has_the_same_bytes_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = {"timm/coat_mini": "coat", "timm/resnet18": "resnet", "alexnet": ""}
    monkeypatch.setattr(networks, "tabulated", lambda: some)
    for name in ("one", "two"):
        (tmp_path / name / "docs").mkdir(parents=True)
        networks.make(tmp_path / name)
    page = (tmp_path / "one/docs/networks.md").read_text(encoding="utf-8")
    assert "| alexnet | 224 | `features.11` | 256 | 13 x 13 | `classifier.5` | 4096 | linear |\n" in page
    assert "| coat | timm/coat_mini | 224 | | | | | | refused |\n" in page
    assert "- **timm/coat_mini**: Network timm/coat_mini has no feature maps to ablate" in page
    row = "| resnet | timm/resnet18 | 224 | `layer4.1.act2` | 512 | 7 x 7 | `global_pool.flatten` | 512 | pooled |\n"
    assert page.count(row) == 1
    assert page.index("alexnet") < page.index("timm/coat_mini")
    assert (tmp_path / "one/docs/networks.md").read_bytes() == (tmp_path / "two/docs/networks.md").read_bytes()


def test_all_networks_are_on_the_page() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    named = {cell for row in rows for cell in row[:2]}
    tabulated = networks.tabulated()
    assert set(tabulated) <= named
    assert {name for name in registry.known_architectures() if not name.startswith("timm/")} <= set(tabulated)
    families = set(tabulated.values()) - {""}
    assert len(families) >= 40
    assert {row[-1] for row in rows[2:]} >= {"pooled", "linear", "general"}
    # Two networks whose layers are well known.
    assert ["vgg16", "224", "`features.29`", "512", "14 x 14", "`classifier.4`", "4096", "linear"] in rows
    assert ["resnet50", "224", "`layer4.2.relu_2`", "2048", "7 x 7", "`flatten`", "2048", "pooled"] in rows
