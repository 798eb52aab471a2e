"""The page of all networks: their layers, and the route that ablation takes in them."""

from pathlib import Path

import pandas as pd
import timm

from alignment_importance import networks
from alignment_importance.networks.kinds import efficientnet_lite, torchvision_models
from alignment_importance.system.errors import InputError
from making.templates import fill


def make(checkout: Path) -> None:
    """Write the page into a checkout."""
    (checkout / "docs/networks.md").write_text(page(), encoding="utf-8")


def page() -> str:
    """The text of the page of all networks."""
    return fill("networks.md.jinja", rows=tabulate().to_dict("records"))


def tabulated() -> dict[str, str]:
    """The architectures on the page, each with the family that it stands for, or an empty string."""
    return dict.fromkeys([*efficientnet_lite.names(), *torchvision_models.names()], "") | _families()


def _families() -> dict[str, str]:
    """Families (modules of timm) with trained weights, by the shortest name of a network that has such weights."""
    trained = {name.partition(".")[0] for name in timm.list_pretrained()}
    families = {family: timm.list_models(module=family, exclude_filters="test_*") for family in timm.list_modules()}
    return {
        f"timm/{min(trained & set(members), key=lambda name: (len(name), name))}": family
        for family, members in families.items()
        if trained & set(members)
    }


def tabulate() -> pd.DataFrame:
    """Find the layers of networks, built without weights, at the input size of their default weights.

    Returns:
        Columns family (empty where all networks of a kind are listed), architecture, input_size, refusal (why a network
        cannot be cut, or empty), and for the others map_layer, n_maps, height, width, readout_layer, n_units and route.
    """
    rows = []
    for architecture, family in sorted(tabulated().items()):
        network = networks.outline(networks.Spec(architecture))
        row: dict[str, object] = {"family": family, "architecture": architecture, "input_size": network.input_size}
        try:
            cut = networks.cut(network)
        except InputError as error:
            rows.append(row | {"refusal": str(error)})
            continue
        n_maps, height, width = cut.map_shape
        row |= {"refusal": "", "map_layer": cut.map_layer, "n_maps": n_maps, "height": height, "width": width}
        rows.append(row | {"readout_layer": cut.readout_layer, "n_units": cut.n_units, "route": cut.head.route})
    whole_numbers = dict.fromkeys(("n_maps", "height", "width", "n_units"), "Int64")
    return pd.DataFrame(rows).astype(whole_numbers)
