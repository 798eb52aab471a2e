"""What all figures share: style, colours, page, names and numbers as they are written, and how a figure is saved."""

import functools
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from alignment_importance.inputs import folds
from alignment_importance.report.overlays import COMPRESSION, Scale
from alignment_importance.statistics.scores import SCORES
from alignment_importance.system.atomic_write import atomic
from alignment_importance.system.tables import ORIGIN

mpl.use("Agg")  # draws into files; needs no display

#: The one style of all figures.
_SETTINGS = mpl.rc_params_from_file(Path(__file__).with_suffix(".mplstyle"), use_default_template=False)

#: The longest names that are written in full.
SHORT = 28

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def styled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Run a function in the style of all figures."""

    @functools.wraps(function)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with mpl.rc_context(_SETTINGS):
            return function(*args, **kwargs)

    return run


@dataclass(frozen=True)
class Page:
    """How figures are drawn.

    Attributes:
        one_column_mm, two_columns_mm: widths of a journal's columns in millimetres.
        dpi: dots per inch of what is made of pixels.
        pdf: whether figures are saved as PDF as well.
        heatmap_scale: what the colours of heatmaps span, the range of each `image` or that of all images of the `set`.
    """

    one_column_mm: float = 85
    two_columns_mm: float = 174
    dpi: float = 300
    pdf: bool = False
    heatmap_scale: Scale = "image"


_DEFAULT_PAGE = Page()
_page: ContextVar[Page] = ContextVar("page")


@contextmanager
def page(settings: Mapping[str, Any]) -> Iterator[None]:
    """Draw and save figures for such a page; `settings` are the fields of `Page`."""
    token = _page.set(Page(**settings))
    try:
        yield
    finally:
        _page.reset(token)


def dots_per_inch() -> float:
    """Dots per inch of a figure on the present page."""
    return _page.get(_DEFAULT_PAGE).dpi


def heatmap_scale() -> Scale:
    """What the colours of heatmaps span on the present page."""
    return _page.get(_DEFAULT_PAGE).heatmap_scale


def new_figure(height: float, columns: Literal[1, 2] = 2) -> Figure:
    """Make an empty figure as wide as columns of the present page; it has no window and pyplot does not keep it.

    Args:
        height: in inches.
        columns: one or two.
    """
    settings = _page.get(_DEFAULT_PAGE)
    millimetres = settings.one_column_mm if columns == 1 else settings.two_columns_mm
    return Figure(figsize=(millimetres / 25.4, height), layout="constrained")


@styled
def save(figure: Figure, png: Path) -> None:
    """Write a figure as PNG and, if the present page asks for it, as PDF beside it; equal figures give equal bytes."""
    lay_out(figure)
    with atomic(png) as partial:
        figure.savefig(partial, format="png", dpi=dots_per_inch(), pil_kwargs={"compress_level": COMPRESSION})
    if _page.get(_DEFAULT_PAGE).pdf:
        with atomic(png.with_suffix(".pdf")) as partial:
            figure.savefig(partial, format="pdf", dpi=dots_per_inch(), metadata={"CreationDate": None})


def lay_out(figure: Figure) -> None:
    """Give all parts of a figure their places, once: Matplotlib would solve the layout again for every file."""
    figure.set_dpi(dots_per_inch())
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)


def title(figure: Figure, what: str, comparison: str, model: str, provenance: Mapping[str, Any]) -> None:
    """Head a figure with what it shows and, below that, of which comparison and network."""
    about = f"{observers(comparison, provenance)}, {network(model, provenance)}"
    about = textwrap.fill(about, int(11 * figure.get_figwidth()))
    figure.suptitle(f"{what}\n{about}", x=0.01, ha="left")


def observers(comparison: str, provenance: Mapping[str, Any]) -> str:
    """Name a comparison, and say if its observers are simulated."""
    return f"{short(comparison)} (simulated observers)" if provenance.get("simulated", False) else short(comparison)


def network(model: str, provenance: Mapping[str, Any]) -> str:
    """Name a model, and say if it is units, or if its weights, arithmetic or ablation are not the usual ones."""
    weights, arithmetic = str(provenance.get("weights", "")), str(provenance.get("arithmetic", "float32"))
    unusual = [weights] if weights.startswith(("random weights", "units of")) else []
    if arithmetic != "float32":
        unusual.append(arithmetic)
    if provenance.get("ablation") == "mean":
        unusual.append("ablated maps replaced by their means")
    return f"{short(model)} ({', '.join(unusual)})" if unusual else short(model)


def provenance(table: pd.DataFrame) -> dict[str, Any]:
    """What a table says of its observers (`simulated`) and of its network (`weights`, `arithmetic`, `ablation`)."""
    return {name: table[name].iloc[0] for name in ORIGIN if name in table}


def leaky(table: pd.DataFrame) -> bool:
    """Tell whether a table is of folds over pairs of images (see `folds.UNIT_NAMES`)."""
    return "unit" in table and bool((table["unit"] == folds.UNIT_NAMES["pairs"]).any())


def warning(table: pd.DataFrame) -> str:
    """Warn at the end of a note if the folds are leaky."""
    if not leaky(table):
        return ""
    return " Pairs were split, which is leaky: every image stands on both sides of the split."


def footnote(figure: Figure, text: str) -> None:
    """Say below a figure how it is to be read."""
    wrapped = textwrap.fill(text, int(19 * figure.get_figwidth()))
    figure.supxlabel(wrapped, x=0.01, ha="left", fontsize=7, color="0.3")


def key(figure: Figure, entries: Mapping[str, Artist], note: str, columns: int) -> None:
    """Say below a figure what its marks mean and, above them, how it is to be read; the two cannot overlap."""
    wrapped = textwrap.fill(note, int(19 * figure.get_figwidth()))
    legend = figure.legend(
        list(entries.values()), list(entries), title=wrapped, title_fontsize=7, fontsize=7, alignment="left",
        loc="outside lower left", ncols=columns,
    )  # fmt: skip
    legend.get_title().set_color("0.3")


def worded(figure: Figure, provenance: Mapping[str, Any]) -> Figure:
    """Write units wherever a figure of units says maps or feature maps; names with hyphens and dots stay."""
    if not str(provenance.get("weights", "")).startswith("units of"):
        return figure
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        words = re.sub(r"(?<![\w.-])(?:feature\s)?map(s?)(?![\w-]|\.\w)", r"unit\1", text.get_text())
        text.set_text(re.sub(r"(?<![\w.-])(?:Feature m|M)ap(s?)(?![\w-]|\.\w)", r"Unit\1", words))
    return figure


def undefined(panel: Axes, what: str) -> None:
    """Say that there is nothing to draw, instead of drawing empty axes."""
    panel.set_axis_off()
    panel.text(0.5, 0.5, f"{what}:\nundefined", transform=panel.transAxes, ha="center", va="center", color="0.3")


def bounded(low: Any, score: str) -> Any:
    """Raise lower ends of intervals to the lowest value of a second-order score: a square is not negative."""
    return np.maximum(low, SCORES[score].lowest)


def aspect(heatmaps: xr.Dataset) -> float:
    """Height of a typical image divided by its width, at least 0.5 and at most 2."""
    return float(np.clip((heatmaps["height"] / heatmaps["width"]).median(), 0.5, 2))


def scattered(n: int, width: float) -> np.ndarray:
    """Shifts within `width` that keep n points apart: multiples of the golden ratio, random to the eye but fixed."""
    return (np.arange(n) * 0.6180339887 % 1 - 0.5) * width


def short(name: str, longest: int = SHORT) -> str:
    """Shorten a name that is too long to be drawn."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def some(n: int, of: int, things: str) -> str:
    """Say how many of all things are shown."""
    return f"all {of} {things}" if n == of else f"{n} of {of} {things}"


def number(value: float, form: str) -> str:
    """Write a number in a form such as `.2f`: with a minus sign, not a hyphen, and with none before zero."""
    if np.isnan(value):
        return "undefined"
    return format(value, form.replace(".", "z.")).replace("-", "−").replace("inf", "∞")


def said(name: str, value: float, form: str) -> str:
    """Say what a quantity is, or that it is undefined."""
    return f"{name} undefined" if np.isnan(value) else f"{name} = {number(value, form)}"


def interval(low: float, high: float) -> str:
    """Write an interval behind its estimate; nothing if it is undefined."""
    return f" [{number(low, '.2f')}, {number(high, '.2f')}]" if np.isfinite(low) else ""


def p_value(p: float) -> str:
    """Write a probability to three digits."""
    return "p < 0.001" if p < 0.001 else said("p", p, ".3f")
