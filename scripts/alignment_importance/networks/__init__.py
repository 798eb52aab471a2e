"""Networks: built with their weights, and cut at the map layer into a trunk (images to feature maps) and a head.

The only package that imports torchvision and timm. They take seconds to import, so the modules that need them are
imported on first use: a `Spec` or recorded `activations` need not wait for them.
"""

import importlib
from typing import TYPE_CHECKING, Any

from alignment_importance.networks.spec import Spec

if TYPE_CHECKING:
    from alignment_importance.networks.building import Network, build, inspect, outline
    from alignment_importance.networks.cutting import CutNetwork, cut, list_layers

__all__ = ["CutNetwork", "Network", "Spec", "build", "cut", "inspect", "list_layers", "outline"]

_MODULES = dict.fromkeys(("Network", "build", "inspect", "outline"), "building") | dict.fromkeys(
    ("CutNetwork", "cut", "list_layers"), "cutting"
)


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name when the name is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
