"""Plot the top-k curve of every single fold, all comparisons of one network side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from alignment_importance.report import figures
from alignment_importance.report.figures import paper as paper_figures
from alignment_importance.system.tables import read_table


def plot_fold_curves(
    *,
    curves: Mapping[str, Sequence[Path]],
    tables: Mapping[str, Path],
    model: str,
    score: str,
    png: Path,
    pdf: Path,
) -> None:
    """Draw the comparisons of one model; `curves` are the files of its seeds by comparison, `tables` of all seeds."""
    columns = ["fold", "k", "train_score", "test_score"]
    of_folds = {
        comparison: pd.concat([read_table(file, columns).assign(seed=file.stem) for file in files])
        for comparison, files in curves.items()
    }
    retained = {comparison: read_table(file, ["k_retained"]) for comparison, file in tables.items()}
    figures.save(paper_figures.fold_curves(of_folds, retained, model, score), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        comparisons = list(snakemake.params.comparisons)
        seeds = len(snakemake.input.curves) // len(comparisons)
        plot_fold_curves(
            curves={
                comparison: [Path(file) for file in snakemake.input.curves[at * seeds : (at + 1) * seeds]]
                for at, comparison in enumerate(comparisons)
            },
            tables={
                comparison: Path(file) for comparison, file in zip(comparisons, snakemake.input.tables, strict=True)
            },
            model=snakemake.wildcards.model,
            score=snakemake.params.score,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
