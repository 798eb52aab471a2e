"""Summarise the prediction of every comparison and network over folds, with tests, intervals and noise ceilings."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance.experiments import prediction
from alignment_importance.system import arrays


def summarise_prediction(
    *,
    tables: Mapping[tuple[str, str], Path],
    intervals: Mapping[tuple[str, str], Path],
    permutations: Mapping[tuple[str, str], Path],
    judged: Mapping[str, Path],
    alignment: Mapping[str, str],
    output: Path,
) -> None:
    """Write a row per comparison and network; files are by both, `judged` by comparison."""
    rows = []
    for (comparison, model), file in tables.items():
        table = arrays.read_table(file)
        human = arrays.read_netcdf(judged[comparison])
        rows.append(
            {
                "comparison": comparison,
                "model": model,
                "weights": table["weights"].iloc[0],
                "arithmetic": table["arithmetic"].iloc[0],
                "simulated": bool(human.attrs["simulated"]),
                **alignment,
                "unit": table["unit"].iloc[0],
                "n_images": human.sizes["image"],
                "n_participants": human.sizes["participant"],
                **prediction.summarise(
                    table,
                    arrays.read_table(intervals[comparison, model]),
                    arrays.read_table(permutations[comparison, model]),
                ),
            }
        )
    arrays.write_table(prediction.correct_for_number(pd.DataFrame(rows)), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        combinations = [tuple(pair) for pair in snakemake.params.combinations]
        comparisons = dict.fromkeys(comparison for comparison, _ in combinations)
        by_both = {
            name: {pair: Path(file) for pair, file in zip(combinations, snakemake.input[name], strict=True)}
            for name in ("tables", "intervals", "permutations")
        }
        summarise_prediction(
            **by_both,
            judged={
                comparison: Path(file) for comparison, file in zip(comparisons, snakemake.input.judgments, strict=True)
            },
            alignment=snakemake.params.alignment,
            output=Path(snakemake.output.summary),
        )
