"""Do two networks see an image's importance in the same places? Correlations of their heatmaps, image by image."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from alignment_importance.maps import heatmaps as heat
from alignment_importance.statistics.correlation import correlate
from alignment_importance.system import logs

#: Columns of the table.
COLUMNS = ("model", "model_b", "image", "correlation", "correlation_other_image")


def agree(heatmaps: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Correlate the heatmaps of every two networks at the resolution of the images.

    Args:
        heatmaps: what `heatmaps.make` returns for one comparison, by the network's name. Networks may have maps of
            any resolution and inputs of any form; images are joined by id.

    Returns:
        The columns `COLUMNS`, a row per pair of networks and image that both have, sorted by image. `correlation` is
        Pearson's r over the pixels that both saw, NaN without a heatmap or where one is flat. `correlation_other_image`
        is r with the second network's heatmap of another image (the next by id, laid over this image's frame): what
        position in the frame alone would give.
    """
    pairs = list(itertools.combinations(heatmaps, 2))
    rows = []
    for one, other in logs.progress(pairs, "pairs of networks", len(pairs)):
        first, second = heatmaps[one], heatmaps[other]
        ids = sorted(set(first.indexes["image"]) & set(second.indexes["image"]))
        for image, next_image in zip(ids, np.roll(ids, -1).tolist(), strict=True):
            placed = heat.place_image(first, "heatmap", image)
            same, another = (
                correlate(placed, heat.place_image(second, "heatmap", source, placed.shape))
                for source in (image, next_image)
            )
            rows.append((one, other, image, same, another if len(ids) > 1 else np.nan))
    return pd.DataFrame(rows, columns=list(COLUMNS))
