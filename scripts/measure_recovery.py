"""Measure which way of weighing feature maps finds a control's known truth."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job import run

import numpy as np
import pandas as pd

from alignment_importance import ablation
from alignment_importance.experiments import recovery
from alignment_importance.inputs import folds
from alignment_importance.inputs import judgments as human_judgments
from alignment_importance.networks import activations as recorded
from alignment_importance.system.compute import Compute
from alignment_importance.system.netcdf import read_netcdf
from alignment_importance.system.tables import OF_NETWORK, write_table


def measure_recovery(
    control: str,
    model_name: str,
    activations: Path,
    judgments: Mapping[str, Path],
    masks: Path,
    objects: Mapping[str, int],
    model: Mapping[str, Any],
    alignment: Mapping[str, str],
    permutations: int,
    seed: int,
    compute: Compute,
    table: Path,
) -> None:
    """Write a row per method and draw of maps, and a row per method, comparison and image; judgments are by comparison.

    Units, which have no places, only have rows of the first kind.
    """
    ratings = {name: read_netcdf(file) for name, file in judgments.items()}
    image_ids = sorted(set.intersection(*(set(each["image"].to_numpy().tolist()) for each in ratings.values())))
    with recorded.read(activations, image_ids, model["ablation"]) as maps:
        engine = ablation.ablate(recorded.load_head(maps, model), maps, compute, **alignment)
        sizes = np.abs(maps["feature_maps"].to_numpy()).mean((2, 3), dtype=np.float64)
        network = recovery.Network(sizes, engine, permutations, seed)
        areas = recovery.find_maps(network)
        if model.get("layout") != "units":
            blocks = {name: folds.whole(human_judgments.mean(each, image_ids)) for name, each in ratings.items()}
            places = recovery.find_places(network, maps, blocks, masks, objects)
            areas = pd.concat([areas, places], ignore_index=True)
        areas.insert(0, "control", control)
        areas.insert(1, "model", model_name)
        simulated = {name: bool(each.attrs["simulated"]) for name, each in ratings.items()} | {"": True}
        common = {name: maps.attrs[name] for name in OF_NETWORK}
        write_table(areas.assign(**common, simulated=areas["comparison"].map(simulated)), table)


if __name__ == "__main__":
    run(measure_recovery, globals()["snakemake"])
