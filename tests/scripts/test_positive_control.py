"""The control with known truth: the same images and network, two groups of simulated observers, two heatmaps each."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaluate_control import evaluate_control
from explain_images import explain_images
from extract_activations import extract_activations
from make_dataset import make_dataset
from prepare_images import prepare_images
from prepare_judgments import prepare_judgments

#: What the scripts that run networks or ablate have in common.
WAYS: dict[str, Any] = {
    "model": {"architecture": "efficientnet_lite0"},
    "compute": {"device": "cpu"},
    "gpu": 0,
    "threads": 2,
}


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Areas under the ROC curve of the demo: columns control, comparison, map, image, auc."""
    folder = tmp_path_factory.mktemp("demo")
    names = {"images": "images", "masks": "masks", "table": "images.csv", "shape": "shape.csv", "colour": "colour.csv"}
    drawn = {name: folder / file for name, file in names.items()}
    make_dataset("demo", {}, {"seed": 2025, "observers": 12, "noise": 0.5}, drawn)
    listed, activations = folder / "listed.csv", folder / "activations.nc"
    prepare_images(drawn["images"], drawn["table"], None, 2, listed, folder / "checks.csv", folder / "files.csv")
    extract_activations(images=listed, activations=activations, **WAYS)
    heatmaps = {comparison: _explain(comparison, folder, drawn[comparison]) for comparison in ("shape", "colour")}
    table = folder / "control.csv"
    evaluate_control(
        control="demo", heatmaps=heatmaps, masks=drawn["masks"], objects={"pictogram": 1, "disc": 2}, table=table
    )
    return pd.read_csv(table)


def _explain(comparison: str, folder: Path, judged: Path) -> Path:
    """Prepare the judgments of one group of observers and make the heatmaps."""
    files = {name: folder / f"{comparison}-{name}" for name in ("judgments.nc", "scores.nc", "heatmaps.nc")}
    prepare_judgments(
        comparison=comparison,
        judgments_file=judged,
        images=folder / "listed.csv",
        order=None,
        chosen_file=None,
        settings={"kind": "similarity", "key": None, "categories": [], "images": None, "simulated": True},
        unit="images",
        n_folds=5,
        seeds=[1],
        inner_folds=4,
        judgments=files["judgments.nc"],
        folds={1: folder / f"{comparison}-folds.csv"},
        checks=folder / f"{comparison}-checks.csv",
        files=folder / f"{comparison}-files.csv",
    )
    explain_images(
        activations=folder / "activations.nc",
        judgments=files["judgments.nc"],
        alignment={"similarity": "pearson", "score": "pearson_r2"},
        scores=files["scores.nc"],
        heatmaps=files["heatmaps.nc"],
        **WAYS,
    )
    return files["heatmaps.nc"]


def areas(control: pd.DataFrame, drawn_from: str, comparison: str) -> pd.Series:
    """Areas by image, for heatmaps drawn from `ais` or from `activations`."""
    chosen = control[(control["map"] == drawn_from) & (control["comparison"] == comparison)]
    return chosen.set_index("image")["auc"]


def test_heatmaps_lie_on_what_the_observers_compared(control: pd.DataFrame) -> None:
    shape, colour = areas(control, "ais", "shape"), areas(control, "ais", "colour")
    assert len(shape) == len(colour) == 60
    assert not shape.isna().any()
    assert not colour.isna().any()
    # 1: on the pictogram, 0: on the disc. The difference is the point; the levels guard against a shift of both.
    assert (shape - colour).mean() > 0.6
    assert (shape > colour).mean() > 0.9
    assert shape.mean() > 0.65
    assert colour.mean() < 0.15


def test_activations_alone_know_nothing_of_the_observers(control: pd.DataFrame) -> None:
    plain = areas(control, "activations", "shape")
    pd.testing.assert_series_equal(plain, areas(control, "activations", "colour"))
    assert plain.mean() < 0.5


def test_outputs_say_that_the_observers_are_simulated_and_which_weights_were_used(control: pd.DataFrame) -> None:
    assert control["simulated"].all()
    assert control["weights"].str.contains("ImageNet").all()
