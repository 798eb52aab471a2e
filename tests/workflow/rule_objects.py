"""The rules of the workflow, as Snakemake itself sees them."""

import contextlib
import functools
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from snakemake.api import SnakemakeApi, WorkflowApi
from snakemake.jobs import Job
from snakemake.rules import Rule
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings
from tiny_project import ROOT

#: What the target `new` takes on the command line. The files are not read before it runs.
START = {"name": "started", "images": str(ROOT / "docs"), "judgments": str(ROOT / "README.md")}


@contextlib.contextmanager
def opened(configuration: Path, new: bool = False) -> Iterator[WorkflowApi]:
    """Open the workflow in an empty folder, with a configuration file and, if `new`, the arguments of that target."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api,
    ):
        yield api.workflow(
            resource_settings=ResourceSettings(cores=8),
            config_settings=ConfigSettings(config=START if new else {}, configfiles=[configuration]),
            snakefile=ROOT / "Snakefile",
            workdir=Path(folder),
        )


@functools.cache
def all_rules(configuration: Path = ROOT / "config.yaml", new: bool = False) -> dict[str, Rule]:
    """All rules of a run with a configuration file, by name."""
    with opened(configuration, new) as workflow:
        return {rule.name: rule for rule in workflow._workflow.rules}


@functools.cache
def jobs(configuration: Path = ROOT / "config.yaml", *targets: str) -> list[Job]:
    """All jobs of a run with a configuration file that has no outputs yet."""
    with opened(configuration, "new" in targets) as workflow, contextlib.redirect_stdout(io.StringIO()):
        workflow.dag(DAGSettings(targets=set(targets))).printrulegraph()
        return list(workflow._workflow.dag.needrun_jobs())


def rules(configuration: Path = ROOT / "config.yaml", new: bool = False) -> dict[str, Rule]:
    """The rules that run a script."""
    return {name: rule for name, rule in all_rules(configuration, new).items() if rule.script}


def changed(folder: Path, changes: dict[str, Any]) -> Path:
    """Write the demo's configuration into a folder, with other values for some keys."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{'-'.join(changes)}.yaml"
    demo = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(demo | changes), encoding="utf-8")
    return file


def rules_and_start() -> dict[str, Rule]:
    """The rules of the demo that run a script, and the rule of the target `new`, which writes a first configuration."""
    return rules() | rules(new=True)


def script_of(rule: Rule) -> Path:
    """The script that a rule runs."""
    return (ROOT / "workflow/rules" / rule.script).resolve()


def env_of(rule: Rule) -> Path:
    """The file of the environment that a rule names."""
    return (ROOT / "workflow/rules" / rule.conda_env).resolve()
