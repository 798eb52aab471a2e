"""The table of all networks for the documentation: their layers, and the route that ablation takes in them."""

import pandas as pd

from alignment_importance.networks.building import Spec, known_architectures, outline
from alignment_importance.networks.cutting import split
from alignment_importance.system.errors import InputError

_TEXT = """\
# Networks

<!-- Made by `snakemake --cores 1 docs/networks.md` from scripts/alignment_importance/networks/catalogue.py. -->

`architecture` in the configuration is one of the networks below, or `package.module:function` for a function of your
own that takes no argument and returns a `torch.nn.Module`. It is imported from the working directory or the installed
packages. `weights: default` leaves its weights as they are, `checkpoint` loads a state dict, and `random` takes what
the function draws from PyTorch's generator at `seed`. Its input is 224 x 224 pixels with ImageNet's mean and standard
deviation unless `input_size`, `mean` and `std` say otherwise.

    snakemake --cores 1 results/layers/resnet50.csv

lists the layers of an architecture or of a configured model with their shapes, and says which are the map layer and
the readout; `snakemake --cores 1 layers` does so for all configured models. Any layer of that list can be named in
the configuration as `map_layer` (image, feature map, y, x) or `readout_layer` (image, unit).

## How the layers are found

The network is traced by torch.fx. The *readout* is the penultimate layer: what the last fully connected layer reads,
before any dropout. A network that ends without one has its output for a readout. The *map layer* is the deepest layer
before it with the shape (image, feature map, y, x), pooling and dropout and what follows a global pooling aside: the
output of the last convolutional block after its nonlinearity.

The *route* says how ablation is computed. All routes give the same numbers.

- `pooled`: every unit of the readout is the pooled value of one map. Closed forms, no forward pass.
- `linear`: the maps meet first in a fully connected layer. It is a sum of one contribution per map; only what follows
  it is computed again.
- `general`: anything else. Everything behind the map layer is computed again, but for what acts on each map alone, such
  as pooling: once.

Only operations that are known to act on each map alone lead to the first two routes: average and maximum pooling,
flattening, and elementwise functions that are 0 at 0.

## Networks that need a word

- **ConvNeXt** normalises over the maps after pooling (LayerNorm), so that ablating one map changes all units:
  `general`. Its last block ends in an addition without a nonlinearity; the maps take both signs.
- **Swin** has no convolutions at its end, but its tokens keep their places. Its maps are the channels of the last
  stage after the final LayerNorm, and the readout is their average: `pooled`. They take both signs, and 0 is a
  channel's average and not its absence.
- **MaxViT**: the maps are the output of the last block, which ends in attention over a grid; they take both signs. A
  LayerNorm, a fully connected layer and a tanh follow the pooling: `general`.
- **SqueezeNet** has no fully connected layer: a convolution behind a dropout gives a map of scores per class, which
  are averaged. The maps are what this convolution reads; the only readout are the averaged scores: `general`.
- **GoogLeNet, Inception v3**: the auxiliary classifiers play no part outside training. Their `mean` and `std` are
  0.5, which is what torchvision turns ImageNet's into inside these networks when it loads its own weights. Random
  weights are PyTorch's usual ones, since the truncated normal numbers of these networks take minutes to draw.
- **MobileNet v3** has a fully connected layer between pooling and classifier, whose output after its nonlinearity is
  the readout: `linear`.
- **Vision transformers** (ViT) mix all places in tokens, of which the readout is one; no layer before it is a set of
  maps. They are refused.

## Layers of all networks

"""


def tabulate() -> pd.DataFrame:
    """Find the layers of every network, at the input size of its default weights.

    Returns:
        Columns architecture, input_size, refusal (why a network cannot be split, or empty), and for the others
        map_layer, n_maps, height, width, readout_layer, n_units and route.
    """
    rows = []
    for architecture in sorted(known_architectures()):
        network = outline(Spec(architecture))
        row: dict[str, object] = {"architecture": architecture, "input_size": network.input_size}
        try:
            found = split(network)
        except InputError as error:
            rows.append(row | {"refusal": str(error)})
            continue
        n_maps, height, width = found.map_shape
        row |= {"refusal": "", "map_layer": found.map_layer, "n_maps": n_maps, "height": height, "width": width}
        rows.append(row | {"readout_layer": found.readout_layer, "n_units": found.n_units, "route": found.head.route})
    whole_numbers = dict.fromkeys(("n_maps", "height", "width", "n_units"), "Int64")
    return pd.DataFrame(rows).astype(whole_numbers)


def as_markdown(table: pd.DataFrame) -> str:
    """The page of the documentation.

    Args:
        table: of `tabulate`.
    """
    lines = [
        "| architecture | input | map layer | maps | map size | readout | units | route |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        if row.refusal:
            layers = "| | | | | | refused |"
        else:
            maps = f"`{row.map_layer}` | {row.n_maps} | {row.height} x {row.width}"
            layers = f"| {maps} | `{row.readout_layer}` | {row.n_units} | {row.route} |"
        lines.append(f"| {row.architecture} | {row.input_size} {layers}")
    reasons = [f"- {reason}" for reason in table["refusal"] if reason]
    return _TEXT + "\n".join([*lines, "", "## Refused", "", *reasons, ""])
