"""Recorded feature maps and readouts of a set of images, and the head that goes with them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xarray as xr

from alignment_importance import networks
from alignment_importance.networks.head import Head
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import open_netcdf


@contextmanager
def read(path: str | Path, image_ids: Sequence[str], ablation: str) -> Iterator[xr.Dataset]:
    """Open the recorded activations of the given images, in this order; variables are read only when they are used.

    Where the readout is the pooled maps, ablation never reads the maps, which are nearly all of the file.

    Args:
        path: of a NetCDF that `extraction.extract` wrote.
        ablation: what replaces an ablated map, `zero` or its `mean`; it becomes an attribute of the Dataset.
    """
    with open_netcdf(path) as recorded:
        # Reading images picked one by one takes longer than reading all images in their stored order.
        in_order = list(image_ids) == recorded.indexes["image"].tolist()
        chosen = recorded if in_order else recorded.sel(image=list(image_ids))
        yield chosen.assign_attrs(ablation=ablation)


def load_head(recorded: xr.Dataset, spec: Mapping[str, Any]) -> Head | None:
    """Rebuild the head for recorded activations from keywords of `networks.Spec`; None if the route is `pooled`.

    Raises:
        InputError: the network's weights are no longer those that made the activations.
    """
    if recorded.attrs["route"] == "pooled":
        return None
    chosen = networks.Spec(**spec)
    network = networks.build(chosen)
    if network.fingerprint() != recorded.attrs["weights_sha256"]:
        raise InputError(
            f"{network.architecture}: its weights are no longer those that made the activations. Run the same command "
            "again, which makes them anew, and leave the weights as they are meanwhile."
        )
    return networks.cut(network, chosen.map_layer, chosen.readout_layer).head
