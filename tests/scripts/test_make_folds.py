from pathlib import Path

import make_folds
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alignment_importance.inputs import folds
from alignment_importance.system.errors import InputError
from alignment_importance.system.netcdf import write_netcdf
from alignment_importance.system.tables import read_table

IDS = [f"{number:03d}" for number in range(9)]


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    values = np.arange(81.0).reshape(1, 9, 9)
    values = values + values.transpose(0, 2, 1)
    dims = ("participant", "image", "image_b")
    coords = {"participant": ["mean"], "image": IDS, "image_b": IDS}
    write_netcdf(xr.Dataset({"similarity": (dims, values)}, coords=coords), tmp_path / "j.nc")
    return tmp_path / "j.nc"


@pytest.mark.parametrize(("unit", "split"), [("images", folds.split_images), ("pairs", folds.split_pairs)])
@pytest.mark.parametrize("seed", [1, 22])
def test_a_seed_has_its_table(tmp_path: Path, judged: Path, unit: str, split: object, seed: int) -> None:
    output = tmp_path / "seed.csv"
    make_folds.make_folds(judgments=judged, unit=unit, n_folds=3, seed=seed, output=output)
    expected = split(IDS, 3, seed)  # type: ignore[operator]
    pd.testing.assert_frame_equal(read_table(output, expected.columns), expected, check_dtype=False)


def test_what_cannot_be_split_leaves_no_table(tmp_path: Path, judged: Path) -> None:
    output = tmp_path / "seed-1.csv"
    with pytest.raises(InputError, match="the test set of fold 2 has 1 judged pair"):
        make_folds.make_folds(judgments=judged, unit="images", n_folds=4, seed=1, output=output)
    with pytest.raises(InputError, match="unit is 'triplets', but must be one of images, pairs"):
        make_folds.make_folds(judgments=judged, unit="triplets", n_folds=3, seed=1, output=output)
    assert not output.exists()
