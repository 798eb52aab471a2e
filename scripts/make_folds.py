"""Cut the images, or the pairs of images, of one comparison into folds."""

from pathlib import Path

from alignment_importance.inputs import folds
from alignment_importance.inputs import judgments as human
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import write_table


def make_folds(*, judgments: Path, unit: str, n_folds: int, seed: int, output: Path) -> None:
    """Write the table of the folds of one seed, after checking that every fold has enough judged pairs."""
    if unit not in folds.UNITS:
        raise InputError(f"cross_validation: unit is {unit!r}, but must be one of {', '.join(folds.UNITS)}.")
    split = folds.split_images if unit == "images" else folds.split_pairs
    dataset = read_netcdf(judgments)
    image_ids = dataset["image"].values.tolist()
    table = split(image_ids, n_folds, seed)
    folds.blocks(table, human.mean(dataset, image_ids), image_ids)
    write_table(table, output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        make_folds(
            judgments=Path(snakemake.input.judgments),
            unit=snakemake.params.unit,
            n_folds=snakemake.params.folds,
            seed=snakemake.params.seed,
            output=Path(snakemake.output.folds),
        )
