"""Tabulate the layers of all networks for the documentation."""

from pathlib import Path

from alignment_importance.networks import catalogue
from alignment_importance.system.atomic_write import atomic


def tabulate_networks(*, output: Path) -> None:
    """Write the page of all networks, their layers and routes."""
    with atomic(output) as partial:
        partial.write_text(catalogue.as_markdown(catalogue.tabulate()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], None):
        tabulate_networks(output=Path(snakemake.output.page))
