from pathlib import Path

import image_sets
import numpy as np
import pandas as pd
import pytest
import small_heads
from drawing import IDS, Drawn
from matplotlib.figure import Figure
from PIL import Image
from small_heads import N_IMAGES, N_MAPS

from alignment_importance.report.figures import style
from alignment_importance.system.tables import write_table


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--device`; `--device cuda` tests the engine on a GPU."""
    parser.addoption("--device", default="cpu", choices=["cpu", "cuda"], help="where the engine runs in the tests")


def pytest_configure(config: pytest.Config) -> None:
    """Set the device on which the tests run the engine."""
    small_heads.DEVICE = config.getoption("--device")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Collect a script's figures instead of saving them; the tests of the figures save them."""
    caught = Drawn()

    def save(figure: Figure, png: Path) -> None:
        caught[png.stem] = figure

    monkeypatch.setattr(style, "save", save)
    return caught


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """The table of two images of 12 x 8 and 6 x 10 pixels."""
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for image, (height, width) in zip(IDS, ((8, 12), (10, 6)), strict=True):
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(folder / f"{image}.png")
    write_table(image_sets.tabulate(folder), tmp_path / "images.csv")
    return tmp_path / "images.csv"


@pytest.fixture
def folds(tmp_path: Path) -> Path:
    """The table of predictions in two folds, for the comparison `a.b` and the model `net.1`."""
    table = {
        "seed": [1, 1],
        "fold": [1, 2],
        "k_retained": [2, 4],
        "test_full": [0.1, 0.3],
        "test_retained": [0.2, 0.6],
        "weights": ["random weights (seed 1)"] * 2,
        "arithmetic": ["float32"] * 2,
        "ablation": ["zero"] * 2,
        "simulated": [True] * 2,
    }
    write_table(pd.DataFrame(table), tmp_path / "a.b" / "net.1.csv")
    return tmp_path / "a.b" / "net.1.csv"


@pytest.fixture
def maps() -> np.ndarray:
    """Sparse maps (image, map, y, x): map 4 is zero everywhere, map 7 in all images but one; images differ in scale."""
    rng = np.random.default_rng(5)
    values = rng.gamma(2.0, size=(N_IMAGES, N_MAPS, 4, 4)) * (rng.random((N_IMAGES, N_MAPS, 4, 4)) < 0.4)
    values *= rng.uniform(0.5, 2.0, size=(N_IMAGES, 1, 1, 1))
    values[:, 4] = 0
    values[:, 7] = 0
    values[2, 7, 1, 1] = 3
    return values.astype(np.float32)


@pytest.fixture
def human() -> np.ndarray:
    rng = np.random.default_rng(6)
    judgments = rng.random((N_IMAGES, N_IMAGES))
    judgments += judgments.T
    np.fill_diagonal(judgments, np.nan)
    return judgments
