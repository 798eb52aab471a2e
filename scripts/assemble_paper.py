"""Put the figures and tables of a paper into one folder, numbered, with an index."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from alignment_importance.report import paper
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.tables import read_table


def assemble_paper(
    *,
    figures: Sequence[paper.Drawn],
    summary: Path,
    published: Path | None,
    differences: Mapping[str, Path],
    agreement: Mapping[str, Path],
    overlaps: Mapping[tuple[str, str, str], Path],
    controls: Mapping[tuple[str, str], Path],
    left_out: Mapping[str, str],
    folds: str,
    output: Path,
) -> None:
    """Fill the folder `output`; tables are files by what they are of, see `paper.Sources`."""
    sources = paper.Sources(
        summary=read_table(summary),
        published=read_table(published) if published else None,
        differences={name: read_table(file) for name, file in differences.items()},
        agreement={name: read_table(file) for name, file in agreement.items()},
        overlaps={names: read_table(file) for names, file in overlaps.items()},
        controls={names: read_table(file) for names, file in controls.items()},
    )
    with atomic_folder(output) as folder:
        paper.assemble(folder, figures, sources, left_out, folds)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        inputs, params = snakemake.input, snakemake.params
        assemble_paper(
            figures=[
                paper.Drawn(kind, about, Path(png), Path(pdf))
                for (kind, about), png, pdf in zip(params.figures, inputs.png, inputs.pdf, strict=True)
            ],
            summary=Path(inputs.summary),
            published=Path(inputs.published) if inputs.published else None,
            differences={name: Path(file) for name, file in zip(params.compared, inputs.differences, strict=True)},
            agreement={name: Path(file) for name, file in zip(params.compared, inputs.agreement, strict=True)},
            overlaps={
                (comparison, model, saliency): Path(file)
                for (comparison, model, saliency), file in zip(params.overlaps, inputs.overlaps, strict=True)
            },
            controls={
                (control, model): Path(file)
                for (control, model), file in zip(params.controls, inputs.controls, strict=True)
            },
            left_out=params.left_out,
            folds=params.folds,
            output=Path(snakemake.output.paper),
        )
