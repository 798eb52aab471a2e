"""Build the gallery: a page with every judged image, its heatmaps and its results."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from job import run

from alignment_importance.report.gallery.content import ImageSet, View
from alignment_importance.report.gallery.page import build
from alignment_importance.report.overlays import Scale
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.netcdf import open_netcdf, read_netcdf
from alignment_importance.system.tables import read_table


def build_gallery(
    *,
    images: Mapping[str, Path],
    saliency: Mapping[tuple[str, str], Path],
    heatmaps: Mapping[tuple[str, str], Path],
    scores: Mapping[tuple[str, str], Path],
    rsms: Mapping[tuple[str, str], Path],
    activations: Mapping[tuple[str, str], Path],
    overlaps: Mapping[tuple[str, str, str], Path],
    pairs: Mapping[tuple[str, str], Path],
    image_set_of: Mapping[str, str],
    percents: Sequence[float],
    heatmap_scale: Scale,
    gallery: Path,
) -> None:
    """Write the folder of the gallery, with the images that at least one comparison judges.

    Args:
        images: tables of the listed images, by image set.
        saliency: saliency maps, by image set and name.
        heatmaps, scores, rsms, activations: files by comparison and model.
        overlaps: tables of overlap, by comparison, model and saliency map.
        pairs: explained pairs of images, by comparison and model.
        image_set_of: the image set of each comparison.
        percents: sizes of the masks that are outlined.
        gallery: the folder to write, see `page.build`.
    """
    with ExitStack() as files, atomic_folder(gallery) as folder:
        sets = []
        for name, table in images.items():
            views = [
                View(
                    comparison=comparison,
                    model=model,
                    heatmaps=read_netcdf(heatmaps[comparison, model]),
                    scores=read_netcdf(scores[comparison, model]),
                    rsms=read_netcdf(rsms[comparison, model]),
                    activations=files.enter_context(open_netcdf(activations[comparison, model])),
                    overlaps={
                        key[2]: read_table(file) for key, file in overlaps.items() if key[:2] == (comparison, model)
                    },
                    pairs=read_netcdf(pairs[comparison, model]),
                )
                for comparison, model in heatmaps
                if image_set_of[comparison] == name
            ]
            maps = {
                salience: files.enter_context(open_netcdf(file))
                for (image_set, salience), file in saliency.items()
                if image_set == name
            }
            listed = read_table(table)
            judged = set().union(*(view.heatmaps.indexes["image"] for view in views))
            sets.append(ImageSet(name, listed[listed["image"].isin(judged)], maps, views))
        build(sets, percents, folder, heatmap_scale)


if __name__ == "__main__":
    run(build_gallery, globals()["snakemake"])
