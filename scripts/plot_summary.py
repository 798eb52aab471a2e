"""Plot the figures of a whole run: predictions, and networks, comparisons and observers side by side."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from job import run

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from alignment_importance.report.figures import style
from alignment_importance.report.figures.control import draw_control
from alignment_importance.report.figures.depth import draw_depth
from alignment_importance.report.figures.networks import draw_agreement, draw_networks, draw_spread, draw_transfer
from alignment_importance.report.figures.prediction import draw_prediction
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table


def plot_summary(
    *,
    summary: Path,
    predictions: Mapping[tuple[str, str], Path],
    networks: Mapping[str, Path],
    spread_images: Mapping[str, Path],
    spread_maps: Mapping[str, Path],
    differences: Mapping[str, Path],
    agreement: Mapping[str, Path],
    transfer: Mapping[tuple[str, str], Path],
    control: Mapping[tuple[str, str], Path],
    heatmaps: Mapping[tuple[str, str], Path],
    images: Mapping[str, Path],
    image_set_of: Mapping[str, str],
    sweeps: Mapping[str, Sequence[str]],
    controls: Mapping[str, Mapping[str, Any]],
    page: Mapping[str, Any],
    score: str,
    png: Mapping[tuple[str, ...], Path],
) -> None:
    """Draw the figures that `png` names; inputs that none of them needs may be empty.

    Args:
        summary: the table of all comparisons and models.
        predictions: tables of folds, by comparison and model.
        networks, spread_images, spread_maps, differences, agreement: tables of all models, by comparison.
        transfer: tables by the comparison that is tested, and model.
        control: tables of areas under the ROC curve, by control and model.
        heatmaps: by comparison and model.
        images: tables of images, by image set.
        image_set_of: the image set of each comparison.
        sweeps: models from the first map layer to the last, by network.
        controls: `image_set` and `objects` of each control.
        png: files by the kind of figure, followed by the names of what it is about (see `captions.FIGURES`).
    """

    def read_maps(names: Mapping[str, tuple[str, str]]) -> dict[str, xr.Dataset]:
        return {name: read_netcdf(heatmaps[key]) for name, key in names.items()}

    def pictures_of(image_set: str) -> pd.DataFrame:
        return read_table(images[image_set])

    def prediction() -> Figure:
        folds = [
            read_table(file).assign(comparison=comparison, model=model)
            for (comparison, model), file in predictions.items()
        ]
        return draw_prediction(read_table(summary), pd.concat(folds))

    def side_by_side() -> Figure:
        return draw_networks(pd.concat(map(read_table, networks.values())), score)

    def depth(comparison: str, network: str) -> Figure:
        return draw_depth(read_table(summary), sweeps[network], comparison, network)

    def spread(comparison: str) -> Figure:
        files = (spread_images[comparison], spread_maps[comparison], differences[comparison])
        by_image, by_map, tests = map(read_table, files)
        return draw_spread(by_image, by_map, tests, comparison)

    def agreeing(comparison: str, model: str, model_b: str) -> Figure:
        table = read_table(agreement[comparison])
        rows = table[(table["model"] == model) & (table["model_b"] == model_b)]
        maps = read_maps({name: (comparison, name) for name in (model, model_b)})
        return draw_agreement(rows, maps, pictures_of(image_set_of[comparison]), comparison)

    def transferred(model: str) -> Figure:
        tables = [read_table(file).assign(target=target) for (target, name), file in transfer.items() if name == model]
        return draw_transfer(pd.concat(tables), model, score)

    def controlled(name: str, model: str) -> Figure:
        image_set, objects = controls[name]["image_set"], list(controls[name]["objects"])
        names = [comparison for comparison, judged_set in image_set_of.items() if judged_set == image_set]
        maps = read_maps({comparison: (comparison, model) for comparison in names})
        areas = read_table(control[name, model])
        return draw_control(areas, maps, pictures_of(image_set), objects, model)

    draw: dict[str, Callable[..., Figure]] = {
        "prediction": prediction,
        "networks": side_by_side,
        "depth": depth,
        "spread": spread,
        "agreement": agreeing,
        "transfer": transferred,
        "control": controlled,
    }
    with style.page(page):
        for key in png:
            kind, *about = key
            style.save(draw[kind](*about), png[key])


if __name__ == "__main__":
    run(plot_summary, globals()["snakemake"])
