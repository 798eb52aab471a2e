"""Similarity matrices of people, of the whole network and of its retained maps, against plain numpy."""

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from alignment_importance.ablation import PooledAblation
from alignment_importance.experiments import rsms
from alignment_importance.experiments.comparisons import Comparison
from alignment_importance.inputs import judgments
from alignment_importance.system.compute import Compute

IDS = ["007", "é b", "c", "d"]
CPU = Compute(torch.device("cpu"), 1, 10**8)

#: (image, unit) readout, whose units are the pooled maps.
READOUT = np.array([[1, 0, 2, 0, 3], [0, 4, 1, 0, 1], [2, 2, 0, 5, 1], [1, 3, 3, 0, 0]], dtype=np.float32)


def comparison(similarity: str) -> Comparison:
    recorded = xr.Dataset(
        {
            "feature_maps": (("image", "feature_map", "y", "x"), READOUT[:, :, None, None]),
            "readout": (("image", "unit"), READOUT),
        },
        coords={"image": IDS},
        attrs={"weights": "random weights (seed 1)", "arithmetic": "float32", "ablation": "zero", "route": "pooled"},
    )
    engine = PooledAblation(READOUT, CPU, similarity, "pearson_r2")
    human = judgments.mean(judged(), IDS)
    return Comparison(IDS, judged(), human, recorded, engine)


def judged() -> xr.Dataset:
    values = np.arange(32.0).reshape(2, 4, 4)
    values = values + values.transpose(0, 2, 1)
    values[:, range(4), range(4)] = np.nan
    values[0, 0, 1] = values[0, 1, 0] = np.nan
    order = [2, 0, 3, 1]  # judgments come in an order of their own
    return xr.Dataset(
        {"similarity": (("participant", "image", "image_b"), values[:, order][:, :, order])},
        coords={"image": np.array(IDS)[order], "image_b": np.array(IDS)[order]},
        attrs={"simulated": 1},
    )


RANKING = pd.DataFrame({"feature_map": [0, 1, 2, 3, 4], "rank": [3, 1, 2, 5, 4]})


@pytest.mark.parametrize("similarity", ["pearson", "cosine"])
def test_matrices_are_those_of_numpy_by_image_id(similarity: str) -> None:
    made = rsms.compute(comparison(similarity), RANKING, 3.0).sel(image=IDS, image_b=IDS)
    own = READOUT.astype(float)
    top = own * [1, 1, 1, 0, 0]  # ranks 1 to 3
    for name, rows in (("full", own), ("retained", top)):
        lengths = np.linalg.norm(rows, axis=1)
        expected = np.corrcoef(rows) if similarity == "pearson" else rows @ rows.T / np.outer(lengths, lengths)
        np.testing.assert_allclose(made[name], expected, atol=1e-12)
    # Means over the two participants: of 1 + 4 (missing) and 17 + 20; of 2 + 8 and 18 + 24.
    assert made["people"].sel(image="007", image_b="é b") == 37
    assert made["people"].sel(image="007", image_b="c") == 26
    assert np.isnan(made["people"].sel(image="c", image_b="c"))
    assert made.attrs["n_retained"] == 3
    assert (made.attrs["weights"], made.attrs["simulated"]) == ("random weights (seed 1)", 1)


def test_a_constant_row_is_nan() -> None:
    # Map 1 alone is 0 in image 007.
    made = rsms.compute(comparison("cosine"), RANKING, 1.0)
    assert np.isnan(made["retained"].sel(image="007")).all()
    assert made["retained"].sel(image="c", image_b="d") == 1


def test_the_number_retained_is_the_median_of_folds() -> None:
    assert rsms.n_retained(pd.DataFrame({"k_retained": [3, 9, 4, np.nan]})) == 4
    assert rsms.n_retained(pd.DataFrame({"k_retained": [3, 9, 4, 5]})) == 4
    for kind in ("float", "Int64"):  # as read from a file, and as just made
        assert np.isnan(rsms.n_retained(pd.DataFrame({"k_retained": [np.nan, np.nan]}, dtype=kind)))


def test_nothing_retained_is_nan() -> None:
    made = rsms.compute(comparison("pearson"), RANKING, float("nan"))
    assert np.isnan(made["retained"]).all()
    assert not np.isnan(made["full"]).any()
