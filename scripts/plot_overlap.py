"""Plot precision, recall and relative risk of saliency maps and heatmaps as predictions of each other."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance.maps.overlap import summary as overlap_summary
from alignment_importance.report import figures
from alignment_importance.report.figures import overlap as overlap_figures
from alignment_importance.system.tables import read_table


def plot_overlap(
    *, summaries: Mapping[str, Path], comparison: str, model: str, outputs: Mapping[str, tuple[Path, Path]]
) -> None:
    """Draw the overlaps of one comparison and model over all images and by category.

    `summaries` are files by the saliency map's name, `outputs` PNG and PDF of `overlap` and of `categories`.
    """
    tables = [
        read_table(file, overlap_summary.COLUMNS).assign(saliency=saliency) for saliency, file in summaries.items()
    ]
    summary = pd.concat(tables, ignore_index=True)
    figures.save(overlap_figures.overlap(summary, comparison, model), *outputs["overlap"])
    figures.save(overlap_figures.categories(summary, comparison, model), *outputs["categories"])


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_overlap(
            summaries={
                saliency: Path(file)
                for saliency, file in zip(snakemake.params.saliencies, snakemake.input.summaries, strict=True)
            },
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            outputs={
                "overlap": (Path(snakemake.output.png), Path(snakemake.output.pdf)),
                "categories": (Path(snakemake.output.categories_png), Path(snakemake.output.categories_pdf)),
            },
        )
