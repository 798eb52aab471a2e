# The completed configuration, and the constants and input functions that the rules share.
import itertools
import os
import shutil
from collections.abc import Callable

from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from alignment_importance.config import Plan, code, command_line, configure, start_of
from alignment_importance.config.problems import PLACEHOLDERS
from alignment_importance.config.resources import growing
from alignment_importance.report import captions
from alignment_importance.system.errors import InputError


def checked(make: Callable, *given, **settings):
    """Call a function that checks the configuration; if it fails, stop with its message and without a traceback."""
    try:
        return make(*given, **settings)
    except InputError as error:
        raise WorkflowError(str(error)) from None


# Rules name their scripts and environments by paths in this folder.
if set("{}<>") & set(str(HERE)):
    raise WorkflowError(f"{HERE}: rename the folder of this project; {PLACEHOLDERS}")

RESOURCES = workflow.resource_settings
checked(command_line.check_resources, RESOURCES.default_resources or {}, *RESOURCES.overwrite_resources.values())
# Used as a module, this workflow gets its configuration from the other one, not from the command line.
if not workflow.modifier.skip_configfile:
    checked(command_line.check_files, workflow.configfiles if workflow.is_main_process else [])
    update_config(config, command_line.misread(workflow.config_settings.config_args))

# What the command line says for the target `new`, or None. These keys are not part of the configuration.
SAID = {word.partition("=")[0] for word in workflow.config_settings.config_args}
START = checked(start_of, {key: value for key, value in config.items() if key in SAID})
# Only the main process looks for the files that the configuration names; the jobs that it starts rely on that.
CONFIGURATION = checked(
    configure,
    {key: value for key, value in config.items() if START is None or key not in START},
    look_at_files=workflow.is_main_process and START is None,
)
PLAN = Plan(CONFIGURATION)
config = CONFIGURATION.model_dump()
config["score_name"] = captions.score_name(config["alignment"]["score"])
config["notes"] = captions.notes(config["comparisons"], config["models"])
# Results do not depend on the folder that they are in, so the record of what made them leaves out the key `results`.
config["provenance"] = {
    "folder": os.path.join(config["results"], "provenance"),
    "configuration": CONFIGURATION.model_dump(exclude={"results"}),
    "commit": code.commit(HERE),
}

COMPARISONS = list(config["comparisons"])
MODELS = list(config["models"])
# Entries of the networks without `ablation`: activations do not depend on how feature maps are ablated later.
NETWORKS = {
    name: {key: value for key, value in config["models"][name].items() if key != "ablation"} for name in PLAN.networks()
}
WITH_PLACES = PLAN.with_places()
FEATURES_WITH_PLACES = [model for model in PLAN.features() if model in WITH_PLACES]
SALIENCY = list(config["saliency"])
CONTROLS = list(config["controls"])
SEEDS = config["cross_validation"]["seeds"]
VIEWS = list(itertools.product(COMPARISONS, MODELS))
# Comparisons and models that have heatmaps.
MAPPED = list(itertools.product(COMPARISONS, WITH_PLACES))
# Comparisons with several models, and with several models that have heatmaps.
COMPARED = PLAN.compared()
AGREEING = COMPARISONS if len(WITH_PLACES) > 1 else []
COMPUTE = {key: config[key] for key in ("device", "memory_gb", "precision")}
GPUS = 0 if config["device"] == "cpu" else 1
ENDINGS = ["png", "pdf"] if config["figures"]["pdf"] else ["png"]  # of figures


wildcard_constraints:
    image_set=PLAN.any_of(config["image_sets"]),
    comparison=PLAN.any_of(COMPARISONS),
    model=PLAN.any_of(MODELS),
    saliency=PLAN.any_of(SALIENCY),
    control=PLAN.any_of(CONTROLS),


# Jobs on this machine take turns at its GPU, unless the user has set how many may run at once.
if workflow.local_exec and "gpu" not in workflow.global_resources and shutil.which("nvidia-smi"):
    workflow.register_resource("gpu", 1)


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
