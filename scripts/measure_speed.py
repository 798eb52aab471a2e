"""Measure time and memory of one kind of work of the engine, and of other ways to do it."""

from pathlib import Path

from alignment_importance.system import compute
from alignment_importance.system.tables import write_table
from benchmarks import speed


def measure_speed(*, work: str, resources: compute.Compute, output: Path) -> None:
    """Write the table of `speed.CASES[work]`."""
    write_table(speed.CASES[work](resources), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        resources = compute.prepare(
            gpus=snakemake.resources.get("gpu"), threads=snakemake.threads, **snakemake.params.compute
        )
        measure_speed(
            work=snakemake.wildcards.work,
            resources=resources,
            output=Path(snakemake.output.table),
        )
        resources.report_gpu_memory()
