"""The control with known truth: the same images and network, two groups of simulated observers, two heatmaps each."""

import draw_demo
import pandas as pd
import pytest
import score_images
from checking import list_checked

import evaluate_control
import extract_activations
import prepare_images
import prepare_judgments
from alignment_importance.inputs.judgments import reading
from alignment_importance.maps import heatmaps
from alignment_importance.system import compute
from alignment_importance.system.netcdf import open_netcdf, read_netcdf, write_netcdf

NETWORK = {"architecture": "efficientnet_lite0"}


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Areas under the ROC curve of the demo: columns control, comparison, map, image, auc."""
    folder = tmp_path_factory.mktemp("demo")
    judged = {"shape": folder / "shape.csv", "colour": folder / "colour.csv"}
    draw_demo.draw_demo(
        seed=2025,
        observers=12,
        noise=0.5,
        images=folder / "images",
        masks=folder / "masks",
        table=folder / "images.csv",
        **judged,
    )
    listed, recorded = folder / "listed.csv", folder / "activations.nc"
    given = [*(folder / "images").iterdir(), folder / "images.csv", *judged.values()]
    checked = list_checked(folder / "files.csv", given)
    prepare_images.prepare_images(
        folder=folder / "images", table=folder / "images.csv", background=None, checked=checked, output=listed
    )
    resources = compute.prepare("cpu", None, 2)
    extract_activations.extract_activations(images=listed, network=NETWORK, resources=resources, output=recorded)
    files = {}
    for comparison, file in judged.items():
        labelled, scores = folder / f"{comparison}.nc", folder / f"{comparison}-scores.nc"
        prepare_judgments.prepare_judgments(
            source=reading.Source(file, kind="similarity"),
            images=listed,
            simulated=True,
            checked=checked,
            output=labelled,
        )
        score_images.score_images(
            recorded=recorded,
            judged=labelled,
            network=NETWORK,
            similarity="pearson",
            score="pearson_r2",
            resources=resources,
            output=scores,
        )
        files[comparison] = folder / f"{comparison}-heatmaps.nc"
        with open_netcdf(recorded) as maps:
            write_netcdf(heatmaps.make(maps, read_netcdf(scores)), files[comparison])
    output = folder / "control.csv"
    evaluate_control.evaluate_control(
        control="demo",
        heatmaps=files,
        masks=folder / "masks",
        objects={"pictogram": 1, "disc": 2},
        table=output,
    )
    return pd.read_csv(output)


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
