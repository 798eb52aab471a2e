"""Cut the images, or the pairs of images, of one comparison into folds, once per seed."""

from collections.abc import Sequence
from pathlib import Path

from alignment_importance import arrays, folds
from alignment_importance import judgments as human
from alignment_importance.errors import InputError


def make_folds(*, judgments: Path, unit: str, n_folds: int, seeds: Sequence[int], outputs: Sequence[Path]) -> None:
    """Write one table of folds per seed, after checking that every fold has enough judged pairs."""
    if unit not in folds.UNITS:
        raise InputError(f"cross_validation: unit is {unit!r}, but must be one of {', '.join(folds.UNITS)}.")
    split = folds.split_images if unit == "images" else folds.split_pairs
    dataset = arrays.read_netcdf(judgments)
    image_ids = dataset["image"].values.tolist()
    mean = human.mean(dataset, image_ids)
    tables = [split(image_ids, n_folds, seed) for seed in seeds]
    for table in tables:
        folds.blocks(table, mean, image_ids)
    for table, output in zip(tables, outputs, strict=True):
        arrays.write_table(table, output)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0]):
        make_folds(
            judgments=Path(snakemake.input.judgments),
            unit=snakemake.params.unit,
            n_folds=snakemake.params.folds,
            seeds=snakemake.params.seeds,
            outputs=[Path(path) for path in snakemake.output.folds],
        )
