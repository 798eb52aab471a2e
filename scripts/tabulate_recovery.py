"""Tabulate for the documentation which way of weighing feature maps finds the planted truth."""

from collections.abc import Mapping
from pathlib import Path

from alignment_importance.experiments import recovery
from alignment_importance.system.atomic_write import atomic
from alignment_importance.system.tables import read_table


def tabulate_recovery(*, table: Path, permutations: int, objects: Mapping[str, int], output: Path) -> None:
    """Write the page of one control and network."""
    found = read_table(table, ["model", "weights", *recovery.COLUMNS])
    with atomic(output) as partial:
        page = recovery.as_markdown(found, permutations, objects)
        partial.write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        tabulate_recovery(
            table=Path(snakemake.input.table),
            permutations=snakemake.params.permutations,
            objects=snakemake.params.objects,
            output=Path(snakemake.output.page),
        )
