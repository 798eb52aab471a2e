"""What is wrong with a network of the configuration, found without running or downloading it."""

import pandas as pd

from alignment_importance.networks.building import inspect
from alignment_importance.networks.cutting import cut, list_layers
from alignment_importance.networks.spec import Spec
from alignment_importance.system.problems import Problems


def check(spec: Spec, where: str, problems: Problems) -> pd.DataFrame | None:
    """Note what is wrong with a network, and list its layers.

    Args:
        spec: of the network.
        where: the key of the configuration that it stands under.
        problems: what is found is added here.

    Returns:
        What `cutting.list_layers` does; None for a network that cannot be used.
    """
    with problems.collect(where):
        network = inspect(spec)
        if not network.normalisation:
            problems.warn(
                where,
                f"nothing says which mean and std the inputs of {spec.architecture} are normalised with",
                f"ImageNet's are assumed: {list(network.mean)} and {list(network.std)}. Set `mean` and `std`.",
            )
        cut(network, spec.map_layer, spec.readout_layer)
        return list_layers(network, spec.map_layer, spec.readout_layer)
    return None
