"""What a configuration says of a network."""

from collections.abc import Sequence
from dataclasses import dataclass

from alignment_importance.system import names

#: The resize rule with which the weights were evaluated.
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
        key: prefix of the names of the weights, for a checkpoint that holds the network several times.
        sha256: SHA-256 that the checkpoint must have; any when None.
        seed: from which random weights are drawn.
        map_layer: name of a node of the traced network, or of a module; found when None. The workflow reads it; `build`
            does not, and `cut` takes it as an argument.
        readout_layer: name of the node or module of the readout, as for `map_layer`.
        readout: what a transformer's readout is: `token` (the class token), `mean` (of the patch tokens), or what the
            network's classifier reads when None.
        input_size: side of the square input in pixels; when None the weights' own, and 224 where it is unknown.
        mean: means of the three colour channels, of pixel values in 0..1, by which an input is normalised; when None
            those that the weights were trained with, and ImageNet's where these are unknown.
        std: standard deviations, as for `mean`.
        resize: rule that fits an image to this input, see `images.input_region`, or `as_evaluated`: the one with
            which the weights were evaluated.
        resize_in: type of number in which it is resized, `uint8` or `float`, see `images.to_input`.
        ablation: what replaces an ablated map, `zero` or its `mean`.
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
    """A sentence that suggests the shortest known names that contain a wrong name, or else those most like it."""
    word = name.rpartition("/")[2].lower()
    containing = sorted((known_name for known_name in known if len(word) > 2 and word in known_name.lower()), key=len)
    near = containing[:3] or names.nearest(name, known, most=3)
    return f" Did you mean {' or '.join(near)}?" if near else f" Known are: {names.some(known, 20)}."
