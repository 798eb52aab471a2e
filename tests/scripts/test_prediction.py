"""Folds to one table, tables to the summary: joined by image id, and pairs that were split are called leaky."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from summarise_prediction import summarise_prediction
from tabulate_prediction import tabulate_prediction

from alignment_importance.inputs import folds
from alignment_importance.system.netcdf import write_netcdf
from alignment_importance.system.tables import read_table, write_table

IDS = ["007", "é b", *(f"i{number}" for number in range(10))]
MADE_OF = {"weights": "random weights (seed 1)", "arithmetic": "float32", "simulated": True}


def write_judgments(path: Path) -> None:
    rng = np.random.default_rng(1)
    stack = rng.normal(size=(12, 12)) + 0.5 * rng.normal(size=(4, 12, 12))
    stack = stack + stack.transpose(0, 2, 1)
    stack[:, range(12), range(12)] = np.nan
    judged = xr.Dataset(
        {"similarity": (("participant", "image", "image_b"), stack)},
        coords={"participant": list("pqrs"), "image": IDS, "image_b": IDS},
        attrs={"simulated": 1},
    )
    write_netcdf(judged, path)


def write_scores(path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers = {"n_train": 8, "n_test": 4, "n_pairs_train": 40, "n_pairs_test": 8, "k_retained": [3, 2, 5]}
    scores = {"test_full": rng.random(3), "test_retained": rng.random(3)}
    write_table(pd.DataFrame({"fold": [3, 1, 2]} | numbers | scores | MADE_OF), path)


@pytest.mark.parametrize(
    ("split", "unit", "ratio"), [(folds.split_images, "images", 4 / 8), (folds.split_pairs, "pairs (leaky)", 8 / 40)]
)
def test_what_was_split_is_said_of_every_fold_and_of_the_whole(split, unit: str, ratio: float, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_judgments(tmp_path / "judgments.nc")
    for seed in (5, 6):
        write_table(split(IDS, 3, seed), tmp_path / f"folds-{seed}.csv")
        write_scores(tmp_path / f"scores-{seed}.csv", seed)
    tabulate_prediction(
        scores={seed: tmp_path / f"scores-{seed}.csv" for seed in (5, 6)},
        splits={seed: tmp_path / f"folds-{seed}.csv" for seed in (5, 6)},
        judged=tmp_path / "judgments.nc",
        score="pearson",
        output=tmp_path / "table.csv",
    )
    table = read_table(tmp_path / "table.csv")
    assert table[["seed", "fold"]].to_numpy().tolist() == [[5, 3], [5, 1], [5, 2], [6, 3], [6, 1], [6, 2]]
    assert (table["unit"] == unit).all()
    given = pd.concat([read_table(tmp_path / f"scores-{seed}.csv") for seed in (5, 6)])
    assert table["test_full"].tolist() == given["test_full"].tolist()
    assert (table["noise_ceiling_lower"] < table["noise_ceiling_upper"]).all()

    intervals = {"quantity": ["test_full"], "estimate": [0.5], "se": [0.1], "low": [0.3], "high": [0.7]}
    write_table(pd.DataFrame(intervals), tmp_path / "bootstrap.csv")
    columns = ("draw", "test_full", "test_retained", "difference")
    write_table(pd.DataFrame({name: [0.0, 1.0] for name in columns}), tmp_path / "permutations.csv")
    both = ("c", "n")
    summarise_prediction(
        tables={both: tmp_path / "table.csv"},
        intervals={both: tmp_path / "bootstrap.csv"},
        permutations={both: tmp_path / "permutations.csv"},
        judged={"c": tmp_path / "judgments.nc"},
        alignment={"similarity": "cosine", "score": "pearson"},
        output=tmp_path / "summary.csv",
    )
    [row] = read_table(tmp_path / "summary.csv").to_dict("records")
    assert (row["comparison"], row["model"], row["unit"], row["similarity"]) == ("c", "n", unit, "cosine")
    assert (row["n_images"], row["n_participants"], row["n_folds"]) == (12, 4, 6)
    difference = table["test_retained"] - table["test_full"]
    spread = np.sqrt(difference.var() * (1 / 6 + ratio))
    assert row["t_corrected"] == pytest.approx(difference.mean() / spread)
    assert row["p_paired_holm"] == row["p_paired"]
