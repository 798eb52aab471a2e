"""The providers of saliency maps that need no network, by name."""

from pathlib import Path
from typing import Any

import pandas as pd

from alignment_importance.maps.saliency import centre_bias, classic, fixations, folder
from alignment_importance.maps.saliency.computing import Provider
from alignment_importance.system.errors import InputError

_CLASSIC = {"spectral_residual": classic.spectral_residual, "fine_grained": classic.fine_grained}

#: Names of the providers.
METHODS = (*_CLASSIC, "maps", "fixations", "centre_bias")


def provider(
    table: pd.DataFrame,
    method: str,
    *,
    maps: str | Path | None = None,
    fixated: str | Path | None = None,
    stretch: bool = False,
    degree: float | None = None,
    spread: float | None = None,
) -> Provider:
    """Make a provider for an image set, and check first what can be checked without images.

    Args:
        table: `image`, `width` and `height` of the image set.
        method: one of `METHODS`.
        maps: folder of maps, for the method `maps` (see `folder.reader`).
        fixated: table of fixations (see `fixations.read`), for the method `fixations`; the centre bias is a Gaussian
            without it, and with it the fixations of all other images.
        stretch: see `folder.reader`.
        degree: one degree of visual angle in pixels; needed with fixations.
        spread: of the Gaussian centre bias (see `centre_bias.gaussian`), `centre_bias.SPREAD` when None.

    Raises:
        InputError: an unknown method, a setting that it lacks, or files that do not fit.
    """
    if method in _CLASSIC:
        return Provider(_CLASSIC[method], {"method": method})
    if method == "maps":
        read = folder.reader(_needed(maps, method, "maps"), table["image"].tolist(), stretch)
        return Provider(read, {"method": method})
    if method == "centre_bias" and fixated is None:
        part = centre_bias.SPREAD if spread is None else spread
        return Provider(centre_bias.of_gaussian(part), {"method": method, "spread": part})
    if method not in METHODS:
        raise InputError(f"saliency: {method!r} is no method; there are {', '.join(METHODS)}.")
    found = fixations.read(_needed(fixated, method, "fixations"), table)
    pixels = float(_needed(degree, method, "degree"))
    attributes = {"method": method, "degree": pixels}
    if method == "centre_bias":
        inside = found[found["inside"]]
        return Provider(centre_bias.of_other_images(inside, table, pixels), attributes)
    variables = fixations.variables(found, table["image"].tolist())
    return Provider(fixations.smoothed(found, pixels), attributes, variables)


def _needed(value: Any, method: str, key: str) -> Any:
    if value is None:
        raise InputError(f"saliency: the method {method!r} needs the key `{key}`.")
    return value
