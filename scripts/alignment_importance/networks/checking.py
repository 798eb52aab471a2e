"""Finds what is wrong with a network of the configuration, without running or downloading it."""

from alignment_importance.networks.building import Network, inspect
from alignment_importance.networks.cutting import CutNetwork, cut
from alignment_importance.networks.spec import Spec
from alignment_importance.system.problems import Problems


def check(spec: Spec, where: str, problems: Problems) -> tuple[Network, CutNetwork] | None:
    """Note what is wrong with a network, under the key of the configuration (`where`) that names it.

    Returns:
        The network as `inspect` returns it, and its cut; None if the network cannot be used.
    """
    with problems.collect(where):
        network = inspect(spec)
        if not network.normalisation:
            problems.warn(
                where,
                f"nothing says which mean and std the inputs of {spec.architecture} are normalised with",
                f"ImageNet's are assumed: {list(network.mean)} and {list(network.std)}. Set `mean` and `std`.",
            )
        chosen = cut(network, spec.map_layer, spec.readout_layer)
        if chosen.layout is not None and chosen.layout.assumed:
            problems.warn(
                where,
                f"no layer shows how the tokens of {chosen.map_layer!r} are arranged in the image",
                "They are assumed to form a square grid, row by row. Compare some heatmaps with their images.",
            )
        n_maps, *places = chosen.map_shape
        if places == [1, 1]:
            problems.warn(
                where,
                f"the {n_maps} feature maps of {chosen.map_layer!r} have one place each, so their heatmaps are uniform",
                "Name an earlier `map_layer` for heatmaps that show places.",
            )
        if chosen.head.route == "hooked":
            problems.warn(
                where,
                f"torch.fx cannot follow {spec.architecture}, so that the whole network runs for every feature map "
                f"that is ablated, {chosen.head.n_maps} times for each image in every pass",
                "Let the ablation of its maps take few seeds, folds and random rankings.",
            )
        return network, chosen
    return None
