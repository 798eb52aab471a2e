"""List the layers of an architecture, with those that are its map layer and readout."""

from pathlib import Path

from alignment_importance import networks
from alignment_importance.system import tables


def list_layers(network: str, layers: Path) -> None:
    """Write the layers of an architecture, and show them in the log.

    Args:
        network: name of the architecture.
        layers: layer, operation, shape, role.
    """
    tables.write_table(networks.list_layers(networks.outline(networks.Spec(architecture=network))), layers)


if __name__ == "__main__":
    from job import run

    run(list_layers, globals()["snakemake"])
