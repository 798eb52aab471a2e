"""The examples of docs/judgments.md are read, and give what the page says."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml
from judging import images, read_source

from alignment_importance.inputs import judgments
from alignment_importance.inputs.judgments import quality, reading

PAGE = Path(__file__).resolve().parents[2] / "docs" / "judgments.md"
IDS = ["hammer", "axe", "saw"]

#: Text below each heading of the second level.
SECTIONS: dict[str, str] = dict(
    re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
)


def blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTIONS[section], flags=re.MULTILINE | re.DOTALL)


def example(section: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> xr.Dataset:
    """Make the file of a section and read it as the section's configuration says."""
    monkeypatch.chdir(folder)
    comparison: dict[str, Any] = yaml.safe_load(blocks(section, "yaml")[0])["tools"]
    for code in blocks(section, "python"):
        exec(compile(code, section, "exec"), {})
    for text in blocks(section, "csv"):
        Path(comparison["judgments"]).write_text(text, encoding="utf-8")
    entry = SimpleNamespace(**{"kind": None, "order": None, "key": None, "columns": {}} | comparison)
    assert entry.image_set == "tools"
    order = Path(entry.order) if entry.order else None
    source = reading.Source(Path(entry.judgments), entry.kind, order, entry.key, entry.columns)
    return read_source(source, images(IDS))


#: Mean similarity of hammer and axe, of hammer and saw, and of axe and saw.
MEANS: dict[str, list[float]] = {
    "Matrix": [6, 3, 4],
    "Pairs": [-1.5, -4, np.nan],
    "Odd-one-out triplets": [2 / 3, 0, 1 / 3],
    "Two alternatives": [3 / 4, 0, 1 / 2],
    "Other names of columns": [1, 1 / 2, 0],
    "Arrays": [5.5, 2, 3],
    "RDMs of rsatoolbox": [-1.5, -5, -4],
    "Multiple arrangements of Meadows": [-0.2, -0.7, -0.6],
}


@pytest.mark.parametrize("section", MEANS)
def test_an_example_is_read(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks(section, "csv") + blocks(section, "python")
    assert 4 <= len(block.splitlines()) <= 6
    mean = judgments.mean(example(section, tmp_path, monkeypatch), IDS)
    np.testing.assert_allclose(mean[np.triu_indices(3, k=1)], MEANS[section])


def test_every_form_has_an_example() -> None:
    with_example = {section for section in SECTIONS if blocks(section, "csv") + blocks(section, "python")}
    assert with_example == set(MEANS)


def test_bounds_are_those_of_the_code() -> None:
    text = SECTIONS["What is kept, and what is warned of"]
    assert f"fewer than {quality.FEW_PARTICIPANTS} participants" in text
    assert f"below {quality.LOW_RELIABILITY:g}: the mean correlation" in text
    assert f"below {quality.OPPOSED:g}:".replace("-", "−") in text
