"""Bring the 92 photographs and judgments of Mur et al. 2013, and the neural RDMs, into the canonical form."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from PIL import Image

from alignment_importance.inputs.datasets import mur92
from alignment_importance.system import states
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.tables import write_table


def make_mur92(*, source: Path | None, images: Path, table: Path, judgments: Path, neural: Mapping[str, Path]) -> None:
    """Write the photographs (PNG), their table with categories, the judgments (pairs), and each of `mur92.NEURAL`."""
    files = mur92.locate(source)
    rows = []
    with atomic_folder(images) as folder:
        for photograph in mur92.read_photographs(files[mur92.IMAGES_FILE]):
            Image.fromarray(photograph.rgb).save(folder / f"{photograph.image}.png")
            rows.append((photograph.image, photograph.category))
    listed = pd.DataFrame(rows, columns=["image", "category"])
    image_ids = listed["image"].tolist()
    write_table(listed, table)
    write_table(mur92.read_judgments(files[mur92.JUDGMENTS_FILE], image_ids), judgments)
    for name, pairs in mur92.read_neural(files[mur92.IMAGES_FILE], image_ids).items():
        write_table(pairs, neural[name])


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], None):
        outputs = {name: Path(file) for name, file in snakemake.output.items()}
        state = outputs.pop("state")
        with states.making("datasets.mur92", outputs.values(), state):
            source = snakemake.params.source
            make_mur92(
                source=Path(source) if source else None,
                images=outputs["images"],
                table=outputs["table"],
                judgments=outputs["judgments"],
                neural={name: outputs[name] for name in mur92.NEURAL},
            )
