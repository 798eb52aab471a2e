"""The notebooks of the documentation run, and the one with real data reproduces the output that it shows.

`ALIGNMENT_IMPORTANCE_DATA=FOLDER python tests/workflow/test_notebooks.py RESULTS` runs them and saves their output,
with the results of the demo.
"""

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from tiny_project import ROOT

NOTEBOOKS = ROOT / "docs/notebooks"

#: Where the data sets are, unless the environment variable says otherwise.
DATA = Path(os.environ.get("ALIGNMENT_IMPORTANCE_DATA", ROOT.parent / "shared/data")).resolve()


def run(name: str) -> Any:
    """Run a notebook with the library of this checkout; the kernel takes over the environment."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    NotebookClient(notebook, timeout=300, coalesce_streams=True).execute()
    return notebook


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "scripts"))


def printed(notebook: Any) -> list[str]:
    """The texts that cells show, without pictures."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", []) if not is_noise(output)]
    texts = [output["text"] if "text" in output else output["data"]["text/plain"] for output in outputs]
    return [text.strip() for text in texts if not text.startswith("<Figure")]


def is_noise(output: Any) -> bool:
    """Whether an output is a warning of a package, with paths of this machine."""
    return output.get("name") == "stderr"


@pytest.mark.skipif(not (DATA / "mur92").is_dir(), reason="the files of mur92 are not here")
def test_real_data_give_what_the_notebook_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIGNMENT_IMPORTANCE_DATA", str(DATA))
    shown = printed(nbformat.read(NOTEBOOKS / "mur92.ipynb", as_version=4))
    assert "662 of 1280 feature maps help" in shown
    assert printed(run("mur92.ipynb")) == shown


def test_results_are_opened(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIGNMENT_IMPORTANCE_RESULTS", str(finished / "results"))
    said = printed(run("results.ipynb"))
    assert "resnet18" in said[0]
    assert said[-1].startswith("{'full': ")


def keep(name: str) -> None:
    """Run a notebook and save it with its output."""
    notebook = run(name)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata.clear()
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_noise(output)]
    del notebook.metadata["language_info"]
    nbformat.write(notebook, NOTEBOOKS / name)


if __name__ == "__main__":
    os.environ |= {"PYTHONPATH": str(ROOT / "scripts"), "ALIGNMENT_IMPORTANCE_RESULTS": sys.argv[1]}
    for file in sorted(NOTEBOOKS.glob("*.ipynb")):
        keep(file.name)
