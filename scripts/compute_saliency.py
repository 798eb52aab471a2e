"""Compute the saliency maps of an image set, or read the user's own maps or fixations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance.maps.saliency import computing, providers
from alignment_importance.system.tables import read_table


def compute_saliency(
    *, images: Path, maps: Path | None, fixations: Path | None, settings: Mapping[str, Any], output: Path
) -> None:
    """Write one saliency map per listed image; `settings` are keywords of `providers.provider`."""
    table = read_table(images, ["image", "file", "width", "height", "sha256"])
    provider = providers.provider(table, maps=maps, fixated=fixations, **settings)
    computing.write(table, provider, output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script

    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        maps, fixations = snakemake.input.get("maps"), snakemake.input.get("fixations")
        compute_saliency(
            images=Path(snakemake.input.images),
            maps=Path(maps) if maps else None,
            fixations=Path(fixations) if fixations else None,
            settings=snakemake.params.settings,
            output=Path(snakemake.output.saliency),
        )
