"""Plot precision, recall and relative risk of saliency maps and heatmaps as predictions of each other."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from alignment_importance import arrays, figures, overlap


def plot_overlap(*, overlaps: Mapping[str, Path], comparison: str, model: str, png: Path, pdf: Path) -> None:
    """Draw the overlaps of one comparison and model; `overlaps` are files by the saliency map's name."""
    tables = [arrays.read_table(file, overlap.COLUMNS).assign(saliency=saliency) for saliency, file in overlaps.items()]
    figures.save(figures.overlap(pd.concat(tables), comparison, model), png, pdf)


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0]):
        plot_overlap(
            overlaps={
                saliency: Path(file)
                for saliency, file in zip(snakemake.params.saliencies, snakemake.input.overlaps, strict=True)
            },
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
