"""What a configuration says of a network."""

from collections.abc import Sequence
from dataclasses import dataclass

from alignment_importance.system import names

#: The resize rule that comes from the weights.
AS_EVALUATED = "as_evaluated"


@dataclass(frozen=True)
class Spec:
    """A model's entry of the configuration; its `ablation` says nothing about the network itself.

    Attributes:
        architecture: a name of one of the `kinds` of networks: `efficientnet_lite0` to `2`, the name of a torchvision
            classification network, `timm/NAME` or `timm/NAME.TAG` for one of timm, or `package.module:function` for a
            function that returns a module.
        weights: `default` (for a function: as it returns them), the name of torchvision weights, `checkpoint`, or
            `random`.
        checkpoint: file with a state dict, for `weights: checkpoint`.
        key: what stands before the names of the weights in a checkpoint that holds the network several times.
        sha256: SHA-256 that the checkpoint must have; any when None.
        seed: of random weights.
        map_layer: name of a node of the traced network, or of a module; found when None. The workflow reads it; `build`
            does not, and `cut` takes it as an argument.
        readout_layer: the same for the readout.
        readout: what a transformer's readout is made of: `token` (the class token), `mean` (of the tokens of the
            patches), or what the network itself reads when None.
        input_size: side of the square input in pixels; when None the weights' own, and 224 where nobody knows it.
        mean: of the three colour channels, of pixel values in 0..1, that an input is normalised with; when None those
            that the weights were trained with, and ImageNet's where nobody knows them.
        std: standard deviations, as for `mean`.
        resize: rule that brings an image to this input, see `images.input_region`, or `as_evaluated`: the one with
            which the weights were evaluated.
        resize_in: numbers in which that is done, see `images.to_input`.
        ablation: what takes the place of a map that is ablated, `zero` or its `mean`.
    """

    architecture: str
    weights: str = "default"
    checkpoint: str | None = None
    key: str | None = None
    sha256: str | None = None
    seed: int | None = None
    map_layer: str | None = None
    readout_layer: str | None = None
    readout: str | None = None
    input_size: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    resize: str = "whole"
    resize_in: str = "uint8"
    ablation: str = "zero"


def nearest(name: str, known: Sequence[str]) -> str:
    """A sentence that offers the shortest names which have another one in them, or those most like a misspelt one."""
    word = name.rpartition("/")[2].lower()
    having = sorted((other for other in known if len(word) > 2 and word in other.lower()), key=len)
    near = having[:3] or names.nearest(name, known, most=3)
    return f" Did you mean {' or '.join(near)}?" if near else f" Known are: {names.some(known, 20)}."
