"""The methods by which saliency maps are made, by name. Imports none of them until one is used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from alignment_importance.maps.saliency.computing import Provider
    from alignment_importance.system.compute import Compute


@dataclass(frozen=True)
class Method:
    """A method, and the keys of the configuration that it understands besides `method`.

    Attributes:
        factory: `module:function` in this package. The function takes the table of an image set (`image`, `width`,
            `height`), the keys below by name and, if it runs a network, `compute`, and returns a `computing.Provider`.
        needs: keys that must be given.
        takes: keys that may be given.
        is_network: whether it runs a network, which may use a GPU.
    """

    factory: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    is_network: bool = False


METHODS: Mapping[str, Method] = {
    "spectral_residual": Method("classic:spectral_residual"),
    "fine_grained": Method("classic:fine_grained"),
    "maps": Method("folder:provider", needs=("maps",), takes=("stretch", "key")),
    "fixations": Method("fixations:provider", needs=("fixations", "degree")),
    "centre_bias": Method("centre_bias:provider", takes=("fixations", "degree", "spread")),
    "deepgaze_iie": Method("deepgaze:provider", ("checkpoint",), ("centre_bias", "spread", "degree"), is_network=True),
    "network": Method("own_network:provider", ("architecture",), ("checkpoint", "input_size"), is_network=True),
}


def provider(table: pd.DataFrame, settings: Mapping[str, Any], compute: Compute | None = None) -> Provider:
    """Make the provider of an image set's saliency maps, and check first what can be checked without images.

    Args:
        table: `image`, `width` and `height` of the image set.
        settings: an entry of the configuration's `saliency`; keys that are None count as not given, and keys of other
            methods are ignored.
        compute: what a network may use.

    Raises:
        InputError: a file that the method needs does not fit.
    """
    method = METHODS[settings["method"]]
    given = {key: settings[key] for key in (*method.needs, *method.takes) if settings.get(key) is not None}
    module, function = method.factory.split(":")
    factory = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    return factory(table, **given, compute=compute) if method.is_network else factory(table, **given)
