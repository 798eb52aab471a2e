"""Check and label the judgments of one comparison, and cut its images into folds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.inputs import folds as cuts
from alignment_importance.inputs.fold_checks import check_folds
from alignment_importance.inputs.judgments import reading
from alignment_importance.system import digests, netcdf, tables
from alignment_importance.system.problems import Problems


def prepare_judgments(
    comparison: str,
    sources: Sequence[Path],
    lists: Sequence[Path],
    images: Path,
    settings: Mapping[str, Any],
    unit: str,
    n_folds: int,
    seeds: Sequence[int],
    inner_folds: int,
    judgments: Path,
    folds: Mapping[int, Path],
    checks: Path,
    files: Path,
) -> None:
    """Write the labelled judgments, the folds of all seeds, what the check found, and the files that were read.

    Args:
        sources: the file of judgments, or the files of a folder with one per participant.
        lists: the files of ids that the settings name.
        settings: judgments, kind, columns, order, key, categories, images and simulated of the comparison.
        unit, n_folds, seeds, inner_folds: see `check_folds`.
        judgments: see `reading.inspect`; the attribute sha256 has a hash for each file in `sources`.
        folds: the table of folds by seed.
        checks, files: tables of `Problems.conclude` and of `digests.tabulate`.

    Raises:
        ProblemsError: lists everything that is wrong with the judgments, or with the folds of the images judged.
    """
    source, problems = reading.Source.of(comparison, settings), Problems()
    labelled = reading.inspect(source, tables.read_table(images), problems)
    if labelled is not None:
        check_folds(source.name, labelled, unit, n_folds, seeds, inner_folds, problems)
    problems.conclude(checks)
    assert labelled is not None
    sha256 = " ".join(digests.tabulate(sources)["sha256"])
    files_read = digests.tabulate([*sources, *lists])
    netcdf.write_netcdf(labelled.assign_attrs(simulated=int(settings["simulated"]), sha256=sha256), judgments)
    image_ids = labelled["image"].to_numpy().tolist()
    for seed, output in folds.items():
        tables.write_table(cuts.cut(unit, image_ids, n_folds, seed), output)
    tables.write_table(files_read, files)


if __name__ == "__main__":
    run(prepare_judgments, globals()["snakemake"])
