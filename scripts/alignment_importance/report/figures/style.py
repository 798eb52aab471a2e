"""What all figures share: style, page, the format of names and numbers, and how figures are saved."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import ArrayLike

from alignment_importance.inputs import folds
from alignment_importance.report import palette
from alignment_importance.report.captions import unusual
from alignment_importance.report.overlays import COMPRESSION, Scale
from alignment_importance.statistics.scores import SCORES
from alignment_importance.system.atomic_write import atomic
from alignment_importance.system.tables import ORIGIN

mpl.use("Agg")  # draws into files; needs no display

#: The one style of all figures.
_SETTINGS = mpl.rc_params_from_file(Path(__file__).with_suffix(".mplstyle"), use_default_template=False)

#: The maps whose test scores are compared: part of the names of their columns, label and colour.
KINDS = (("full", "all feature maps", palette.ALL_MAPS), ("retained", "retained feature maps", palette.RETAINED))

#: Length of the longest names that are written in full, and of those of comparisons that have a line to themselves.
SHORT, LONG = 28, 44

#: Most lines of the name of a comparison, where it is wrapped.
_LINES = 3

#: Letters per inch in notes and legends, and in titles of panels; width in inches of a mark in a legend.
_PER_INCH, _OF_TITLES_PER_INCH, _MARK = 17, 15, 0.4

#: Decorates functions that run in the style of all figures.
styled = mpl.rc_context(_SETTINGS)


@dataclass(frozen=True)
class Page:
    """How figures are drawn.

    Attributes:
        two_columns_mm: the width of figures, that of two columns of a journal, in millimetres.
        dpi: dots per inch of images.
        pdf: whether figures are saved as PDF as well.
        heatmap_scale: what the colours of heatmaps span: the range of each `image`, or that of all images of the `set`.
    """

    two_columns_mm: float = 174
    dpi: float = 300
    pdf: bool = False
    heatmap_scale: Scale = "image"


_DEFAULT_PAGE = Page()
_page: ContextVar[Page] = ContextVar("page", default=_DEFAULT_PAGE)


@contextmanager
def page(settings: Mapping[str, Any]) -> Iterator[None]:
    """Draw and save figures for a page with these fields of `Page`."""
    token = _page.set(Page(**settings))
    try:
        yield
    finally:
        _page.reset(token)


def present_page() -> Page:
    """Return the page that figures are drawn for at present."""
    return _page.get()


def new_figure(height: float) -> Figure:
    """Make an empty figure as wide as the present page; it has no window and pyplot does not keep it.

    Args:
        height: in inches.
    """
    present = present_page()
    # The resolution is set before text is measured: its width depends on it a little.
    return Figure((present.two_columns_mm / 25.4, height), present.dpi, layout="constrained")


@styled
def save(figure: Figure, png: Path) -> None:
    """Write a figure as PNG and, if the present page asks for it, as PDF beside it; equal figures give equal bytes."""
    lay_out(figure)
    present = present_page()
    with atomic(png) as partial:
        figure.savefig(partial, format="png", dpi=present.dpi, pil_kwargs={"compress_level": COMPRESSION})
    if present.pdf:
        with atomic(png.with_suffix(".pdf")) as partial:
            figure.savefig(partial, format="pdf", dpi=present.dpi, metadata={"CreationDate": None})


def lay_out(figure: Figure) -> None:
    """Lay out a figure once, because Matplotlib would compute the layout again for every file."""
    figure.set_dpi(present_page().dpi)
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)


def title(figure: Figure, what: str, comparison: str, model: str, provenance: Mapping[str, Any]) -> None:
    """Write the title of a figure: what it shows and, below that, the comparison and the network."""
    heading(figure, what, f"{observers(comparison, provenance['simulated'])}, {network(model, provenance)}")


def heading(figure: Figure, *lines: str) -> None:
    """Write lines above a figure, which are wrapped where they are longer than it is wide."""
    width = int(11 * figure.get_figwidth())
    figure.suptitle("\n".join(textwrap.fill(line, width) for line in lines), x=0.01, ha="left")


def panel_title(panel: Axes, figure: Figure, text: str, beside: int = 1, labels: Iterable[str] = ()) -> int:
    """Write the title of a panel, wrapped to its part of the figure's width; return how many lines it takes.

    Args:
        beside: how many panels are in its row.
        labels: names on the left of the row.
    """
    left = max((len(line) for label in labels for line in label.split("\n")), default=0) / _OF_TITLES_PER_INCH
    width = int(_OF_TITLES_PER_INCH * (figure.get_figwidth() - max(0.6, left)) / beside)
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, width)]
    panel.set_title("\n".join(lines))
    return len(lines)


def observers(comparison: str, simulated: bool) -> str:
    """Name a comparison, and state if its observers are simulated."""
    return short(comparison, LONG) + (" (simulated observers)" if simulated else "")


def observers_in_lines(comparison: str, simulated: bool, width: int = SHORT) -> str:
    """Write the same below each other, the name in as many lines as it needs, which keeps like names apart."""
    name = textwrap.fill(comparison, width, max_lines=_LINES, placeholder="…")
    return name + ("\n(simulated observers)" if simulated else "")


def network(model: str, provenance: Mapping[str, Any]) -> str:
    """Name a model, and state if it is units, or if its weights, arithmetic or ablation are unusual."""
    weights = str(provenance["weights"])
    remarks = [weights] if weights.startswith("random weights") or of_units(weights) else []
    remarks += unusual(provenance["arithmetic"], provenance["ablation"])
    return f"{short(model)} ({', '.join(remarks)})" if remarks else short(model)


def of_units(weights: object) -> bool:
    """Tell by its `weights` whether a model is units, which have no places."""
    return str(weights).startswith("units of")


def provenance(table: pd.DataFrame) -> dict[str, Any]:
    """Return what a table states about observers (`simulated`) and network (`weights`, `arithmetic`, `ablation`)."""
    return {name: table[name].iloc[0] for name in ORIGIN}


def leaky(table: pd.DataFrame) -> bool:
    """Tell whether a table is of folds over pairs of images (see `folds.UNIT_NAMES`)."""
    return "unit" in table and bool((table["unit"] == folds.UNIT_NAMES["pairs"]).any())


def warning(table: pd.DataFrame) -> str:
    """Warn at the end of a note if the folds are leaky."""
    pairs = " Pairs were split, which is leaky: every image stands on both sides of the split."
    return pairs if leaky(table) else ""


def known(table: pd.DataFrame, column: str) -> bool:
    """Tell whether a table has a column, and a value in it."""
    return column in table and bool(table[column].notna().any())


def footnote(figure: Figure, text: str) -> None:
    """Write below a figure how to read it."""
    wrapped = textwrap.fill(text, int(_PER_INCH * figure.get_figwidth()))
    figure.supxlabel(wrapped, x=0.01, ha="left", fontsize=7, color="0.3")


def entries(panels: Iterable[Axes]) -> dict[str, Artist]:
    """Collect what the legends of panels would show, each label once."""
    return {label: mark for panel in panels for mark, label in zip(*panel.get_legend_handles_labels(), strict=True)}


def key(figure: Figure, entries: Mapping[str, Artist], note: str, columns: int) -> None:
    """Write below a figure how to read it and what its marks mean, in one legend so that the two cannot overlap.

    Args:
        figure: the figure above the legend.
        entries: marks by their labels.
        note: how to read the figure.
        columns: number of columns of the legend; fewer if the figure is too narrow.
    """
    width = figure.get_figwidth()
    labels = [textwrap.fill(label, int(_PER_INCH * (width - _MARK))) for label in entries]
    for n_columns in range(columns, 0, -1):
        legend = figure.legend(
            list(entries.values()), labels, title=textwrap.fill(note, int(_PER_INCH * width)), title_fontsize=7,
            fontsize=7, alignment="left", loc="outside lower left", ncols=n_columns,
        )  # fmt: skip
        legend.get_title().set_color("0.3")
        if n_columns == 1 or legend.get_window_extent().width <= 0.98 * figure.bbox.width:
            break
        legend.remove()


def fit(figure: Figure, panels: float) -> None:
    """Set the height of a figure to that of its panels, with their labels, and of the text above and below them.

    Args:
        panels: their height in inches.
    """
    text = sum(part.get_window_extent().height for part in (*figure.texts, *figure.legends))
    figure.set_figheight(panels + text / figure.dpi)


def worded(figure: Figure, weights: Iterable[str]) -> Figure:
    """Replace the words maps and feature maps by units in a figure of units, but not in names with hyphens and dots.

    Args:
        weights: of the networks in the figure, all of which must be units.
    """
    if not all(of_units(each) for each in weights):
        return figure
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        words = re.sub(r"(?<![\w.-])(?:feature\s)?map(s?)(?![\w-]|\.\w)", r"unit\1", text.get_text())
        text.set_text(re.sub(r"(?<![\w.-])(?:Feature m|M)ap(s?)(?![\w-]|\.\w)", r"Unit\1", words))
    return figure


def undefined(panel: Axes, what: str) -> None:
    """Write that a quantity is undefined, instead of drawing empty axes."""
    panel.set_axis_off()
    panel.text(0.5, 0.5, f"{what}:\nundefined", transform=panel.transAxes, ha="center", va="center", color="0.3")


def bounded(ends: ArrayLike, score: str) -> np.ndarray:
    """Clip the ends of intervals to the values of a second-order score: none is above 1, and no square below 0."""
    return np.asarray(ends).clip(SCORES[score].lowest, 1)


def curve(panel: Axes, table: pd.DataFrame, column: str, score: str, colour: str, label: str) -> pd.Series:
    """Draw the mean of scores over folds against k, in a band of one standard deviation; return the mean by k."""
    grouped = table.groupby("k")[column]
    mean, sd = grouped.mean(), grouped.std()
    low, high = bounded([mean - sd, mean + sd], score)
    panel.fill_between(mean.index, low, high, color=colour, alpha=0.2, linewidth=0)
    panel.plot(mean.index, mean, color=colour, label=label)
    return mean


def intervals(rows: pd.DataFrame, kind: str) -> np.ndarray | None:
    """Return the bootstrap intervals (2, row) of the test scores of a kind of maps, if there are any."""
    names = [f"test_{kind}_boot_{side}" for side in ("low", "high")]
    if not set(names) <= set(rows):
        return None
    return bounded(rows[names].to_numpy(float).T, rows["score"].dropna().iloc[0])


def aspect(heatmaps: xr.Dataset) -> float:
    """Return the median height of images divided by their width, clipped to 0.5 to 2."""
    return float(np.clip((heatmaps["height"] / heatmaps["width"]).median(), 0.5, 2))


def scattered(n: int, width: float) -> np.ndarray:
    """Return n shifts within `width` that separate points: multiples of the golden ratio look random, but are fixed."""
    return (np.arange(n) * 0.6180339887 % 1 - 0.5) * width


def short(name: str, longest: int = SHORT) -> str:
    """Shorten a name that is too long, and keep of its end as well: many names differ there alone."""
    begin = 2 * longest // 3
    return name if len(name) <= longest else f"{name[:begin]}…{name[len(name) - (longest - 1 - begin) :]}"


def some(n: int, of: int, things: str) -> str:
    """Write how many of all things are shown."""
    return f"all {of} {things}" if n == of else f"{n} of {of} {things}"


def number(value: float, form: str) -> str:
    """Format a number, for example with `.2f`: with a minus sign instead of a hyphen, and none before zero."""
    if np.isnan(value):
        return "undefined"
    return format(value, form.replace(".", "z.")).replace("-", "−").replace("inf", "∞")


def said(name: str, value: float, form: str) -> str:
    """Write the value of a quantity, or that it is undefined."""
    return f"{name} undefined" if np.isnan(value) else f"{name} = {number(value, form)}"


def interval(low: float, high: float, form: str = ".2f") -> str:
    """Format the interval that follows an estimate; nothing if it is undefined."""
    return f" [{number(low, form)}, {number(high, form)}]" if np.isfinite(low) else ""


def p_value(p: float) -> str:
    """Format a p value to three digits."""
    return "p < 0.001" if p < 0.001 else said("p", p, ".3f")
