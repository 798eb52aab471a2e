"""List the scores of all folds of all seeds, with the noise ceilings of their test blocks."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance.experiments import prediction
from alignment_importance.inputs import folds, judgments
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import read_table, write_table


def tabulate_prediction(
    *, scores: Mapping[int, Path], splits: Mapping[int, Path], judged: Path, score: str, output: Path
) -> None:
    """Write the table of all folds; `scores` and `splits` are files by seed."""
    human = read_netcdf(judged)
    image_ids = human["image"].to_numpy().tolist()
    mean = judgments.mean(human, image_ids)
    tables = []
    for seed, file in scores.items():
        split = read_table(splits[seed])
        blocks = folds.blocks(split, mean, image_ids)
        table = read_table(file, ["fold", "test_full", "test_retained", "weights", "arithmetic", "simulated"])
        tables.append(prediction.add_ceilings(table, blocks, human, score, seed))
        tables[-1].insert(0, "seed", seed)
        tables[-1]["unit"] = folds.unit_name(split)
    whole = {name: "Int64" for name in map(str, tables[0]) if name.startswith(("k_", "n_"))}
    made_of = ["unit", "weights", "arithmetic", "simulated"]
    table = pd.concat(tables, ignore_index=True).astype(whole)
    write_table(table[[*table.columns.drop(made_of), *made_of]], output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        seeds = snakemake.params.seeds
        tabulate_prediction(
            scores={seed: Path(file) for seed, file in zip(seeds, snakemake.input.scores, strict=True)},
            splits={seed: Path(file) for seed, file in zip(seeds, snakemake.input.folds, strict=True)},
            judged=Path(snakemake.input.judgments),
            score=snakemake.params.score,
            output=Path(snakemake.output.table),
        )
