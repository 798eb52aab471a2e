"""The control with known truth: the same images and network, two groups of simulated observers, two heatmaps each."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from prepared_files import write_similarities

from alignment_importance.inputs.datasets.forms.demo import FORM
from alignment_importance.system.compute import prepare
from alignment_importance.system.tables import read_table
from evaluate_control import evaluate_control
from explain_images import explain_images
from extract_activations import extract_activations
from make_dataset import make_dataset
from prepare_images import prepare_images
from prepare_judgments import prepare_judgments
from prepare_networks import prepare_networks
from prepare_pairs import prepare_pairs

NETWORK = {"architecture": "efficientnet_lite0", "ablation": "zero"}
COMPUTE = prepare("cpu", 0, threads=2)


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Areas under the ROC curve of the demo: columns control, comparison, map, image, auc."""
    folder = tmp_path_factory.mktemp("demo")
    made = {name: Path(file) for name, file in FORM.files(str(folder / "made"), "all").items()}
    make_dataset("demo", {}, {"seed": 2025, "observers": 12, "noise": 0.5}, made)
    kept = {"checks": folder / "checks.csv", "files": folder / "files.csv"}
    listed, activations = folder / "images.csv", folder / "activations.nc"
    prepare_images(made["images"], made["table"], None, threads=2, listed=listed, **kept)
    extract_activations(listed, {"lite": NETWORK}, activations={"lite": activations}, compute=COMPUTE)
    networks = folder / "networks.csv"
    prepare_networks({"lite": NETWORK}, {"lite": folder / "layers.csv"}, networks, folder / "checks.csv")
    settings: dict[str, Any] = {
        "kind": "similarity",
        "columns": {},
        "order": None,
        "key": None,
        "categories": [],
        "images": None,
        "simulated": True,
    }
    heatmaps = {name: folder / f"{name}-heatmaps.nc" for name in ("shape", "colour")}
    for comparison, output in heatmaps.items():
        judgments = folder / f"{comparison}.nc"
        prepare_judgments(
            comparison=comparison,
            sources=[made[comparison]],
            lists=[],
            images=listed,
            settings=settings | {"judgments": str(made[comparison])},
            unit="images",
            n_folds=5,
            seeds=[1],
            inner_folds=3,
            judgments=judgments,
            folds={1: folder / "folds.csv"},
            **kept,
        )
        named = made[{"shape": "same_shape", "colour": "same_hue"}[comparison]]
        outputs = {"pairs": folder / f"{comparison}-named.csv", "checks": folder / "checks.csv"}
        prepare_pairs(comparison, judgments, networks, {}, named, [], memory_gb=2, **outputs)
        write_similarities(folder / "rsms.nc", read_table(listed)["image"].tolist(), 1)
        explain_images(
            activations,
            judgments,
            rsms=folder / "rsms.nc",
            named_pairs=folder / f"{comparison}-named.csv",
            asked={},
            model=NETWORK,
            alignment={"similarity": "pearson", "score": "pearson_r2"},
            scores=folder / f"{comparison}-scores.nc",
            heatmaps=output,
            pairs=folder / f"{comparison}-pairs.nc",
            pairs_table=folder / f"{comparison}-pairs.csv",
            compute=COMPUTE,
        )
    objects = {"pictogram": 1, "disc": 2}
    output = folder / "control.csv"
    pairs = {name: folder / f"{name}-pairs.nc" for name in heatmaps}
    evaluate_control(control="demo", heatmaps=heatmaps, pairs=pairs, masks=made["masks"], objects=objects, table=output)
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
    # 1 means on the pictogram, 0 on the disc. The difference is the point; the levels guard against a shift of both.
    assert (shape - colour).mean() > 0.6
    assert (shape > colour).mean() > 0.9
    assert shape.mean() > 0.65
    assert colour.mean() < 0.15


def test_heatmaps_of_pairs_lie_on_what_the_observers_found_alike(control: pd.DataFrame) -> None:
    of_pairs = control[control["map"] == "pairs"]
    for comparison, part in ((("shape", 0)), ("colour", 2)):
        both = of_pairs[of_pairs["comparison"] == comparison]
        assert len(both) == 2 * {"shape": 150, "colour": 270}[comparison]
        # The pictograms are of one kind, or the discs of one hue, and never both.
        for number in (0, 2):
            alike = both["image"].str.split("-").str[number] == both["image_b"].str.split("-").str[number]
            assert alike.all() if number == part else not alike.any()
    means = of_pairs.groupby(["comparison", "image"])["auc"].mean()
    assert (means["shape"] - means["colour"]).mean() > 0.4
    assert (means["shape"] > means["colour"]).mean() > 0.8
    assert means["colour"].mean() < 0.15


def test_activations_alone_know_nothing_of_the_observers(control: pd.DataFrame) -> None:
    plain = areas(control, "activations", "shape")
    pd.testing.assert_series_equal(plain, areas(control, "activations", "colour"))
    assert plain.mean() < 0.5


def test_outputs_say_that_the_observers_are_simulated_and_which_weights_were_used(control: pd.DataFrame) -> None:
    assert control["simulated"].all()
    assert control["weights"].str.contains("ImageNet").all()
