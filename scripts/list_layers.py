"""List the layers of a network, and mark its map layer and readout."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

from alignment_importance import networks
from alignment_importance.system.tables import write_table


def list_layers(model: Mapping[str, Any], layers: Path) -> None:
    """Write the layers of a network to a table and the log; `model` holds the keywords of its `networks.Spec`."""
    spec = networks.Spec(**model)
    table = networks.list_layers(networks.outline(spec), spec.map_layer, spec.readout_layer)
    logging.getLogger(__name__).info("\n%s", table.to_string(index=False))
    write_table(table, layers)


if __name__ == "__main__":
    run(list_layers, globals()["snakemake"])
