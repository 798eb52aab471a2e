"""Score the test images of every comparison with the feature maps that other comparisons rank highest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from alignment_importance import ablation
from alignment_importance.experiments import transfer
from alignment_importance.inputs import folds as cuts
from alignment_importance.inputs import judgments as human
from alignment_importance.networks import activations as recorded
from alignment_importance.system import compute as machine
from alignment_importance.system import netcdf
from alignment_importance.system import tables as files


def measure_transfer(
    activations: Mapping[str, Path],
    judgments: Mapping[str, Path],
    folds: Mapping[tuple[str, int], Path],
    predictions: Mapping[str, Path],
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    compute: Mapping[str, Any],
    gpu: int | None,
    threads: int,
    tables: Mapping[str, Path],
) -> None:
    """Write a row per source and fold for every comparison.

    Args:
        activations, judgments, predictions: by comparison.
        folds: by comparison and seed.
        model: the network's entry in the configuration.
        alignment: `similarity` and `score`.
        compute: device, memory_gb and precision.
        gpu: GPUs of the job, None where nobody counts them.
        threads: CPU threads of the job.
        tables: by the comparison that is tested.
    """
    with machine.prepared(gpus=gpu, threads=threads, **compute) as resources:
        loaded, origins = {}, {}
        for name, file in activations.items():
            ratings = netcdf.read_netcdf(judgments[name])
            ids = ratings["image"].to_numpy().tolist()
            with recorded.read(file, ids) as maps:
                engine = ablation.ablate(recorded.load_head(maps, model), maps, resources, **alignment)
                loaded[name] = transfer.Comparison(engine, human.mean(ratings, ids), ids)
                origins[name] = netcdf.origin_columns(maps.attrs | ratings.attrs)
        for target, output in tables.items():
            cut = {seed: files.read_table(file) for (name, seed), file in folds.items() if name == target}
            scored = _of_target(target, loaded, origins, cut, predictions[target])
            files.write_table(scored, output)


def _of_target(
    target: str,
    loaded: Mapping[str, transfer.Comparison],
    origins: Mapping[str, Mapping[str, Any]],
    folds: Mapping[int, pd.DataFrame],
    prediction: Path,
) -> pd.DataFrame:
    """What the rankings of every other comparison are worth for one, beside what its own are worth."""
    tested = loaded[target]
    made = [
        (seed, fold) for seed, table in folds.items() for fold in cuts.blocks(table, tested.human, tested.image_ids)
    ]
    names = pd.DataFrame([(seed, fold.fold) for seed, fold in made], columns=["seed", "fold"])
    columns = ["seed", "fold", "unit", "test_full", "test_retained"]
    own = files.read_table(prediction, columns)[columns]
    parts = []
    for source, learned in loaded.items():
        if source != target:
            scores = names.join(transfer.transfer(learned, tested, [fold for _, fold in made]))
            scores.insert(0, "source", source)
            scores = scores.merge(own, on=["seed", "fold"], validate="1:1")
            parts.append(scores.assign(**origins[target], source_simulated=origins[source]["simulated"]))
    return pd.concat(parts)


if __name__ == "__main__":
    from job import run

    run(measure_transfer, globals()["snakemake"])
