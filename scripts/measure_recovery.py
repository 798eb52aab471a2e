"""Measure which way of weighing feature maps finds a control's known truth."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from alignment_importance import ablation
from alignment_importance.experiments import recovery
from alignment_importance.inputs import folds, judgments
from alignment_importance.networks import activations
from alignment_importance.system import compute
from alignment_importance.system.netcdf import origin_columns, read_netcdf
from alignment_importance.system.tables import write_table


def measure_recovery(
    *,
    control: str,
    model: str,
    recorded: Path,
    judged: Mapping[str, Path],
    masks: Path,
    objects: Mapping[str, int],
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    permutations: int,
    seed: int,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write a row per method and draw of maps, and per method, comparison and image; judgments are by comparison."""
    ratings = {name: read_netcdf(file) for name, file in judged.items()}
    image_ids = sorted(set.intersection(*(set(each["image"].to_numpy().tolist()) for each in ratings.values())))
    with activations.read(recorded, image_ids) as maps:
        engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
        weighed = recovery.Network(maps["readout"].to_numpy(), engine, similarity, score, permutations, seed, resources)
        blocks = {name: folds.whole(judgments.mean(each, image_ids)) for name, each in ratings.items()}
        places = recovery.find_places(weighed, maps, blocks, masks, objects)
        table = pd.concat([recovery.find_maps(weighed), places], ignore_index=True)
        table.insert(0, "control", control)
        table.insert(1, "model", model)
        made_of = {name: origin_columns(maps.attrs | each.attrs) for name, each in ratings.items()}
        simulated = table["comparison"].map({name: each["simulated"] for name, each in made_of.items()} | {"": True})
        common = {name: maps.attrs[name] for name in ("weights", "arithmetic")}
        write_table(table.assign(**common, simulated=simulated), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        measure_recovery(
            control=snakemake.wildcards.control,
            model=snakemake.wildcards.model,
            recorded=Path(snakemake.input.activations),
            judged=dict(zip(snakemake.params.comparisons, map(Path, snakemake.input.judgments), strict=True)),
            masks=Path(snakemake.input.masks),
            objects=snakemake.params.objects,
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            permutations=snakemake.params.permutations,
            seed=snakemake.params.seed,
            resources=resources,
            output=Path(snakemake.output.table),
        )
        resources.report_gpu_memory()
