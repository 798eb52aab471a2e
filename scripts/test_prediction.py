"""Permute the images' labels in the judgments, and repeat ranking, selection and test under every permutation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import ablation
from alignment_importance.experiments import permutation
from alignment_importance.inputs import folds, judgments
from alignment_importance.networks import activations
from alignment_importance.system import arrays, compute


def permute_judgments(
    *,
    recorded: Path,
    judged: Path,
    split: Path,
    network: Mapping[str, Any],
    similarity: str,
    score: str,
    n_draws: Mapping[str, int],
    seed: int,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write the test scores under permutations; `n_draws` by the route of the ablation, `split` of one seed."""
    ratings = arrays.read_netcdf(judged)
    image_ids = ratings["image"].to_numpy().tolist()
    with activations.read(recorded, image_ids) as maps:
        engine = ablation.ablate(activations.load_head(maps, network), maps, resources, similarity, score)
        blocks = folds.members(arrays.read_table(split), image_ids)
        human = judgments.mean(ratings, image_ids)
        found = permutation.permute(engine, blocks, human, score, n_draws[maps.attrs["route"]], seed)
        arrays.write_table(found.assign(**arrays.provenance(maps.attrs | ratings.attrs)), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        permute_judgments(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            split=Path(snakemake.input.folds),
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            score=snakemake.params.score,
            n_draws=snakemake.params.n_draws,
            seed=snakemake.params.seed,
            resources=resources,
            output=Path(snakemake.output.permutations),
        )
        resources.report_gpu_memory()
