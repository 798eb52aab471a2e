"""Make the saliency maps of an image set, or read the user's own maps or fixations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance.maps.saliency import computing, registry
from alignment_importance.system.tables import read_table


def compute_saliency(
    *, images: Path, maps: Path | None, fixations: Path | None, settings: Mapping[str, Any], saliency: Path
) -> None:
    """Write one saliency map per listed image; `settings` is an entry of the configuration's `saliency`."""
    table = read_table(images)
    provider = registry.provider(table, {**settings, "maps": maps, "fixations": fixations})
    computing.write(table, provider, saliency)


if __name__ == "__main__":
    run(compute_saliency, globals()["snakemake"])
