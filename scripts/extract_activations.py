"""Run a network on the images of a set and record its feature maps and readout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import networks
from alignment_importance.networks import activations
from alignment_importance.system import arrays, compute


def extract_activations(*, images: Path, network: Mapping[str, Any], resources: compute.Compute, output: Path) -> None:
    """Write the activations of the images in the table `images` by the network with the keywords of `networks.Spec`."""
    spec = networks.Spec(**network)
    built = networks.build(spec)
    split = networks.cut(built, spec.map_layer, spec.readout_layer)
    table = arrays.read_table(images, ["image", "file", "width", "height", "sha256"])
    activations.write(table, built, split, spec.resize, resources, output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        extract_activations(
            images=Path(snakemake.input.images),
            network=snakemake.params.network,
            resources=resources,
            output=Path(snakemake.output.activations),
        )
        resources.report_gpu_memory()
