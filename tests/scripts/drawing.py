"""What the tests of the scripts that draw share."""

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

from alignment_importance.system.netcdf import write_netcdf

#: Ids that are numbers, and that have spaces, dots and letters beyond ASCII.
IDS = ["007", "é b.c"]


class Drawn:
    """The last figure that a script saved, and where to."""

    figure: Figure
    paths: tuple[Path, Path]

    def texts(self) -> str:
        return "\n".join(text.get_text() for text in self.figure.findobj(Text))


def write_heatmaps(path: Path, values: np.ndarray, simulated: bool) -> None:
    """Write heatmaps of the listed images: `values` (image, y, x)."""
    maps = xr.Dataset(
        {"heatmap": (("image", "y", "x"), values), "activation_mean": (("image", "y", "x"), np.abs(values) + 1)},
        coords={"image": IDS, "width": ("image", [12, 6]), "height": ("image", [8, 10])},
        attrs={
            "resize": "whole",
            "weights": "random weights (seed 1)",
            "arithmetic": "float32",
            "simulated": int(simulated),
        },
    )
    write_netcdf(maps, path)
