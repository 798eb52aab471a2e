"""What the tests of the scripts that draw share."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

from alignment_importance.system.netcdf import write_netcdf

#: Ids that are numbers, and that have spaces, dots and letters beyond ASCII.
IDS = ["007", "é b.c"]


Key = TypeVar("Key", str, tuple[str, ...])


class Drawn(dict[str, Figure]):
    """The figures that a script saved, by the names of their files without ending."""

    def texts(self, name: str) -> str:
        return "\n".join(text.get_text() for text in self[name].findobj(Text))


def files(folder: Path, kinds: Iterable[Key]) -> dict[Key, Path]:
    """Where a script saves figures: its argument `png`, named by all words of a kind."""
    return {kind: folder / f"{kind if isinstance(kind, str) else '_'.join(kind)}.png" for kind in kinds}


def write_heatmaps(path: Path, values: np.ndarray, simulated: bool) -> None:
    """Write heatmaps of the listed images: `values` (image, y, x)."""
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
