"""Do two networks find the same places of an image important? Correlations of their heatmaps, image by image."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.maps import heatmaps as heat
from alignment_importance.system import logs

#: Columns of the table that `agree` returns.
COLUMNS = ("model", "model_b", "image", "correlation", "correlation_other_image")


def agree(heatmaps: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Correlate the heatmaps of every two networks at the resolution of the images.

    Args:
        heatmaps: what `heatmaps.make` returns for one comparison, by the network's name. Networks may have maps of
            any resolution and inputs of any form; images are joined by id.

    Returns:
        The columns `COLUMNS`, a row per pair of networks and image that both have, sorted by image. `correlation` is
        what `correlate_heatmaps` returns. `correlation_other_image` is r with the second network's heatmap of another
        image (the next by id, laid over this image's frame): what position in the frame alone would give.
    """
    pairs = list(itertools.combinations(heatmaps, 2))
    rows = []
    for model, model_b in logs.progress(pairs, "pairs of networks", len(pairs)):
        first, second = heatmaps[model], heatmaps[model_b]
        ids = sorted(set(first.indexes["image"]) & set(second.indexes["image"]))
        for image, next_image in zip(ids, np.roll(ids, -1).tolist(), strict=True):
            same, another = (correlate_heatmaps(first, second, image, source) for source in (image, next_image))
            rows.append((model, model_b, image, same, another if len(ids) > 1 else np.nan))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def correlate_heatmaps(first: xr.Dataset, second: xr.Dataset, image: str, of_second: str | None = None) -> float:
    """Pearson's r between two networks' heatmaps of an image, over the pixels that both networks saw.

    Args:
        first, second: what `heatmaps.make` returns.
        of_second: the image whose heatmap by the second network is laid over the frame of `image`; by default `image`.

    Returns:
        -1 to 1; NaN if a heatmap is missing (NaN) or flat, or if fewer than two pixels were seen by both networks.
    """
    maps = [first["heatmap"].sel(image=image), second["heatmap"].sel(image=of_second or image)]
    width, height = int(maps[0]["width"]), int(maps[0]["height"])
    rules = (first.attrs["resize"], second.attrs["resize"])
    weights = [heat.cell_weights(map2d.shape, width, height, rule) for map2d, rule in zip(maps, rules, strict=True)]
    rows, columns = (_where_both_saw(sides) for sides in zip(*weights, strict=True))
    if len(rows[0]) * len(columns[0]) < 2:
        return np.nan
    laid, laid_b = (_Laid.of(*factors) for factors in zip(maps, rows, columns, strict=True))
    r = laid.product(laid_b) / np.sqrt(laid.product(laid) * laid_b.product(laid_b))
    return float(np.clip(r, -1, 1))


def _where_both_saw(sides: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Leave out pixel rows (or columns) that either network did not see, from both networks' weights (pixel, cell)."""
    seen = np.isfinite(np.hstack(sides)).all(axis=1)
    return [side[seen] for side in sides]


@dataclass(frozen=True)
class _Laid:
    """A heatmap laid over pixels and centred over them, held as the three matrices whose product it is.

    Sums over all pixels are then products of small matrices, and the picture itself is never made. The order of
    summation does not depend on the number of threads.

    Attributes:
        values: (y, x), less the mean over the pixels; NaN throughout if the heatmap is flat.
        rows, columns: (height, y) and (width, x) of `heatmaps.cell_weights`, for the pixels that both networks saw.
    """

    values: np.ndarray
    rows: np.ndarray
    columns: np.ndarray

    @classmethod
    def of(cls, heatmap: xr.DataArray, rows: np.ndarray, columns: np.ndarray) -> "_Laid":
        """Centre a heatmap (y, x) over the pixels that it is laid over."""
        values = heatmap.to_numpy().astype(np.float64)
        if np.ptp(values[np.ix_(rows.any(axis=0), columns.any(axis=0))]) == 0:
            return cls(np.full_like(values, np.nan), rows, columns)
        mean = np.einsum("y,yx,x->", rows.mean(axis=0), values, columns.mean(axis=0))
        return cls(values - mean, rows, columns)

    def product(self, other: "_Laid") -> float:
        """The sum over all pixels of the product of two centred heatmaps."""
        of_rows = np.einsum("py,pv->yv", self.rows, other.rows)
        of_columns = np.einsum("px,pu->xu", self.columns, other.columns)
        across = np.einsum("yx,xu->yu", self.values, of_columns)
        return float(np.einsum("yu,vu,yv->", across, other.values, of_rows))
