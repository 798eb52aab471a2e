# The input functions that the rules share, and the resources of jobs that run networks.
from collections.abc import Callable

from alignment_importance.config.resources import growing


def environment(name: str) -> str:
    """The conda environment of rules that run networks: one that demands a PyTorch for CUDA if the device is `cuda`.

    For `auto`, conda chooses the PyTorch that suits the machine on which the environment is made.
    """
    return f"../../envs/{name}{'_cuda' if config['device'] == 'cuda' else ''}.yaml"


def code_of(script: str) -> str:
    """A digest of the Python files that a script is made of: a param, so that a change of them reruns its rule."""
    return code.digest_of_code(HERE / "scripts" / f"{script}.py", HERE / "scripts")


def entry(section: str, key: str | None = None) -> Callable:
    """An input function: the entry of the unit that a wildcard names, or one key of it; no file if the key is null."""

    def of_unit(wildcards):
        unit = config[section][wildcards[section.removesuffix("s")]]
        return unit if key is None else unit[key] or []

    return of_unit


def models_of(names: list[str]) -> Callable:
    """An input function: entries of networks by name; the names may contain the wildcard `model`."""
    return lambda wildcards: {
        filled: NETWORKS[filled] for filled in [name.format(model=wildcards.get("model")) for name in names]
    }


def files_of_network(name: str) -> Callable:
    """An input function: the files that a model is made of; its name may contain the wildcard `model`."""
    return lambda wildcards: PLAN.files_of_network(name.format(model=wildcards.get("model")))


def files_in(section: str, key: str) -> Callable:
    """An input function: the files in a folder that the configuration names."""
    return lambda wildcards: PLAN.files_of(config[section][wildcards[section.removesuffix("s")]][key])


def view(pattern: str | list[str]) -> Callable:
    """An input function: files of the image set of a comparison."""
    return lambda wildcards: expand(
        pattern, image_set=PLAN.image_set_of(wildcards.comparison), saliency=SALIENCY, allow_missing=True
    )


def of_control(pattern: str) -> Callable:
    """An input function: files of the image set of a control, or of all comparisons of that image set."""
    return lambda wildcards: expand(
        pattern,
        image_set=config["controls"][wildcards.control]["image_set"],
        comparison=comparisons_of_control(wildcards),
        allow_missing=True,
    )


def comparisons_of_control(wildcards) -> list[str]:
    """The comparisons of the image set of a control."""
    return PLAN.comparisons_of(config["controls"][wildcards.control]["image_set"])


def only_for(kind: str, file: str) -> Callable:
    """An input function: a file that one kind of interaction needs."""
    return lambda wildcards: file if wildcards.kind == kind else []


def of_views(pattern: str, views: list[tuple[str, str]] = VIEWS) -> list[str]:
    """Fill comparisons and models, and the image set of each comparison, into a file's name."""
    return [
        filled
        for comparison, model in views
        for filled in expand(pattern, comparison=comparison, model=model, image_set=PLAN.image_set_of(comparison))
    ]


def megabytes_of_network(**per_mb: float) -> Callable[..., int]:
    """Memory of a job that runs a network: PyTorch, CUDA's own if there is a GPU, and the inputs named."""
    return growing(1500 + 1000 * GPUS, **per_mb)


# Inputs, params and resources of the jobs that ablate the feature maps of one comparison and model.
ABLATION_INPUT = {
    "activations": view("<results>/activations/{image_set}/{model}.nc"),
    "judgments": "<results>/inputs/{comparison}/judgments.nc",
    "network": lambda wildcards: PLAN.files_of_network(wildcards.model),
}
ABLATION_PARAMS = {"model": entry("models"), "alignment": config["alignment"], "compute": COMPUTE}
# Memory for the budget, and for the unpacked activations beside the network.
ABLATION_RESOURCES = {
    "mem_mb": growing(1000 + 1000 * GPUS + 1000 * config["memory_gb"], activations=10, network=3),
    "gpu": GPUS,
}


def tell_how_to_start(wildcards):
    """Raise an error that says what the target `new` needs."""
    command = "snakemake --cores 1 new --config name=NAME images=FOLDER judgments=FILE"
    raise WorkflowError(f"Say what to start from: {command}")
