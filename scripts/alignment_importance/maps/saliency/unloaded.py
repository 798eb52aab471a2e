"""Build networks of packages that load weights of their own, without letting them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
import torchvision
from torch import nn
from torch.utils import model_zoo


@contextmanager
def without_weights() -> Iterator[None]:
    """Let constructors that are called meanwhile make their modules, but download, unpickle and load nothing.

    `torch.hub.load("pytorch/vision...", name)`, which would fetch and run another torchvision, gives the module of the
    installed one. For networks whose checkpoint holds every weight: `checkpoints.load_state` refuses one that does not.
    """

    def from_torchvision(_repository: str, name: str, *_args: Any, **_kwargs: Any) -> nn.Module:
        return torchvision.models.get_model(name, weights=None)

    def nothing(*_args: Any, **_kwargs: Any) -> "_Nothing":
        return _Nothing()

    def not_loaded(*_args: Any, **_kwargs: Any) -> Any:
        return nn.modules.module._IncompatibleKeys([], [])

    with ExitStack() as stack:
        for place, name, replacement in (
            (torch.hub, "load", from_torchvision),
            (torch.hub, "load_state_dict_from_url", nothing),
            (model_zoo, "load_url", nothing),
            (torch, "load", nothing),
            (nn.Module, "load_state_dict", not_loaded),
        ):
            stack.enter_context(mock.patch.object(place, name, replacement))
        yield


class _Nothing(dict):
    """A checkpoint without weights, whatever part of it is asked for."""

    def __missing__(self, key: object) -> "_Nothing":
        return _Nothing()
