"""How to build one network, whatever its kind."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from alignment_importance.networks.checkpoints import Checkpoint
from alignment_importance.networks.spec import Spec

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Inputs:
    """Side of the square input in pixels, mean and standard deviation of pixel values in 0..1."""

    size: int
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD


@dataclass(frozen=True)
class Plan:
    """How to build one network.

    Attributes:
        create: makes the module with the weights it starts with; given a checkpoint, with its classes.
        trained: makes the module with its trained weights, and says what to call them.
        inputs: that these weights, or otherwise the usual ones, were trained on.
        names: of the trained weights.
        url: where the trained weights are downloaded from; None if they need not be.
        own: whether a user's own code makes the module: it is run as it is, and its random weights are checked.
    """

    create: Callable[[Checkpoint | None], nn.Module]
    trained: Callable[[], tuple[nn.Module, str]]
    inputs: Inputs
    names: Sequence[str] = ()
    url: str | None = None
    own: bool = False


class Kind(Protocol):
    """A kind of networks, such as those of one package: what each module of `kinds` has."""

    def names(self) -> list[str]:
        """The architectures that can be listed."""

    def includes(self, architecture: str) -> bool:
        """Whether an architecture is of this kind."""

    def plan(self, spec: Spec) -> Plan:
        """How to build an architecture of this kind."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw PyTorch's random numbers from a seed, and leave its generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
