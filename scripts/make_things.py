"""Bring the images of THINGS and each kind of its similarity data into the canonical form."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from alignment_importance import arrays
from alignment_importance.datasets import canonical, things


def make_things(*, sources: Mapping[str, Sequence[Path]], outputs: Mapping[str, Path]) -> None:
    """Write those of the images and judgments that are wanted; names as in workflow/datasets.yaml."""
    [objects_file], [images] = sources["objects"], sources["images"]
    objects = things.read_objects(objects_file)
    if "images" in outputs:
        canonical.copy_images(things.find_images(images, objects), outputs["images"])
    if "triplets" in outputs:
        arrays.write_table(things.read_triplets(sources["triplets"], objects), outputs["triplets"])
    if "embedding" in outputs:
        [file] = sources["embedding"]
        embedding = things.read_embedding(file, len(objects))
        with arrays.atomic(outputs["embedding"]) as partial:
            np.save(partial, things.embedding_similarities(embedding))
        with arrays.atomic(outputs["order"]) as partial:
            partial.write_text("".join(f"{name}\n" for name in objects), encoding="utf-8")
    if "dense_judgments" in outputs:
        [words], [file] = sources["dense_objects"], sources["dense_rdm"]
        dense = things.read_dense_objects(words, objects)
        canonical.copy_images(things.find_images(images, dense), outputs["dense_images"])
        arrays.write_table(
            canonical.tabulate_matrix(dense, things.read_dense_rdm(file, len(dense))), outputs["dense_judgments"]
        )


if __name__ == "__main__":
    from alignment_importance import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], None):
        make_things(
            sources={name: [Path(path) for path in paths] for name, paths in snakemake.params.sources.items()},
            outputs={name: Path(path) for name, path in snakemake.output.items()},
        )
