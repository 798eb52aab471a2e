"""Helpers that the tests of the scripts that draw have in common."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

from alignment_importance.system.netcdf import write_netcdf

#: Awkward ids: a number, and one with a space, a dot and a letter beyond ASCII.
IDS = ["007", "é b.c"]


Key = TypeVar("Key", str, tuple[str, ...])


class Drawn(dict[str, Figure]):
    """The figures that a script saved, by file name without its ending."""

    def texts(self, name: str) -> str:
        return "\n".join(text.get_text() for text in self[name].findobj(Text))


def files(folder: Path, kinds: Iterable[Key]) -> dict[Key, Path]:
    """The argument `png` of a script: a path for each kind of figure, named by the words of the kind."""
    return {kind: folder / f"{kind if isinstance(kind, str) else '_'.join(kind)}.png" for kind in kinds}


def write_heatmaps(path: Path, values: np.ndarray, simulated: bool) -> None:
    """Write heatmaps `values` (image, y, x) of the images of the fixture `listed`."""
    maps = xr.Dataset(
        {"heatmap": (("image", "y", "x"), values), "activation_mean": (("image", "y", "x"), np.abs(values) + 1)},
        coords={"image": IDS, "width": ("image", [12, 6]), "height": ("image", [8, 10])},
        attrs={
            "resize": "whole",
            "weights": "random weights (seed 1)",
            "arithmetic": "float32",
            "ablation": "zero",
            "simulated": int(simulated),
        },
    )
    write_netcdf(maps, path)
