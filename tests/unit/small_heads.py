"""Small heads of every route, and engines that ablate their maps."""

from collections import OrderedDict

import numpy as np
import torch
import xarray as xr
from torch import nn

from alignment_importance import ablation, networks
from alignment_importance.ablation import heads
from alignment_importance.system import compute
from alignment_importance.system.compute import Compute

#: Where the engine runs; set by the option `--device` of the tests.
DEVICE = "cpu"

N_IMAGES, N_MAPS = 13, 10
ROUTES = ["pooled", "linear", "general"]


def resources(memory: int = 10**9, threads: int = 1) -> Compute:
    """The resources of a job on `DEVICE`."""
    return compute.prepare(DEVICE, None, threads, memory / 1e9)


class Coupled(nn.Module):
    """A head in which the maps meet in a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.meet = nn.Conv2d(N_MAPS, 7, 2)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.meet(maps)).mean((2, 3))


class Whole(nn.Module):
    """A network whose trunk is one convolution and its ReLU."""

    def __init__(self, head: nn.Module, width: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, N_MAPS, 3, padding=1), nn.ReLU(inplace=True))
        self.head = head
        self.classifier = nn.Linear(width, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.head(self.trunk(images)))


def head_of(route: str) -> heads.Head:
    """A small head of the given route, cut out of a whole network like any other."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        head, width = {
            "pooled": lambda: (nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Dropout()), N_MAPS),
            "linear": lambda: (
                nn.Sequential(
                    OrderedDict(
                        pool=nn.MaxPool2d(2),
                        flat=nn.Flatten(1),
                        fc6=nn.Linear(N_MAPS * 4, 24),
                        relu6=nn.ReLU(inplace=True),
                        drop=nn.Dropout(),
                        fc7=nn.Linear(24, 16),
                        relu7=nn.ReLU(inplace=True),
                    )
                ),
                16,
            ),
            "general": lambda: (Coupled(), 7),
        }[route]()
        whole = Whole(head, width).eval()
    network = networks.Network(whole, "small", "random weights (seed 3)", 4, (0.5,) * 3, (0.5,) * 3)
    cut = networks.cut(network, map_layer="trunk.1")
    assert cut.head.route == route
    return cut.head


#: What takes the place of ablated maps.
ABLATIONS = ["zero", "mean"]


def fill_of(maps: torch.Tensor, ablation: str) -> torch.Tensor:
    """(feature_map,) what takes the place of ablated maps: 0, or their means over images and places."""
    means = maps.double().mean((0, 2, 3)).to(maps.dtype)
    return {"zero": torch.zeros_like(means), "mean": means}[ablation]


def recorded(head: heads.Head, maps: np.ndarray, ablation: str = "zero") -> xr.Dataset:
    """Maps (image, feature_map, y, x) as they are recorded, with the readout that a head computes from them."""
    mean = fill_of(torch.from_numpy(maps), "mean")
    with torch.inference_mode():
        readout = head.module(torch.from_numpy(maps)).numpy()
        pooled = head.module(mean[None, :, None, None].repeat(1, 1, *maps.shape[2:])).numpy()[0]
    return xr.Dataset(
        {
            "feature_maps": (("image", "feature_map", "y", "x"), maps),
            "readout": (("image", "unit"), readout),
            "map_mean": ("feature_map", mean),
            "unit_mean": ("unit", pooled if head.route == "pooled" else readout.mean(0)),
        },
        attrs={"ablation": ablation},
    )


def engine(
    route: str, maps: np.ndarray, similarity: str, score: str, compute: Compute, ablated: str = "zero"
) -> tuple[heads.Head, ablation.Ablation]:
    head = head_of(route)
    return head, ablation.ablate(head, recorded(head, maps, ablated), compute, similarity, score)
