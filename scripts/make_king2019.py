"""Bring the two sets of photographs and judgments of King et al. 2019 into the canonical form."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from alignment_importance.inputs.datasets import canonical, king2019
from alignment_importance.system import states
from alignment_importance.system.problems import Problems
from alignment_importance.system.tables import write_table


def make_king2019(*, sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path]) -> None:
    """Write photographs and judgments (pairs) of each set that is wanted; names as in workflow/datasets.yaml."""
    problems = Problems()
    for image_set in king2019.SETS:
        if f"{image_set}_judgments" not in outputs:
            continue
        [folder], [file] = sources[f"{image_set}_images"], sources["judgments"]
        with problems.collect(folder):
            photographs = canonical.list_images(folder)
            with problems.collect(file):
                values = king2019.read_dissimilarities(file, image_set, len(photographs))
                values, people = king2019.leave_out_silent(values, file, image_set)
                pairs = canonical.tabulate_pairs(list(photographs), values, "dissimilarity", people)
                canonical.copy_images(photographs, outputs[f"{image_set}_images"])
                write_table(pairs, outputs[f"{image_set}_judgments"])
    problems.raise_errors()


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], None):
        outputs = {name: Path(file) for name, file in snakemake.output.items()}
        state = outputs.pop("state")
        with states.making("datasets.king2019", outputs.values(), state):
            make_king2019(
                sources={name: [Path(path) for path in paths] for name, paths in snakemake.params.sources.items()},
                outputs=outputs,
            )
