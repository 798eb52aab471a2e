"""Plot how the scores are spread over feature maps, and how far the folds agree on them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alignment_importance.report import figures
from alignment_importance.system.tables import read_table


def plot_importance(
    *, rankings: Sequence[Path], everything: Path, comparison: str, model: str, score: str, png: Path, pdf: Path
) -> None:
    """Draw the rankings of one comparison and model: `everything` over all images, `rankings` a file per seed."""
    columns = ["fold", "feature_map", "ais"]
    folds = pd.concat([read_table(file, columns).assign(seed=file.stem) for file in rankings])
    whole = read_table(everything, ["feature_map", "ais"])
    figures.save(figures.importance(folds, whole, comparison, model, score), png, pdf)


if __name__ == "__main__":
    from alignment_importance.report.figures import style
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]), style.page(snakemake.params.page):
        plot_importance(
            rankings=[Path(file) for file in snakemake.input.rankings],
            everything=Path(snakemake.input.all),
            comparison=snakemake.wildcards.comparison,
            model=snakemake.wildcards.model,
            score=snakemake.params.score,
            png=Path(snakemake.output.png),
            pdf=Path(snakemake.output.pdf),
        )
