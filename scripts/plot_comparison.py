"""Plot all figures of one comparison and network, or of one comparison and units, which have no places."""

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from job import run

import pandas as pd
from matplotlib.figure import Figure

from alignment_importance.maps.patches import locate, strongest
from alignment_importance.report.figures import style
from alignment_importance.report.figures.explained_pairs import draw_explained_pairs
from alignment_importance.report.figures.heatmaps import draw_heatmaps
from alignment_importance.report.figures.importance import draw_importance
from alignment_importance.report.figures.overlap import draw_overlap, draw_overlap_categories, draw_overlap_grid
from alignment_importance.report.figures.patches import draw_patches
from alignment_importance.report.figures.prediction import draw_curves
from alignment_importance.report.figures.rsms import draw_rsms
from alignment_importance.report.overlays import draw_overlays
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.netcdf import open_netcdf, read_netcdf
from alignment_importance.system.tables import read_table

#: Number of feature maps in the figure of patches, and of patches for each.
N_MAPS, N_PATCHES = 8, 5


def plot_comparison(
    *,
    curves: Sequence[Path],
    rankings: Sequence[Path],
    all_ranking: Path,
    prediction: Path,
    heatmaps: Path | None,
    scores: Path | None,
    rsms: Path,
    pairs: Path | None,
    activations: Path | None,
    images: Path,
    saliency: Mapping[str, Path],
    overlaps: Mapping[str, Path],
    summaries: Mapping[str, Path],
    page: Mapping[str, Any],
    score: str,
    percents: Sequence[float],
    comparison: str,
    model: str,
    png: Mapping[str, Path],
    overlays: Path | None,
) -> None:
    """Draw the kinds of figure that `png` names.

    Args:
        curves, rankings: a file per seed.
        all_ranking: the ranking over all images.
        prediction: the table of all folds.
        heatmaps, scores, pairs: of the comparison and model; `scores` are image-specific. None for units.
        rsms: of the comparison and model.
        activations: of the model; None for units.
        images: the table of its image set.
        saliency, overlaps, summaries: by the name of the saliency maps; none if there are no figures of saliency.
        percents: sizes of the masks in the grid of overlaps, in per cent of the pixels.
        png: files by kind of figure.
        overlays: folder of the images with their heatmaps, at the images' own size; None for units.
    """
    pictures = read_table(images)
    names = comparison, model

    def importance() -> Figure:
        of_seeds = pd.concat([read_table(file).assign(seed=file.stem) for file in rankings])
        return draw_importance(of_seeds, read_table(all_ranking), *names, score)

    draw: dict[str, Callable[[], Figure]] = {
        "curves": lambda: draw_curves(pd.concat(map(read_table, curves)), read_table(prediction), *names, score),
        "importance": importance,
        "rsms": lambda: draw_rsms(read_netcdf(rsms), pictures, *names),
    }
    if heatmaps and scores and pairs and activations and overlays:
        maps = read_netcdf(heatmaps)
        with atomic_folder(overlays) as folder:
            draw_overlays(maps, pictures, folder, page["heatmap_scale"])

        @functools.cache
        def summarised() -> pd.DataFrame:
            tables = [read_table(file).assign(saliency=name) for name, file in summaries.items()]
            return pd.concat(tables, ignore_index=True)

        def patches() -> Figure:
            ranked = read_table(all_ranking)
            with open_netcdf(activations) as recorded:
                chosen = strongest(recorded, ranked, maps["image"].to_numpy().tolist(), N_MAPS, N_PATCHES)
                return draw_patches(chosen, pictures, *names, maps.attrs)

        def explained_pairs() -> Figure:
            with open_netcdf(pairs) as explained, open_netcdf(activations) as recorded:
                return draw_explained_pairs(explained, functools.partial(locate, recorded), pictures, *names)

        def overlap_grid() -> Figure:
            tables = {name: read_table(file) for name, file in overlaps.items()}
            with ExitStack() as files:
                salience = {name: files.enter_context(open_netcdf(file)) for name, file in saliency.items()}
                return draw_overlap_grid(maps, salience, tables, pictures, percents, *names)

        draw |= {
            "heatmaps": lambda: draw_heatmaps(maps, read_netcdf(scores)["alignment"], pictures, *names),
            "patches": patches,
            "pairs-explained": explained_pairs,
            "overlap": lambda: draw_overlap(summarised(), *names),
            "overlap-categories": lambda: draw_overlap_categories(summarised(), *names),
            "overlap-grid": overlap_grid,
        }
    with style.page(page):
        for kind in png:
            style.save(draw[kind](), png[kind])


if __name__ == "__main__":
    run(plot_comparison, globals()["snakemake"])
