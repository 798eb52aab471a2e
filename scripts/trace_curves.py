"""Score the top k feature maps of every fold's ranking on its training and on its test images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation, activations, arrays, compute, curves, folds, judgments


def trace_curves(
    *,
    recorded: Path,
    judged: Path,
    split: Path,
    ranking: Path,
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write the curves of the folds of one seed."""
    maps = arrays.read_netcdf(recorded)
    image_ids = maps["image"].to_numpy().tolist()
    ratings = arrays.read_netcdf(judged)
    human = judgments.mean(ratings, image_ids)
    engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
    blocks = folds.blocks(arrays.read_table(split), human, image_ids)
    ranked = arrays.read_table(ranking, ["fold", "feature_map", "rank"])
    made_of = arrays.provenance(maps.attrs | ratings.attrs)
    arrays.write_table(curves.trace(engine, blocks, ranked).assign(**made_of), output)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        trace_curves(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            split=Path(snakemake.input.folds),
            ranking=Path(snakemake.input.ranking),
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            resources=resources,
            output=Path(snakemake.output.curves),
        )
        resources.report_peak_memory()
