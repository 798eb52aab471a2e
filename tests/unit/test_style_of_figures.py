"""The page and the style of all figures: widths, dots, fonts and bytes of what is saved."""

import itertools
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from alignment_importance.report import palette
from alignment_importance.report.figures import style

PAGE = {"two_columns_mm": 160.0, "dpi": 150.0, "pdf": True}


#: The default page, with PDF files.
PDF = {"pdf": True}


@style.styled
def plain() -> Figure:
    figure = style.new_figure(1.5)
    figure.subplots().set(xlabel="Größe $x$ (mm)", ylabel="−1")
    figure.subplots().imshow([[0, 1], [2, 3]])
    return figure


def saved(folder: Path, page: Mapping[str, Any] = PDF) -> tuple[Path, bytes]:
    with style.page(page):
        style.save(plain(), folder / "a.png")
    return folder / "a.png", (folder / "a.pdf").read_bytes()


def millimetres(pdf: bytes) -> float:
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) [\d.]+ \]", pdf)
    return float(box) / 72 * 25.4


def test_without_a_page_the_defaults_of_the_configuration_hold(tmp_path: Path) -> None:
    png, pdf = saved(tmp_path)
    assert millimetres(pdf) == pytest.approx(174, abs=0.01)
    with Image.open(png) as image:
        assert image.width == pytest.approx(174 / 25.4 * 300, abs=1)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_a_figure_is_as_wide_as_its_page(tmp_path: Path) -> None:
    png, pdf = saved(tmp_path, PAGE)
    assert millimetres(pdf) == pytest.approx(160, abs=0.01)
    with Image.open(png) as image:
        assert image.width == pytest.approx(160 / 25.4 * 150, abs=1)
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)


def test_a_page_ends_even_after_a_failure() -> None:
    with pytest.raises(ZeroDivisionError), style.page(PAGE):
        raise ZeroDivisionError
    assert style.present_page().dpi == 300


def test_every_font_of_a_pdf_is_embedded_as_truetype(tmp_path: Path) -> None:
    _, pdf = saved(tmp_path)
    kinds = set(re.findall(rb"/Subtype /(Type0|Type1|Type3|TrueType|CIDFontType\d)\b", pdf))
    assert kinds == {b"Type0", b"CIDFontType2"}
    assert pdf.count(b"/FontFile2") == pdf.count(b"/Subtype /CIDFontType2") > 0


def test_the_same_figure_has_the_same_bytes(tmp_path: Path) -> None:
    first, second = (saved(tmp_path) for _ in range(2))
    assert first[1] == second[1]
    assert b"CreationDate" not in first[1] and b"ModDate" not in first[1]
    before = first[0].read_bytes()
    assert saved(tmp_path)[0].read_bytes() == before


def test_the_layout_is_solved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solved: list[Figure] = []
    execute = ConstrainedLayoutEngine.execute

    def count(engine: ConstrainedLayoutEngine, figure: Figure) -> None:
        solved.append(figure)
        execute(engine, figure)

    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", count)
    figure = plain()
    before = figure.axes[0].get_position().bounds
    style.save(figure, tmp_path / "a.png")
    assert len(solved) == 1
    assert {file.name for file in tmp_path.iterdir()} == {"a.png"}  # no PDF unless asked for
    assert figure.axes[0].get_position().bounds != before


def test_the_style_is_left_behind() -> None:
    before = mpl.rcParams["font.size"], mpl.rcParams["pdf.fonttype"]
    plain()
    assert (mpl.rcParams["font.size"], mpl.rcParams["pdf.fonttype"]) == before


