"""The figures of a run: tables in, figures out; inputs that no figure needs may be missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from drawing import IDS, Drawn, files, write_heatmaps

from alignment_importance.system.tables import read_table, write_table
from plot_summary import plot_summary

FILES = ["predictions", "networks", "spread_images", "spread_maps", "differences", "agreement", "transfer", "control"]
NOTHING: dict[str, Any] = {
    **{name: {} for name in [*FILES, "heatmaps", "images", "image_set_of", "sweeps", "controls", "page"]},
    "summary": Path("summary.csv"),
    "score": "pearson",
}
ORIGIN: dict[str, Any] = {
    "weights": "random weights (seed 1)",
    "arithmetic": "float32",
    "ablation": "zero",
    "simulated": True,
}


def test_folds_are_told_apart_by_comparison_and_model(drawn: Drawn, folds: Path, tmp_path: Path) -> None:
    write_table(read_table(folds).assign(test_full=[0.5, 0.6]), tmp_path / "other.csv")
    row = {
        "model": "net.1",
        **ORIGIN,
        "score": "spearman",
        "n_folds": 2,
        "k_retained_mean": 3.0,
        "test_full_mean": 0.2,
        "test_full_sd": 0.1,
        "test_retained_mean": 0.4,
        "test_retained_sd": 0.2,
        "difference_mean": 0.2,
        "p_paired": 0.04,
        "p_corrected": 0.2,
    }
    summary = pd.DataFrame([row | {"comparison": "c"}, row | {"comparison": "a.b"}])
    write_table(summary, tmp_path / "summary.csv")
    predictions = {("a.b", "net.1"): folds, ("c", "net.1"): tmp_path / "other.csv"}
    given = NOTHING | {"summary": tmp_path / "summary.csv", "predictions": predictions}
    plot_summary(**given | {"png": files(tmp_path, [("prediction",)])})
    heights = [np.asarray(points.get_offsets())[:, 1].tolist() for points in drawn["prediction"].axes[0].collections]
    # Folds with all maps, of c and of a.b.
    assert [0.5, 0.6] in heights and [0.1, 0.3] in heights
    shown = drawn.texts("prediction")
    assert "net.1 (random weights (seed 1))" in shown and "Spearman" in shown
    assert "a.b\n(simulated observers)\n3 maps retained\nΔ = 0.200\ncorrected p = 0.200" in shown


def test_observers_of_one_image_set_are_compared(drawn: Drawn, listed: Path, tmp_path: Path) -> None:
    rising = np.tile([[0.0, 1.0], [0.0, 1.0]], (2, 1, 1))
    write_heatmaps(tmp_path / "right.nc", rising, simulated=True)
    write_heatmaps(tmp_path / "left.nc", -rising, simulated=False)
    areas = {"sees-left": 1.0, "sees-right": 0.0}
    rows = [
        {"control": "demo", "comparison": name, "image": image, "map": of, "auc": area if of == "ais" else 0.5}
        for name, area in areas.items()
        for image in IDS
        for of in ("ais", "activations")
    ]
    # Means over the partners of each image: 0.5 and 0.25.
    rows += [
        {"control": "demo", "comparison": "sees-left", "image": image, "map": "pairs", "auc": area}
        for image, area in ((IDS[0], 0.75), (IDS[0], 0.25), (IDS[1], 0.25))
    ]
    write_table(pd.DataFrame(rows), tmp_path / "control.csv")
    plot_summary(
        **NOTHING
        | {
            "control": {("demo", "net.1"): tmp_path / "control.csv"},
            "heatmaps": {(name, "net.1"): tmp_path / f"{name.removeprefix('sees-')}.nc" for name in areas},
            "images": {"both": listed},
            "image_set_of": {"sees-left": "both", "elsewhere": "other", "sees-right": "both"},
            "controls": {"demo": {"image_set": "both", "objects": {"left": 1, "right": 2}}},
        }
        | {"png": files(tmp_path, [("control", "demo", "net.1")])}
    )
    panel = drawn["control_demo_net.1"].axes[-1]
    # Two lines for each row: the median, and its interval.
    ends = np.stack([np.asarray(line.get_xdata(), dtype=float) for line in panel.lines[:8]])
    np.testing.assert_allclose(ends[::2, 0], [1, 0.375, 0, 0.5])
    np.testing.assert_allclose(ends[1::2], [[1.0, 1.0], [0.25, 0.5], [0.0, 0.0], [0.5, 0.5]])
    shown = drawn.texts("control_demo_net.1")
    assert "sees-right (simulated observers)" in shown and "sees-left (simulated" not in shown
    assert "0\n(right)" in shown and "1\n(left)" in shown and "net.1 (random weights (seed 1))" in shown


def test_networks_and_comparisons_side_by_side(drawn: Drawn, listed: Path, tmp_path: Path) -> None:
    models = ("net.1", "net.2", "net.3")
    described = {
        f"{name}_{of}": 0.5 for name in ("test_full", "test_retained", "share_retained") for of in ("mean", "sd")
    }
    measured = {name: [0.1, 0.2] for name in ("mean_absolute_deviation", "gini", "ais_mean", "entropy")}
    tests = pd.DataFrame({"quantity": list(measured), "ks": 0.5, "p": 0.2, "model": "net.1", "model_b": "net.2"})
    agreed = {"image": IDS, "correlation": [0.25, 0.75], "correlation_other_image": 0.1}
    folds = {"seed": 1, "fold": [1, 2], "test_full": 0.2, "test_retained": 0.3, "test_transferred": 0.25}
    tables = {
        "networks": pd.DataFrame({"comparison": "c", "model": models, **described}),
        "values": pd.concat([pd.DataFrame(measured).assign(model=model) for model in models]),
        "differences": tests,
        "agreement": pd.concat([pd.DataFrame(agreed).assign(model=one, model_b="net.3") for one in ("net.1", "net.2")]),
        "transfer": pd.DataFrame(folds).assign(source="d", source_simulated=False),
    }
    for name, table in tables.items():
        write_table(table.assign(**ORIGIN), tmp_path / f"{name}.csv")
    for model in models:
        write_heatmaps(tmp_path / f"{model}.nc", np.arange(8.0).reshape(2, 2, 2), simulated=True)
    kinds = [("networks",), ("spread", "c"), ("agreement", "c", "net.2", "net.3"), ("transfer", "net.1")]
    plot_summary(
        **NOTHING
        | {
            "networks": {"c": tmp_path / "networks.csv"},
            "spread_images": {"c": tmp_path / "values.csv"},
            "spread_maps": {"c": tmp_path / "values.csv"},
            "differences": {"c": tmp_path / "differences.csv"},
            "agreement": {"c": tmp_path / "agreement.csv"},
            "transfer": {("c", "net.1"): tmp_path / "transfer.csv"},
            "heatmaps": {("c", model): tmp_path / f"{model}.nc" for model in models},
            "images": {"both": listed},
            "image_set_of": {"c": "both"},
        }
        | {"png": files(tmp_path, kinds)}
    )
    assert list(drawn) == ["networks", "spread_c", "agreement_c_net.2_net.3", "transfer_net.1"]
    assert "r = 0.75" in drawn.texts("agreement_c_net.2_net.3")
    ticks = [label.get_text() for label in drawn["transfer_net.1"].axes[0].get_xticklabels()]
    assert ticks == ["c\n(simulated observers)"]
    for name in drawn:
        assert "(simulated observers)" in drawn.texts(name)
