"""Helpers shared by the tests of images: the table of a folder, and the pixels of a file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_importance.inputs import images
from alignment_importance.system.problems import Problems


def tabulate(folder: Path, table: Path | None = None, background: Sequence[int] | None = None) -> pd.DataFrame:
    """List the images of a folder; raises all errors found in them."""
    problems = Problems()
    listed = images.examine(folder, table, background, problems)
    problems.raise_errors()
    return listed


def read_image(file: str | Path) -> NDArray[np.uint8]:
    """Decode an image file."""
    return images.decode(file, Path(file).read_bytes()).rgb
