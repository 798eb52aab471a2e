"""What is wrong with a network of the configuration, found without running or downloading it."""

import copy
import itertools
import logging
import time
from dataclasses import dataclass

import torch

from alignment_importance.networks.building import Network, inspect
from alignment_importance.networks.cutting import CutNetwork, cut
from alignment_importance.networks.spec import Spec
from alignment_importance.networks.tracing import random_image
from alignment_importance.system.problems import Problems

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checked:
    """A network before it runs, with trunk and head cut from it, all without values."""

    network: Network
    cut: CutNetwork


def check(spec: Spec, where: str, problems: Problems) -> Checked | None:
    """Note what is wrong with a network under a key of the configuration; None for one that cannot be used."""
    with problems.collect(where):
        network = inspect(spec)
        if not network.normalisation:
            problems.warn(
                where,
                f"nothing says which mean and std the inputs of {spec.architecture} are normalised with",
                f"ImageNet's are assumed: {list(network.mean)} and {list(network.std)}. Set `mean` and `std`.",
            )
        chosen = cut(network, spec.map_layer, spec.readout_layer)
        if chosen.assumed_square:
            problems.warn(
                where,
                f"no layer shows how the tokens of {chosen.map_layer!r} are arranged in the image",
                "They are assumed to form a square grid, row by row. Compare some heatmaps with their images.",
            )
        if chosen.head.route == "hooked":
            problems.warn(
                where,
                f"torch.fx cannot follow {spec.architecture}, so that the whole network runs for every feature map "
                f"that is ablated, {chosen.head.n_maps} times for each image in every pass",
                "Let the ablation of its maps take few seeds, folds and random rankings.",
            )
            seconds = chosen.head.n_maps * _seconds_of_a_run(network)
            logger.info("%s: a pass takes about %.2g s for each image on one core of this machine", where, seconds)
        return Checked(network, chosen)
    return None


def _seconds_of_a_run(network: Network) -> float:
    """How long the network takes for an image, with weights of zero where it has none."""
    module = copy.deepcopy(network.module).to_empty(device="cpu")
    with torch.inference_mode():
        for values in itertools.chain(module.parameters(), module.buffers()):
            values.zero_()
        image = random_image(network.input_size)
        module(image)
        started = time.perf_counter()
        module(image)
    return time.perf_counter() - started
