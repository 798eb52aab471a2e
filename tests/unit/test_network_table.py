"""The documentation of all networks names all of them, and is what those of each family are."""

from pathlib import Path

import pytest

import tabulate_networks
from alignment_importance.networks.kinds.registry import known_architectures

PAGE = (Path(__file__).resolve().parents[2] / "docs/networks.md").read_text(encoding="utf-8")

#: A small one of every family. `snakemake --cores 1 --force docs/networks.md` looks at all.
FAMILIES = (
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "efficientnet_lite0",
    "googlenet",
    "mnasnet0_5",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "resnet50",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "swin_t",
    "vgg16",
    "vit_b_32",
)


def rows(page: str) -> dict[str, str]:
    """The rows of the table of layers by architecture."""
    lines = page.split("| architecture |")[1].split("\n\n")[0].splitlines()[2:]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines}


def test_all_networks_are_there_with_a_route_or_a_reason() -> None:
    page = rows(PAGE)
    assert list(page) == sorted(known_architectures())
    ends = {architecture: line.removesuffix(" |").split("| ")[-1] for architecture, line in page.items()}
    assert set(ends.values()) == {"pooled", "linear", "general", "refused"}
    assert {name for name, end in ends.items() if end == "refused"} == {
        name for name in page if name.startswith("vit_")
    }


def test_the_page_is_what_the_networks_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabulate_networks, "known_architectures", lambda: FAMILIES)
    tabulate_networks.tabulate_networks(tmp_path / "networks.md")
    text = (tmp_path / "networks.md").read_text(encoding="utf-8")
    page = rows(PAGE)
    assert rows(text) == {architecture: page[architecture] for architecture in FAMILIES}
    assert text.split("| architecture |")[0] == PAGE.split("| architecture |")[0]
    # What these two are known to be.
    assert page["vgg16"] == "| vgg16 | 224 | `features.29` | 512 | 14 x 14 | `classifier.4` | 4096 | linear |"
    assert page["resnet50"] == "| resnet50 | 224 | `layer4.2.relu_2` | 2048 | 7 x 7 | `flatten` | 2048 | pooled |"
