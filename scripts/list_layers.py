"""List the layers of a network, with those that are its map layer and readout."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance import networks
from alignment_importance.system.tables import write_table


def list_layers(model: Mapping[str, Any], layers: Path) -> None:
    """Write the layers of a network, the keywords of `networks.Spec`, and show them in the log."""
    spec = networks.Spec(**model)
    table = networks.list_layers(networks.outline(spec), spec.map_layer, spec.readout_layer)
    logging.getLogger(__name__).info("\n%s", table.to_string(index=False))
    write_table(table, layers)


if __name__ == "__main__":
    run(list_layers, globals()["snakemake"])
