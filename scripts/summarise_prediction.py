"""Summarise the prediction of every comparison and network over folds, with tests and noise ceilings."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance import arrays, prediction


def summarise_prediction(
    *, tables: Mapping[tuple[str, str], Path], judged: Mapping[str, Path], score: str, output: Path
) -> None:
    """Write a row per comparison and network; `tables` are files by both, `judged` by comparison."""
    rows = []
    for (comparison, model), file in tables.items():
        table = arrays.read_table(file)
        human = arrays.read_netcdf(judged[comparison])
        lower, upper = prediction.noise_ceiling(human["similarity"].to_numpy(), score)
        rows.append(
            {
                "comparison": comparison,
                "model": model,
                "weights": table["weights"].iloc[0],
                "arithmetic": table["arithmetic"].iloc[0],
                "simulated": bool(human.attrs["simulated"]),
                "score": score,
                "n_images": human.sizes["image"],
                "n_participants": human.sizes["participant"],
                **prediction.summarise(table),
                "noise_ceiling_lower": lower,
                "noise_ceiling_upper": upper,
            }
        )
    arrays.write_table(pd.DataFrame(rows), output)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0]):
        combinations = [tuple(pair) for pair in snakemake.params.combinations]
        summarise_prediction(
            tables={pair: Path(file) for pair, file in zip(combinations, snakemake.input.tables, strict=True)},
            judged={
                comparison: Path(file)
                for comparison, file in zip(
                    dict.fromkeys(comparison for comparison, _ in combinations), snakemake.input.judgments, strict=True
                )
            },
            score=snakemake.params.score,
            output=Path(snakemake.output.summary),
        )
