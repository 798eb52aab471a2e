"""Build the gallery: a page with every image, its heatmaps, and what belongs to them."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from alignment_importance.report import gallery
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.netcdf import open_netcdf, read_netcdf
from alignment_importance.system.tables import read_table


def build_gallery(
    *,
    tables: Mapping[str, Path],
    saliency: Mapping[tuple[str, str], Path],
    views: Mapping[tuple[str, str], Mapping[str, Path]],
    overlaps: Mapping[tuple[str, str, str], Path],
    image_set_of: Mapping[str, str],
    percents: Sequence[float],
    output: Path,
) -> None:
    """Write the folder of the gallery, with the images that a comparison has.

    Args:
        tables: the listed images, by image set.
        saliency: saliency maps, by image set and name.
        views: `heatmaps`, `scores`, `rsms` and `activations`, by comparison and model.
        overlaps: tables of overlap, by comparison, model and saliency map.
        image_set_of: the image set of each comparison.
        percents: sizes of the masks that are outlined.
        output: the folder, see `gallery.build`.
    """
    with ExitStack() as files, atomic_folder(output) as folder:
        sets = []
        for name, table in tables.items():
            seen = [
                gallery.View(
                    comparison=comparison,
                    model=model,
                    heatmaps=read_netcdf(parts["heatmaps"]),
                    scores=read_netcdf(parts["scores"]),
                    rsms=read_netcdf(parts["rsms"]),
                    activations=files.enter_context(open_netcdf(parts["activations"])),
                    overlaps={
                        key[2]: read_table(file) for key, file in overlaps.items() if key[:2] == (comparison, model)
                    },
                )
                for (comparison, model), parts in views.items()
                if image_set_of[comparison] == name
            ]
            maps = {key[1]: files.enter_context(open_netcdf(file)) for key, file in saliency.items() if key[0] == name}
            listed = read_table(table, ["image", "file", "width", "height", "sha256", "category"])
            judged = set().union(*(view.heatmaps.indexes["image"] for view in seen))
            sets.append(gallery.ImageSet(name, listed[listed["image"].isin(judged)], maps, seen))
        gallery.build(sets, percents, folder)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    page = {"heatmap_scale": snakemake.params.heatmap_scale}
    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(page):
        combinations = [tuple(pair) for pair in snakemake.params.views]
        parts = ("heatmaps", "scores", "rsms", "activations")
        files = zip(*(snakemake.input[part] for part in parts), strict=True)
        build_gallery(
            tables=dict(zip(snakemake.params.image_sets, map(Path, snakemake.input.images), strict=True)),
            saliency={
                tuple(key): Path(file)
                for key, file in zip(snakemake.params.saliency, snakemake.input.saliency, strict=True)
            },
            views={
                pair: dict(zip(parts, map(Path, each), strict=True))
                for pair, each in zip(combinations, files, strict=True)
            },
            overlaps={
                tuple(key): Path(file)
                for key, file in zip(snakemake.params.overlaps, snakemake.input.overlaps, strict=True)
            },
            image_set_of=snakemake.params.image_set_of,
            percents=snakemake.params.percents,
            output=Path(snakemake.output.gallery),
        )
