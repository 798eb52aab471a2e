"""Bring a published data set, or the drawn demo, into the canonical form."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.inputs.datasets import registry


def make_dataset(
    dataset: str, sources: Mapping[str, Sequence[str]], settings: Mapping[str, Any], files: Mapping[str, Path]
) -> None:
    """Write the wanted files and folders of a data set.

    Args:
        sources: the published files and folders, by the needs of the data set's form.
        settings: the data set's entry in the configuration.
        files: files and folders to make, by the names that the form gives them.
    """
    published = {need: [Path(path) for path in paths] for need, paths in sources.items()}
    registry.maker(dataset)(published, files, settings)


if __name__ == "__main__":
    run(make_dataset, globals()["snakemake"])
