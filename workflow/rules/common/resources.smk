# What jobs need: GPUs, memory, time, environments. Functions only.
import math
import os
import shutil
from collections.abc import Callable


def gpus() -> int:
    """GPUs that a job on the configured device asks for."""
    return 0 if config["device"] == "cpu" else 1


def take_turns_at_gpu(driver: str = "nvidia-smi") -> None:
    """Let jobs on this machine take turns at its GPU, unless somebody has said how many may run at once."""
    if (
        workflow.local_exec
        and "gpu" not in workflow.global_resources
        and shutil.which(driver)
    ):
        workflow.register_resource("gpu", 1)


def environment(name: str) -> str:
    """The conda environment of rules that run networks: one that demands a PyTorch for CUDA if the device is `cuda`.

    For `auto`, conda takes what suits the machine that makes the environment.
    """
    return f"../../envs/{name}{'_cuda' * (config['device'] == 'cuda')}.yaml"


def megabytes(base: float, **per_mb: float) -> Callable[..., int]:
    """Memory of a job: `base` and a share for every MB of the named inputs, all of it once more at every new attempt.

    An input that is yet to be made counts as empty. Dry runs know no better, nor do jobs whose input is made in their
    own group; all others are asked again once their inputs are there.
    """
    return growing(base, per_mb)


def minutes(base: float, **per_mb: float) -> Callable[..., int]:
    """Run time of a job, likewise."""
    return growing(base, per_mb)


def growing(base: float, per_mb: dict[str, float]) -> Callable[..., int]:
    """A resource that grows with inputs and attempts, in the form that Snakemake takes."""
    return lambda wildcards, input, attempt: amount(base, per_mb, input) * attempt


def amount(base: float, per_mb: dict[str, float], input) -> int:
    """Add to `base` what the sizes of some named inputs ask for."""
    return math.ceil(
        base + sum(per_mb[name] * size_mb(getattr(input, name)) for name in per_mb)
    )


def size_mb(paths: str | list[str]) -> float:
    """Size of files and of what is in folders, as far as they are there, in MB."""
    total = 0
    for path in listed(paths):
        if (found := regular(path)) is not None:
            total += found.st_size
        elif os.path.isdir(path):
            total += sum(file.stat().st_size for file in os.scandir(path))
    return total / 1e6


def megabytes_of_network(**per_mb: float) -> Callable[..., int]:
    """Memory of a job that runs a network: PyTorch, CUDA's own if there is a GPU, and the inputs named."""
    return megabytes(1500 + 1000 * gpus(), **per_mb)


def megabytes_of_ablation() -> Callable[..., int]:
    """Memory of a job that ablates feature maps: its budget and the unpacked activations beside the network."""
    budget = 1000 * config["memory_gb"]
    return megabytes(1000 + 1000 * gpus() + budget, activations=10, network=3)


def megabytes_of_check() -> Callable[..., int]:
    """Memory of the job that checks all inputs: networks, and the judgments of one comparison after the other.

    The files of judgments are none of its inputs, see there.
    """
    files = [comparison["judgments"] for comparison in config["comparisons"].values()]
    return lambda wildcards, attempt: math.ceil(
        (2500 + 15 * max(map(size_mb, files), default=0)) * attempt
    )
