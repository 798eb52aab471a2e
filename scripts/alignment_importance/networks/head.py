"""The part of a network behind its feature maps."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Head:
    """The part of a network from its map layer to its readout, and how ablating a map acts in it.

    Attributes:
        module: feature maps (image, feature_map, y, x), and tokens beside them (image, token, unit) where
            `reads_prefix`, to readout (image, unit).
        n_maps: number of feature maps.
        route: `pooled` when every readout unit is the pooled value of one map; `linear` when the maps meet first in a
            fully connected layer; `attention` when they enter the last block of a transformer, of which the class token
            alone is read; `hooked` when torch.fx cannot follow the network, all of which `module` runs; `general`
            otherwise.
        per_map: for `linear`, what acts on each map alone: maps to (image, feature_map * value). For `general`, the
            same, if anything does: to (image, feature_map, ...).
        first_linear: for `linear`, the layer in which the maps meet.
        tail: for `linear`, what follows it. For `general`, what follows `per_map`. For `attention`, what follows the
            block: (image, token, unit) to (image, unit).
        block: for `attention`, the last block.
        reads_prefix: whether the readout also depends on tokens that stand for no place (class token, registers), which
            are never ablated.
    """

    module: nn.Module
    n_maps: int
    route: str
    per_map: nn.Module | None = None
    first_linear: nn.Linear | None = None
    tail: nn.Module | None = None
    block: nn.Module | None = None
    reads_prefix: bool = False
