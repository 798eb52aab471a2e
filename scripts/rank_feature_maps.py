"""Rank feature maps by their Alignment Importance Score: over all images, and over each fold's training images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alignment_importance import ablation, activations, arrays, compute, folds, importance, judgments


def rank_feature_maps(
    *,
    recorded: Path,
    judged: Path,
    splits: Sequence[Path],
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    resources: compute.Compute,
    output_all: Path,
    outputs: Sequence[Path],
) -> None:
    """Write the ranking over all images to `output_all` and those of each file of folds to the same of `outputs`."""
    maps = arrays.read_netcdf(recorded)
    image_ids = maps["image"].to_numpy().tolist()
    ratings = arrays.read_netcdf(judged)
    human = judgments.mean(ratings, image_ids)
    engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
    blocks = [folds.blocks(arrays.read_table(split), human, image_ids) for split in splits]
    everything, per_split = importance.rank_all(engine, folds.whole(human), blocks)
    made_of = arrays.provenance(maps.attrs | ratings.attrs)
    arrays.write_table(everything.assign(**made_of), output_all)
    for table, output in zip(per_split, outputs, strict=True):
        arrays.write_table(table.assign(**made_of), output)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        rank_feature_maps(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            splits=[Path(file) for file in snakemake.input.folds],
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            resources=resources,
            output_all=Path(snakemake.output.all),
            outputs=[Path(file) for file in snakemake.output.rankings],
        )
        resources.report_peak_memory()
