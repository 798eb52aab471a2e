"""The rules of the workflow, as Snakemake itself sees them."""

import functools
import tempfile
from pathlib import Path

import yaml
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


@functools.cache
def rules_and_start() -> dict[str, Rule]:
    """The rules of the demo that run a script, and the one that writes a configuration to start from."""
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder, "start.yaml")
        # It is not read before the rule runs.
        anything = {"name": "started", "images": str(ROOT / "docs"), "judgments": str(ROOT / "README.md")}
        demo = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
        start.write_text(yaml.safe_dump(demo | anything), encoding="utf-8")
        return rules() | rules(start)


def script_of(rule: Rule) -> Path:
    """The script that a rule runs."""
    return (ROOT / "workflow/rules" / rule.script).resolve()


def env_of(rule: Rule) -> Path:
    """The file of the environment that a rule names."""
    return (ROOT / "workflow/rules" / rule.conda_env).resolve()
