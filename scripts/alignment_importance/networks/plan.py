"""How to build one network, whatever its kind."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from alignment_importance.networks.checkpoints import Checkpoint

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Inputs:
    """The inputs that a network's weights were trained on.

    Attributes:
        size: side of the square input in pixels.
        mean, std: per colour channel, of pixel values in 0..1.
        interpolation: filter with which an image is resized, `bilinear` or `bicubic`.
        evaluated: resize rule with which the weights were evaluated (`images.input_region`); None if it is not known.
        source: where all this is stated; empty if it is assumed.
    """

    size: int
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    interpolation: str = "bilinear"
    evaluated: str | None = None
    source: str = ""


@dataclass(frozen=True)
class Plan:
    """How to build one network.

    Attributes:
        create: makes the module with its initial weights; for a checkpoint, with the checkpoint's number of classes.
        trained: makes the module with its trained weights, and returns a label of these weights too.
        inputs: returns a module's inputs: those on which its trained weights (named or default) were trained.
        names: names of its trained weights, apart from `default`.
        check: raises an InputError if it is known already that the trained weights cannot be downloaded.
        own: whether a user's own code makes the module, which is then run as it is, and its random weights checked.
    """

    create: Callable[[Checkpoint | None], nn.Module]
    trained: Callable[[], tuple[nn.Module, str]]
    inputs: Callable[[nn.Module], Inputs]
    names: Sequence[str] = ()
    check: Callable[[], None] = lambda: None
    own: bool = False


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let PyTorch draw random numbers from a seed in the block, and leave its generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


class UnallocatedParameters(TorchFunctionMode):
    """Let modules that are made in the block hold parameters without memory; other tensors keep their values."""

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call a PyTorch function; `torch.empty`, with which modules make their parameters, allocates no memory."""
        device = {"device": "meta"} if func is torch.empty else {}
        return func(*args, **{**(kwargs or {}), **device})
