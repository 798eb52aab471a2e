"""The README: short, with the two commands that set up and test, and links and a picture that are there."""

import re

from PIL import Image
from tiny_project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")

#: Language and text of every fenced block.
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
PROSE = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)


def test_it_is_short() -> None:
    assert len(README.encode()) <= 10_000


def test_the_first_two_blocks_set_up_and_test() -> None:
    (language, setup), (other_language, tests) = BLOCKS[:2]
    assert language == other_language == "bash"
    assert setup.splitlines() == [
        "python3 -m venv .venv",
        ".venv/bin/pip install -r requirements.txt",
        ".venv/bin/snakemake --cores all",
    ]
    assert tests.splitlines()[0] == ".venv/bin/pip install -r requirements-dev.txt"
    assert tests.splitlines()[1].startswith(".venv/bin/python -m pytest")
    assert len(tests.splitlines()) == 2


def test_links_lead_somewhere() -> None:
    headings = re.findall(r"^##+ (.*)$", PROSE, flags=re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(([^)\s]+)\)", PROSE)
    assert len(links) > 10
    for link in links:
        assert link.startswith("https://") or link in anchors or (ROOT / link).is_file(), link


def test_the_picture_is_small_and_described() -> None:
    [(description, file)] = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", README)
    assert "simulated" in description
    assert README.index(file) < README.index("```")
    assert (ROOT / file).stat().st_size < 160_000
    with Image.open(ROOT / file) as picture:
        assert 800 <= picture.width <= 1000
