"""The pictures of the tutorial: figures of the workflow, made smaller, and a page as a browser shows it."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rule_objects import jobs
from tiny_project import ROOT

from alignment_importance.system.errors import InputError
from making import pictures


def test_the_tutorial_shows_every_picture_that_is_made_for_it() -> None:
    shown = re.findall(r"\]\(pictures/(\S+)\.webp\)", (ROOT / "docs/tutorial.md").read_text(encoding="utf-8"))
    there = {file.name for file in (ROOT / "docs/pictures").iterdir()}
    assert {f"{name}.webp" for name in shown} == there == {f"{name}.webp" for name in pictures.sources(ROOT)}


def test_what_is_shown_is_made_by_the_workflow() -> None:
    made = {ROOT / output for file in pictures.FIGURES for job in jobs(ROOT / file) for output in job.output}
    for source in pictures.sources(ROOT).values():
        assert {source, source.parent} & made, source


def test_results_that_are_missing_are_told_before_anything_is_written(tmp_path: Path) -> None:
    for file in pictures.FIGURES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "results/figures").mkdir(parents=True)
    (tmp_path / "results/figures/control_demo_efficientnet_lite0.png").touch()
    missing = r"^There is no \S*/results/gallery/index\.html, .* no \S*/results/mur92/figures/overlap-categories_\S*\.$"
    with pytest.raises(InputError, match=missing):
        pictures.make(tmp_path)


def test_a_figure_keeps_its_shape_and_its_colours(tmp_path: Path) -> None:
    pixels = np.zeros((1200, 2000, 3), dtype=np.uint8)
    pixels[:, 1000:] = (0, 230, 0)
    Image.fromarray(pixels).save(tmp_path / "figure.png")
    pictures.shrink(tmp_path / "figure.png", tmp_path / "picture.webp")
    with Image.open(tmp_path / "picture.webp") as picture:
        assert (picture.format, picture.size) == ("WEBP", (1000, 600))
        small = np.asarray(picture.convert("RGB")).astype(int)
    assert abs(small[300, 100]).max() <= 3
    assert abs(small[300, 900] - (0, 230, 0)).max() <= 3


@pytest.mark.skipif(not shutil.which("chromium"), reason="no chromium here; on Debian: apt-get install chromium")
def test_a_page_is_photographed(tmp_path: Path) -> None:
    (tmp_path / "a b.html").write_text("<body style='background: #00e600'>", encoding="utf-8")
    pictures.photograph(tmp_path / "a b.html", tmp_path / "picture.webp")
    with Image.open(tmp_path / "picture.webp") as picture:
        assert (picture.format, picture.size) == ("WEBP", (1000, 740))
        small = np.asarray(picture.convert("RGB")).astype(int)
    assert abs(small - (0, 230, 0)).max() <= 3
