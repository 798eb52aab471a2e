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
from alignment_importance.networks.head import Head
from alignment_importance.system import resumable
from alignment_importance.system.compute import Compute
from alignment_importance.system.netcdf import origin_columns, read_netcdf


@dataclass(frozen=True, eq=False)
class Comparison:
    """The images of a comparison, what people said of them, and what a network makes of them.

    Attributes:
        image_ids: of the images, in the order of all else.
        ratings: `similarity` (participant, image, image_b).
        human: (image, image) mean judgments.
        activations: of the images, see `activations.read`.
        head: of the network; None where the readout is the pooled maps.
        engine: ablates the network's feature maps.
        similarity: of readouts.
        score: second-order score.
    """

    image_ids: list[str]
    ratings: xr.Dataset
    human: np.ndarray
    activations: xr.Dataset
    head: Head | None
    engine: ablation.Ablation
    similarity: str
    score: str

    @property
    def attributes(self) -> dict[str, Any]:
        """Those of activations and judgments."""
        return self.activations.attrs | self.ratings.attrs

    @property
    def origin(self) -> dict[str, Any]:
        """What tables say of the network and the observers, see `netcdf.origin_columns`."""
        return origin_columns(self.attributes)

    def fingerprint(self, *settings: np.ndarray | str | float) -> str:
        """SHA-256 of activations, judgments, how maps are ablated and scored, and other settings."""
        arrays = (values.to_numpy() for _, values in sorted(self.activations.data_vars.items()))
        how = (self.activations.attrs["ablation"], self.similarity, self.score)
        return resumable.fingerprint(*arrays, self.human, *how, *settings)


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

    Raises:
        InputError: weights that are no longer those that made the activations.
    """
    ratings = read_netcdf(judgments)
    image_ids = ratings["image"].to_numpy().tolist()
    with recorded.read(activations, image_ids, model["ablation"]) as maps:
        head = recorded.load_head(maps, model)
        engine = ablation.ablate(head, maps, machine, **alignment)
        human = human_judgments.mean(ratings, image_ids)
        yield Comparison(image_ids, ratings, human, maps, head, engine, **alignment)
