"""Test whether two networks' Alignment Importance Scores are spread alike (two-sample Kolmogorov-Smirnov)."""

from pathlib import Path

from alignment_importance.experiments import spread
from alignment_importance.system.tables import read_table, write_table


def compare_spread(*, images: Path, maps: Path, output: Path) -> None:
    """Write a row per pair of networks and quantity, see `spread.differences`."""
    by_image = read_table(images, ["model", "image"])
    by_map = read_table(maps, ["model", "feature_map"])
    models = by_image["model"].unique().tolist()
    table = spread.differences(
        {model: by_image[by_image["model"] == model] for model in models},
        {model: by_map[by_map["model"] == model] for model in models},
    )
    made_of = by_image.groupby("model")[["weights", "arithmetic", "simulated"]].first()
    table = table.join(made_of, on="model").join(made_of[["weights", "arithmetic"]].add_suffix("_b"), on="model_b")
    write_table(table, output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        compare_spread(
            images=Path(snakemake.input.images),
            maps=Path(snakemake.input.maps),
            output=Path(snakemake.output.table),
        )
