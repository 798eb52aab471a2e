"""Draw the images of the demo, with the truth about them, and simulate two groups of observers."""

from pathlib import Path

import pandas as pd

from alignment_importance.inputs.datasets import demo
from alignment_importance.system import states
from alignment_importance.system.atomic_write import atomic_folder
from alignment_importance.system.tables import write_table


def draw_demo(
    *, seed: int, observers: int, noise: float, images: Path, masks: Path, table: Path, shape: Path, colour: Path
) -> None:
    """Write images and masks (PNG), their table, and the simulated judgments by shape and by colour (pairs)."""
    rows = []
    with atomic_folder(images) as image_folder, atomic_folder(masks) as mask_folder:
        for picture in demo.draw(seed):
            picture.rgb.save(image_folder / f"{picture.image}.png")
            picture.mask.save(mask_folder / f"{picture.image}.png")
            rows.append((picture.image, picture.group, picture.hue))
    listed = pd.DataFrame(rows, columns=["image", "category", "hue"]).sort_values("image", ignore_index=True)
    write_table(listed, table)
    write_table(demo.judge_by_shape(listed, observers, noise, seed), shape)
    write_table(demo.judge_by_colour(listed, observers, noise, seed), colour)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], None):
        draw_demo(
            seed=snakemake.params.seed,
            observers=snakemake.params.observers,
            noise=snakemake.params.noise,
            images=Path(snakemake.output.images),
            masks=Path(snakemake.output.masks),
            table=Path(snakemake.output.table),
            shape=Path(snakemake.output.shape),
            colour=Path(snakemake.output.colour),
        )
        states.replace(Path(snakemake.output.state))
