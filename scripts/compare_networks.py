"""Describe the networks of one comparison side by side: scores, share of maps retained, spread of the AIS."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance.experiments import spread
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import read_table, write_table


def compare_networks(
    *,
    comparison: str,
    scores: Mapping[str, Path],
    rankings: Mapping[str, Path],
    predictions: Mapping[str, Path],
    output: Path,
    output_images: Path,
    output_maps: Path,
) -> None:
    """Write a row per network, and the spread per image and per map of all of them; inputs are files by network."""
    networks, by_image, by_map = [], [], []
    for model, file in scores.items():
        ais = read_netcdf(file)
        images, maps = spread.over_maps(ais), spread.over_images(ais)
        predicted = read_table(predictions[model], ["k_retained", "test_full", "test_retained", "unit"])
        described = spread.describe(predicted, read_table(rankings[model], ["ais"]), images, maps)
        name, made_of = {"comparison": comparison, "model": model}, origin_columns(ais.attrs)
        about = {"unit": predicted["unit"].iloc[0], "n_images": ais.sizes["image"]}
        networks.append(name | made_of | about | described)
        by_image.append(pd.DataFrame(name, index=images.index).join(images.assign(**made_of)))
        by_map.append(pd.DataFrame(name, index=maps.index).join(maps.assign(**made_of)))
    write_table(pd.DataFrame(networks), output)
    write_table(pd.concat(by_image), output_images)
    write_table(pd.concat(by_map), output_maps)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):

        def by_model(files: list[str]) -> dict[str, Path]:
            """Name files that are in the order of the models."""
            return dict(zip(snakemake.params.models, map(Path, files), strict=True))

        compare_networks(
            comparison=snakemake.wildcards.comparison,
            scores=by_model(snakemake.input.scores),
            rankings=by_model(snakemake.input.rankings),
            predictions=by_model(snakemake.input.predictions),
            output=Path(snakemake.output.networks),
            output_images=Path(snakemake.output.images),
            output_maps=Path(snakemake.output.maps),
        )
