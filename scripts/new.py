"""Write a first configuration for a folder of images and a file of judgments."""

import logging
from pathlib import Path

from alignment_importance import checks
from alignment_importance.checks import starting_configuration
from alignment_importance.inputs.judgments import reading
from alignment_importance.system.atomic_write import atomic
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import ProblemsError

_WHERE_KEYS_ARE = "\nHere these keys stand on the command line, behind --config: kind=similarity order=FILE key=NAME."

logger = logging.getLogger("alignment_importance.start_configuration")


def start_configuration(
    *, name: str, image_set: checks.ImageSet, source: reading.Source, threads: int, output: Path
) -> None:
    """Write what `starting_point.propose` proposes, and say it.

    Raises:
        InputError: what `propose` says, and where the keys are given here that it asks for.
    """
    try:
        text, problems = starting_configuration.propose(name, image_set, source, threads)
    except ProblemsError as error:
        asks = "comparison's `" in str(error)
        raise InputError(f"{error}{_WHERE_KEYS_ARE * asks}") from error
    problems.log_warnings()
    with atomic(output) as partial:
        partial.write_text(text, encoding="utf-8")
    logger.info("%s:\n\n%s", output, text)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], None):
        given = snakemake.params.given
        paths = {key: Path(given[key]) if given[key] else None for key in ("table", "order", "only")}
        start_configuration(
            name=given["name"],
            image_set=checks.ImageSet(Path(given["images"]), paths["table"]),
            source=reading.Source(
                path=Path(given["judgments"]),
                kind=given["kind"],
                order=paths["order"],
                key=given["key"],
                images=paths["only"],
                name=f"comparisons.{given['name']}",
            ),
            threads=snakemake.threads,
            output=Path(snakemake.output.config),
        )
