"""Rank feature maps on the training images of every fold, select among them, and test what was selected."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance.experiments import cross_validation
from alignment_importance.inputs import folds, judgments
from alignment_importance.networks import activations
from alignment_importance.system import arrays, compute


def trace_curves(
    *,
    recorded: Path,
    judged: Path,
    split: Path,
    network: Mapping[str, Any],
    settings: cross_validation.Settings,
    resources: compute.Compute,
    outputs: Mapping[str, Path],
) -> None:
    """Write the tables of the folds of one seed, by the names of `cross_validation.Validation`."""
    ratings = arrays.read_netcdf(judged)
    image_ids = ratings["image"].to_numpy().tolist()
    with activations.read(recorded, image_ids) as maps:
        blocks = folds.blocks(arrays.read_table(split), judgments.mean(ratings, image_ids), image_ids)
        found = cross_validation.validate(activations.load_head(maps, network), maps, blocks, settings, resources)
        made_of = arrays.provenance(maps.attrs | ratings.attrs)
        for name, output in outputs.items():
            arrays.write_table(getattr(found, name).assign(**made_of), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        trace_curves(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            split=Path(snakemake.input.folds),
            network=snakemake.params.network,
            settings=cross_validation.Settings(**snakemake.params.settings),
            resources=resources,
            outputs={name: Path(file) for name, file in snakemake.output.items()},
        )
        resources.report_gpu_memory()
