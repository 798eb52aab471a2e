# The configuration, completed, and what rules ask of it and of Snakemake's objects.
import itertools
import math
import os
import shutil
from collections.abc import Callable

from snakemake.exceptions import WorkflowError

from alignment_importance.config import Plan, code, configure, start_of
from alignment_importance.config.problems import PLACEHOLDERS
from alignment_importance.report import captions
from alignment_importance.system.errors import InputError


def checked(make: Callable, *given, **settings):
    """Call what checks the configuration, and end with its message alone."""
    try:
        return make(*given, **settings)
    except InputError as error:
        raise WorkflowError(str(error)) from None


# The rules' own files, scripts and environments, lie there.
if set("{}<>") & set(str(HERE)):
    raise WorkflowError(f"{HERE}: rename the folder of this project; {PLACEHOLDERS}")

# What the target `new` starts from, if the command line says so. These keys are no part of the configuration.
START = checked(start_of, config)
# Jobs rely on the run that started them for the files that the configuration names.
CONFIGURATION = checked(
    configure,
    {key: value for key, value in config.items() if START is None or key not in START},
    look_at_files=workflow.is_main_process and START is None,
)
PLAN = Plan(CONFIGURATION)
config = CONFIGURATION.model_dump()
# Where results lie changes none of them, so that the key `results` is no part of what they were made with.
config["provenance"] = {
    "folder": os.path.join(config["results"], "provenance"),
    "configuration": {key: value for key, value in config.items() if key != "results"},
    "commit": code.commit(HERE),
}

COMPUTE = {key: config[key] for key in ("device", "memory_gb", "precision")}
SEEDS = config["cross_validation"]["seeds"]
VIEWS = list(itertools.product(config["comparisons"], config["models"]))
SCALED = list(
    itertools.product(config["comparisons"], config["models"], config["saliency"])
)
# Comparisons in which there are networks to put side by side.
COMPARED = list(config["comparisons"]) if PLAN.pairs_of_models() else []
PNG_AND_PDF = ("png", "pdf")


wildcard_constraints:
    image_set=PLAN.any_of(config["image_sets"]),
    comparison=PLAN.any_of(config["comparisons"]),
    model=PLAN.any_of(config["models"]),
    saliency=PLAN.any_of(config["saliency"]),
    control=PLAN.any_of(config["controls"]),


# Jobs on this machine take turns at its GPU, unless somebody has said how many may run at once.
if (
    workflow.local_exec
    and "gpu" not in workflow.global_resources
    and shutil.which("nvidia-smi")
):
    workflow.register_resource("gpu", 1)


def environment(name: str) -> str:
    """The conda environment of rules that run networks: one that demands a PyTorch for CUDA if the device is `cuda`.

    For `auto`, conda takes what suits the machine that makes the environment.
    """
    return f"../../envs/{name}{'_cuda' if config['device'] == 'cuda' else ''}.yaml"


def gpus() -> int:
    """GPUs that a job on the configured device asks for."""
    return 0 if config["device"] == "cpu" else 1


def code_of(script: str) -> str:
    """A digest of the Python files that a script is made of: a param, so that a change of them reruns its rule."""
    return code.digest_of_code(HERE / "scripts" / f"{script}.py", HERE / "scripts")


def entry(section: str, key: str | None = None) -> Callable:
    """An input function: what the configuration says of the unit that the wildcards name."""
    wildcard = {"image_sets": "image_set", "saliency": "saliency"}.get(
        section, section[:-1]
    )

    def of_unit(wildcards):
        found = config[section][wildcards[wildcard]]
        return found if key is None else found[key] if found[key] is not None else []

    return of_unit


def models_of(names: list[str]) -> Callable:
    """An input function: the models of some names, which may have the wildcard `model`, with their entries."""
    return lambda wildcards: {
        filled: config["models"][filled]
        for filled in [name.format(model=wildcards.get("model")) for name in names]
    }


def files_of_network(name: str) -> Callable:
    """An input function: the files that a model is made of, whose name may be the wildcard `model`."""
    return lambda wildcards: PLAN.files_of_network(
        name.format(model=wildcards.get("model"))
    )


