"""The rules of the workflow, as Snakemake itself sees them."""

import functools
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.rules import Rule
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings
from tiny_project import ROOT


@functools.cache
def rules_of(configuration: Path) -> dict[str, Rule]:
    """The rules of a run with some configuration file, by name, with those that run a script alone."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[configuration]),
            snakefile=ROOT / "Snakefile",
        )._workflow
        workflow.include(ROOT / "Snakefile", overwrite_default_target=True)
    return {rule.name: rule for rule in workflow.rules if rule.script is not None}
