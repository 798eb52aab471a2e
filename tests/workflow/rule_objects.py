"""The rules of the workflow, as Snakemake itself sees them."""

import functools
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.rules import Rule
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings
from tiny_project import ROOT


@functools.cache
def all_rules(configuration: Path = ROOT / "config.yaml") -> dict[str, Rule]:
    """All rules of a run with a configuration file, by name."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[configuration]),
            snakefile=ROOT / "Snakefile",
        )._workflow
        return {rule.name: rule for rule in workflow.rules}


def rules(configuration: Path = ROOT / "config.yaml") -> dict[str, Rule]:
    """The rules that run a script."""
    return {name: rule for name, rule in all_rules(configuration).items() if rule.script}
