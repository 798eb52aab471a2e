# The completed configuration, and the constants that the rules share.
import itertools
import os
import shutil
from collections.abc import Callable

from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from alignment_importance.config import Plan, code, command_line, configure, start_of
from alignment_importance.config.problems import PLACEHOLDERS
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
