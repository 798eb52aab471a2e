"""Activations and judgments as other jobs write them, for the tests of scripts that ablate feature maps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from alignment_importance.system.compute import prepare
from alignment_importance.system.netcdf import write_netcdf

N_MAPS = 6

#: Attributes of activations whose readout is the pooled maps: ablating those takes no network.
ATTRIBUTES = {
    "weights": "random weights (seed 1)",
    "arithmetic": "float32",
    "ablation": "zero",
    "resize": "whole",
    "route": "pooled",
}

#: Arguments that all scripts that ablate have in common.
WAYS: dict[str, Any] = {
    "model": {"architecture": "resnet18", "ablation": "zero"},
    "alignment": {"similarity": "pearson", "score": "pearson_r2"},
    "compute": prepare("cpu", 0, threads=1),
}


def write_activations(path: Path, ids: Sequence[str], seed: int) -> None:
    """Write random maps and the readout pooled from them."""
    maps = np.random.default_rng(seed).random((len(ids), N_MAPS, 3, 3)).astype(np.float32)
    write_netcdf(
        xr.Dataset(
            {
                "feature_maps": (("image", "feature_map", "y", "x"), maps),
                "readout": (("image", "unit"), maps.mean((2, 3))),
            },
            coords={"image": list(ids), "width": ("image", [8] * len(ids)), "height": ("image", [8] * len(ids))},
            attrs=ATTRIBUTES,
        ),
        path,
    )


def write_similarities(path: Path, ids: Sequence[str], seed: int) -> None:
    """Write a random RSM of the retained feature maps."""
    values = np.random.default_rng(seed).random((len(ids), len(ids)))
    dims = ("image", "image_b")
    write_netcdf(xr.Dataset({"retained": (dims, values + values.T)}, coords={dim: list(ids) for dim in dims}), path)


def write_judgments(path: Path, ids: Sequence[str], seed: int, simulated: bool) -> None:
    """Write random judgments of two participants."""
    values = np.random.default_rng(seed).random((2, len(ids), len(ids)))
    values += values.transpose(0, 2, 1)
    values[:, range(len(ids)), range(len(ids))] = np.nan
    write_netcdf(
        xr.Dataset(
            {"similarity": (("participant", "image", "image_b"), values)},
            coords={"participant": ["p", "q"], "image": list(ids), "image_b": list(ids)},
            attrs={"simulated": int(simulated)},
        ),
        path,
    )
