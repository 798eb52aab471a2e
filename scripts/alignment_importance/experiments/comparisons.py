"""One comparison and one network: what every job that ablates feature maps starts from."""

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
from alignment_importance.system import provenance, resumable
from alignment_importance.system.compute import Compute
from alignment_importance.system.netcdf import origin_columns, read_netcdf


@dataclass(frozen=True, eq=False)
class Comparison:
    """The images of a comparison, people's judgments of them, and a network's activations for them.

    Attributes:
        image_ids: ids of the images; everything below has their order.
        ratings: `similarity` (participant, image, image_b), each participant's judgments.
        human: (image, image) mean judgments.
        activations: of the images, see `activations.read`.
        engine: ablates the network's feature maps, and knows by which similarity and score the network is aligned.
    """

    image_ids: list[str]
    ratings: xr.Dataset
    human: np.ndarray
    activations: xr.Dataset
    engine: ablation.Ablation

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes of the activations and of the judgments, merged."""
        return self.activations.attrs | self.ratings.attrs

    @property
    def origin(self) -> dict[str, Any]:
        """Columns that describe the network and the observers in tables, see `netcdf.origin_columns`."""
        return origin_columns(self.attributes)

    def fingerprint(self, *settings: np.ndarray | str | float) -> str:
        """SHA-256 of the activations, the judgments, how maps are ablated and scored, and further settings."""
        arrays = (values.to_numpy() for _, values in sorted(self.activations.data_vars.items()))
        how = (self.activations.attrs["ablation"], self.engine.similarity, self.engine.score)
        return resumable.fingerprint(*arrays, self.human, *how, *settings)

    def budget(self, minutes: float | None, output: Path, *settings: np.ndarray | str | float) -> resumable.Budget:
        """Time limit of a job, and the file beside its output in which it keeps finished steps.

        Args:
            minutes: None for no limit; closed forms have none either.
            output: the file that the job writes at the end.
            settings: everything else that the result depends on.
        """
        seconds = None if minutes is None or self.engine.closed_form else 60 * minutes
        # The key depends on the code, but not on the whole configuration: given more minutes, a job continues.
        key = self.fingerprint(provenance.circumstances(), *settings)
        return resumable.Budget(seconds, output.with_suffix(".partial.npz"), key)


@contextmanager
def opened(
    activations: Path, judgments: Path, model: Mapping[str, Any], alignment: Mapping[str, str], machine: Compute
) -> Iterator[Comparison]:
    """Open a comparison; its activations can be read inside the `with` block.

    Args:
        activations: file with those of its images, and perhaps of others.
        judgments: file of labelled judgments.
        model: the network's entry in the configuration.
        alignment: `similarity` and `score`.

    Raises:
        InputError: the network's weights are no longer those that made the activations.
    """
    ratings = read_netcdf(judgments)
    image_ids = ratings["image"].to_numpy().tolist()
    with recorded.read(activations, image_ids, model["ablation"]) as maps:
        engine = ablation.ablate(recorded.load_head(maps, model), maps, machine, **alignment)
        human = human_judgments.mean(ratings, image_ids)
        yield Comparison(image_ids, ratings, human, maps, engine)
