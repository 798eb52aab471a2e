"""Check the pairs of images that a comparison names to be explained, before networks run."""

from collections.abc import Sequence
from pathlib import Path

from alignment_importance.inputs.judgments import named_pairs
from alignment_importance.system import netcdf, tables
from alignment_importance.system.problems import Problems
from job import run


def prepare_pairs(
    comparison: str, judgments: Path, file: Path | None, named: Sequence[Sequence[str]], pairs: Path, checks: Path
) -> None:
    """Write the pairs by the ids of their images, and the warnings.

    Args:
        comparison: its name.
        judgments: of the comparison.
        file: table of the pairs; None where the configuration lists them.
        named: the pairs that the configuration lists, if it does.
        pairs: image, image_b.
        checks: what was found, a row per warning.

    Raises:
        ProblemsError: lists everything that is wrong.
    """
    problems = Problems()
    where = f"comparisons.{comparison}.pairs"
    found = named_pairs.read(file or named, netcdf.read_netcdf(judgments), where, problems)
    problems.log_warnings()
    problems.raise_errors()
    tables.write_table(found, pairs)
    tables.write_table(problems.table(), checks)


if __name__ == "__main__":
    run(prepare_pairs, globals()["snakemake"])
