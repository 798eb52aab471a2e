"""Score the test images of one comparison with the feature maps that other comparisons rank highest."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alignment_importance import ablation
from alignment_importance.experiments import transfer
from alignment_importance.inputs import folds, judgments
from alignment_importance.networks import activations
from alignment_importance.system import compute
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import read_table, write_table


def measure_transfer(
    *,
    target: str,
    recorded: Mapping[str, Path],
    judged: Mapping[str, Path],
    splits: Mapping[int, Path],
    prediction: Path,
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write a row per source and fold; activations and judgments are files by comparison, splits by seed."""

    def load(comparison: str) -> tuple[transfer.Comparison, dict[str, Any]]:
        ratings = read_netcdf(judged[comparison])
        ids = ratings["image"].to_numpy().tolist()
        with activations.read(recorded[comparison], ids) as maps:
            engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
            loaded = transfer.Comparison(engine, judgments.mean(ratings, ids), ids)
            return loaded, origin_columns(maps.attrs | ratings.attrs)

    tested, made_of = load(target)
    own = _own_scores(prediction)
    made = [
        (seed, fold)
        for seed, file in splits.items()
        for fold in folds.blocks(read_table(file), tested.human, tested.image_ids)
    ]
    names = pd.DataFrame([(seed, fold.fold) for seed, fold in made], columns=["seed", "fold"])
    tables = []
    for source in recorded:
        if source != target:
            learned, made_of_source = load(source)
            found = names.join(transfer.transfer(learned, tested, [fold for _, fold in made]))
            found.insert(0, "source", source)
            found = found.merge(own, on=["seed", "fold"], validate="1:1")
            tables.append(found.assign(**made_of, source_simulated=made_of_source["simulated"]))
    write_table(pd.concat(tables), output)


def _own_scores(prediction: Path) -> pd.DataFrame:
    """What was split, and what all maps and those that the target itself ranks highest score in every fold."""
    columns = ["seed", "fold", "unit", "test_full", "test_retained"]
    return read_table(prediction, columns)[columns]


def _by_comparison(names: Sequence[str], files: Sequence[str]) -> dict[str, Path]:
    return dict(zip(names, map(Path, files), strict=True))


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        measure_transfer(
            target=snakemake.wildcards.comparison,
            recorded=_by_comparison(snakemake.params.comparisons, snakemake.input.activations),
            judged=_by_comparison(snakemake.params.comparisons, snakemake.input.judgments),
            splits=dict(zip(snakemake.params.seeds, map(Path, snakemake.input.folds), strict=True)),
            prediction=Path(snakemake.input.prediction),
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            resources=resources,
            output=Path(snakemake.output.table),
        )
        resources.report_gpu_memory()
