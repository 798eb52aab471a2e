"""Compute the similarity matrices of people, of the whole network and of its retained feature maps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance.experiments import rsms
from alignment_importance.networks import activations
from alignment_importance.system import compute
from alignment_importance.system.netcdf import read_netcdf, write_netcdf
from alignment_importance.system.tables import read_table


def compute_rsms(
    *,
    recorded: Path,
    judged: Path,
    ranking: Path,
    prediction: Path,
    network: Mapping[str, Any],
    similarity: str,
    resources: compute.Compute,
    output: Path,
) -> None:
    """Write the three matrices of one comparison and network, see `rsms.compute`."""
    human = read_netcdf(judged)
    with activations.read(recorded, human["image"].to_numpy().tolist()) as maps:
        matrices = rsms.compute(
            activations.load_head(maps, network),
            maps,
            human,
            read_table(ranking, ["feature_map", "rank"]),
            rsms.n_retained(read_table(prediction, ["k_retained"])),
            resources,
            similarity,
        )
    write_netcdf(matrices, output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        compute_rsms(
            recorded=Path(snakemake.input.activations),
            judged=Path(snakemake.input.judgments),
            ranking=Path(snakemake.input.ranking),
            prediction=Path(snakemake.input.prediction),
            network=snakemake.params.network,
            similarity=snakemake.params.similarity,
            resources=resources,
            output=Path(snakemake.output.rsms),
        )
        resources.report_gpu_memory()