def tell_how_to_start(wildcards):
    """Say what the target `new` needs.

    Raises:
        WorkflowError: always.
    """
    command = "snakemake --cores 1 new --config name=NAME images=FOLDER judgments=FILE"
    raise WorkflowError(f"Say what to start from: {command}")


def of_views(pattern: str) -> list[str]:
    """Fill every comparison with every model, and the comparison's image set, into a file's name."""
    return [
        file
        for comparison, model in VIEWS
        for file in expand(
            pattern,
            comparison=comparison,
            image_set=PLAN.image_set_of(comparison),
            model=model,
        )
    ]


def of_saliencies(pattern: str) -> list[str]:
    """Fill every kind of saliency map into a file's name."""
    return expand(pattern, saliency=config["saliency"], allow_missing=True)


def of_inputs(kind: str) -> list[str]:
    """What every check of inputs found, or which files it read."""
    return [
        *expand(
            f"<results>/inputs/{{image_set}}/images-{kind}.csv",
            image_set=PLAN.judged_sets(),
        ),
        *expand(
            f"<results>/inputs/{{comparison}}/judgments-{kind}.csv",
            comparison=config["comparisons"],
        ),
        *(
            [
                "<results>/inputs/networks-checks.csv",
                *expand(
                    "<results>/inputs/{control}/masks-checks.csv",
                    control=config["controls"],
                ),
            ]
            if kind == "checks"
            else []
        ),
    ]


def figure(about: tuple[str, ...], ending: str) -> str:
    """The file of a figure: its kind and what it is about."""
    return f"<results>/figures/{captions.stem(*about)}.{ending}"


def reported(about: tuple[str, ...]):
    """The PNG file of a figure with its place in Snakemake's report."""
    kind, *_ = about
    return report(
        figure(about, "png"),
        caption=f"../report/{kind}.rst",
        category=captions.FIGURES[kind].category,
        labels=captions.labels(*about),
    )


def view(pattern: str) -> Callable:
    """An input function: files of the image set that a comparison is about."""
    return lambda wildcards: expand(
        pattern,
        image_set=PLAN.image_set_of(wildcards.comparison),
        saliency=config["saliency"],
        allow_missing=True,
    )


def of_control(pattern: str) -> Callable:
    """An input function: files of the image set of a control, and of all comparisons of it."""
    return lambda wildcards: expand(
        pattern,
        image_set=config["controls"][wildcards.control]["image_set"],
        comparison=comparisons_of_control(wildcards),
        allow_missing=True,
    )


def comparisons_of_control(wildcards) -> list[str]:
    """The comparisons of the image set of a control."""
    return PLAN.comparisons_of(config["controls"][wildcards.control]["image_set"])


def megabytes(base: float, **per_mb: float) -> Callable[..., int]:
    """Memory of a job: `base` and a share for every MB of the named inputs, all of it once more at every new attempt.

    An input that is yet to be made counts as empty. Dry runs know no better; jobs are asked again once it is there.
    """
    return lambda wildcards, input, attempt: attempt * math.ceil(
        base + sum(per_mb[name] * size_mb(getattr(input, name)) for name in per_mb)
    )


# Run time of a job grows in the same way.
minutes = megabytes


def size_mb(paths: str | list[str]) -> float:
    """Size of files and of what is in folders, as far as they are there, in MB."""
    total = 0
    for path in [paths] if isinstance(paths, str) else paths:
        if os.path.isdir(path):
            total += sum(file.stat().st_size for file in os.scandir(path))
        elif os.path.exists(path):
            total += os.path.getsize(path)
    return total / 1e6


def megabytes_of_network(**per_mb: float) -> Callable[..., int]:
    """Memory of a job that runs a network: PyTorch, CUDA's own if there is a GPU, and the inputs named."""
    return megabytes(1500 + 1000 * gpus(), **per_mb)


def megabytes_of_ablation() -> Callable[..., int]:
    """Memory of a job that ablates feature maps: its budget and the unpacked activations beside the network."""
    budget = 1000 * config["memory_gb"]
    return megabytes(1000 + 1000 * gpus() + budget, activations=10, network=3)
