from pathlib import Path

import pytest

import tabulate_networks


def test_page_of_two_networks_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabulate_networks, "known_architectures", lambda: ["vit_b_32", "alexnet"])
    for name in ("one.md", "two.md"):
        tabulate_networks.tabulate_networks(page=tmp_path / name)
    page = (tmp_path / "one.md").read_text(encoding="utf-8")
    assert "| alexnet | 224 | `features.11` | 256 | 13 x 13 | `classifier.5` | 4096 | linear |\n" in page
    assert "| vit_b_32 | 224 | | | | | | refused |\n" in page
    assert "- Network vit_b_32 has no feature maps to ablate" in page
    assert page.index("alexnet") < page.index("vit_b_32")
    assert (tmp_path / "one.md").read_bytes() == (tmp_path / "two.md").read_bytes()
