"""The part of a network after its feature maps."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Head:
    """The part of a network from its map layer to its readout, and how ablating a map acts in it.

    Attributes:
        module: feature maps (image, feature_map, y, x), and prefix tokens (image, token, unit) if `reads_prefix`, to
            readout (image, unit).
        n_maps: number of feature maps.
        route: `pooled` when every readout unit is the pooled value of one map; `linear` when the maps meet first in a
            fully connected layer; `attention` when they enter the last block of a transformer, after which only the
            class token is read; `hooked` when torch.fx cannot follow the network, so that `module` runs all of it;
            `general` otherwise.
        per_map: the operations that act on each map alone. For `linear`: maps to (image, feature_map * value). For
            `general`: maps to (image, feature_map, ...), or None if there are no such operations.
        first_linear: for `linear`, the fully connected layer in which the maps meet.
        tail: what follows `first_linear` (for `linear`), `per_map` (for `general`) or `block` (for `attention`: from
            (image, token, unit) to (image, unit)).
        block: for `attention`, the last block.
        reads_prefix: whether the readout also depends on prefix tokens (class token, registers), which stand for no
            place and are never ablated.
    """

    module: nn.Module
    n_maps: int
    route: str
    per_map: nn.Module | None = None
    first_linear: nn.Linear | None = None
    tail: nn.Module | None = None
    block: nn.Module | None = None
    reads_prefix: bool = False
