"""List, per fold, how many feature maps are retained and what all maps and these predict."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance import arrays, folds, judgments, prediction


def tabulate_prediction(*, curves: Mapping[int, Path], splits: Mapping[int, Path], judged: Path, output: Path) -> None:
    """Write the table of all folds; `curves` and `splits` are files by seed."""
    human = arrays.read_netcdf(judged)
    image_ids = human["image"].to_numpy().tolist()
    mean = judgments.mean(human, image_ids)
    rows: list[dict[str, object]] = []
    for seed, file in curves.items():
        curve = arrays.read_table(file, ["fold", "k", "train_score", "test_score", "weights", "arithmetic"])
        rows += [
            {
                "seed": seed,
                "fold": fold.fold,
                "n_train": len(fold.train.images),
                "n_test": len(fold.test.images),
                **prediction.retain(curve[curve["fold"] == fold.fold]),
                "weights": curve["weights"].iloc[0],
                "arithmetic": curve["arithmetic"].iloc[0],
                "simulated": bool(human.attrs["simulated"]),
            }
            for fold in folds.blocks(arrays.read_table(splits[seed]), mean, image_ids)
        ]
    arrays.write_table(pd.DataFrame(rows).astype({"k_retained": "Int64"}), output)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0]):
        seeds = snakemake.params.seeds
        tabulate_prediction(
            curves={seed: Path(file) for seed, file in zip(seeds, snakemake.input.curves, strict=True)},
            splits={seed: Path(file) for seed, file in zip(seeds, snakemake.input.folds, strict=True)},
            judged=Path(snakemake.input.judgments),
            output=Path(snakemake.output.table),
        )
