"""Bring the images of THINGS and each kind of its similarity data into the canonical form."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from alignment_importance.inputs.datasets import canonical, things
from alignment_importance.system import states
from alignment_importance.system.atomic_write import atomic
from alignment_importance.system.problems import Problems
from alignment_importance.system.tables import write_table


def make_things(*, sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path]) -> None:
    """Write those of the images and judgments that are wanted; names as in workflow/datasets.yaml."""
    [objects_file], [images] = sources["objects"], sources["images"]
    objects = things.read_objects(objects_file)
    # What is wrong with any of them is said at once.
    problems = Problems()
    if "images" in outputs:
        with problems.collect(images):
            canonical.copy_images(things.find_images(images, objects), outputs["images"])
    if "triplets" in outputs:
        with problems.collect(images):
            write_table(things.read_triplets(sources["triplets"], objects), outputs["triplets"])
    if "embedding" in outputs:
        [file] = sources["embedding"]
        with problems.collect(file):
            _make_embedding(file, objects, outputs["embedding"], outputs["order"])
    if "dense_judgments" in outputs:
        [words], [file] = sources["dense_objects"], sources["dense_rdm"]
        with problems.collect(words):
            dense = things.read_dense_objects(words, objects)
            with problems.collect(images):
                canonical.copy_images(things.find_images(images, dense), outputs["dense_images"])
            with problems.collect(file):
                rdm = things.read_dense_rdm(file, len(dense))
                write_table(canonical.tabulate_matrix(dense, rdm), outputs["dense_judgments"])
    problems.raise_errors()


def _make_embedding(file: Path, objects: Sequence[str], similarities: Path, order: Path) -> None:
    """Write the similarities in an embedding, and the ids of their rows."""
    embedding = things.read_embedding(file, len(objects))
    with atomic(similarities) as partial:
        np.save(partial, things.embedding_similarities(embedding))
    with atomic(order) as partial:
        partial.write_text("".join(f"{name}\n" for name in objects), encoding="utf-8")


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], None):
        outputs = {name: Path(file) for name, file in snakemake.output.items()}
        state = outputs.pop("state")
        with states.making("datasets.things", outputs.values(), state):
            make_things(
                sources={name: [Path(path) for path in paths] for name, paths in snakemake.params.sources.items()},
                outputs=outputs,
            )
