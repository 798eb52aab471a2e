"""Check every configured network without its weights, and list the layers of all of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alignment_importance import networks
from alignment_importance.system import arrays
from alignment_importance.system.problems import Problems


def prepare_networks(models: Mapping[str, Mapping[str, Any]], checkpoints: Sequence[Path], layers: Path) -> None:
    """Write the layers of all networks, a model's one after the other, with the route that its ablation takes.

    Args:
        models: keywords of `networks.Spec` by the model's name.
        checkpoints: files that these name, which the job waits for.
        layers: table with columns model, layer, operation, shape, role and route.

    Raises:
        ProblemsError: with all networks, checkpoints and layers that cannot be used.
    """
    problems = Problems()
    tables = []
    for model, entry in models.items():
        with problems.collect(f"models.{model}"):
            spec = networks.Spec(**entry)
            network = networks.inspect(spec)
            cut = networks.cut(network, spec.map_layer, spec.readout_layer)
            table = networks.list_layers(network, spec.map_layer, spec.readout_layer)
            table.insert(0, "model", model)
            tables.append(table.assign(route=cut.head.route))
    problems.raise_errors()
    arrays.write_table(pd.concat(tables, ignore_index=True), layers)


if __name__ == "__main__":
    from job import run

    run(prepare_networks, globals()["snakemake"])
