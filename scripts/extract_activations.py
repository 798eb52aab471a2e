"""Run a network on the images of a set and record its feature maps and readout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import networks
from alignment_importance.networks import activations as recorded
from alignment_importance.system import compute as machine
from alignment_importance.system import tables


def extract_activations(
    images: Path,
    model: Mapping[str, Any],
    compute: Mapping[str, Any],
    gpu: int | None,
    threads: int,
    activations: Path,
) -> None:
    """Write the activations of all images of a set.

    Args:
        images: table of the image set.
        model: the network's entry in the configuration.
        compute: device, memory_gb and precision.
        gpu: GPUs of the job, None where nobody counts them.
        threads: CPU threads of the job.
        activations: see `activations.write`.
    """
    with machine.prepared(gpus=gpu, threads=threads, **compute) as resources:
        spec = networks.Spec(**model)
        network = networks.build(spec)
        split = networks.split(network, spec.map_layer, spec.readout_layer)
        table = tables.read_table(images, ["image", "file", "width", "height", "sha256"])
        recorded.write(table, network, split, spec.resize, resources, activations)


if __name__ == "__main__":
    from job import run

    run(extract_activations, globals()["snakemake"])
