"""Helpers shared by the tests of judgments: write files, read them, and collect what is said about them."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.typing import NDArray

from alignment_importance.inputs.judgments import reading
from alignment_importance.system.errors import InputError
from alignment_importance.system.problems import Problems

NAN = np.nan
IDS = ["a", "b", "c"]


def images(ids: Sequence[str] = IDS, categories: Sequence[str] | None = None) -> pd.DataFrame:
    """The table of an image set."""
    return pd.DataFrame({"image": list(ids), "category": NAN if categories is None else list(categories)})


def write(folder: Path, text: str, name: str = "j.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read_source(source: reading.Source, table: pd.DataFrame) -> xr.Dataset:
    """Read judgments; raises all errors found in them."""
    problems = Problems()
    judgments = reading.inspect(source, table, problems)
    problems.raise_errors()
    assert judgments is not None
    return judgments


def read(path: Path, ids: Sequence[str] = IDS, **more: Any) -> xr.Dataset:
    """Read a file as judgments of the images `ids`."""
    return read_source(reading.Source(path, **more), images(ids))


def refusal(path: Path, ids: Sequence[str] = IDS, **more: Any) -> str:
    """The message with which a file is refused."""
    with pytest.raises(InputError) as caught:
        read(path, ids, **more)
    return str(caught.value)


def warnings(path: Path, ids: Sequence[str] = IDS, **more: Any) -> str:
    """The warnings stored with the judgments of a file; inspecting the file must give the same."""
    said = str(read(path, ids, **more).attrs["warnings"])
    found = Problems()
    reading.inspect(reading.Source(path, **more), images(ids), found)
    assert not found.errors
    assert "\n".join(map(str, found.warnings)) == said
    return said


def write_pairs(path: Path, stack: NDArray[np.float64], names: Sequence[str], shuffle: int = 0) -> None:
    """Write a stack (participant, image, image) as pairs, in shuffled rows and directions."""
    random = np.random.default_rng(shuffle)
    rows = [
        (*random.permutation([i, j]), number, own[i, j])
        for number, own in enumerate(stack, start=1)
        for i, j in itertools.combinations(range(len(names)), 2)
    ]
    random.shuffle(rows)
    table = pd.DataFrame(
        [(names[int(i)], names[int(j)], value, str(int(number))) for i, j, number, value in rows],
        columns=["image_a", "image_b", "similarity", "participant"],
    )
    table.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
