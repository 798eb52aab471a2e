"""Rank feature maps on the training images of every fold, select the best of them, and test the selection."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.experiments import comparisons, cross_validation
from alignment_importance.inputs import folds as cuts
from alignment_importance.system import provenance, resumable, tables
from alignment_importance.system.compute import Compute


def validate_rankings(
    activations: Path,
    judgments: Path,
    folds: Mapping[int, Path],
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    settings: Mapping[str, Any],
    compute: Compute,
    rankings: Mapping[int, Path],
    curves: Mapping[int, Path],
    scores: Mapping[int, Path],
    predicted: Mapping[int, Path],
) -> None:
    """Write the tables of the cross-validation, one of each kind for every seed.

    Seeds that an interrupted job finished with the same inputs and settings are not computed again.

    Args:
        activations, judgments, model, alignment: see `comparisons.opened`.
        folds: table of folds by seed.
        settings: the other arguments of `cross_validation.CrossValidation`.
        rankings, curves, scores, predicted: files for the fields of `cross_validation.Validation`, by seed.
    """
    with comparisons.opened(activations, judgments, model, alignment, compute) as comparison:
        validation = cross_validation.CrossValidation(comparison, **settings)
        parts = resumable.Parts(comparison.fingerprint(repr(settings), provenance.text() or ""))
        kinds = {"rankings": rankings, "curves": curves, "scores": scores, "predicted": predicted}
        for seed, file in folds.items():
            fold_table = tables.read_table(file)

            def write(outputs: Mapping[str, Path], seed: int = seed, fold_table: Any = fold_table) -> None:
                blocks = cuts.blocks(fold_table, comparison.human, comparison.image_ids)
                validated = validation.validate(blocks, seed)
                for kind, output in outputs.items():
                    tables.write_table(getattr(validated, kind).assign(**comparison.origin), output)

            outputs = {kind: files[seed] for kind, files in kinds.items()}
            folder = rankings[seed].with_name(f".{rankings[seed].stem}.partial")
            parts.make(folder, resumable.fingerprint(fold_table.to_csv()), outputs, write)
        parts.finish()


if __name__ == "__main__":
    run(validate_rankings, globals()["snakemake"])
