"""List the layers of a network, with those that are its map layer and readout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_importance import networks
from alignment_importance.system.tables import write_table


def list_layers(*, network: Mapping[str, Any], output: Path) -> None:
    """Write the layers of the network with the keywords of `networks.Spec`, and show them in the log."""
    spec = networks.Spec(**network)
    write_table(networks.list_layers(networks.outline(spec), spec.map_layer, spec.readout_layer), output)


if __name__ == "__main__":
    from alignment_importance.system import logs

    snakemake = globals()["snakemake"]  # Snakemake defines it before it runs the script
    with logs.job(snakemake.log[0], snakemake.config["provenance"]):
        list_layers(network=snakemake.params.network, output=Path(snakemake.output.layers))
