"""One comparison to one network: what the jobs that ablate feature maps begin with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from alignment_importance import ablation
from alignment_importance.inputs import judgments as human_judgments
from alignment_importance.networks import activations as recorded
from alignment_importance.system.compute import Compute
from alignment_importance.system.netcdf import origin_columns, read_netcdf


@dataclass(frozen=True, eq=False)
class Comparison:
    """The images of a comparison, what people said of them, and what a network makes of them.

    Attributes:
        image_ids: of the images, in the order of all else.
        human: (image, image) mean judgments.
        engine: ablates the network's feature maps.
        activations: of the images, see `activations.read`.
        attributes: those of judgments and activations.
    """

    image_ids: list[str]
    human: np.ndarray
    engine: ablation.Ablation
    activations: xr.Dataset
    attributes: Mapping[str, Any]

    @property
    def origin(self) -> dict[str, Any]:
        """What tables say of the network and the observers, see `netcdf.origin_columns`."""
        return origin_columns(self.attributes)


@contextmanager
def opened(
    activations: Path, judgments: Path, model: Mapping[str, Any], alignment: Mapping[str, str], machine: Compute
) -> Iterator[Comparison]:
    """Give a comparison while its activations can be read.

    Args:
        activations: of its images and perhaps others.
        judgments: labelled.
        model: the network's entry in the configuration.
        alignment: `similarity` and `score`.
        machine: device, threads and memory.

    Raises:
        InputError: an image without activations, or weights that are no longer those that made them.
    """
    ratings = read_netcdf(judgments)
    image_ids = ratings["image"].to_numpy().tolist()
    with recorded.read(activations, image_ids) as maps:
        engine = ablation.ablate(recorded.load_head(maps, model), maps, machine, **alignment)
        human = human_judgments.mean(ratings, image_ids)
        yield Comparison(image_ids, human, engine, maps, maps.attrs | ratings.attrs)
