"""Bring the photographs and mean ratings of Peterson et al. 2018 into the canonical form."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from alignment_importance.inputs.datasets import canonical, peterson2018
from alignment_importance.system import states
from alignment_importance.system.problems import Problems
from alignment_importance.system.tables import write_table


def make_peterson2018(*, sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path]) -> None:
    """Write photographs and ratings (a matrix) of each category that is wanted; names as in workflow/datasets.yaml."""
    problems = Problems()
    for category in peterson2018.CATEGORIES:
        if f"{category}_judgments" not in outputs:
            continue
        [folder], [file] = sources[f"{category}_images"], sources[f"{category}_judgments"]
        with problems.collect(folder):
            photographs = canonical.list_images(folder)
            with problems.collect(file):
                values = peterson2018.read_similarities(file, category, len(photographs))
                canonical.copy_images(photographs, outputs[f"{category}_images"])
                write_table(canonical.tabulate_matrix(list(photographs), values), outputs[f"{category}_judgments"])
    problems.raise_errors()


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], None):
        outputs = {name: Path(file) for name, file in snakemake.output.items()}
        state = outputs.pop("state")
        with states.making("datasets.peterson2018", outputs.values(), state):
            make_peterson2018(
                sources={name: [Path(path) for path in paths] for name, paths in snakemake.params.sources.items()},
                outputs=outputs,
            )