@pytest.mark.parametrize(
    ("scripts", "and_not"),
    [
        ("assemble_paper build_gallery plot_comparison plot_interactions plot_summary", "matplotlib.pyplot"),
        ("evaluate_control measure_overlap", "matplotlib"),
    ],
)
def test_scripts_that_draw_or_compare_maps_load_no_heavy_library(scripts: str, and_not: str) -> None:
    """Each of these would cost every such job a second or more of processor time."""
    heavy = {"torch", "sklearn", "statsmodels", "rsatoolbox", "scipy.stats", and_not}
    program = f"import sys, {', '.join(scripts.split())}; print(sorted({heavy} & set(sys.modules)))"
    folder = Path(style.__file__).parents[3]
    answer = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


#: Machado, Oliveira & Fernandes 2009: from linear RGB to what people without working L, M or S cones see of it.
CONES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.mark.parametrize("kind", CONES)
def test_colours_can_be_told_apart_with_any_kind_of_colour_vision(kind: str) -> None:
    rgb = np.array([mpl.colors.to_rgb(colour) for colour in palette.OBSERVERS])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = (linear @ np.array(CONES[kind]).T).clip(0, 1)
    xyz = seen @ np.array([[0.4125, 0.2127, 0.0193], [0.3576, 0.7152, 0.1192], [0.1804, 0.0722, 0.9503]])
    root = np.cbrt(xyz / [0.9505, 1, 1.089])
    lab = np.stack([116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], axis=1)
    differences = [np.linalg.norm(one - other) for one, other in itertools.combinations(lab, 2)]
    assert min(differences) > 8  # a difference of 2.3 can just be noticed


@pytest.mark.parametrize("width", [120, 174])
def test_titles_and_legends_of_any_length_stay_on_the_page(width: float) -> None:
    with style.page({"two_columns_mm": width}):
        figure = style.new_figure(4)
    panel = figure.subplots()
    label = "network with a name that is long and made of words (random weights (seed 1), float32), "
    for number in range(4):
        panel.plot([0, 1], label=f"{label}{number}")
    style.heading(figure, "What is shown", 3 * label)
    style.key(figure, style.entries([panel]), 5 * label, columns=4)
    style.lay_out(figure)
    figure.draw_without_rendering()
    [legend] = figure.legends
    for drawn in (figure.texts[0], legend):
        box = drawn.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert figure.get_suptitle().startswith("What is shown\nnetwork")
    assert " ".join(legend.get_texts()[3].get_text().split()) == f"{label}3"


def test_a_legend_has_as_many_columns_as_fit() -> None:
    figures = [style.new_figure(2) for _ in range(2)]
    for figure, label in zip(figures, ("short", "a label that takes a third of the page"), strict=True):
        panel = figure.subplots()
        for number in range(4):
            panel.plot([0, 1], label=f"{label} {number}")
        style.key(figure, style.entries([panel]), "", columns=4)
        figure.draw_without_rendering()
    across = [len({round(text.get_window_extent().x0) for text in figure.legends[0].get_texts()}) for figure in figures]
    assert across == [4, 2]


def test_names_that_differ_at_one_of_their_ends_are_told_apart_when_they_are_short() -> None:
    names = [
        f"{first} of a network with a very long {last}" for first in ("layer", "block") for last in ("name", "tag")
    ]
    assert [style.short(name, 12) for name in names] == ["layer of…ame", "layer of…tag", "block of…ame", "block of…tag"]
    assert (style.short("exactly 12 l", 12), style.short("more than 11", 11)) == ("exactly 12 l", "more th… 11")


def test_maps_are_called_units_and_names_stay() -> None:
    figure = Figure()
    figure.suptitle("Alignment of the feature\nmaps, my-maps (units of maps.npy)")
    figure.supxlabel("Maps are ranked, each map alone. Heatmaps of all feature maps.")
    style.worded(figure, ["ImageNet", "units of maps.npy"])
    assert figure.get_suptitle().startswith("Alignment of the feature\nmaps")
    style.worded(figure, ["units of maps.npy"])
    assert figure.get_suptitle() == "Alignment of the units, my-maps (units of maps.npy)"
    assert figure.get_supxlabel() == "Units are ranked, each unit alone. Heatmaps of all units."
