from pathlib import Path

import pytest

import tabulate_networks


def test_page_of_three_networks_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = {"timm/coat_mini": "coat", "timm/resnet18": "resnet", "alexnet": ""}
    monkeypatch.setattr(tabulate_networks, "tabulated", lambda: some)
    for name in ("one.md", "two.md"):
        tabulate_networks.tabulate_networks(page=tmp_path / name)
    page = (tmp_path / "one.md").read_text(encoding="utf-8")
    assert "| alexnet | 224 | `features.11` | 256 | 13 x 13 | `classifier.5` | 4096 | linear |\n" in page
    assert "| coat | timm/coat_mini | 224 | | | | | | refused |\n" in page
    assert "- Network timm/coat_mini has no feature maps to ablate" in page
    row = "| resnet | timm/resnet18 | 224 | `layer4.1.act2` | 512 | 7 x 7 | `global_pool.flatten` | 512 | pooled |\n"
    assert page.count(row) == 1
    assert page.index("alexnet") < page.index("timm/coat_mini")
    assert (tmp_path / "one.md").read_bytes() == (tmp_path / "two.md").read_bytes()
