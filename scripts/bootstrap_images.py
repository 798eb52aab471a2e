"""Resample the images of the test blocks: intervals of the mean test scores."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance.experiments import bootstrap
from alignment_importance.system.netcdf import origin_columns
from alignment_importance.system.tables import read_table, write_table


def bootstrap_images(*, predicted: Mapping[int, Path], score: str, n_draws: int, seed: int, output: Path) -> None:
    """Write the intervals; `predicted` are files by seed of the folds."""
    tables = {of: read_table(file, ["fold", "judged", "full"]) for of, file in predicted.items()}
    pairs = pd.concat([table.assign(seed=of) for of, table in tables.items()], ignore_index=True)
    found = bootstrap.intervals(pairs, score, n_draws, seed)
    write_table(found.assign(**origin_columns(dict(pairs[["weights", "arithmetic", "simulated"]].iloc[0]))), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        params = snakemake.params
        bootstrap_images(
            predicted={seed: Path(file) for seed, file in zip(params.seeds, snakemake.input.predicted, strict=True)},
            score=params.score,
            n_draws=params.n_draws,
            seed=params.seeds[0],
            output=Path(snakemake.output.intervals),
        )
