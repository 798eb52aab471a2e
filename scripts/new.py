"""Write a first configuration for a folder of images and a file of judgments."""

import logging
from collections.abc import Mapping
from pathlib import Path

from job import run

from alignment_importance.checks import starting_configuration
from alignment_importance.inputs.judgments import reading
from alignment_importance.system.atomic_write import atomic
from alignment_importance.system.problems import ProblemsError

_KEYS = "kind=similarity order=FILE key=NAME columns='{image_a: NAME, image_b: NAME, similarity: NAME}'"
_OPTIONS = "--kind similarity --order FILE --key NAME --columns image_a=NAME image_b=NAME similarity=NAME"

logger = logging.getLogger("alignment_importance.new")


def new(
    name: str,
    images: Path,
    judgments: Path,
    table: Path | None,
    order: Path | None,
    only: Path | None,
    kind: str | None,
    columns: Mapping[str, str],
    key: str | None,
    schema: str,
    threads: int,
    config: Path,
) -> None:
    """Write and log the configuration that `starting_configuration.propose` returns for the keys of `sections.Start`.

    Args:
        schema: JSON schema of configurations, for editors.
        config: file to write.

    Raises:
        ProblemsError: images and judgments do not match, or cannot be read without further keys.
    """
    source = reading.Source(judgments, kind, order, key, columns, images=only, name=f"comparisons.{name}")
    try:
        text, problems = starting_configuration.propose(name, images, table, source, threads, schema)
    except ProblemsError as error:
        if any(problem.lacks for problem in error.problems):
            logger.info("State what is missing with %s; or after Snakemake's --config: %s.", _OPTIONS, _KEYS)
        raise
    problems.log_warnings()
    with atomic(config) as partial:
        partial.write_text(text, encoding="utf-8")
    logger.info("%s:\n\n%s", config, text)


if __name__ == "__main__":
    run(new, globals()["snakemake"])
