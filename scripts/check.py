"""Check everything that the workflow is about to use, before anything heavy runs."""

import itertools
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alignment_importance import checks, networks
from alignment_importance.inputs.judgments import reading
from alignment_importance.system import states
from alignment_importance.system.plurals import counted
from alignment_importance.system.problems import Problems
from alignment_importance.system.tables import write_table

logger = logging.getLogger("alignment_importance.check_inputs")

#: Parts of the configuration that are checked.
PARTS = ("image_sets", "comparisons", "models", "cross_validation", "statistics", "saliency", "controls", "problems")

Entries = Mapping[str, Mapping[str, Any]]


def check_inputs(
    *,
    inputs: checks.Inputs,
    made: Sequence[Path],
    makers: Sequence[Path],
    threads: int,
    report: Path,
    findings: Path,
    files: Path,
    state: Path,
) -> None:
    """Write all that is found to `report`, and if nothing stands against a run to `findings`, with the files checked.

    Args:
        inputs: what is checked.
        made: files and folders among them that the workflow has made of published ones.
        makers: the states of these (`states.making`), with what was found then. What could not be made is left out.
        threads: that decode images at the same time.
        report: everything that is found.
        findings: the same, if there are no errors.
        files: all files that were read.
        state: an empty file that stands for the present state of the inputs; those of former states are removed.

    Raises:
        ProblemsError: lists all errors.
    """
    known = {maker: states.read(maker) for maker in makers}
    found = Problems(itertools.chain(*known.values()))
    checking, checked = checks.check(inputs.without([path for path in made if states.is_left_empty(path)]), threads)
    found.extend(checking)
    write_table(found.table(), report)
    found.log_warnings()
    logger.info(
        "%s, %s; the table of all of them is %s.",
        counted(len(found.errors), "error", "errors"),
        counted(len(found.warnings), "warning", "warnings"),
        report,
    )
    for maker in (maker for maker in makers if known[maker].errors):
        states.discard(maker, made)
    found.raise_errors()
    write_table(found.table(), findings)
    write_table(checked, files)
    states.replace(state)


def as_inputs(
    *,
    image_sets: Entries,
    comparisons: Entries,
    models: Entries,
    cross_validation: Mapping[str, Any] | None,
    statistics: Mapping[str, Any],
    saliency: Entries,
    controls: Entries,
    problems: Sequence[tuple[str, str]] = (),
) -> checks.Inputs:
    """Take from the parts of a configuration what is checked, and what is known to be wrong with others."""
    return checks.Inputs(
        image_sets={
            name: checks.ImageSet(Path(entry["folder"]), _path(entry["table"]), entry["background"])
            for name, entry in image_sets.items()
        },
        comparisons={
            f"comparisons.{name}": checks.Comparison(entry["image_set"], _source(f"comparisons.{name}", entry))
            for name, entry in comparisons.items()
        },
        models={f"models.{name}": networks.Spec(**entry) for name, entry in models.items()},
        split=None
        if cross_validation is None
        else checks.Split(
            cross_validation["unit"], cross_validation["folds"], cross_validation["seeds"], statistics["inner_folds"]
        ),
        saliency={
            f"saliency.{name}": {
                "method": entry["method"],
                "maps": _path(entry["maps"]),
                "fixations": _path(entry["fixations"]),
                **{key: entry[key] for key in ("stretch", "degree", "spread")},
            }
            for name, entry in saliency.items()
        },
        controls={
            f"controls.{name}": checks.Control(entry["image_set"], Path(entry["masks"]), entry["objects"])
            for name, entry in controls.items()
        },
        problems=problems,
    )


def _source(name: str, entry: Mapping[str, Any]) -> reading.Source:
    images = entry["images"]
    return reading.Source(
        path=Path(entry["judgments"]),
        kind=entry["kind"],
        order=_path(entry["order"]),
        key=entry["key"],
        categories=entry["categories"],
        images=Path(images) if isinstance(images, str) else images,
        name=name,
    )


def _path(path: str | None) -> Path | None:
    return None if path is None else Path(path)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        check_inputs(
            inputs=as_inputs(**{part: snakemake.config[part] for part in PARTS}),
            made=[Path(path) for path in snakemake.input.made],
            makers=[Path(path) for path in snakemake.input.states],
            threads=snakemake.threads,
            report=Path(snakemake.log.table),
            findings=Path(snakemake.output.findings),
            files=Path(snakemake.output.files),
            state=Path(snakemake.output.state),
        )
