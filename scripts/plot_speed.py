"""Plot times and memory of the engine."""

from pathlib import Path

from alignment_importance.report import figures
from alignment_importance.system.tables import read_table


def plot_speed(*, summary: Path, png: Path, pdf: Path) -> None:
    """Draw the table of the benchmark."""
    figures.save(figures.speed(read_table(summary, ["work", "ours_seconds", "n_images"])), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_speed(
            summary=Path(snakemake.input.summary), png=Path(snakemake.output.png), pdf=Path(snakemake.output.pdf)
        )
