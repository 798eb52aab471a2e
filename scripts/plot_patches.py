"""Plot the image patches that drive the most important feature maps most."""

from pathlib import Path

from alignment_importance.maps import patches
from alignment_importance.report import figures
from alignment_importance.report.figures import maps as figures_maps
from alignment_importance.system.netcdf import open_netcdf, read_netcdf
from alignment_importance.system.tables import read_table

#: How many feature maps, and how many patches of each.
N_MAPS, N_PATCHES = 8, 5


def plot_patches(
    *, activations: Path, ranking: Path, judged: Path, images: Path, comparison: str, model: str, png: Path, pdf: Path
) -> None:
    """Draw the patches of one comparison and model."""
    ratings = read_netcdf(judged)
    ranked = read_table(ranking, ["feature_map", "ais", "rank"])
    pictures = read_table(images, ["image", "file", "sha256"])
    with open_netcdf(activations) as recorded:
        found = patches.strongest(recorded, ranked, ratings["image"].to_numpy().tolist(), N_MAPS, N_PATCHES)
        made_of = recorded.attrs | ratings.attrs
    figures.save(figures_maps.patches(found, pictures, comparison, model, made_of), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_patches(
            activations=Path(snakemake.input.activations),
            ranking=Path(snakemake.input.ranking),
            judged=Path(snakemake.input.judgments),
            images=Path(snakemake.input.images),
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
